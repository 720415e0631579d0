"""The largest elements of a bag, and how a key for them is told from a function of several arguments."""

from __future__ import annotations

import heapq
import inspect
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

from .columns import Pairs
from .group import key_function
from .naming import token


def largest(k: int, key: Any) -> Largest:
    """Return what finds the `k` largest by a key: a function of the element (or its items), or an index."""
    if callable(key) and _takes_several(key):
        return Largest(k, Unpacked(key))
    return Largest(k, None if key is None else key_function(key))


class Largest:
    """`heapq.nlargest`."""

    __slots__ = ("k", "key")

    __name__ = "topk"

    def __init__(self, k: int, key: Callable[[Any], Any] | None) -> None:
        self.k = k
        self.key = key

    def __reduce__(self) -> tuple[Any, ...]:
        return Largest, (self.k, self.key)

    def __tureen_token__(self) -> str:
        return token(self.k, self.key)

    def __call__(self, elements: Iterable[Any]) -> list[Any]:
        if isinstance(elements, Pairs) and (self.key is None or _is_second(self.key)):
            return elements.largest(self.k, by_number=self.key is not None)
        return heapq.nlargest(self.k, elements, key=self.key)


class Unpacked:
    """Calls a function of several arguments with the items of one."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function

    def __reduce__(self) -> tuple[Any, ...]:
        return Unpacked, (self.function,)

    def __tureen_token__(self) -> str:
        return token(self.function)

    def __call__(self, element: Any) -> Any:
        return self.function(*element)


def _is_second(key: Any) -> bool:
    return isinstance(key, itemgetter) and key.__reduce__()[1] == (1,)


def _takes_several(function: Callable[..., Any]) -> bool:
    """Whether a function wants more than one argument, or takes any number (as dask.bag's rule for keys)."""
    if isinstance(function, type):
        return False
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False  # Written in C, with no signature to be had: `len`, `str.lower` and such take one.
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return True
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in positional and p.default is p.empty for p in parameters) > 1
