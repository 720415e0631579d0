"""A joblib backend: import this once, and ``joblib.parallel_config(backend="tureen")`` runs on our threads.

With ``scheduler="processes"`` (there, or in ``tureen.config``) it runs on our worker processes. Written for
joblib 1.4 to 1.6 by their documented ``register_parallel_backend``.

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

from tureen import config
from tureen._executor import Executor
from tureen._processes.environment import variables
from tureen._settings import cpu_count, kind_of_workers

# By name: joblib is optional, and its types are not ours to check.
_joblib: Any = import_module("joblib")
_backends: Any = import_module("joblib.parallel")

__all__ = ["Backend", "register"]


class Backend(_backends.AutoBatchingMixin, _backends.ParallelBackendBase):  # type: ignore[misc]
    """Runs joblib's batches on a ``tureen.Executor``. Made by joblib, not by hand.

    Args:
        scheduler: ``"threads"`` or ``"processes"``. By default as configured, if that is one of them, else
            threads.
        keywords: joblib's.

    Raises:
        ValueError: ``scheduler`` is something else.
    """

    supports_retrieve_callback = True

    _executor: Executor | None = None

    def __init__(self, scheduler: str | None = None, **keywords: Any) -> None:
        super().__init__(**keywords)
        if scheduler is None:
            configured = config.get("scheduler", None)
            scheduler = configured if configured in ("processes", "multiprocessing") else "threads"
        # joblib asks for these.
        self.uses_threads = self.supports_sharedmem = kind_of_workers(scheduler) == "threads"
        self.supports_inner_max_num_threads = not self.uses_threads

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
        self._executor = self._make_executor(n_jobs)
        return n_jobs

    def _make_executor(self, n_jobs: int) -> Executor:
        if self.uses_threads:
            return Executor(n_jobs)
        # As joblib's own workers, ours share the processors among them.
        limits = variables(tuple(self._prepare_worker_env(n_jobs).items()))
        return Executor(n_jobs, scheduler="processes", initializer=limits)

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

    # So it was called before joblib 1.5.
    apply_async = submit

    def retrieve_result_callback(self, future: Future[Any]) -> Any:
        """Give the results of a batch, or raise what it raised."""
        return future.result()

    def compute_batch_size(self) -> int:
        """Tell how many calls make a batch: several short ones, if they are to be sent."""
        size: int = 1 if self.uses_threads else super().compute_batch_size()
        return size

    def abort_everything(self, ensure_ready: bool = True) -> None:
        """Cancel what was not begun; end worker processes that are at something."""
        if self._executor is None:
            return
        executor, self._executor = self._executor, None
        executor.shutdown(wait=False, cancel_futures=True)
        if not self.uses_threads:
            executor.kill_workers()
        if ensure_ready:
            self._executor = self._make_executor(executor._max_workers)

    def terminate(self) -> None:
        """End: wait for what runs."""
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = None
        self.reset_batch_stats()


def register() -> None:
    """Make the backend ``"tureen"`` known to joblib. Importing this module has done so."""
    _joblib.register_parallel_backend("tureen", Backend)


register()
