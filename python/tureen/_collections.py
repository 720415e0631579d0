"""What counts as a collection: ours, and dask's by its protocol."""

from __future__ import annotations

from tureen._tureen import Delayed

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


def optimize(*args: Any, traverse: bool = True, **kwargs: Any) -> tuple[Any, ...]:
    """Give back what was given: promises need no optimising, only what is needed is ever computed.

    >>> optimize(1, 2)
    (1, 2)
    """
    return args
