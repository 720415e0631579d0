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
    # What knows how to be persisted by itself may be more than one promise.
    rest = [arg for arg in args if not _persists_itself(arg)]
    kept = iter(_persist_promises(*rest, traverse=traverse, **kwargs))
    return tuple(arg.persist(**kwargs) if _persists_itself(arg) else next(kept) for arg in args)


def optimize(*args: Any, traverse: bool = True, **kwargs: Any) -> tuple[Any, ...]:
    """Give back what was given: promises need no optimising, only what is needed is ever computed.

    >>> optimize(1, 2)
    (1, 2)
    """
    return args


def _persists_itself(arg: Any) -> bool:
    return not isinstance(arg, Delayed) and is_dask_collection(arg)
