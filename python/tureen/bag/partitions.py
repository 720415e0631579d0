"""The methods of a bag that work along or across its partitions: take, repartition, accumulate, product."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from .checks import check_bags, check_count
from .collection import Collection
from .elementwise import no_default
from .layers import GatherLayer, Layer, Ref, StepLayer
from .naming import function_name, token
from .parts import listed
from .reduce import NOTHING
from .sizes import group_sizes, parse_size, size_in_memory
from .steps import HERE, Step

if TYPE_CHECKING:
    from .bag import Bag


class Partitions(Collection):
    """Along and across partitions."""

    __slots__ = ()

    def take(self, k: int, npartitions: int = 1, compute: bool = True, warn: bool = True) -> Any:
        """Return the first `k` elements, as a tuple; reads no further than it must.

        Only the first `npartitions` are looked at (-1: all). If these hold fewer elements, what there is is
        returned, with a `UserWarning` unless `warn=False`. With `compute=False`, a bag. Raises `ValueError`
        for more partitions than there are.

        >>> import tureen.bag as db
        >>> db.from_sequence(range(1000)).take(3)
        (0, 1, 2)
        """
        if not hasattr(k, "__index__"):
            raise TypeError(f"take needs a whole number of elements, not `{type(k).__name__}`")
        if k < 0:
            raise ValueError(f"take needs a number of elements of at least 0, not {k}")
        n = self.npartitions if npartitions < 0 else npartitions
        if n > self.npartitions:
            raise ValueError(f"only {self.npartitions} partitions, take received {npartitions}")
        check_count("npartitions", n)
        from .bag import Bag

        step = Step("partition", _first, (HERE, k), streams=True, word="take")
        layer: Layer = StepLayer("take-part", self.layer, step, n_partitions=n)
        if n > 1:
            refs: list[Ref] = [(layer, i) for i in range(n)]
            layer = GatherLayer("take", token(layer, k), 1, [layer], listed([refs]), _together)
            layer = StepLayer("take", layer, step)
        if not compute:
            if warn:
                layer = StepLayer("take", layer, Step("partition", _warn_if_short, (HERE, k), word="take"))
            return Bag.of(layer)
        taken = tuple(Bag.of(layer).compute())
        if warn:
            _warn_if_short(taken, k)
        return taken

    def repartition(
        self, npartitions: int | None = None, partition_size: int | float | str | None = None
    ) -> Bag:
        """Return a bag of the same elements in another number of partitions, or in partitions of limited
        size.

        Exactly one of the two must be given (`ValueError`). `partition_size` is in bytes of memory, or text
        as "5MB"; finding it out computes the bag.

        >>> import tureen.bag as db
        >>> db.from_sequence(range(5), npartitions=5).repartition(2).map_partitions(len).compute()
        [2, 3]
        """
        if (npartitions is None) == (partition_size is None):
            raise ValueError("repartition needs exactly one of `npartitions` and `partition_size`")
        if partition_size is not None:
            return self._with_size(parse_size(partition_size))
        check_count("npartitions", npartitions)
        old, new = self.npartitions, int(npartitions or 1)
        if new == old:
            return self  # type: ignore[return-value]
        if new < old:
            return self._joined([i * old // new for i in range(new + 1)])
        # As dask.bag: each is split alike, and the last one takes what is left.
        pieces = [new // old] * old
        pieces[-1] += new % old
        return self._split(pieces)

    def _with_size(self, limit: int) -> Bag:
        measured = StepLayer("size", self.layer, Step("partition", size_in_memory, word="repartition"))
        from .bag import Bag

        sizes = Bag.of(measured).compute()
        pieces = [1 + size // limit for size in sizes]
        split = self._split(pieces) if any(n > 1 for n in pieces) else self
        smaller = [size / n for size, n in zip(sizes, pieces, strict=True) for _ in range(n)]
        return split._joined(group_sizes(smaller, limit))

    def _split(self, pieces: Sequence[int]) -> Bag:
        refs, own = [], []
        for partition, n in enumerate(pieces):
            for piece in range(n):
                refs.append([(self.layer, partition)])
                own.append((piece, n))
        return self._gathered(refs, _piece, own.__getitem__)

    def _joined(self, bounds: Sequence[int]) -> Bag:
        refs = [[(self.layer, i) for i in range(a, b)] for a, b in itertools.pairwise(bounds)]
        return self._gathered(refs, _together)

    def _gathered(self, refs: Any, function: Callable[..., Any], own: Any = None) -> Bag:
        from .bag import Bag

        shape = token(self.layer, "repartition", [len(r) for r in refs], function)
        word = f"repartition-{len(refs)}"
        return Bag.of(GatherLayer(word, shape, len(refs), [self.layer], listed(refs), function, own))

    def accumulate(self, binop: Callable[[Any, Any], Any], initial: Any = no_default) -> Bag:
        """Return the running totals of the elements, in order, as `itertools.accumulate`.

        With `initial`, it is the first total.

        >>> import tureen.bag as db
        >>> db.from_sequence([1, 2, 3]).accumulate(lambda a, b: a + b, initial=-1).compute()
        [-1, 0, 2, 5]
        """
        from .bag import Bag

        start = NOTHING if initial is no_default else initial
        word, base = function_name(binop), self.layer
        running = GatherLayer(
            f"{word}-part",
            token("accumulate", base, binop, start),
            self.npartitions,
            [base],
            _Before(base),
            _Running(binop, start),
            _number,
        )
        return Bag.of(GatherLayer(word, token(running), self.npartitions, [running], _Same(running), _totals))

    def product(self, other: Bag) -> Bag:
        """Return all pairs of an element of this bag and one of another.

        The result has as many partitions as there are pairs of partitions.

        >>> import tureen.bag as db
        >>> db.from_sequence([1, 2]).product(db.from_sequence(["a"])).compute()
        [(1, 'a'), (2, 'a')]
        """
        check_bags([other])
        ours, theirs = self.layer, other.layer
        n = ours.n_partitions * theirs.n_partitions
        layer = GatherLayer("product", token(ours, theirs), n, [ours, theirs], _Pairs(ours, theirs), _product)
        return type(self).of(layer)


def _first(elements: Iterable[Any], k: int) -> list[Any]:
    return list(itertools.islice(elements, k))


def _warn_if_short(taken: Sequence[Any], k: int) -> Sequence[Any]:
    if len(taken) < k:
        warnings.warn(
            f"Insufficient elements for `take`. {k} elements requested, only {len(taken)} elements "
            "available. Try passing larger `npartitions` to `take`.",
            stacklevel=3,
        )
    return taken


def _together(parts: Sequence[Iterable[Any]]) -> list[Any]:
    return list(itertools.chain.from_iterable(parts))


def _piece(parts: Sequence[Any], piece: int, n: int) -> Any:
    elements = parts[0] if isinstance(parts[0], (list, tuple)) else list(parts[0])
    return elements[piece * len(elements) // n : (piece + 1) * len(elements) // n]


def _product(parts: Sequence[Iterable[Any]]) -> Iterator[tuple[Any, Any]]:
    return itertools.product(parts[0], parts[1])


def _number(partition: int) -> tuple[int]:
    return (partition,)


def _totals(values: Sequence[tuple[list[Any], Any]]) -> list[Any]:
    return values[0][0]


class _Before:
    """Needs the same partition of a layer, and what the partition before came to."""

    __slots__ = ("layer",)

    def __init__(self, layer: Layer) -> None:
        self.layer = layer

    def __call__(self, gather: Layer, partition: int) -> Sequence[Ref]:
        return [(self.layer, partition), (gather, partition - 1)] if partition else [(self.layer, 0)]


class _Same:
    """Needs the same partition of a layer."""

    __slots__ = ("layer",)

    def __init__(self, layer: Layer) -> None:
        self.layer = layer

    def __call__(self, _gather: Layer, partition: int) -> Sequence[Ref]:
        return [(self.layer, partition)]


class _Pairs:
    """Needs a partition of each of two layers: every pair once, in order."""

    __slots__ = ("first", "second")

    def __init__(self, first: Layer, second: Layer) -> None:
        self.first = first
        self.second = second

    def __call__(self, _gather: Layer, partition: int) -> Sequence[Ref]:
        i, j = divmod(partition, self.second.n_partitions)
        return [(self.first, i), (self.second, j)]


class _Running:
    """The running totals of a partition, and the last of them, which the next one goes on from."""

    __slots__ = ("__name__", "function", "initial")

    def __init__(self, function: Callable[[Any, Any], Any], initial: Any) -> None:
        self.function = function
        self.initial = initial
        self.__name__ = function_name(function)

    def __reduce__(self) -> tuple[Any, ...]:
        return _Running, (self.function, self.initial)

    def __call__(self, values: Sequence[Any], partition: int) -> tuple[list[Any], Any]:
        before = values[1][1] if partition else self.initial
        # Not `initial=before`: to `itertools`, None is no start.
        elements = [*([] if before is NOTHING else [before]), *values[0]]
        totals = list(itertools.accumulate(elements, self.function))
        if len(totals) < len(elements):  # which `itertools` takes for the end of the elements
            raise RuntimeError(f"`{self.__name__}` raised StopIteration")
        last = totals[-1] if totals else NOTHING
        return totals[1:] if partition and before is not NOTHING else totals, last
