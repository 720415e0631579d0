"""`bag.str`: the methods of `str`, each as a step of a bag."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .bag import Bag

_METHODS = frozenset(name for name in dir(str) if not name.startswith("_"))


class StringAccessor:
    """The methods of `str`, for bags of text.

    >>> import tureen.bag as db
    >>> bag = db.from_sequence(["Alice Smith", "Bob Jones"])
    >>> bag.str.lower().compute(), bag.str.split(" ").compute()
    (['alice smith', 'bob jones'], [['Alice', 'Smith'], ['Bob', 'Jones']])
    """

    __slots__ = ("_bag",)

    def __init__(self, bag: Bag) -> None:
        self._bag = bag

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *_METHODS})

    def __getattr__(self, name: str) -> Callable[..., Bag]:
        if name not in _METHODS:
            raise AttributeError(f"`str` has no method `{name}`", name=name, obj=self)

        def method(*args: Any, **kwargs: Any) -> Bag:
            return self._bag.map(operator.methodcaller(name, *args, **kwargs))

        method.__name__ = name
        method.__doc__ = getattr(str, name).__doc__
        return method

    def match(self, pattern: str) -> Bag:
        """Keep the strings that match a file name pattern (`fnmatch.fnmatch`).

        >>> import tureen.bag as db
        >>> db.from_sequence(["Alice Smith", "Bob Jones"]).str.match("*Smith").compute()
        ['Alice Smith']
        """
        return self._bag.filter(functools.partial(fnmatch, pat=pattern))
