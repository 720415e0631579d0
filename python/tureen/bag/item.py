"""`Item`: the promise of one value from a bag, such as its sum."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tureen._tureen import Delayed

from . import computing
from .dask_protocol import DaskItem
from .layers import Layer, StepLayer
from .naming import function_name
from .parts import promised
from .steps import Step
from .where import default_scheduler

if TYPE_CHECKING:
    from tureen._explain import Explanation


def is_promise(value: Any) -> bool:
    """Whether a value is a `tureen.delayed.Delayed`."""
    from tureen.delayed import Delayed

    return isinstance(value, Delayed)


def promise_for(value: Any) -> Any:
    """Return a promise as it is, and one of what a collection of dask's comes to; None for anything else."""
    if is_promise(value):
        return value
    kind = type(value)
    if hasattr(kind, "__dask_graph__") and not hasattr(kind, "__tureen_promise__"):
        from tureen import delayed

        return delayed(value)
    return None


class Item(DaskItem):
    """One value that a bag comes to, not yet computed.

    Can be given to further functions of bags and to `tureen.delayed` functions. `int(item)`, `float(item)`,
    `complex(item)` and `bool(item)` compute it.

    >>> import tureen.bag as db
    >>> total = db.from_sequence([1, 2, 3]).sum()
    >>> total.apply(lambda n: n * 10).compute(), int(total)
    (60, 6)
    """

    __slots__ = ("layer",)

    def __init__(self, dsk: Layer | Mapping[Any, Any], key: Any = None, layer: Any = None) -> None:
        """Make an item of a layer; or, as dask.bag's, of a key in a graph of dask's (for experts)."""
        if isinstance(dsk, Layer):
            self.layer = dsk
        elif key is None:
            raise TypeError("an item made by hand needs a graph and a key in it")
        else:
            self.layer = promised("item", [Delayed(key, dsk)], name=key)

    @staticmethod
    def from_delayed(value: Any) -> Item:
        """Make an item of a promise.

        >>> import tureen, tureen.bag as db
        >>> db.Item.from_delayed(tureen.delayed(sum)([1, 2])).compute()
        3
        """
        if not is_promise(value):
            if not hasattr(value, "key"):
                raise TypeError(f"Item.from_delayed takes a promise, and got `{type(value).__name__}`")
            from tureen import delayed

            value = delayed(value)
        return Item(promised("item-from-delayed", [value], name=value.key))

    @property
    def key(self) -> Any:
        """The name of the value, equal for items that mean the same computation."""
        return self.layer.name

    @property
    def name(self) -> Any:
        """The same as `key`."""
        return self.layer.name

    def apply(self, func: Callable[[Any], Any]) -> Item:
        """Return the item of ``func(value)``."""
        step = Step("partition", func, streams=True, word="apply")
        return Item(StepLayer(function_name(func), self.layer, step))

    def compute(self, **kwargs: Any) -> Any:
        """Return the value. Keywords as `tureen.compute`: `scheduler`, `num_workers`."""
        return computing.run(self, **kwargs)

    def persist(self, **kwargs: Any) -> Item:
        """Compute the value now, and return an item that holds it."""
        kept: Item = computing.persist([self], **kwargs)[0]
        return kept

    def visualize(
        self,
        filename: str | None = "mydask",
        format: str | None = None,
        optimize_graph: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Draw the steps and partitions that lead to the value. Arguments as `tureen.visualize`."""
        return computing.picture([self], filename, format, optimize_graph, **kwargs)

    def explain(self, scheduler: Any = None, **kwargs: Any) -> Explanation:
        """Say what would run where if this were computed now. See `Bag.explain`."""
        from .explaining import explain

        return explain(self.layer, [(self.layer, 0)], scheduler, kwargs)

    def to_delayed(self, optimize_graph: bool = True) -> Any:
        """Return the item as a promise (`tureen.delayed.Delayed`)."""
        return computing.promise_of(self, fuse=optimize_graph)

    def __tureen_promise__(self) -> Any:
        return computing.promise_of(self)

    def __tureen_scheduler__(self) -> str:
        return default_scheduler([self.layer])

    def __int__(self) -> int:
        return int(self.compute())

    def __float__(self) -> float:
        return float(self.compute())

    def __complex__(self) -> complex:
        return complex(self.compute())

    def __bool__(self) -> bool:
        return bool(self.compute())

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __repr__(self) -> str:
        return f"tureen.bag.Item<{self.layer.word}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Item, (self.layer,)
