"""Which scheduler computes, and with how many workers: read from keywords and the configuration."""

from __future__ import annotations

import os

from tureen import config

# The module `typing` takes longer to import than all of this package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NAMES = {
    "threads": "threads",
    "threading": "threads",
    "sync": "sync",
    "synchronous": "sync",
    "single-threaded": "sync",
}
_NOT_YET = {"processes", "multiprocessing", "distributed", "auto"}


def choose(scheduler: Any, get: Any, keywords: dict[str, Any] | None) -> tuple[str, int]:
    """Name the scheduler to use, ``threads`` or ``sync``, and how many tasks may run at a time.

    Keywords that we don't know are ignored, as dask ignores them.

    Raises:
        TypeError: ``get=`` was given: it was taken out of dask, too.
        ValueError: no scheduler has this name, or ``num_workers`` is not a positive number.
        NotImplementedError: the scheduler is one that tureen does not have yet.

    >>> choose("threads", None, {"num_workers": 3})
    ('threads', 3)
    """
    if get is not None:
        raise TypeError("the `get=` keyword is gone, as in dask\nhint: use `scheduler=` instead")
    if scheduler is None:
        scheduler = config.get("scheduler", None)
    name = _scheduler_name(scheduler)
    return name, 1 if name == "sync" else _n_workers(keywords or {})


def _scheduler_name(scheduler: Any) -> str:
    if scheduler is None:
        return "threads"
    if isinstance(scheduler, str):
        name = scheduler.lower()
        if name in _NAMES:
            return _NAMES[name]
        if name not in _NOT_YET:
            known = ", ".join(f"`{known}`" for known in _NAMES)
            raise ValueError(f"there is no scheduler `{scheduler}`\nhint: choose one of {known}")
        what = f"`{scheduler}`"
    else:
        what = f"a `{type(scheduler).__name__}`"
    raise NotImplementedError(
        f"tureen can't use {what} as a scheduler yet\n"
        'hint: use `scheduler="threads"`, or `"sync"` to run everything in this thread'
    )


def _n_workers(keywords: dict[str, Any]) -> int:
    for unsupported in ("pool",):
        if keywords.get(unsupported) is not None or config.get(unsupported, None) is not None:
            raise NotImplementedError(
                f"tureen can't use `{unsupported}=` yet\nhint: say how many threads with `num_workers=`"
            )
    n_workers = keywords.get("num_workers")
    if n_workers is None:
        n_workers = config.get("num_workers", None)
    if n_workers is None:
        return cpu_count()
    if isinstance(n_workers, bool) or not isinstance(n_workers, int) or not 1 <= n_workers <= 100_000:
        raise ValueError(f"`num_workers` is a number from 1 to 100000, not {n_workers!r}")
    return n_workers


def cpu_count() -> int:
    """Count the processors that this process may use.

    >>> cpu_count() >= 1
    True
    """
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
