"""Which scheduler computes, and with how many workers: read from keywords and the configuration."""

from __future__ import annotations

import os
import sys

from tureen import config

# The module `typing` takes longer to import than all of this package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from tureen._relay import Handing, Relay

    # The scheduler's name, how many tasks may run at a time, and who hands them to others, if anybody does.
    Choice = tuple[str, int, Relay | None]

_NAMES = {
    "threads": "threads",
    "threading": "threads",
    "processes": "processes",
    "multiprocessing": "processes",
    "sync": "sync",
    "synchronous": "sync",
    "single-threaded": "sync",
}
_NOT_YET = {"distributed", "auto"}


def choose(scheduler: Any, get: Any, keywords: dict[str, Any] | None) -> Choice:
    """Name the scheduler (``threads``, ``processes`` or ``sync``), and how many tasks may run at a time.

    Keywords that we don't know are ignored, as dask ignores them.

    Raises:
        TypeError: ``get=`` was given: it was taken out of dask, too.
        ValueError: no scheduler has this name, or ``num_workers`` is not a positive number.
        NotImplementedError: the scheduler is one that tureen does not have yet.

    >>> choose("threads", None, {"num_workers": 3})
    ('threads', 3, None)
    """
    if get is not None:
        raise TypeError("the `get=` keyword is gone, as in dask\nhint: use `scheduler=` instead")
    keywords = keywords or {}
    if scheduler is None:
        scheduler = config.get("scheduler", None)
    if scheduler is not None and not isinstance(scheduler, str):
        return _foreign(scheduler, keywords)
    name = _scheduler_name(scheduler)
    asked = {key: _asked_for(key, keywords) for key in ("pool", "rerun_exceptions_locally", "callbacks")}
    if asked["callbacks"] is None:
        asked["callbacks"] = _diagnostics_in_use()
    if name == "processes" and asked["pool"] is None:
        if _is_worker():
            name = "threads"  # A worker has its share of the processors already.
        else:
            return _processes(keywords, asked)
    if any(asked.values()):
        relay, n = handing({**keywords, **asked}, asked["callbacks"] or (), in_this_thread=name == "sync")
        return name, n, relay
    return name, 1 if name == "sync" else n_workers(keywords), None


def _processes(keywords: Mapping[str, Any], asked: Mapping[str, Any]) -> Choice:
    """Worker processes of ours, and what is called first in each of them."""
    for key in ("callbacks", "rerun_exceptions_locally"):
        if asked[key]:
            raise NotImplementedError(
                f"tureen can't use `{key}` with worker processes yet\n"
                'hint: use `scheduler="threads"`, or give an executor: `scheduler=ProcessPoolExecutor()`'
            )
    initializer = keywords.get("initializer") or config.get("multiprocessing.initializer", None)
    return "processes", n_workers(keywords), initializer


def _is_worker() -> bool:
    """Whether this process is a worker itself."""
    module = sys.modules.get("tureen._processes")
    return module is not None and bool(module.is_worker)


def handing(
    settings: Mapping[str, Any], callbacks: Any = (), graph: Any = None, in_this_thread: bool = False
) -> tuple[Handing | None, int]:
    """Give whoever hands out tasks one by one, if these settings call for it, and how many run at a time.

    Args:
        settings: ``pool``, ``num_workers``, ``cache``, ``rerun_exceptions_locally`` and
            ``raise_exception``, as dask has them.
        callbacks: Tuples of five, as dask's callbacks, or objects that have one.
        graph: What callbacks are given as the graph.
        in_this_thread: Whether tasks run in the thread that computes.
    """
    watched = ("pool", "cache", "raise_exception", "rerun_exceptions_locally")
    # A cache may be empty, and counts all the same.
    is_called_for = callbacks or any(settings.get(key) not in (None, False) for key in watched)
    pool = settings.get("pool")
    n = 1 if in_this_thread else _pool_size(pool) or n_workers(settings)
    if not is_called_for:
        return None, n
    from tureen import _hooks, _relay

    abandon = None
    if pool is not None:
        submit = _relay.submit_of(pool)
    elif in_this_thread:
        submit = _relay.at_once
    else:
        from tureen._executor import Executor

        executor = Executor(n)
        submit, abandon = _relay.in_context(executor.submit), executor.abandon
    return _relay.Handing(
        submit,
        hooks=[_hooks.hooks_of(callback) for callback in _hooks.as_list(callbacks)],
        graph=graph,
        store=settings.get("cache"),
        rerun_errors=bool(settings.get("rerun_exceptions_locally")),
        raise_error=settings.get("raise_exception"),
        abandon=abandon,
    ), n


def _foreign(scheduler: Any, keywords: dict[str, Any]) -> Choice:
    """Somebody else's executor, a ``get`` function of dask's, or one of dask's clients."""
    from tureen import _relay

    if isinstance(scheduler, _relay.Handing):
        return "handing", n_workers(keywords), scheduler
    if hasattr(scheduler, "submit") and not hasattr(scheduler, "get"):
        relay, n = handing({**keywords, "pool": scheduler}, _diagnostics_in_use())
        return "executor", n, relay
    get = getattr(scheduler, "get", None) or scheduler
    if not callable(get):
        raise ValueError(
            f"a `{type(scheduler).__name__}` is no scheduler\n"
            'hint: use `"threads"`, `"sync"`, an executor, or a `get` function of dask\'s'
        )
    from tureen._dask_graph import ByGet

    return "get", 1, ByGet(get, keywords)


def _asked_for(key: str, keywords: Mapping[str, Any]) -> Any:
    value = keywords.get(key)
    return config.get(key, None) if value is None else value


def _diagnostics_in_use() -> Any:
    """The callbacks that are active, if anybody has made any."""
    module = sys.modules.get("tureen.diagnostics._callbacks")
    return None if module is None else module.active_callbacks()


def _pool_size(pool: Any) -> int | None:
    """How many calls a pool runs at a time, if it says so."""
    for name in ("_max_workers", "_processes"):
        size = getattr(pool, name, None)
        if isinstance(size, int) and size > 0:
            return size
    return None


def _scheduler_name(scheduler: str | None) -> str:
    if scheduler is None:
        return "threads"
    name = scheduler.lower()
    if name in _NAMES:
        return _NAMES[name]
    if name not in _NOT_YET:
        known = ", ".join(f"`{known}`" for known in _NAMES)
        raise ValueError(f"there is no scheduler `{scheduler}`\nhint: choose one of {known}")
    raise NotImplementedError(
        f"tureen can't use `{scheduler}` as a scheduler yet\n"
        'hint: use `scheduler="threads"`, or `"sync"` to run everything in this thread'
    )


def n_workers(keywords: Mapping[str, Any], called: str = "num_workers") -> int:
    """Tell how many tasks may run at a time: as said here, else as configured, else one for each processor.

    Raises:
        ValueError: it is not a number from 1 to 100000.

    >>> n_workers({"num_workers": 3})
    3
    """
    n = keywords.get("num_workers")
    if n is None:
        n = config.get("num_workers", None)
    if n is None:
        return cpu_count()
    if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= 100_000:
        raise ValueError(f"`{called}` is a number from 1 to 100000, not {n!r}")
    return n


def cpu_count() -> int:
    """Count the processors that this process may use.

    >>> cpu_count() >= 1
    True
    """
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
