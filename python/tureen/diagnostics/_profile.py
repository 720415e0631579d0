"""``Profiler``: when each task ran, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tureen.diagnostics._watching import Watcher

if TYPE_CHECKING:
    from tureen._tureen import WatchedRun


class TaskData(NamedTuple):
    """One task that was done. Times are seconds, as ``time.perf_counter`` counts them."""

    key: Any
    task: Any
    start_time: float
    end_time: float
    worker_id: int


class Profiler(Watcher):
    """Note when each task of the runs in a block was begun and done, and by which thread. As dask's (2026.8).

    ``results`` has a :class:`TaskData` for each task that was done.

    >>> from tureen import delayed
    >>> with Profiler() as profiler:
    ...     delayed(sum)([1, 2]).compute()
    3
    >>> [task] = profiler.results
    >>> task.end_time >= task.start_time
    True
    """

    def __init__(self) -> None:
        self.results: list[TaskData] = []

    def __enter__(self) -> Profiler:
        self.clear()
        return super().__enter__()

    def clear(self) -> None:
        """Forget what was noted."""
        self.results.clear()

    def run_ends(self, run: WatchedRun, failed: bool) -> None:
        """Read what happened."""
        started: dict[int, float] = {}
        for at, task, kind, thread in run.events():
            if kind == "started":
                started[task] = at
            elif kind == "finished":
                began = run.began + started.pop(task)
                self.results.append(TaskData(run.key(task), run.promise(task), began, run.began + at, thread))

    def visualize(self, filename: str | None = "profile.html", show: bool = False, **kwargs: Any) -> Any:
        """Draw it; see :func:`tureen.diagnostics.visualize`."""
        from tureen.diagnostics._chart import visualize

        return visualize(self, filename=filename, show=show, **kwargs)
