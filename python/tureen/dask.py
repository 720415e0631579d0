"""Makes ``scheduler="tureen"`` known to dask: import this once, and say it wherever dask takes a scheduler.

dask keeps its schedulers in a table by name (``dask.base.named_schedulers``, 2026.8); we add a line to it.

>>> import dask, tureen.dask
>>> dask.delayed(sum)([1, 2]).compute(scheduler="tureen")
3
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from tureen._get import get

__all__ = ["get", "register"]


def register() -> None:
    """Add ``"tureen"`` to dask's schedulers. Importing this module has done so.

    Raises:
        ImportError: dask is not installed.
    """
    base: Any = import_module("dask.base")
    base.named_schedulers["tureen"] = get


register()
