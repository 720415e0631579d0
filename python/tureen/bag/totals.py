"""The methods of a bag that bring all its elements to one value, or to the few that matter."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import columns, group, reduce
from .collection import Collection
from .elementwise import no_default
from .item import Item
from .largest import largest
from .naming import function_name
from .reduce import OnAll
from .steps import Step

if TYPE_CHECKING:
    from .bag import Bag


class Totals(Collection):
    """Reductions."""

    __slots__ = ()

    def reduction(
        self,
        perpartition: Callable[..., Any],
        aggregate: Callable[..., Any],
        split_every: int | bool | None = None,
        out_type: Any = Item,
        name: str | None = None,
    ) -> Any:
        """Reduce each partition with a function, and the list of results with another, as dask.bag's.

        `perpartition` gets the list of a partition's elements; empty partitions are left out, unless there is
        no other. `aggregate` gets a list of at most `split_every` results (8 by default, all with False), and
        again a list of what it gave, until one is left. `out_type=Bag` makes a bag of the result.

        >>> import tureen.bag as db
        >>> def count_chars(words):
        ...     return sum(len(word) for word in words)
        >>> bag = db.from_sequence(["mary", "had", "a", "little", "lamb"])
        >>> bag.reduction(count_chars, sum).compute()
        18
        """
        return self._made(reduce.tree(self.layer, perpartition, aggregate, split_every, name), out_type)

    def _made(self, layer: Any, out_type: Any) -> Any:
        if out_type is Item:
            return Item(layer)
        from .bag import Bag

        return Bag.of(layer)

    def _item(
        self,
        perpartition: Callable[..., Any],
        aggregate: Callable[..., Any],
        split_every: int | bool | None,
        name: str,
    ) -> Item:
        return Item(reduce.tree(self.layer, perpartition, aggregate, split_every, name, streams=True))

    def _bag(
        self,
        perpartition: Callable[..., Any],
        aggregate: Callable[..., Any],
        split_every: int | bool | None,
        name: str,
    ) -> Bag:
        from .bag import Bag

        return Bag.of(reduce.tree(self.layer, perpartition, aggregate, split_every, name, streams=True))

    def fold(
        self,
        binop: Callable[[Any, Any], Any],
        combine: Callable[[Any, Any], Any] | None = None,
        initial: Any = no_default,
        split_every: int | bool | None = None,
        out_type: Any = Item,
    ) -> Any:
        """Reduce with functions of two arguments: ``binop(total, element)``, then ``combine(total, total)``.

        `initial` starts each partition that is not empty, as in dask.bag; each gets a copy of its own, so it
        may be changed in place. Of an empty bag the fold is `initial`; without one, `TypeError` (as
        `functools.reduce`).

        >>> import tureen.bag as db
        >>> db.from_sequence(range(5)).fold(lambda a, b: a + b).compute()
        10
        >>> db.from_sequence([1, 2, 1]).fold(lambda s, x: s | {x}, set.union, initial=set()).compute()
        {1, 2}
        """
        start = reduce.NOTHING if initial is no_default else initial
        first = reduce.Fold(binop, start)
        then = reduce.FoldTogether(combine or binop, start)
        name = f"fold-{function_name(binop)}"
        return self._made(reduce.tree(self.layer, first, then, split_every, name, streams=True), out_type)

    def sum(self, split_every: int | bool | None = None) -> Item:
        """The sum of all elements; 0 of none."""
        return self._item(sum, sum, split_every, "sum")

    def max(self, split_every: int | bool | None = None) -> Item:
        """The largest element. `ValueError` for an empty bag."""
        return self._item(reduce.largest, max, split_every, "max")

    def min(self, split_every: int | bool | None = None) -> Item:
        """The smallest element. `ValueError` for an empty bag."""
        return self._item(reduce.smallest, min, split_every, "min")

    def any(self, split_every: int | bool | None = None) -> Item:
        """Whether any element is true."""
        return self._item(any, any, split_every, "any")

    def all(self, split_every: int | bool | None = None) -> Item:
        """Whether all elements are true."""
        return self._item(all, all, split_every, "all")

    def count(self, split_every: int | bool | None = None) -> Item:
        """The number of elements.

        >>> import tureen.bag as db
        >>> db.from_sequence(["a", "b", "c"]).count().compute()
        3
        """
        return self._item(reduce.count, sum, split_every, "count")

    def mean(self) -> Item:
        """The arithmetic mean, a float. `ZeroDivisionError` for an empty bag (as dask.bag).

        >>> import tureen.bag as db
        >>> db.from_sequence([1, 2, 6]).mean().compute()
        3.0
        """
        return self._item(reduce.total_and_count, reduce.mean, False, "mean")

    def var(self, ddof: float = 0) -> Item:
        """The variance, with `ddof` taken off the number of elements. `ZeroDivisionError` if nothing is left.

        Computed from distances to the mean: right also where dask.bag's difference of squares loses its
        digits.
        """
        together = functools.partial(reduce.variance, ddof=ddof)
        return self._item(reduce.moments, together, False, "var")

    def std(self, ddof: float = 0) -> Item:
        """The standard deviation. Errors as `var`.

        >>> import tureen.bag as db
        >>> db.from_sequence([2, 4, 4, 4, 5, 5, 7, 9]).std().compute()
        2.0
        """
        return self.var(ddof=ddof).apply(math.sqrt)

    def distinct(self, key: Any = None) -> Bag:
        """Each element once, in order of first sight; those with equal keys count as one.

        `key` is a function, or what to look up in each element. Elements (or keys) must be hashable
        (`TypeError`).

        >>> import tureen.bag as db
        >>> db.from_sequence(["b", "a", "b"]).distinct().compute()
        ['b', 'a']
        """
        distinct = group.Distinct(None if key is None else group.key_function(key))
        return self._bag(distinct, OnAll(distinct), None, "distinct")

    def frequencies(self, split_every: int | bool | None = None, sort: bool = False) -> Bag:
        """Pairs of each distinct element and how often it is there, in order of first sight or by number.

        >>> import tureen.bag as db
        >>> db.from_sequence(["b", "a", "a"]).frequencies(sort=True).compute()
        [('a', 2), ('b', 1)]
        """
        counts = self._bag(group.frequencies, group.merge_frequencies, split_every, "frequencies")
        function = columns.pairs_by_number if sort else columns.pairs
        return counts._step("frequencies", Step("partition", function, streams=True, word="frequencies"))

    def topk(self, k: int, key: Any = None, split_every: int | bool | None = None) -> Bag:
        """The `k` largest elements, largest first; of equal ones, the first seen (as `heapq.nlargest`).

        `key` is a function of the element (of its items, if it takes several arguments), or what to look up.

        >>> import tureen.bag as db
        >>> db.from_sequence([10, 3, 5, 7, 11, 4]).topk(2).compute()
        [11, 10]
        """
        found = largest(k, key)
        return self._bag(found, OnAll(found), split_every, "topk")
