"""What every bag can do, whatever its methods: be named, shown, pickled, computed, drawn.

The methods stand in files by what they do: `elementwise.py`, `totals.py`, `keyed.py`, `partitions.py`;
`bag.py` puts them together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from . import computing
from .dask_protocol import DaskCollection
from .graph import layer_of_graph
from .layers import Layer
from .where import default_scheduler

if TYPE_CHECKING:
    from tureen._explain import Explanation

    from .bag import Bag


class Collection(DaskCollection):
    """A lazy collection of Python objects in partitions, as a layer that says how it is made."""

    __slots__ = ("__weakref__", "layer")

    def __init__(
        self, dsk: Mapping[Any, Any] | Layer, name: str | None = None, npartitions: int | None = None
    ):
        if isinstance(dsk, Layer):
            self.layer = dsk
        elif name is None or npartitions is None:
            raise TypeError("a bag made by hand needs a graph, a name and a number of partitions")
        else:
            self.layer = layer_of_graph(dsk, name, npartitions)

    @classmethod
    def of(cls, layer: Layer) -> Bag:
        """Make a bag of a layer."""
        return cls(layer, layer.name, layer.n_partitions)  # type: ignore[return-value]  # only bags are made

    @property
    def name(self) -> str:
        """The name, equal for bags that mean the same computation."""
        return self.layer.name

    @property
    def npartitions(self) -> int:
        """The number of partitions."""
        return self.layer.n_partitions

    @property
    def _args(self) -> tuple[Layer, str, int]:
        return (self.layer, self.name, self.npartitions)

    def __repr__(self) -> str:
        return f"tureen.bag<{self.layer.word}, npartitions={self.npartitions}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.layer, self.name, self.npartitions)

    def __tureen_token__(self) -> str:
        return self.layer.token

    def __tureen_promise__(self) -> Any:
        return computing.promise_of(self)  # type: ignore[arg-type]

    def __tureen_scheduler__(self) -> str:
        return default_scheduler([self.layer])

    def __iter__(self) -> Iterator[Any]:
        return iter(self.compute())

    def compute(self, **kwargs: Any) -> Any:
        """Return the list of all elements.

        Keywords are those of `tureen.compute`: `scheduler` ("processes", "threads" or "sync"),
        `num_workers`; or `scheduler` is a `distributed.Client`. By default the user's functions run on the
        client that dask would use, if there is one, else in worker processes, as dask.bag's do; a bag without
        any runs on threads.

        >>> import tureen.bag as db
        >>> db.from_sequence([1, 2, 3]).map(lambda n: n + 1).compute(scheduler="sync")
        [2, 3, 4]
        """
        return computing.run(self, **kwargs)  # type: ignore[arg-type]

    def persist(self, **kwargs: Any) -> Bag:
        """Compute the partitions now, and return a bag that holds them.

        On a cluster (`scheduler=client`) they stay there, and this does not wait for them.
        """
        kept: Bag = computing.persist([self], **kwargs)[0]  # type: ignore[list-item]  # only bags are made
        return kept

    def visualize(
        self,
        filename: str | None = "mydask",
        format: str | None = None,
        optimize_graph: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Draw every step of every partition. Arguments as `tureen.visualize`; needs no graphviz."""
        return computing.picture([self], filename, format, optimize_graph, **kwargs)  # type: ignore[list-item]

    def explain(self, scheduler: Any = None, **kwargs: Any) -> Explanation:
        """Say what would run where if this were computed now: the fused steps, and which need no interpreter.

        Arguments as `compute`. Computes nothing. What comes back is plain data that prints readably.

        >>> import tureen.bag as db
        >>> bag = db.from_sequence(["a b"]).str.split().flatten().map(lambda word: word)
        >>> bag.explain(scheduler="threads", num_workers=2)
        if it is computed now: 1 task on `threads`, 2 at a time
          lambda  1 call  threads  it was asked for
            without the interpreter, if the elements are text: map(split), flatten
            one Python loop: map(lambda)
        """
        from .explaining import explain

        return explain(self.layer, computing.all_of(self.layer), scheduler, kwargs)

    def to_delayed(self, optimize_graph: bool = True) -> list[Any]:
        """Return one promise (`tureen.delayed.Delayed`) for each partition.

        >>> import tureen.bag as db
        >>> [part.compute() for part in db.from_sequence([1, 2, 3], npartitions=2).to_delayed()]
        [[1, 2], [3]]
        """
        return computing.promises(computing.all_of(self.layer), fuse=optimize_graph)
