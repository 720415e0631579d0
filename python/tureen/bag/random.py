"""Random elements of a bag: `sample` without putting back, `choices` with. Uses the generator of Python's
`random`."""

from __future__ import annotations

import heapq
import itertools
import random as _random
from collections.abc import Iterable, Sequence
from typing import Any

from .bag import Bag
from .naming import token
from .reduce import NOTHING

__all__ = ["choices", "sample"]


def sample(population: Bag, k: int, split_every: int | None = None) -> Bag:
    """Return a bag of `k` elements chosen at random, none twice; each choice is as likely as any other.

    Raises `ValueError` for a negative `k`, and when computed for a `k` larger than the bag.

    >>> import tureen.bag as db
    >>> db.random.sample(db.from_sequence(range(5)), 3).count().compute()
    3
    """
    if k < 0:
        raise ValueError("Cannot take a negative number of samples")
    drawn = population._bag(Drawn(k), Smallest(k), split_every, "sample")
    return drawn.map_partitions(_without_lots, k, token="sample")


def choices(population: Bag, k: int = 1, split_every: int | None = None) -> Bag:
    """Return a bag of `k` elements chosen at random, each from all.

    Raises `ValueError` for a negative `k`, and when computed for an empty bag.

    >>> import tureen.bag as db
    >>> db.random.choices(db.from_sequence("a"), 3).compute()
    ['a', 'a', 'a']
    """
    if k < 0:
        raise ValueError("Cannot take a negative number of samples")
    drawn = population._bag(Chosen(k), ChosenOfAll(k), split_every, "choices")
    return drawn.map_partitions(_without_number, k, token="choices")


class _OfSize:
    __slots__ = ("k",)

    def __init__(self, k: int) -> None:
        self.k = k

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.k,)

    def __tureen_token__(self) -> str:
        return token(type(self).__name__, self.k)


class Drawn(_OfSize):
    """Gives each element a random lot, and keeps the `k` elements with the smallest lots."""

    __slots__ = ()

    __name__ = "sample"

    def __call__(self, elements: Iterable[Any]) -> list[Any]:
        order = itertools.count()
        # Lots are drawn once for each element; the numbers settle ties, so that elements are never compared.
        return heapq.nsmallest(self.k, ((_random.random(), next(order), element) for element in elements))


class Smallest(_OfSize):
    """Keeps the `k` smallest lots of all."""

    __slots__ = ()

    __name__ = "sample"

    def __call__(self, parts: Sequence[list[Any]]) -> list[Any]:
        drawn = ((lot, (place, n), element) for place, part in enumerate(parts) for lot, n, element in part)
        return heapq.nsmallest(self.k, drawn)


class Chosen(_OfSize):
    """Chooses `k` elements with replacement, and says from how many."""

    __slots__ = ()

    __name__ = "choices"

    def __call__(self, elements: Iterable[Any]) -> Any:
        held = list(elements)
        return (_random.choices(held, k=self.k), len(held)) if held else NOTHING


class ChosenOfAll(_OfSize):
    """Takes each choice from one of the parts, as likely as the part is large."""

    __slots__ = ()

    __name__ = "choices"

    def __call__(self, parts: Sequence[tuple[list[Any], int]]) -> Any:
        if not parts:
            return [], 0
        sizes = [n for _, n in parts]
        picked = _random.choices(range(len(parts)), weights=sizes, k=self.k)
        return [parts[place][0][i] for i, place in enumerate(picked)], sum(sizes)


def _without_lots(drawn: list[Any], k: int) -> list[Any]:
    if len(drawn) < k:
        raise ValueError(f"Sample larger than population: {k} elements asked for, {len(drawn)} there")
    chosen = [element for _, _, element in drawn]
    _random.shuffle(chosen)
    return chosen


def _without_number(chosen: tuple[list[Any], int], k: int) -> list[Any]:
    elements, n = chosen
    if k and not n:
        raise ValueError("choices from an empty bag: there is nothing to choose from")
    return elements
