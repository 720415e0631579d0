"""``CacheProfiler``: how much is kept while it is needed, and for how long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

from tureen.diagnostics._callbacks import Callback


class CacheData(NamedTuple):
    """One result that was kept. Times are seconds, as ``time.perf_counter`` counts them."""

    key: Any
    task: Any
    metric: float
    cache_time: float
    free_time: float


class CacheProfiler(Callback):
    """Measure results when they are made, and note when they are let go. As dask's (2026.8).

    ``results`` has a :class:`CacheData` for each result.

    Args:
        metric: What is measured of a result; by default each counts 1.
        metric_name: What to call it in pictures.

    >>> from tureen import delayed
    >>> with CacheProfiler(metric=len) as profiler:
    ...     delayed(sorted)(delayed(list)("soup"), dask_key_name="sorted").compute()
    ['o', 'p', 's', 'u']
    >>> [(result.key, result.metric) for result in profiler.results][-1]
    ('sorted', 4)
    """

    def __init__(self, metric: Callable[[Any], float] | None = None, metric_name: str | None = None) -> None:
        super().__init__()
        self._metric = metric or (lambda _: 1)
        name = "count" if metric is None else getattr(metric, "__name__", "metric")
        self._metric_name = metric_name or name
        self.results: list[CacheData] = []
        self._kept: dict[Any, tuple[float, float]] = {}

    def __enter__(self) -> CacheProfiler:
        self.clear()
        return super().__enter__()

    def clear(self) -> None:
        """Forget what was measured."""
        self.results.clear()
        self._kept.clear()

    def _posttask(self, key: Any, value: Any, dsk: Any, state: Any, worker_id: Any) -> None:
        now = time.perf_counter()
        self._kept[key] = (self._metric(value), now)
        # Only what this task needed can have been let go by its end.
        for need in state["dependencies"][key]:
            if need in state["released"]:
                self._let_go(need, dsk, now)

    def _finish(self, dsk: Any, state: Any, failed: bool) -> None:
        now = time.perf_counter()
        for key in list(self._kept):
            self._let_go(key, dsk, now)

    def _let_go(self, key: Any, dsk: Any, now: float) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            metric, since = kept
            self.results.append(CacheData(key, dsk.get(key), metric, since, now))

    def visualize(self, filename: str | None = "profile.html", show: bool = False, **kwargs: Any) -> Any:
        """Draw it; see :func:`tureen.diagnostics.visualize`."""
        from tureen.diagnostics._chart import visualize

        return visualize(self, filename=filename, show=show, **kwargs)
