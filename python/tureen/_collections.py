"""What counts as a collection: ours, and dask's by its protocol."""

from __future__ import annotations

from tureen._tureen import Delayed
from tureen._tureen import persist as _persist_promises

# The module `typing` takes longer to import than all of this package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def is_dask_collection(x: Any) -> bool:
    """Tell whether ``x`` is a promise, a bag, or a collection of dask's.

    >>> from tureen import delayed
    >>> is_dask_collection(delayed(1)), is_dask_collection(1)
    (True, False)
    """
    if isinstance(x, Delayed):
        return True
    if isinstance(x, type):
        return False
    if hasattr(type(x), "__tureen_promise__"):
        return True
    graph = getattr(x, "__dask_graph__", None)
    if graph is None or not callable(graph):
        return False
    # A collection that makes its graph by optimising an expression should not have to for this question.
    return True if hasattr(x, "dask") and hasattr(x, "expr") else graph() is not None


def persist(*args: Any, traverse: bool = True, **kwargs: Any) -> tuple[Any, ...]:
    """Compute promises, and give promises of the values, under the same keys, in their places.

    Bags and collections of dask's stay what they are, with their parts computed. Keywords: as of ``compute``.

    >>> from tureen import delayed
    >>> (kept,) = persist(delayed(max)(1, 2))
    >>> kept.compute()
    2
    """
    # What each kind has in common is computed once.
    by_kind: dict[str, list[Any]] = {"": []}
    for arg in args:
        by_kind.setdefault(_kind(arg), []).append(arg)
    kept = {kind: iter(_PERSIST[kind](kind_args, traverse, kwargs)) for kind, kind_args in by_kind.items()}
    return tuple(next(kept[_kind(arg)]) for arg in args)


def optimize(*args: Any, traverse: bool = True, **kwargs: Any) -> tuple[Any, ...]:
    """Give back what was given: promises need no optimising, only what is needed is ever computed.

    >>> optimize(1, 2)
    (1, 2)
    """
    return args


def _kind(arg: Any) -> str:
    """Whose collection this is, of those that may be more than one promise."""
    if isinstance(arg, Delayed) or not is_dask_collection(arg):
        return ""
    return "bag" if hasattr(type(arg), "__tureen_promise__") else "dask"


def _persist_rest(args: list[Any], traverse: bool, kwargs: dict[str, Any]) -> tuple[Any, ...]:
    return _persist_promises(*args, traverse=traverse, **kwargs)


def _persist_bags(args: list[Any], _traverse: bool, kwargs: dict[str, Any]) -> list[Any]:
    from tureen.bag import computing

    return computing.persist(args, **kwargs)


def _persist_dasks(args: list[Any], traverse: bool, kwargs: dict[str, Any]) -> Any:
    from importlib import import_module

    return import_module("dask").persist(*args, traverse=traverse, **kwargs)


_PERSIST = {"": _persist_rest, "bag": _persist_bags, "dask": _persist_dasks}
