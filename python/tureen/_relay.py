"""Runs whose tasks are done by somebody else's executor, and runs that somebody wants to watch task by task.

The thread that computes hands out the tasks, one by one, and hears of their ends: so callbacks (as dask's,
2026.8) are called there, one at a time. Without callbacks or a foreign executor nobody comes by here: our
own threads pull.
"""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Callable, Iterable, MutableMapping
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

from tureen._hooks import Hooks, Told, not_for_inner_runs
from tureen._settings import is_worker

if TYPE_CHECKING:
    from tureen._executor import Executor
    from tureen._tureen import Steps

Submit = Callable[..., "Future[Any]"]
"""As ``concurrent.futures.Executor.submit``."""


class Relay(Protocol):
    """Somebody who does the tasks of a run."""

    def run(self, steps: Steps) -> None:
        """Do them all, or raise what the first to fail raised."""


def same(value: Any) -> Any:
    """Give back what was given.

    >>> same(3)
    3
    """
    return value


def _with_worker(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call it, and say by which thread, or by which worker process, as dask tells them apart."""
    return function(*args, **kwargs), os.getpid() if is_worker() else threading.get_ident()


class Handing:
    """Hands tasks to an executor.

    Args:
        submit: The executor's ``submit``.
        own: An executor that was made for this run, and is shut down after it.
        hooks: Whom to tell, in dask's way.
        graph: What the hooks are given as the graph; whoever gives one calls the first and the last hook. By
            default, the promises by their keys.
        store: Where results are kept while they are needed, by key; by default with the run.
        rerun_errors: Whether a task that failed is done again in this thread, for a debugger to see.
        raise_error: What raises the error of a task; takes the exception and its traceback.
    """

    __slots__ = ("_graph", "_hooks", "_own", "_raise_error", "_rerun_errors", "_store", "_submit", "state")

    def __init__(
        self,
        submit: Submit,
        own: Executor | None = None,
        *,
        hooks: Iterable[Hooks] = (),
        graph: Any = None,
        store: MutableMapping[Any, Any] | None = None,
        rerun_errors: bool = False,
        raise_error: Callable[[BaseException, Any], Any] | None = None,
    ) -> None:
        self._submit = submit
        self._own = own
        self._hooks = tuple(hooks)
        self._graph = graph
        self._store = store
        self._rerun_errors = rerun_errors
        self._raise_error = raise_error
        self.state: dict[str, Any] = {}

    def run(self, steps: Steps) -> None:
        """Do all tasks of ``steps``.

        Raises:
            Exception: what the first task that failed raised, or a hook.
        """
        told = Told(steps, self._hooks, self._graph, self._store) if self._hooks else None
        failure: BaseException | None = None
        with not_for_inner_runs(told):
            try:
                if told is not None:
                    self.state = told.state
                    told.begin()
                self._hand_out(steps, told)
            except BaseException as error:
                failure = error
                steps.cancel()
                raise
            finally:
                if self._own is not None:
                    self._own.finish(failure)
                if told is not None:
                    told.end(failure is None)

    def _hand_out(self, steps: Steps, told: Told | None) -> None:
        store = self._store if told is None else told.store
        wanted = frozenset(steps.wanted()) if store is not None else frozenset()
        wants_thread = told is not None or steps.is_watched
        ended: SimpleQueue[tuple[int, Future[Any]]] = SimpleQueue()
        n_running = 0
        while True:
            while (task := steps.take()) is not None:
                if told is not None:
                    told.starting(task)
                self._start(steps, task, store, wants_thread, ended)
                n_running += 1
            if n_running == 0:
                return
            task, future = ended.get()
            n_running -= 1
            result = self._result(steps, task, future, store)
            thread = None
            if wants_thread:
                result, thread = result
                steps.ran_in(task, thread)
            key = None
            if store is not None:
                key = steps.key(task)
                store[key] = result
            if store is None or task in wanted:
                steps.keep(task, result)
            released = steps.done(task)
            if store is not None:
                for index in released:
                    store.pop(steps.key(index), None)
            if told is not None:
                told.done(task, key, result, thread, released)

    def _start(self, steps: Steps, task: int, store: Any, wants_thread: bool, ended: Any) -> None:
        function, args, kwargs = steps.call(task, store)
        if wants_thread:
            future = self._submit(_with_worker, function, args, kwargs or {})
        elif kwargs:
            future = self._submit(function, *args, **kwargs)
        else:
            future = self._submit(function, *args)
        future.add_done_callback(lambda future: ended.put((task, future)))

    def _result(self, steps: Steps, task: int, future: Future[Any], store: Any) -> Any:
        error: BaseException | None
        try:
            error = future.exception()
        except BaseException as cancelled:  # by somebody else who holds the executor
            error = cancelled
        if error is None:
            return future.result()
        function, args, kwargs = steps.call(task, store)
        steps.failed(task)
        if self._rerun_errors:
            try:
                function(*args, **(kwargs or {}))
            except Exception as again:
                steps.explain(task, again, args, kwargs)
                raise
        if isinstance(error, Exception):
            steps.explain(task, error, args, kwargs)
        if self._raise_error is not None:
            self._raise_error(error, error.__traceback__)
        raise error


def in_context(submit: Submit) -> Submit:
    """Have an executor's threads see the context variables of whoever submits.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(1) as executor:
    ...     in_context(executor.submit)(max, 1, 2).result()
    2
    """

    def submit_in_context(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return submit(contextvars.copy_context().run, function, *args, **kwargs)

    return submit_in_context


def at_once(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
    """Call it here and now, as a ``submit``.

    >>> at_once(max, 1, 2).result()
    2
    """
    future: Future[Any] = Future()
    try:
        future.set_result(function(*args, **kwargs))
    except Exception as error:  # Ctrl-C goes through: this is the user's thread
        future.set_exception(error)
    return future


class _Inside(threading.local):
    """The pools whose calls this thread is at."""

    def __init__(self) -> None:
        self.pools: list[Any] = []


_inside = _Inside()


def is_inside(pool: Any) -> bool:
    """Tell whether a thread of this pool asks: if it waited for the pool, it might wait for itself.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(1) as executor:
    ...     is_inside(executor), submit_of(executor)(is_inside, executor).result()
    (False, True)
    """
    return any(other is pool for other in _inside.pools)


def _call_inside(pool: Any, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    _inside.pools.append(pool)
    try:
        return function(*args, **kwargs)
    finally:
        _inside.pools.pop()


def submit_of(pool: Any) -> Submit:
    """Give the ``submit`` of a pool, with threads of it known as such.

    Raises:
        TypeError: it is no pool.

    >>> from concurrent.futures import ThreadPoolExecutor
    >>> with ThreadPoolExecutor(1) as executor:
    ...     submit_of(executor)(max, 1, 2).result()
    2
    """
    submit = _submit_of_any(pool)
    if not _has_threads(pool):
        return submit  # In another process nobody waits for it.

    def submit_from_inside(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        return submit(_call_inside, pool, function, args, kwargs)

    return submit_from_inside


def _has_threads(pool: Any) -> bool:
    known = any(f"{kind.__module__}.{kind.__qualname__}" in _WITH_THREADS for kind in type(pool).__mro__)
    return known and not getattr(pool, "has_processes", False)


_WITH_THREADS = {
    "concurrent.futures.thread.ThreadPoolExecutor",
    "multiprocessing.pool.ThreadPool",
    "tureen._executor.Executor",
}


def _submit_of_any(pool: Any) -> Submit:
    """Give the ``submit`` of an executor, or what does the same for a pool of ``multiprocessing``.

    Raises:
        TypeError: it is neither.
    """
    if hasattr(pool, "submit"):
        submit: Submit = pool.submit
        return submit
    if not hasattr(pool, "apply_async"):
        raise TypeError(
            f"a `{type(pool).__name__}` is no pool of workers\n"
            "hint: give an executor of `concurrent.futures`, or a pool of `multiprocessing`"
        )

    def submit_to_pool(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        pool.apply_async(function, args, kwargs, future.set_result, future.set_exception)
        return future

    return submit_to_pool
