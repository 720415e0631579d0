"""The results of a piece on their way through dask: opaque to it.

What dask sees as a list it serializes element by element, at some 10 µs each; what it does not know, it
pickles in one go, with large buffers beside it.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_LISTS = (list, tuple, dict, set, frozenset)


class Results:
    """Some results of a piece, or one that dask should not look into."""

    __slots__ = ("values",)

    def __init__(self, values: list[Any]) -> None:
        self.values = values

    def __reduce__(self) -> tuple[Any, ...]:
        return Results, (self.values,)

    def __getitem__(self, place: int) -> Any:
        return self.values[place]

    def __sizeof__(self) -> int:
        # By this dask knows when its memory is full.
        return int(import_module("dask.sizeof").sizeof(self.values))

    def __repr__(self) -> str:
        return f"<{len(self.values)} results of a piece>"


def grouped(results: list[Any], groups: list[list[int]]) -> Any:
    """Put the results of a piece together as they are asked for.

    >>> grouped([1, 2, 3], [[0], [1, 2]])[1].values
    [2, 3]
    >>> grouped([7], [[0]])
    7
    """
    made = iter(results)
    all_groups = [_one([next(made) for _ in group]) for group in groups]
    return all_groups[0] if len(all_groups) == 1 else Results(all_groups)


def part_of(group: Any, place: int) -> Any:
    """Take a result from a group; a `place` below 0 says that there is only one.

    >>> part_of(7, -1), part_of(Results([1, 2]), 1), part_of(Results([[1, 2]]), -1)
    (7, 2, [1, 2])
    """
    return group.values[max(place, 0)] if type(group) is Results else group


def _one(values: list[Any]) -> Any:
    if len(values) == 1 and type(values[0]) not in _LISTS:
        return values[0]
    return Results(values)
