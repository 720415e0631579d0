"""Reductions: what is done to each partition, and to the results of all partitions, in a tree.

The functions are plain, on any iterable; the tree is layers. An empty partition has no part in a result (as
in dask.bag), so that the largest of `[1]` and `[]` is 1; only when all are empty is the function asked about
nothing.
"""

from __future__ import annotations

import copy
import functools
import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tureen._tureen import TextColumn, TextCounts

from .columns import as_objects
from .layers import GatherLayer, Layer, Ref, StepLayer
from .naming import function_name, token
from .steps import Step

DEFAULT_SPLIT = 8


class _Nothing:
    """The result of a partition that has no elements."""

    __slots__ = ()

    def __reduce__(self) -> str:
        return "NOTHING"

    def __tureen_token__(self) -> str:
        return "nothing"


NOTHING = _Nothing()
_END = object()


def tree(
    base: Layer,
    perpartition: Callable[..., Any],
    aggregate: Callable[..., Any],
    split_every: int | bool | None,
    name: str | None = None,
    *,
    streams: bool = False,
) -> Layer:
    """Return the layer of one partition that holds the reduction of `base`.

    `streams` says that `perpartition` is ours: it may be given an iterator, and knows how to answer for
    nothing.
    """
    size = check_split(split_every, base.n_partitions)
    is_only = base.n_partitions == 1
    first = name or function_name(perpartition)
    then = f"{name or function_name(aggregate)}-aggregate"
    kind, _, of = first.partition("-")
    word = f"reduction({first})" if not streams else f"{kind}({of})" if of else kind
    function = perpartition if streams else Whole(perpartition, is_only)
    step = Step("partition", function, streams=streams, word=word)
    layer: Layer = StepLayer(f"{first}-part", base, step)
    return gather_tree(layer, Together(aggregate, False), Together(aggregate, True), size, then)


def gather_tree(
    layer: Layer, between: Callable[..., Any], last: Callable[..., Any], size: int, word: str
) -> Layer:
    """Return the layer of one partition that gathers all of `layer`, at most `size` at a time."""
    its_token = token(layer, between, last, size)
    depth = 0
    while layer.n_partitions > size:
        n = -(-layer.n_partitions // size)
        layer = GatherLayer(word, token(its_token, depth), n, [layer], Group(layer, size), between)
        depth += 1
    return GatherLayer(word, its_token, 1, [layer], Group(layer, layer.n_partitions), last)


def check_split(split_every: int | bool | None, n_partitions: int) -> int:
    """Return how many results are brought together at a time: 8 by default, all with False."""
    if split_every is None:
        return DEFAULT_SPLIT
    if split_every is False:
        return max(2, n_partitions)
    if not isinstance(split_every, int) or split_every < 2:
        raise ValueError(
            f"`split_every` must be a whole number of at least 2, None or False, not {split_every!r}"
        )
    return split_every


class Group:
    """The needs of a gather: `size` neighbouring partitions each."""

    __slots__ = ("layer", "size")

    def __init__(self, layer: Layer, size: int) -> None:
        self.layer = layer
        self.size = size

    def __call__(self, _gather: Layer, partition: int) -> Sequence[Ref]:
        start = partition * self.size
        return [(self.layer, i) for i in range(start, min(start + self.size, self.layer.n_partitions))]


class Whole:
    """Calls a user's function on a partition, unless it is empty and not the only one."""

    __slots__ = ("__name__", "function", "is_only")

    def __init__(self, function: Callable[..., Any], is_only: bool) -> None:
        self.function = function
        self.is_only = is_only
        self.__name__ = function_name(function)

    def __reduce__(self) -> tuple[Any, ...]:
        return Whole, (self.function, self.is_only)

    def __tureen_token__(self) -> str:
        return token(self.function, self.is_only)

    def __call__(self, part: Any) -> Any:
        return self.function(part) if self.is_only or not _is_empty(part) else NOTHING


class Together:
    """Calls a function on the results of some partitions, those of empty ones left out."""

    __slots__ = ("__name__", "function", "is_last")

    takes_columns = True

    def __init__(self, function: Callable[..., Any], is_last: bool) -> None:
        self.function = function
        self.is_last = is_last
        self.__name__ = function_name(function)

    def __reduce__(self) -> tuple[Any, ...]:
        return Together, (self.function, self.is_last)

    def __tureen_token__(self) -> str:
        return token(self.function, self.is_last)

    def __call__(self, results: Sequence[Any]) -> Any:
        there = [result for result in results if result is not NOTHING]
        return self.function(there) if there or self.is_last else NOTHING


class OnAll:
    """Calls a function on the elements of several lists."""

    __slots__ = ("__name__", "function")

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.__name__ = function_name(function)

    def __reduce__(self) -> tuple[Any, ...]:
        return OnAll, (self.function,)

    def __tureen_token__(self) -> str:
        return token(self.function)

    def __call__(self, lists: Sequence[Iterable[Any]]) -> Any:
        merge = getattr(self.function, "merge_counts", None)
        if merge is not None and all(isinstance(part, TextCounts) for part in lists):
            merged = merge(lists)
            return merged if isinstance(merged, TextCounts) else list(merged)
        return self.function(itertools.chain.from_iterable(map(as_objects, lists)))


def _is_empty(part: Any) -> bool:
    try:
        return len(part) == 0
    except TypeError:
        return False


# What the methods of a bag do to each partition. Each takes an iterable that can be read once.


def count(elements: Iterable[Any]) -> int:
    """Return the number of elements, without keeping them."""
    if isinstance(elements, (list, tuple, range, dict, set, str, TextColumn, TextCounts)):
        return len(elements)
    counter = itertools.count()
    for _ in zip(elements, counter):  # noqa: B905  # the counter never ends
        pass
    return next(counter)


def largest(elements: Iterable[Any]) -> Any:
    """Return `max`, or nothing of nothing."""
    return max(elements, default=NOTHING)


def smallest(elements: Iterable[Any]) -> Any:
    """Return `min`, or nothing of nothing."""
    return min(elements, default=NOTHING)


def moments(elements: Iterable[Any]) -> Any:
    """Return number, mean and sum of squared distances from the mean, in two passes.

    The sum of squares minus the square of the sum, as dask.bag computes it, loses all digits for large
    numbers that lie close together.
    """
    values = elements if isinstance(elements, (list, range)) else list(elements)
    n = len(values)
    if not n:
        return NOTHING
    mean = sum(values, 0.0) / n
    return n, mean, sum([(value - mean) ** 2 for value in values], 0.0)


def total_and_count(elements: Iterable[Any]) -> Any:
    """Return the sum, as a float, and the number."""
    if isinstance(elements, (list, range)):
        return (sum(elements, 0.0), len(elements)) if elements else NOTHING
    total, n = 0.0, 0
    for element in elements:
        total += element
        n += 1
    return (total, n) if n else NOTHING


def mean(parts: Sequence[tuple[float, int]]) -> Any:
    """Return the mean of all parts' totals."""
    n = sum(part[1] for part in parts)
    if not n:
        raise ZeroDivisionError("the mean of an empty bag: there are no elements to divide by")
    return sum(part[0] for part in parts) / n


def variance(parts: Sequence[tuple[int, Any, Any]], ddof: float = 0) -> Any:
    """Return the variance of all parts together (Chan, Golub, LeVeque 1983)."""
    n, middle, squares = 0, 0.0, 0.0
    for its_n, its_mean, its_squares in parts:
        step = its_mean - middle
        together = n + its_n
        squares = squares + its_squares + step * step * (n * its_n / together)
        middle = middle + step * (its_n / together)
        n = together
    if n - ddof == 0 or n == 0:
        raise ZeroDivisionError(
            f"the variance of {n} elements with ddof={ddof}: there is nothing to divide by"
        )
    return squares / (n - ddof)


class Fold:
    """`functools.reduce` over a partition, with a start value of its own."""

    __slots__ = ("__name__", "function", "initial")

    def __init__(self, function: Callable[[Any, Any], Any], initial: Any = NOTHING) -> None:
        self.function = function
        self.initial = initial
        self.__name__ = function_name(function)

    def __reduce__(self) -> tuple[Any, ...]:
        return Fold, (self.function, self.initial)

    def __tureen_token__(self) -> str:
        return token(self.function, self.initial)

    def __call__(self, elements: Iterable[Any]) -> Any:
        iterator = iter(elements)
        total, function = fresh(self.initial), self.function
        element = next(iterator, _END)
        if element is _END:
            return NOTHING
        total = element if self.initial is NOTHING else function(total, element)
        for element in iterator:
            total = function(total, element)
        return total


class FoldTogether:
    """`functools.reduce` over the results of all partitions; of none, the start value if there is one."""

    __slots__ = ("__name__", "function", "initial")

    def __init__(self, function: Callable[[Any, Any], Any], initial: Any = NOTHING) -> None:
        self.function = function
        self.initial = initial
        self.__name__ = function_name(function)

    def __reduce__(self) -> tuple[Any, ...]:
        return FoldTogether, (self.function, self.initial)

    def __tureen_token__(self) -> str:
        return token(self.function, self.initial)

    def __call__(self, results: Sequence[Any]) -> Any:
        if not results and self.initial is not NOTHING:
            return fresh(self.initial)
        if not results:
            raise TypeError(
                "fold of an empty bag: there is no first element\nhint: give a start with `initial=...`"
            )
        return functools.reduce(self.function, results)


_UNCHANGING = (int, float, complex, bool, str, bytes, tuple, frozenset, type(None), _Nothing)


def fresh(initial: Any) -> Any:
    """Return a copy of a start value, so that partitions that change it in place don't share it."""
    if type(initial) in _UNCHANGING and type(initial) not in (tuple, frozenset):
        return initial
    return copy.deepcopy(initial)
