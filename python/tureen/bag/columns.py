"""What programs of text steps leave in place of lists, and how that becomes objects for Python."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from tureen._tureen import TextColumn, TextCounts

from .stream import Stream


def as_objects(value: Any) -> Any:
    """Return a partition as Python's objects, if it is kept in columns; of counts, the distinct elements."""
    if isinstance(value, TextColumn):
        return value.to_list()
    return value.keys() if isinstance(value, TextCounts) else value


class Pairs(Stream):
    """The pairs of element and number that counts are, made when they are looked at."""

    __slots__ = ("_by_number", "_counts")

    def __init__(self, counts: TextCounts, by_number: bool) -> None:
        self._counts = counts
        self._by_number = by_number

    def __iter__(self) -> Iterator[tuple[Any, int]]:
        return iter(self._counts.items(self._by_number))

    def largest(self, k: int, by_number: bool) -> list[tuple[Any, int]]:
        """Return what `heapq.nlargest` would, with the number as the key or none."""
        if self._by_number and by_number:
            return self._counts.items(True)[: max(k, 0)]
        return self._counts.largest(k, by_number)


def pairs(counts: TextCounts | Counter[Any]) -> Any:
    """Return the pairs of counts, in order of first sight."""
    return Pairs(counts, False) if isinstance(counts, TextCounts) else list(counts.items())


def pairs_by_number(counts: TextCounts | Counter[Any]) -> Any:
    """Return the pairs of counts, largest number first."""
    if isinstance(counts, TextCounts):
        return Pairs(counts, True)
    return sorted(counts.items(), key=itemgetter(1), reverse=True)
