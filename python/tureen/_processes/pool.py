"""The worker processes of this process: kept warm, lent to one run at a time, and ended with us."""

from __future__ import annotations

import atexit
import os
import select
import threading
from contextlib import contextmanager

from tureen._processes import wire
from tureen._processes.start import Worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_lock = threading.Lock()
_idle: list[Worker] = []
"""Workers that nobody uses; some may still be at a task of a run that has ended: these have a `run`."""
_lent: set[Worker] = set()
_is_registered = False


@contextmanager
def borrowed(n_workers: int, initializer: Any) -> Iterator[list[Worker]]:
    """Lend workers for a run, warm ones if there are; take back those that are alive after it."""
    workers = take(n_workers, initializer)
    try:
        yield workers
    finally:
        give_back(workers, n_workers)


def give_back(workers: list[Worker], n_wanted: int) -> None:
    """Take back those that are alive. Not many more are kept than are wanted."""
    with _lock:
        for worker in workers:
            _lent.discard(worker)
            if worker.pid:
                _idle.append(worker)
        surplus = [_idle.pop(0) for _ in range(len(_idle) - max(n_wanted, os.cpu_count() or 1))]
    for worker in surplus:
        worker.end()


def end_idle(initializer: Any) -> None:
    """End the idle workers that this was called in first."""
    with _lock:
        workers = [worker for worker in _idle if worker.initializer is initializer]
        _idle[:] = [worker for worker in _idle if worker.initializer is not initializer]
    for worker in workers:
        worker.end()


def take(n_workers: int, initializer: Any) -> list[Worker]:
    """Lend workers, warm ones if there are."""
    _register()
    workers: list[Worker] = []
    with _lock:
        for worker in list(_idle):
            if len(workers) < n_workers and worker.initializer is initializer and _is_ready(worker):
                workers.append(worker)
            if worker.pid == 0 or worker in workers:
                _idle.remove(worker)
        _lent.update(workers)
    try:
        while len(workers) < n_workers:
            worker = Worker(initializer)
            with _lock:
                _lent.add(worker)
            workers.append(worker)
    except BaseException:
        for worker in workers:
            worker.end()
            _lent.discard(worker)
        raise
    return workers


def _is_ready(worker: Worker) -> bool:
    """Whether it waits for work. What it still has to say of earlier runs is heard and forgotten."""
    poll = select.poll()
    poll.register(worker.work, select.POLLIN)
    try:
        while poll.poll(0):
            kind, body, descriptors = worker.work.receive()
            for descriptor in descriptors:
                os.close(descriptor)
            if kind == wire.OUTPUT:
                worker.show(body)
            elif kind in (wire.REPLY, wire.FAILED):
                worker.rest()
    except (EOFError, OSError):
        worker.end()
        return False
    return worker.run == 0


def end_all() -> None:
    """End every worker."""
    with _lock:
        workers = [*_idle, *_lent]
        _idle.clear()
        _lent.clear()
    for worker in workers:
        worker.end()


def _forget() -> None:
    """In a forked child: the workers are its parent's."""
    global _lock
    _lock = threading.Lock()
    for worker in (*_idle, *_lent):
        worker.close()
    _idle.clear()
    _lent.clear()


def _register() -> None:
    global _is_registered
    if not _is_registered:
        _is_registered = True
        atexit.register(end_all)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=_forget)
