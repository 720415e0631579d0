"""Our promises in dask's hands: as graphs of dask's (2026.8), and on its ``get`` functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tureen._tureen import Delayed, dask_graph_of, kept_under, promises_of

if TYPE_CHECKING:
    from tureen._tureen import Steps


class ByGet:
    """Has a ``get`` function, such as ``dask.threaded.get`` or a distributed client's, compute the tasks."""

    __slots__ = ("_get", "_keywords")

    def __init__(self, get: Callable[..., Any], keywords: Mapping[str, Any]) -> None:
        self._get = get
        self._keywords = keywords

    def run(self, steps: Steps) -> None:
        """Compute what is wanted of ``steps``.

        Raises:
            Exception: what ``get`` raises.
        """
        wanted = list(dict.fromkeys(steps.wanted()))
        if not wanted:
            return
        promises = [steps.promise(task) for task in wanted]
        values = self._get(dask_graph_of(promises), [promise.key for promise in promises], **self._keywords)
        results = dict(zip(wanted, values, strict=True))
        # All the others have no results here: nobody asks for them.
        while (task := steps.take()) is not None:
            if task in results:
                steps.keep(task, results[task])
            steps.done(task)


def promise_of(key: Any, dsk: Any, length: int | None = None, layer: str | None = None) -> Delayed:
    """Promise what a key stands for in a graph of dask's: ``Delayed(key, dsk)``.

    Raises:
        KeyError: the graph has no such key.
        ValueError: the graph has no such layer, or lacks what a task needs.

    >>> promise_of("sum", {"sum": (sum, ["x", "x"]), "x": 3}).compute()
    6
    """
    layers = getattr(dsk, "layers", None)
    wanted = layer or key
    if layers is not None and wanted not in layers:
        raise ValueError(f"Layer {wanted} not in the HighLevelGraph's layers: {list(layers)}")
    graph = dsk if isinstance(dsk, Mapping) else dsk.__dask_graph__()
    (promise,) = promises_of(dict(graph), [key], None, length)
    return promise


def layered(graph: dict[Any, Any], key: Any) -> Any:
    """A graph of one layer, as dask's own promises have it."""
    highlevel: Any = import_module("dask.highlevelgraph")
    return highlevel.HighLevelGraph.from_collections(str(key), graph, dependencies=())


def rebuilt(graph: Mapping[Any, Any], key: Any, rename: Mapping[str, str] | None = None) -> Delayed:
    """A promise for a key of a graph that dask has persisted: of the value, if that is there."""
    if rename:
        spec: Any = import_module("dask.base")
        key = spec.replace_name_in_key(key, rename)
    value = graph[key]
    task_spec: Any = import_module("dask._task_spec")
    if isinstance(value, task_spec.DataNode):
        value = value.value
    return kept_under(key, value)
