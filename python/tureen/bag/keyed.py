"""The methods of a bag that bring equal keys together: groupby, foldby, join."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import group, reduce
from .checks import check_count
from .collection import Collection
from .elementwise import no_default
from .item import promise_for
from .layers import Layer, SourceLayer, StepLayer
from .naming import function_name, token
from .parts import Given, promised
from .steps import HERE, Need, Step

if TYPE_CHECKING:
    from .bag import Bag

_SHUFFLES = (None, "tasks", "disk")


class Keyed(Collection):
    """Groups, and joins."""

    __slots__ = ()

    def groupby(
        self,
        grouper: Any,
        method: Any = None,
        npartitions: int | None = None,
        blocksize: int = 2**20,
        max_branch: int | None = None,
        shuffle: str | None = None,
    ) -> Bag:
        """Return pairs of a key and the list of its elements, as dask.bag's. `foldby` moves less, where it
        will do.

        `grouper` is a function of an element, or what to look up in it. Keys meet if they are equal (1, 1.0
        and True are one key) and must be hashable (`TypeError`). `npartitions` is that of the result, by
        default the bag's.

        The groups are brought together in memory, whether `shuffle` is "tasks", "disk" or None; `blocksize`
        and `max_branch`, which tune dask.bag's ways, are not needed.

        >>> import tureen.bag as db
        >>> dict(db.from_sequence(range(6)).groupby(lambda n: n % 2))
        {0: [0, 2, 4], 1: [1, 3, 5]}
        """
        if method is not None:
            raise TypeError("groupby has no `method=` any more\nhint: write `shuffle=`")
        if shuffle not in _SHUFFLES:
            raise NotImplementedError(f"`shuffle` must be 'disk' or 'tasks', not {shuffle!r}")
        check_count("npartitions", npartitions)
        layer = group.groupby_layer(self.layer, grouper, npartitions or self.npartitions)
        return type(self).of(layer)

    def foldby(
        self,
        key: Any,
        binop: Callable[[Any, Any], Any],
        initial: Any = no_default,
        combine: Callable[[Any, Any], Any] | None = None,
        combine_initial: Any = no_default,
        split_every: int | bool | None = None,
    ) -> Bag:
        """Fold the elements of each key: a groupby and a fold in one, without moving the elements.

        ``binop(total, element)`` within partitions, starting from `initial` (a copy for each key) or the
        first element; ``combine(total, total)`` between them, starting from `combine_initial` or the first
        total.

        >>> import tureen.bag as db
        >>> even = lambda n: n % 2 == 0
        >>> dict(db.from_sequence(range(10)).foldby(even, lambda total, n: total + n, 0))
        {True: 20, False: 25}
        """
        start = reduce.NOTHING if initial is no_default else initial
        combine_start = reduce.NOTHING if combine_initial is no_default else combine_initial
        combine = combine or binop
        size = reduce.check_split(split_every, self.npartitions)
        folded = group.FoldedBy(group.key_function(key), binop, start)
        word = f"foldby({folded.__name__})"
        part = StepLayer("foldby-part", self.layer, Step("partition", folded, streams=True, word=word))
        between, last = (group.TotalsTogether(combine, combine_start, is_last) for is_last in (False, True))
        return type(self).of(reduce.gather_tree(part, between, last, size, "foldby"))

    def join(self, other: Any, on_self: Any, on_other: Any = None) -> Bag:
        """Return pairs ``(other, element)`` with equal keys, in the order of this bag's elements.

        `other` is an iterable, a promise, or a bag of one partition (`ValueError` for more). `on_self` and
        `on_other` are functions, or what to look up; without `on_other`, `on_self` serves for both.

        >>> import tureen.bag as db
        >>> people = db.from_sequence(["Alice", "Bob", "Charlie"])
        >>> people.join(["fruit", "bat"], len).compute()
        [('fruit', 'Alice'), ('bat', 'Bob')]
        """
        own = group.key_function(on_self)
        its = own if on_other is None else group.key_function(on_other)
        if isinstance(other, Collection):
            if other.npartitions != 1:
                raise ValueError(
                    f"join needs a bag of one partition, and this has {other.npartitions}\n"
                    "hint: `other.repartition(npartitions=1)`, or `groupby` for two large bags"
                )
            base: Layer = other.layer
        elif (promise := promise_for(other)) is not None:
            base = promised("join-other", [promise])
        else:
            others = list(other)
            base = SourceLayer("join-other", [Given(others)], token(others))
        # The index of the other side is made once, by a task of its own, for all partitions.
        index = StepLayer(
            "join-index", base, Step("partition", group.Grouped(its), streams=True, word="join")
        )
        step = Step(
            "partition", group.joined, (HERE, Need(0), own), streams=True, word=f"join({function_name(own)})"
        )
        return type(self).of(StepLayer("join", self.layer, step, [(index, 0)]))
