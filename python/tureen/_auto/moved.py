"""A function in a worker process, that was moved there by `scheduler="auto"`: calls it, and sees to it that
nobody could tell the difference.

If somebody could, it refuses, and the call is made again on a thread. What the call did here is seen by
nobody: a function that leaves traces elsewhere is not moved.
"""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable
from typing import Any

from tureen._auto.plain import Look


class Stays(Exception):
    """The reason why a call has to be made on a thread."""


class Moved:
    """A function that was moved.

    Args:
        function: The function.
        fingerprint: What it was in the other process, if it does not travel by value.
        keeps_partitions: Whether it is known not to change the lists that are its arguments.

    >>> Moved(sorted, None)([3, 1, 2])
    [1, 2, 3]
    >>> Moved(lambda xs: xs, None)([1])
    Traceback (most recent call last):
        ...
    tureen._auto.moved.Stays: gives back part of its arguments
    """

    __slots__ = ("_fingerprint", "_function", "_keeps_partitions", "_stays")

    def __init__(
        self, function: Callable[..., Any], fingerprint: str | None, keeps_partitions: bool = False
    ) -> None:
        self._function = function
        self._fingerprint = fingerprint
        self._keeps_partitions = keeps_partitions
        self._stays: str | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return Moved, (self._function, self._fingerprint, self._keeps_partitions)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function.

        Raises:
            Stays: the call has to be made on a thread.
            Exception: what the function raises.
        """
        if self._fingerprint is not None:
            self._compare()
        if self._stays is not None:
            raise Stays(self._stays)
        given = [args, kwargs]
        changeable = Look((*args, *kwargs.values())).changeable
        if self._keeps_partitions:
            for arg in args:
                changeable.pop(id(arg), None)
        before = pickle.dumps(given, protocol=5) if changeable else b""
        with warnings.catch_warnings(record=True) as warned:
            # What becomes of a warning is for the filters of the user's process to say.
            warnings.simplefilter("always")
            result = self._function(*args, **kwargs)
        if warned:
            raise Stays("warns")
        look = Look((result,))
        if look.odd is not None:
            raise Stays(f"gives a `{look.odd}`, which may not be the same when it was sent")
        if changeable:
            if before != pickle.dumps(given, protocol=5):
                raise Stays("changes its arguments")
            if not changeable.keys().isdisjoint(look.changeable):
                raise Stays("gives back part of its arguments")
        return result

    def _compare(self) -> None:
        """See whether the function is the same here: its module was imported anew."""
        from tureen._auto.judge import judge

        verdict = judge(self._function)
        if verdict.why_not is not None or verdict.fingerprint != self._fingerprint:
            self._stays = "is another one, or finds other values, when its module is imported anew"
        self._fingerprint = None
