"""A joblib backend: import this once, and ``joblib.parallel_config(backend="tureen")`` runs on our threads.

Written for joblib 1.6 by its documented ``register_parallel_backend``.

>>> import joblib, tureen.joblib
>>> with joblib.parallel_config(backend="tureen", n_jobs=2):
...     joblib.Parallel()(joblib.delayed(abs)(n) for n in [-1, -2])
[1, 2]
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from importlib import import_module
from typing import Any

from tureen._executor import Executor
from tureen._settings import cpu_count

# By name: joblib is optional, and its types are not ours to check.
_joblib: Any = import_module("joblib")
_backends: Any = import_module("joblib.parallel")

__all__ = ["Backend", "register"]


class Backend(_backends.ParallelBackendBase):  # type: ignore[misc]
    """Runs joblib's batches on a ``tureen.Executor``. Made by joblib, not by hand."""

    uses_threads = True
    supports_sharedmem = True
    supports_retrieve_callback = True

    _executor: Executor | None = None

    def effective_n_jobs(self, n_jobs: int | None) -> int:
        """Tell how many batches run at a time; negative numbers count back from the number of processors.

        Raises:
            ValueError: ``n_jobs`` is 0.
        """
        if n_jobs == 0:
            raise ValueError("n_jobs == 0 in Parallel has no meaning")
        if n_jobs is None:
            return 1
        return max(cpu_count() + 1 + n_jobs, 1) if n_jobs < 0 else n_jobs

    def configure(self, n_jobs: int = 1, parallel: Any = None, **_: Any) -> int:
        """Make ready for a call of ``Parallel``; tell how many batches will run at a time."""
        self.parallel = parallel
        n_jobs = self.effective_n_jobs(n_jobs)
        if n_jobs == 1:
            # In a loop, then.
            raise _backends.FallbackToBackend(_backends.SequentialBackend(nesting_level=self.nesting_level))
        self._executor = Executor(n_jobs)
        return n_jobs

    def submit(
        self, func: Callable[[], Any], callback: Callable[[Future[Any]], Any] | None = None
    ) -> Future[Any]:
        """Have a batch run, and joblib told when it has."""
        if self._executor is None:
            raise RuntimeError("the backend was not configured, or is shut down")
        future = self._executor.submit(func)
        if callback is not None:
            future.add_done_callback(callback)
        return future

    def retrieve_result_callback(self, future: Future[Any]) -> Any:
        """Give the results of a batch, or raise what it raised."""
        return future.result()

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """Cancel what was not begun."""
        if self._executor is None:
            return
        executor, self._executor = self._executor, None
        executor.shutdown(wait=False, cancel_futures=True)
        if ensure_ready:
            self._executor = Executor(executor._max_workers)

    def terminate(self) -> None:
        """End: wait for what runs."""
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = None


def register() -> None:
    """Make the backend ``"tureen"`` known to joblib. Importing this module has done so."""
    _joblib.register_parallel_backend("tureen", Backend)


register()
