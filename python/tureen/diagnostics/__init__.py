"""See what a run does: progress bars, profiles, callbacks; with the interface of dask's (2026.8).

They work in ``with`` blocks, or for good with ``register()``, for promises, bags and ``tureen.get``.

>>> from tureen import delayed
>>> with Profiler() as profiler:
...     delayed(sum)([1, 2], dask_key_name="three").compute()
3
>>> [task.key for task in profiler.results]
['three']
"""

from __future__ import annotations

from tureen.diagnostics._cache import CacheProfiler
from tureen.diagnostics._callbacks import Callback, active_callbacks
from tureen.diagnostics._chart import visualize
from tureen.diagnostics._profile import Profiler
from tureen.diagnostics._progress import ProgressBar
from tureen.diagnostics._resources import ResourceProfiler

__all__ = [
    "CacheProfiler",
    "Callback",
    "Profiler",
    "ProgressBar",
    "ResourceProfiler",
    "active_callbacks",
    "visualize",
]
