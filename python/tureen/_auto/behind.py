"""Threads that wait for Python's lock let others have the processors.

Each wakes up again and again to see whether it may go on. By the system's usual rule who wakes up
pushes aside who runs: a worker process, that then takes twice as long, for a thread that can't go on yet.
"""

from __future__ import annotations

import os
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@contextmanager
def behind_others(threads: Iterable[int]) -> Iterator[None]:
    """Have these threads push nobody aside when they wake up. They get as much time as before.

    Args:
        threads: Their numbers in the system. Those that are under another rule than the usual one stay so.

    >>> import threading
    >>> with behind_others([threading.get_native_id()]):
    ...     is_behind = not hasattr(os, "SCHED_BATCH") or os.sched_getscheduler(0) == os.SCHED_BATCH
    >>> is_behind
    True
    """
    changed = [thread for thread in threads if _change(thread, "SCHED_OTHER", "SCHED_BATCH")]
    try:
        yield
    finally:
        for thread in changed:
            _change(thread, "SCHED_BATCH", "SCHED_OTHER")


def _change(thread: int, before: str, after: str) -> bool:
    """Put a thread under another rule, if it is under this one. False if it is not, or may not be."""
    if not hasattr(os, before) or not hasattr(os, after):
        return False  # Not on Linux.
    try:
        if os.sched_getscheduler(thread) != getattr(os, before):
            return False
        os.sched_setscheduler(thread, getattr(os, after), os.sched_param(0))
    except OSError:  # It has ended, or the system forbids it.
        return False
    return True
