"""Functions that take an item out of each element: what `pluck` maps."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from .naming import token


def plucker(key: Any, *default: Any) -> Callable[[Any], Any]:
    """Return the function that takes `key` out of an element, or each of a list of keys as a tuple.

    >>> plucker(1)("abc"), plucker([2, 0])("abc"), plucker("x", None)({})
    ('b', ('c', 'a'), None)
    """
    if default:
        return PluckOr(key, default[0])
    if not isinstance(key, list):
        return operator.itemgetter(key)
    if len(key) > 1:
        return operator.itemgetter(*key)
    return PluckFew(key)


class PluckFew:
    """Takes no item or one, as a tuple, which `operator.itemgetter` doesn't."""

    __slots__ = ("keys",)

    __name__ = "pluck"

    def __init__(self, keys: list[Any]) -> None:
        self.keys = keys

    def __reduce__(self) -> tuple[Any, ...]:
        return PluckFew, (self.keys,)

    def __tureen_token__(self) -> str:
        return token(self.keys)

    def __call__(self, element: Any) -> tuple[Any, ...]:
        return tuple([element[key] for key in self.keys])


class PluckOr:
    """Takes an item, or gives the default where there is none."""

    __slots__ = ("default", "key")

    __name__ = "pluck"

    def __init__(self, key: Any, default: Any) -> None:
        self.key = key
        self.default = default

    def __reduce__(self) -> tuple[Any, ...]:
        return PluckOr, (self.key, self.default)

    def __tureen_token__(self) -> str:
        return token(self.key, self.default)

    def __call__(self, element: Any) -> Any:
        if isinstance(self.key, list):
            return tuple([self._one(element, key) for key in self.key])
        return self._one(element, self.key)

    def _one(self, element: Any, key: Any) -> Any:
        try:
            return element[key]
        except (KeyError, IndexError):
            return self.default
