"""``ResourceProfiler``: how much memory and processor this process and its children use."""

from __future__ import annotations

import os
import sys
import threading
import time
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from tureen.diagnostics._watching import Watcher

if TYPE_CHECKING:
    from tureen._tureen import WatchedRun


class ResourceData(NamedTuple):
    """One look: seconds as ``time.perf_counter`` counts them, megabytes, and percent of one processor."""

    time: float
    mem: float
    cpu: float


class ResourceProfiler(Watcher):
    """Look at memory and processor use while runs go on. As dask's (2026.8).

    In a ``with`` block it looks from the begin of the block to its end; when registered, only during
    runs. ``results`` has a :class:`ResourceData` for each look. Processes that were started from this one
    count in if ``psutil`` is installed.

    Args:
        dt: Seconds between looks.

    Raises:
        RuntimeError: this system's figures can't be read without ``psutil``.

    >>> from tureen import delayed
    >>> with ResourceProfiler(dt=0.01) as profiler:
    ...     delayed(sum)([1, 2]).compute()
    3
    >>> profiler.results[0].mem > 1
    True
    """

    def __init__(self, dt: float = 1) -> None:
        self.results: list[ResourceData] = []
        self._dt = dt
        self._look = _Look()
        self._n_users = 0
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> ResourceProfiler:
        self.clear()
        self._begin()
        return super().__enter__()

    def __exit__(self, *args: Any) -> None:
        super().__exit__(*args)
        self._end()

    def run_begins(self, run: WatchedRun) -> None:
        """Begin to look."""
        self._begin()

    def run_ends(self, run: WatchedRun, failed: bool) -> None:
        """Look no more, unless another run or a block is not over."""
        self._end()

    def clear(self) -> None:
        """Forget what was seen."""
        self.results.clear()

    def close(self) -> None:
        """Look no more."""
        while self._n_users:
            self._end()

    def visualize(self, filename: str | None = "profile.html", show: bool = False, **kwargs: Any) -> Any:
        """Draw it; see :func:`tureen.diagnostics.visualize`."""
        from tureen.diagnostics._chart import visualize

        return visualize(self, filename=filename, show=show, **kwargs)

    def _begin(self) -> None:
        with self._lock:
            self._n_users += 1
            if self._thread is None:
                self._is_over = threading.Event()
                self._look.begin()
                self.results.append(self._look.now())
                self._thread = threading.Thread(target=self._collect, name="tureen-resources", daemon=True)
                self._thread.start()

    def _end(self) -> None:
        with self._lock:
            self._n_users -= 1
            if self._n_users == 0 and self._thread is not None:
                self._is_over.set()
                self._thread.join()
                self._thread = None
                self.results.append(self._look.now())

    def _collect(self) -> None:
        while not self._is_over.wait(self._dt):
            self.results.append(self._look.now())


class _Look:
    """What the system says of this process, and of its children if ``psutil`` is there."""

    def __init__(self) -> None:
        self._psutil: Any = None
        try:
            self._psutil = import_module("psutil")
        except ImportError:
            if not os.path.exists("/proc/self/statm"):
                raise RuntimeError(
                    f"on {sys.platform} this process's memory can't be told\nhint: `pip install psutil`"
                ) from None
        self._before = (0.0, 0.0)

    def begin(self) -> None:
        """Count processor time from now."""
        self._before = (time.perf_counter(), self._figures()[1])

    def now(self) -> ResourceData:
        """What is used now."""
        mem, cpu_seconds = self._figures()
        now = time.perf_counter()
        then, seconds_then = self._before
        # Two looks in one tick of the system's clock tell nothing.
        cpu = 100 * max(cpu_seconds - seconds_then, 0.0) / (now - then) if now - then > 1e-3 else 0.0
        self._before = (now, cpu_seconds)
        return ResourceData(now, mem, cpu)

    def _figures(self) -> tuple[float, float]:
        """Megabytes, and seconds of processor time so far."""
        if self._psutil is None:
            with open("/proc/self/statm") as file:
                pages = int(file.read().split()[1])
            times = os.times()
            return pages * os.sysconf("SC_PAGE_SIZE") / 1e6, times.user + times.system
        own = self._psutil.Process()
        mem = cpu = 0.0
        for process in [own, *own.children(recursive=True)]:
            try:
                times = process.cpu_times()
                mem += process.memory_info().rss / 1e6
                cpu += times.user + times.system
            except self._psutil.Error:
                continue  # it ended just now
        return mem, cpu
