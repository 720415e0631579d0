"""What plain data is: the same in another process, with operations that run no code of the user's.

Sets are not: the order of their elements may differ once they have been sent.
"""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Iterable
from typing import Any

LARGE_ARRAY = 1 << 20
"""Bytes of an array from which on it is not compared before and after a call: such calls stay."""

ATOMS = frozenset((int, float, complex, bool, str, bytes, type(None), type(...), range))
_LISTS = frozenset((list, tuple, deque))
_DICTS = frozenset((dict, Counter, OrderedDict, defaultdict))
_FACTORIES = (None, int, float, str, list, dict)


class Look:
    """What was found in some values.

    >>> look = Look([[1, "a"], {2: (3, b"")}])
    >>> look.odd, len(look.changeable)
    (None, 2)
    >>> Look([object()]).odd
    'object'
    """

    __slots__ = ("changeable", "large", "odd")

    def __init__(self, values: Iterable[Any]) -> None:
        self.odd: str | None = None
        """The type of something that is no plain data."""
        self.changeable: dict[int, Any] = {}
        """What could be changed in place, by identity."""
        self.large = False
        """Whether there is an array that is too large to be compared."""
        seen: set[int] = set()
        waiting: list[Any] = [values]
        while waiting and self.odd is None:
            part = waiting.pop()
            kinds = set(map(type, part))
            if kinds <= ATOMS:
                continue
            for value in part:
                kind = type(value)
                if kind in ATOMS or id(value) in seen:
                    continue
                seen.add(id(value))
                if kind in _LISTS:
                    waiting.append(value)
                    if kind is not tuple:
                        self.changeable[id(value)] = value
                elif kind in _DICTS and getattr(value, "default_factory", None) in _FACTORIES:
                    waiting += [list(value), list(value.values())]
                    self.changeable[id(value)] = value
                elif kind is bytearray:
                    self.changeable[id(value)] = value
                elif not self._is_numpy(kind, value):
                    self.odd = kind.__qualname__
                    break

    def _is_numpy(self, kind: type, value: Any) -> bool:
        if kind.__module__ != "numpy" or getattr(getattr(value, "dtype", None), "hasobject", True):
            return False
        if kind.__name__ == "ndarray":
            self.changeable[id(value)] = value
            self.large = self.large or value.nbytes >= LARGE_ARRAY
        return True
