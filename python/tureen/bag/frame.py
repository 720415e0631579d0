"""`Bag.to_dataframe`: a bag of records as a table, of dask.dataframe if it is installed, else of pandas."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from . import computing
from .layers import StepLayer
from .naming import token
from .steps import HERE, Step

if TYPE_CHECKING:
    from .bag import Bag


def to_dataframe(bag: Bag, meta: Any, columns: Any, optimize_graph: bool) -> Any:
    """Return the table of a bag; see `Bag.to_dataframe`."""
    pandas = _needed("pandas")
    if meta is not None and columns is not None:
        raise ValueError("Can't specify both `meta` and `columns`")
    has_dask = _is_there("dask.dataframe")
    if meta is None:
        head = bag.take(1, warn=False)
        if not head:
            raise ValueError(
                "the columns can't be told from an empty first partition\n"
                "hint: give an empty DataFrame, or {column: dtype}, as `meta=`"
            )
        meta = pandas.DataFrame(list(head), columns=columns)
    else:
        meta = _empty_frame(pandas, meta)
    args = (HERE, list(meta.columns), meta.dtypes.to_dict())
    layer = StepLayer("to-dataframe", bag.layer, Step("partition", _frame, args, word="to_dataframe"))
    if not has_dask:
        return pandas.concat(computing.run_all(layer))
    parts = computing.promises(computing.all_of(layer), fuse=optimize_graph)
    graph: dict[Any, Any] = {}
    keys = []
    for number, part in enumerate(parts):
        graph.update(part.__dask_graph__())
        keys.append((f"to-dataframe-{token(layer)}", number))
        graph[keys[-1]] = part.key
    from_graph = _needed("dask.dataframe.dask_expr").from_graph
    return from_graph(graph, meta.iloc[:0], [None] * (len(parts) + 1), keys, "from-bag")


def _empty_frame(pandas: Any, meta: Any) -> Any:
    if isinstance(meta, pandas.DataFrame):
        return meta.iloc[:0]
    columns = dict(meta)
    return pandas.DataFrame({name: pandas.Series(dtype=dtype) for name, dtype in columns.items()})


def _frame(elements: Iterable[Any], columns: list[Any], dtypes: dict[Any, Any]) -> Any:
    pandas = _needed("pandas")
    # A partition may be shared, and pandas keeps no list of records: nothing is copied but the values.
    return pandas.DataFrame(list(elements), columns=columns).astype(dtypes)


def _needed(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ImportError(f"`to_dataframe` needs the package {name}\nhint: `pip install {name}`") from None


def _is_there(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True
