"""Which scheduler computes, and with how many workers: read from keywords and the configuration."""

from __future__ import annotations

import os
import sys

from tureen import config

# The module `typing` takes longer to import than all of this package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from tureen._relay import Handing, Relay

    # The scheduler's name, how many tasks may run at a time, and who hands them to others, if anybody does;
    # for worker processes, what is called first in each.
    Choice = tuple[str, int, Relay | Callable[[], Any] | None]

_NAMES = {
    "threads": "threads",
    "threading": "threads",
    "processes": "processes",
    "multiprocessing": "processes",
    "sync": "sync",
    "synchronous": "sync",
    "single-threaded": "sync",
    "auto": "auto",
}
_CLUSTER = ("distributed", "dask.distributed")
_ASKED = ("pool", "rerun_exceptions_locally", "callbacks", "cache")


def choose(scheduler: Any, get: Any, keywords: dict[str, Any] | None, default: str | None = None) -> Choice:
    """Name the scheduler (``threads``, ``processes``, ``auto``, ``sync``), and how many tasks run at a time.

    Keywords that we don't know are ignored, as dask ignores them. `default` is the scheduler where neither
    the keywords nor the settings name one or a pool, and there is no client of a cluster; else it is threads.

    Raises:
        TypeError: ``get=`` was given: it was taken out of dask, too.
        ValueError: no scheduler has this name, or ``num_workers`` is not a positive number.
        RuntimeError: ``"distributed"`` is asked for, and there is no client.

    >>> choose("threads", None, {"num_workers": 3})
    ('threads', 3, None)
    """
    if get is not None:
        raise TypeError("the `get=` keyword is gone, as in dask\nhint: use `scheduler=` instead")
    keywords = keywords or {}
    if scheduler is None:
        scheduler = config.get("scheduler", None)
    asked = {key: _asked_for(key, keywords) for key in _ASKED}
    if isinstance(scheduler, str) and is_cluster(scheduler):
        scheduler = _current_client(scheduler)
    elif scheduler is None and asked["pool"] is None:
        scheduler = default_client()
        if scheduler is None and is_inside_piece():
            # The worker's other threads have pieces of their own.
            scheduler = "sync"
    if scheduler is not None and not isinstance(scheduler, str):
        return _foreign(scheduler, keywords)
    name = _scheduler_name(default if scheduler is None and asked["pool"] is None else scheduler)
    if asked["callbacks"] is None:
        asked["callbacks"] = _diagnostics_in_use()
    initializer = None
    if name == "processes":
        if is_worker():
            name = "threads"  # A worker has its share of the processors already.
        else:
            initializer = keywords.get("initializer") or config.get("multiprocessing.initializer", None)
    elif name == "auto" and is_worker():
        name = "threads"
    settings = {**keywords, **asked, "initializer": initializer}
    # Who wants to hand out tasks one by one leaves nothing to be moved.
    relay, n = handing(settings, asked["callbacks"] or (), kind="threads" if name == "auto" else name)
    return ("handing", n, relay) if relay is not None else (name, n, initializer)


def default_client() -> Any:
    """Give the client that dask would compute with if nobody said how: None, unless somebody has made one.

    >>> default_client() is None
    True
    """
    if "distributed.client" not in sys.modules:
        return None
    from tureen._distributed.finding import current_client

    return current_client()


def is_cluster(scheduler: Any) -> bool:
    """Tell whether this names a cluster of dask's: a client, or ``"distributed"``.

    >>> is_cluster("distributed"), is_cluster("threads"), is_cluster(None)
    (True, False, False)
    """
    if isinstance(scheduler, str):
        return scheduler.lower() in _CLUSTER
    if scheduler is None or "distributed.client" not in sys.modules:
        return False
    from tureen._distributed.finding import is_client

    return is_client(scheduler)


def is_inside_piece() -> bool:
    """Tell whether what runs here is a task that was sent to a worker of dask's.

    >>> is_inside_piece()
    False
    """
    module = sys.modules.get("tureen._distributed.piece")
    return module is not None and bool(module.inside.get())


def is_worker() -> bool:
    """Tell whether this process is a worker itself.

    >>> is_worker()
    False
    """
    module = sys.modules.get("tureen._processes")
    return module is not None and bool(module.is_worker)


def handing(
    settings: Mapping[str, Any], callbacks: Any = (), graph: Any = None, kind: str = "threads"
) -> tuple[Handing | None, int]:
    """Give whoever hands out tasks one by one, if these settings call for it, and how many run at a time.

    Args:
        settings: ``pool``, ``num_workers``, ``initializer``, ``cache``, ``rerun_exceptions_locally`` and
            ``raise_exception``, as dask has them.
        callbacks: Tuples of five, as dask's callbacks, or objects that have one.
        graph: What callbacks are given as the graph.
        kind: Where tasks run if there is no pool: ``threads``, ``processes``, or, with ``sync``, in the
            thread that computes.
    """
    watched = ("pool", "cache", "raise_exception", "rerun_exceptions_locally")
    # A cache may be empty, and counts all the same.
    is_called_for = callbacks or any(settings.get(key) not in (None, False) for key in watched)
    pool = settings.get("pool")
    if pool is not None and _waits_for_itself(pool):
        pool, kind = None, "sync"
    n = 1 if kind == "sync" else _pool_size(pool) or n_workers(settings)
    if not is_called_for:
        return None, n
    from tureen import _hooks, _relay

    executor = None
    if pool is not None:
        submit = _relay.submit_of(pool)
    elif kind == "sync":
        submit = _relay.at_once
    else:
        from tureen._executor import Executor

        executor = Executor(n, scheduler=kind, initializer=settings.get("initializer"))
        # A process has no use for the context of this one.
        submit = executor.submit if kind == "processes" else _relay.in_context(executor.submit)
    return _relay.Handing(
        submit,
        executor,
        hooks=[_hooks.hooks_of(callback) for callback in _hooks.as_list(callbacks)],
        graph=graph,
        store=settings.get("cache"),
        rerun_errors=bool(settings.get("rerun_exceptions_locally")),
        raise_error=settings.get("raise_exception"),
    ), n


def _waits_for_itself(pool: Any) -> bool:
    """Whether this thread is at a task in this pool: then it does inner tasks itself."""
    relay = sys.modules.get("tureen._relay")
    return relay is not None and bool(relay.is_inside(pool))


def _foreign(scheduler: Any, keywords: dict[str, Any]) -> Choice:
    """Somebody else's executor, a ``get`` function of dask's, or one of dask's clients."""
    from tureen import _relay

    if isinstance(scheduler, _relay.Handing):
        return "handing", n_workers(keywords), scheduler
    if is_cluster(scheduler):
        from tureen._distributed.cluster import Cluster

        cluster = Cluster(scheduler, keywords)
        return "distributed", cluster.n_threads, cluster
    if hasattr(scheduler, "submit") and not hasattr(scheduler, "get"):
        relay, n = handing({**keywords, "pool": scheduler}, _diagnostics_in_use())
        return "executor", n, relay
    get = getattr(scheduler, "get", None) or scheduler
    if not callable(get):
        raise ValueError(
            f"a `{type(scheduler).__name__}` is no scheduler\n"
            'hint: use `"threads"`, `"sync"`, an executor, a `distributed.Client`, '
            "or a `get` function of dask's"
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


def _current_client(name: str) -> Any:
    client = default_client()
    if client is None:
        raise RuntimeError(
            f'`scheduler="{name}"` asks for the client of a cluster, and there is none\n'
            "hint: make one first (`distributed.Client(...)`), or give it: `scheduler=client`"
        )
    return client


def _scheduler_name(scheduler: str | None) -> str:
    if scheduler is None:
        return "threads"
    name = scheduler.lower()
    if name in _NAMES:
        return _NAMES[name]
    known = ", ".join(f"`{known}`" for known in _NAMES)
    raise ValueError(f"there is no scheduler `{scheduler}`\nhint: choose one of {known}")


def kind_of_workers(scheduler: str) -> str:
    """Tell whether an executor for this scheduler has threads or processes.

    Raises:
        ValueError: it has neither.

    >>> kind_of_workers("multiprocessing")
    'processes'
    """
    kind = _NAMES.get(scheduler.lower()) if isinstance(scheduler, str) else None
    if kind not in ("threads", "processes"):
        raise ValueError(f'an executor\'s `scheduler` is `"threads"` or `"processes"`, not {scheduler!r}')
    return kind


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
