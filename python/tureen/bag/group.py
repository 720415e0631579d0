"""Groupby, foldby, distinct, frequencies, join: everything that brings equal keys together.

`groupby` shuffles in two rounds of about the square root of the number of partitions each, so that the tasks
and their needs grow in a straight line with the partitions. A partition's keys are hashed once each, not once
per element.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from .hash import stable_hash
from .layers import GatherLayer, Layer, Ref, StepLayer
from .naming import function_name, token
from .reduce import NOTHING, Group, fresh
from .steps import Step

Groups = dict[Any, list[Any]]


def key_function(key: Any) -> Callable[[Any], Any]:
    """Return the function for a key that is a function, an index or a name."""
    return key if callable(key) else itemgetter(key)


def groupby_layer(base: Layer, grouper: Any, n_partitions: int) -> Layer:
    """Return the layer of `(key, elements)` pairs, each key in one partition only."""
    function = key_function(grouper)
    step = Step("partition", Grouped(function), streams=True, word=f"groupby({function_name(grouper)})")
    layer: Layer = StepLayer("groupby-part", base, step)
    rounds = math.isqrt(max(n_partitions - 1, 0)) + 1
    size = -(-layer.n_partitions // rounds)
    n_first = -(-layer.n_partitions // size)
    its_token = token(layer, n_partitions)
    # First round: neighbouring partitions are merged and shared out by hash into `rounds` lots.
    split = GatherLayer(
        "shuffle-split",
        token(its_token, 1),
        n_first,
        [layer],
        Group(layer, size),
        Split(rounds, n_partitions),
    )
    # Second round: a lot is gathered from everywhere, and shared out to the partitions that it holds.
    lots = GatherLayer(
        "shuffle-join", token(its_token, 2), rounds, [split], All(split), Join(rounds, n_partitions), Own()
    )
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
        groups: Groups = {}
        function, get = self.function, groups.get
        for element in elements:
            key = function(element)
            group = get(key)
            if group is None:
                groups[key] = [element]
            else:
                group.append(element)
        return groups


class Split:
    """Merges groups and shares them out to lots by the hash of their keys."""

    __slots__ = ("n_partitions", "rounds")

    def __init__(self, rounds: int, n_partitions: int) -> None:
        self.rounds = rounds
        self.n_partitions = n_partitions

    def __call__(self, parts: Sequence[Groups]) -> list[Any]:
        merged = merge_groups(parts)
        if self.n_partitions == 1:
            return [[(0, key, elements) for key, elements in merged.items()]]
        lots: list[Any] = [[] for _ in range(self.rounds)]
        for key, elements in merged.items():
            partition = stable_hash(key) % self.n_partitions
            lots[partition % self.rounds].append((partition, key, elements))
        return lots


class Join:
    """Merges one lot of all splits, and shares its groups out to the partitions of the lot."""

    __slots__ = ("n_partitions", "rounds")

    def __init__(self, rounds: int, n_partitions: int) -> None:
        self.rounds = rounds
        self.n_partitions = n_partitions

    def __call__(self, splits: Sequence[list[Any]], lot: int) -> list[list[Any]]:
        places: dict[Any, tuple[int, list[Any]]] = {}
        for split in splits:
            for partition, key, elements in split[lot]:
                held = places.get(key)
                if held is None:
                    places[key] = (partition, list(elements))
                else:
                    held[1].extend(elements)
        partitions: list[list[Any]] = [[] for _ in range(-(-self.n_partitions // self.rounds))]
        for key, (partition, elements) in places.items():
            partitions[partition // self.rounds].append((key, elements))
        return partitions


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


def merge_groups(parts: Sequence[Groups]) -> Groups:
    """Return the groups of all parts together, keys and elements in order of first sight."""
    if len(parts) == 1:
        return parts[0]
    merged: Groups = {}
    for part in parts:
        for key, elements in part.items():
            group = merged.get(key)
            if group is None:
                merged[key] = list(elements)  # The part may be needed by others: it is not changed.
            else:
                group.extend(elements)
    return merged


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


def merge_frequencies(parts: Sequence[Counter[Any]]) -> Counter[Any]:
    """Return the counts of all parts together, in order of first sight."""
    merged = Counter(parts[0]) if parts else Counter()
    for part in parts[1:]:
        get = merged.get
        for key, n in part.items():
            merged[key] = get(key, 0) + n
    return merged


class Distinct:
    """The elements with distinct keys, the first of each."""

    __slots__ = ("function",)

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
