"""dask's own collections among our arguments, by dask's protocol. Imports dask only if there is one."""

from __future__ import annotations

from typing import Any


def compute_together(collections: list[Any]) -> tuple[Any, ...]:
    """Compute collections of dask's in one go, so that what they share is computed once.

    Where dask's user did not choose a scheduler, they run on dask's threads: as in ``dask.delayed``, what
    is handed to a promise runs as promises do.

    >>> compute_together([])
    ()
    """
    if not collections:
        return ()
    from importlib import import_module

    # By name: dask is optional, and its types are not ours to check.
    dask: Any = import_module("dask")

    chosen = dask.config.get("scheduler", None)
    values: tuple[Any, ...] = dask.compute(*collections, scheduler=chosen or "threads")
    return values
