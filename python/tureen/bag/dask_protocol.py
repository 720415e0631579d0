"""Bags and items as collections of dask's (2026.8, "custom collections"): dask takes them as its own.

Needs dask, which is imported when somebody asks.
"""

from __future__ import annotations

import importlib
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from tureen._tureen import dask_graph_of

from . import computing
from .chain import as_elements

if TYPE_CHECKING:
    from .layers import Layer


class _OnProcesses:
    """`dask.multiprocessing.get`, found when somebody asks for it."""

    __slots__ = ()

    def __get__(self, instance: Any, owner: type) -> Any:
        return importlib.import_module("dask.multiprocessing").get


class DaskCollection:
    """The protocol. Whoever has it has a layer, whose partitions are wanted."""

    __slots__ = ()

    layer: Layer
    __dask_scheduler__ = _OnProcesses()
    __dask_optimize__ = None

    @property
    def dask(self) -> Any:
        """The graph of dask's that dask's own bags have here: what makes the partitions, by key."""
        from tureen._dask_graph import layered

        return layered(self.__dask_graph__(), self.layer.name)

    def __dask_graph__(self) -> dict[Any, Any]:
        alias = importlib.import_module("dask._task_spec").Alias
        parts = computing.promises(computing.all_of(self.layer))
        graph: dict[Any, Any] = dask_graph_of(parts)
        for key, part in zip(self.__dask_keys__(), parts, strict=True):
            graph[key] = alias(key, part.key)
        return graph

    def __dask_keys__(self) -> list[Any]:
        return [(self.layer.name, partition) for partition in range(self.layer.n_partitions)]

    def __dask_layers__(self) -> tuple[Any]:
        return (self.layer.name,)

    def __dask_tokenize__(self) -> Any:
        return self.layer.name

    def __dask_postcompute__(self) -> tuple[Any, tuple[Any, ...]]:
        return as_elements, ()

    def __dask_postpersist__(self) -> tuple[Any, tuple[Any, ...]]:
        return _rebuilt, (type(self), self.layer.name, self.layer.n_partitions)


class DaskItem(DaskCollection):
    """The protocol for a single value."""

    __slots__ = ()

    def __dask_keys__(self) -> list[Any]:
        return [self.layer.name]

    def __dask_postcompute__(self) -> tuple[Any, tuple[Any, ...]]:
        return itemgetter(0), ()

    def __dask_postpersist__(self) -> tuple[Any, tuple[Any, ...]]:
        return _item_rebuilt, (self.layer.name,)


def _rebuilt(dsk: Any, kind: Any, name: str, n_partitions: int, *, rename: Any = None) -> Any:
    name = (rename or {}).get(name, name)
    return kind(dsk, name, n_partitions)


def _item_rebuilt(dsk: Any, name: str, *, rename: Any = None) -> Any:
    from tureen._dask_graph import rebuilt

    from .item import Item

    return Item.from_delayed(rebuilt(dsk, name, rename))
