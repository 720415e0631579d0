"""Which client computes, how many threads its workers have, and whether tureen is there.

Knows ``distributed`` only where somebody else has imported it; nothing of what is computed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from weakref import WeakKeyDictionary

from tureen._tureen import __version__
from tureen.errors import NotOnWorkers

_HINT = (
    "hint: install the same version there, or give `fallback=True` (`tureen.config.set(fallback=True)`): "
    "then each call is a task of dask's, for which workers need no tureen"
)
_checked: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()
"""The workers of each client that have what they need."""


def is_client(thing: Any) -> bool:
    """Tell whether this is a ``distributed.Client``.

    >>> is_client("threads")
    False
    """
    return any(
        kind.__name__ == "Client" and kind.__module__ == "distributed.client" for kind in type(thing).__mro__
    )


def current_client() -> Any:
    """Give the client that dask would use here: the one of a ``with`` block, or the last that was made.

    None if there is none. Inside of a task on a worker there is none either: what is computed there, is
    computed there.

    >>> current_client() is None
    True
    """
    module: Any = sys.modules.get("distributed.client")
    if module is None or is_inside_task():
        return None
    try:
        client = module.Client.current()
    except ValueError:
        return None
    return client if client.status == "running" and not client.asynchronous else None


def is_inside_task() -> bool:
    """Tell whether a task of dask's is what runs here.

    >>> is_inside_task()
    False
    """
    module: Any = sys.modules.get("distributed.worker")
    if module is None:
        return False
    try:
        module.get_worker()
    except ValueError:
        return False
    return True


@contextmanager
def stepping_aside() -> Iterator[None]:
    """Give away the thread of the worker that we are in, if we are in one: what we wait for may need it."""
    worker: Any = import_module("distributed.worker")
    if not getattr(worker.thread_state, "key", None):
        yield
        return
    worker.secede()
    try:
        yield
    finally:
        import_module("distributed").rejoin()


def check_is_synchronous(client: Any) -> None:
    """See to it that one can wait for this client.

    Raises:
        TypeError: it is asynchronous.
    """
    if client.asynchronous:
        raise TypeError(
            "an asynchronous client can't be waited for\n"
            "hint: compute with a client that was made with `asynchronous=False`, or in another thread"
        )


def threads_of(client: Any, workers: Any = None) -> dict[str, int]:
    """Tell how many threads each worker has, of those that may be used."""
    threads: dict[str, int] = client.nthreads()
    if workers is None:
        return threads
    named = {workers} if isinstance(workers, str) else set(workers)
    return {address: n for address, n in threads.items() if address in named} or threads


def check_workers(client: Any, workers: dict[str, int]) -> None:
    """See to it that these workers have this version of tureen. Each is asked once.

    Raises:
        NotOnWorkers: one has another, or none.
    """
    known = _checked.setdefault(client, set())
    new = [worker for worker in workers if worker not in known]
    if not new:
        return
    # A function of the standard library: it can be sent to who has nothing of ours.
    told = client.run(version, "tureen", workers=new, on_error="return")
    known.update(worker for worker, answer in told.items() if answer == __version__)
    # Who gives no answer, has gone meanwhile, or will tell when it gets a piece.
    kinds = (str, PackageNotFoundError)
    wrong = {
        worker: told[worker] for worker in new if isinstance(told.get(worker), kinds) and worker not in known
    }
    if not wrong:
        return
    worker, answer = next(iter(wrong.items()))
    is_there = isinstance(answer, str)
    has = f"there is tureen {answer}" if is_there else "tureen is not installed"
    others = "" if len(wrong) == 1 else f", and {len(wrong) - 1} more like it"
    raise NotOnWorkers(f"on the worker {worker}{others}, {has}; here is {__version__}\n{_HINT}")


def not_there(what: str) -> NotOnWorkers:
    """Say that a worker that came later lacks what it needs.

    >>> str(not_there("no tureen")).partition(chr(10))[0]
    'a worker could not do a piece: no tureen'
    """
    return NotOnWorkers(f"a worker could not do a piece: {what}\n{_HINT}")
