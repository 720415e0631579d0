"""Groupby, foldby, distinct, frequencies, join: everything that brings equal keys together.

`groupby` shuffles in two rounds of about the square root of the number of partitions each, so that the tasks
and their needs grow in a straight line with the partitions. A partition's keys are hashed once each, not once
per element.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from tureen._tureen import TextColumn, TextCounts, TextDeclined

from .calls import grouping_by
from .columns import as_objects
from .hash import stable_hash
from .layers import GatherLayer, Layer, Ref
from .naming import function_name, token
from .pluck import plucker
from .reduce import NOTHING, Group, fresh

Groups = dict[Any, list[Any]]


def key_function(key: Any) -> Callable[[Any], Any]:
    """Return the function for a key that is a function, an index or a name, or a list of these."""
    return key if callable(key) else plucker(key)


_FEW = 64
"""Up to so many partitions, each is shared out by a task of its own; beyond, several together."""


def groupby_layer(base: Layer, grouper: Any, n_partitions: int) -> Layer:
    """Return the layer of `(key, elements)` pairs, each key in one partition only."""
    grouped = Grouped(key_function(grouper))
    rounds = math.isqrt(max(n_partitions - 1, 0)) + 1
    size = 1 if base.n_partitions <= _FEW else -(-base.n_partitions // rounds)
    n_first = -(-base.n_partitions // size)
    its_token = token("groupby", base, grouped, n_partitions)
    # First round: neighbouring partitions are grouped and shared out by hash into `rounds` lots.
    split_function = Split(grouped, rounds, n_partitions)
    word = f"groupby-{grouped.__name__}"
    split = GatherLayer(word, token(its_token, 1), n_first, [base], Group(base, size), split_function)
    # Second round: a lot is gathered from everywhere, and shared out to the partitions that it holds.
    join_function = Join(rounds, n_partitions)
    lots = GatherLayer("groupby-join", token(its_token, 2), rounds, [split], All(split), join_function, Own())
    return GatherLayer("groupby", its_token, n_partitions, [lots], Lot(lots, rounds), _pick, Place(rounds))


class Grouped:
    """Groups a partition's elements by key, in order of first sight."""

    __slots__ = ("__name__", "function")

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function
        self.__name__ = function_name(function)

    def __reduce__(self) -> tuple[Any, ...]:
        return Grouped, (self.function,)

    def __tureen_token__(self) -> str:
        return token(self.function)

    def __call__(self, elements: Iterable[Any]) -> Groups:
        program = grouping_by(self.function)
        if program is not None and isinstance(elements, (list, TextColumn)):
            try:
                found: Groups = program.run(elements)
                return found
            except TextDeclined:
                pass
        groups: defaultdict[Any, list[Any]] = defaultdict(list)
        function = self.function
        for element in elements:
            groups[function(element)].append(element)
        return dict(groups)


_MANY_KEYS = 100_000

Lots = list[tuple[Groups, list[int]]]
"""For each lot, its groups, and beside them the partition that each belongs to."""


class Split:
    """Groups the elements of some partitions, and shares the groups out to lots by the hash of their keys."""

    __slots__ = ("__name__", "_partition_of", "grouped", "n_partitions", "rounds")

    def __init__(self, grouped: Grouped, rounds: int, n_partitions: int) -> None:
        self._partition_of: dict[Any, int] = {}
        """By key: most keys are in many partitions. Equal keys have equal hashes."""
        self.grouped = grouped
        self.rounds = rounds
        self.n_partitions = n_partitions
        self.__name__ = "groupby"

    def __reduce__(self) -> tuple[Any, ...]:
        return Split, (self.grouped, self.rounds, self.n_partitions)

    takes_columns = True

    def __call__(self, parts: Sequence[Iterable[Any]]) -> Lots:
        together = itertools.chain.from_iterable(map(as_objects, parts))
        groups = self.grouped(parts[0] if len(parts) == 1 else together)
        if self.n_partitions == 1:
            return [(groups, [0] * len(groups))]
        lots: Lots = [({}, []) for _ in range(self.rounds)]
        if len(self._partition_of) > _MANY_KEYS:
            self._partition_of = {}
        known = self._partition_of
        for key, elements in groups.items():
            partition = known.get(key)
            if partition is None:
                partition = known[key] = stable_hash(key) % self.n_partitions
            its_groups, its_partitions = lots[partition % self.rounds]
            its_groups[key] = elements
            its_partitions.append(partition)
        return lots


class Join:
    """Merges one lot of all splits, and shares its groups out to the partitions of the lot."""

    __slots__ = ("n_partitions", "rounds")

    def __init__(self, rounds: int, n_partitions: int) -> None:
        self.rounds = rounds
        self.n_partitions = n_partitions

    def __call__(self, splits: Sequence[Lots], lot: int) -> list[list[tuple[Any, list[Any]]]]:
        merged: Groups = {}
        places: list[int] = []
        get = merged.get
        for split in splits:
            groups, partitions = split[lot]
            for (key, elements), partition in zip(groups.items(), partitions, strict=True):
                held = get(key)
                if held is None:
                    # A copy: what a task made may be asked for again, and is not changed.
                    merged[key] = elements[:]
                    places.append(partition // self.rounds)
                else:
                    held += elements
        shared: list[list[tuple[Any, list[Any]]]] = [[] for _ in range(-(-self.n_partitions // self.rounds))]
        for pair, place in zip(merged.items(), places, strict=True):
            shared[place].append(pair)
        return shared


class All:
    """Needs every partition of a layer."""

    __slots__ = ("layer",)

    def __init__(self, layer: Layer) -> None:
        self.layer = layer

    def __call__(self, _gather: Layer, _partition: int) -> Sequence[Ref]:
        return [(self.layer, i) for i in range(self.layer.n_partitions)]


class Lot:
    """Needs the lot that holds a partition."""

    __slots__ = ("layer", "rounds")

    def __init__(self, layer: Layer, rounds: int) -> None:
        self.layer = layer
        self.rounds = rounds

    def __call__(self, _gather: Layer, partition: int) -> Sequence[Ref]:
        return [(self.layer, partition % self.rounds)]


class Own:
    """Gives a gather's function the number of its partition."""

    __slots__ = ()

    def __call__(self, partition: int) -> tuple[int]:
        return (partition,)


class Place:
    """Gives a gather's function the place of its partition in its lot."""

    __slots__ = ("rounds",)

    def __init__(self, rounds: int) -> None:
        self.rounds = rounds

    def __call__(self, partition: int) -> tuple[int]:
        return (partition // self.rounds,)


def _pick(values: Sequence[Any], place: int) -> Any:
    return values[0][place]


class FoldedBy:
    """Folds the elements of each key of a partition."""

    __slots__ = ("__name__", "function", "initial", "key")

    def __init__(self, key: Callable[[Any], Any], function: Callable[[Any, Any], Any], initial: Any) -> None:
        self.key = key
        self.function = function
        self.initial = initial
        self.__name__ = f"{function_name(key)}, {function_name(function)}"

    def __reduce__(self) -> tuple[Any, ...]:
        return FoldedBy, (self.key, self.function, self.initial)

    def __tureen_token__(self) -> str:
        return token(self.key, self.function, self.initial)

    def __call__(self, elements: Iterable[Any]) -> dict[Any, Any]:
        totals: dict[Any, Any] = {}
        key_of, function, initial = self.key, self.function, self.initial
        for element in elements:
            key = key_of(element)
            if key in totals:
                totals[key] = function(totals[key], element)
            else:
                totals[key] = element if initial is NOTHING else function(fresh(initial), element)
        return totals


class TotalsTogether:
    """Combines the totals of each key; the last combination gives `(key, total)` pairs."""

    __slots__ = ("__name__", "function", "initial", "is_last")

    def __init__(self, function: Callable[[Any, Any], Any], initial: Any, is_last: bool) -> None:
        self.function = function
        self.initial = initial
        self.is_last = is_last
        self.__name__ = function_name(function)

    def __reduce__(self) -> tuple[Any, ...]:
        return TotalsTogether, (self.function, self.initial, self.is_last)

    def __tureen_token__(self) -> str:
        return token(self.function, self.initial, self.is_last)

    def __call__(self, parts: Sequence[dict[Any, Any]]) -> Any:
        totals: dict[Any, Any] = {}
        function, initial = self.function, self.initial
        for part in parts:
            for key, total in part.items():
                if key in totals:
                    totals[key] = function(totals[key], total)
                else:
                    totals[key] = total if initial is NOTHING else function(fresh(initial), total)
        return list(totals.items()) if self.is_last else totals


def frequencies(elements: Iterable[Any]) -> Counter[Any]:
    """Count each distinct element, in order of first sight."""
    return Counter(elements)


def merge_frequencies(parts: Sequence[Any]) -> Any:
    """Return the counts of all parts together, in order of first sight."""
    if parts and all(isinstance(part, TextCounts) for part in parts):
        return merge_counts(parts)
    merged: Counter[Any] = Counter()
    for part in parts:
        get = merged.get
        for key, n in part.items():
            merged[key] = get(key, 0) + n
    return merged


def merge_counts(parts: Sequence[Any]) -> Any:
    """Return the counts of all parts together; as a `Counter` if they count different kinds of elements."""
    try:
        return TextCounts.merged(parts)
    except TextDeclined:
        return merge_frequencies([Counter(part.to_dict()) for part in parts])


class Distinct:
    """The elements with distinct keys, the first of each."""

    __slots__ = ("function",)

    merge_counts = staticmethod(merge_counts)

    __name__ = "distinct"

    def __init__(self, function: Callable[[Any], Any] | None) -> None:
        self.function = function

    def __reduce__(self) -> tuple[Any, ...]:
        return Distinct, (self.function,)

    def __tureen_token__(self) -> str:
        return token(self.function)

    def __call__(self, elements: Iterable[Any]) -> list[Any]:
        function = self.function
        if function is None:
            return list(dict.fromkeys(elements))
        found: dict[Any, Any] = {}
        for element in elements:
            found.setdefault(function(element), element)
        return list(found.values())


def joined(pairs: Iterable[Any], index: Groups, function: Callable[[Any], Any]) -> Iterator[tuple[Any, Any]]:
    """Yield `(other, element)` for each other of the element's key."""
    for element in pairs:
        for other in index.get(function(element), ()):
            yield other, element
