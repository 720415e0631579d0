"""``Executor``: tureen's threads behind the interface of ``concurrent.futures`` (PEP 3148)."""

from __future__ import annotations

import atexit
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from itertools import chain, islice
from typing import Any

from tureen._tureen import CallQueue

_waited_for: weakref.WeakSet[Executor] = weakref.WeakSet()


class Executor(futures.Executor):
    """Run calls on tureen's threads; whatever takes an executor of ``concurrent.futures`` takes this one.

    The threads are those that compute promises, and are kept warm: an executor that is made and shut down
    costs no threads. Futures are those of the standard library, so ``concurrent.futures.wait`` and
    ``as_completed`` work.

    Args:
        max_workers: How many calls may run at a time; by default as ``config.set(num_workers=...)`` says,
            else
            the number of processors.

    Raises:
        ValueError: ``max_workers`` is not a positive number.

    >>> with Executor(max_workers=2) as executor:
    ...     future = executor.submit(pow, 2, 10)
    ...     list(executor.map(abs, [-1, -2])), future.result()
    ([1, 2], 1024)
    """

    def __init__(self, max_workers: int | None = None) -> None:
        from tureen._settings import n_workers

        self._max_workers = n_workers({"num_workers": max_workers}, "max_workers")
        self._queue = CallQueue(self._max_workers)
        self._changed = threading.Condition()
        self._n_pending = 0
        self._is_shut = False
        _waited_for.add(self)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> futures.Future[Any]:
        """Have ``fn(*args, **kwargs)`` called; the future has its result.

        Raises:
            RuntimeError: the executor is shut down.
        """
        future: futures.Future[Any] = futures.Future()
        call = _Call(self, future, fn, args, kwargs)
        with self._changed:
            if self._is_shut:
                raise RuntimeError("cannot schedule new futures after shutdown")
            self._n_pending += 1
        try:
            self._queue.put(call)
        except BaseException:
            self._ended()
            raise
        return future

    def map(
        self,
        fn: Callable[..., Any],
        *iterables: Iterable[Any],
        timeout: float | None = None,
        chunksize: int = 1,
    ) -> Iterator[Any]:
        """Call ``fn`` for the elements of ``iterables``, as ``map`` does, several at a time and in order.

        Args:
            fn: What to call, with one element of each iterable.
            iterables: Read at once, up to the end of the shortest.
            timeout: Seconds to wait for a result, counted from now.
            chunksize: How many calls make one task; more cost less when calls are short.

        Raises:
            ValueError: ``chunksize`` is less than 1.
            TimeoutError: a result is not there in time (``concurrent.futures.TimeoutError`` in Python 3.10).
        """
        if chunksize < 1:
            raise ValueError(f"`chunksize` is at least 1, not {chunksize!r}")
        if chunksize == 1:
            return super().map(fn, *iterables, timeout=timeout)
        chunks = _chunks(zip(*iterables), chunksize)  # noqa: B905 (the shortest ends it, as in `map`)
        lists: Iterator[list[Any]] = super().map(_Chunk(fn), chunks, timeout=timeout)
        return chain.from_iterable(lists)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more calls.

        Args:
            wait: Whether to return only when all that was submitted has ended.
            cancel_futures: Whether calls that were not begun are cancelled.
        """
        with self._changed:
            self._is_shut = True
        if cancel_futures:
            for call in self._queue.take_back():
                call.cancel()
        if wait:
            self._wait()

    def abandon(self) -> None:
        """Stop: nothing new begins, what runs gets a KeyboardInterrupt, and nobody waits for it."""
        _waited_for.discard(self)
        self.shutdown(wait=False, cancel_futures=True)
        self._queue.stop()

    def _ended(self) -> None:
        with self._changed:
            self._n_pending -= 1
            if self._n_pending == 0:
                self._changed.notify_all()

    def _wait(self) -> None:
        with self._changed:
            while self._n_pending:
                self._changed.wait()


class _Call:
    """A call, and the future that waits for it."""

    __slots__ = ("_args", "_executor", "_fn", "_future", "_kwargs")

    def __init__(
        self,
        executor: Executor,
        future: futures.Future[Any],
        fn: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> None:
        self._executor = executor
        self._future = future
        self._fn = fn
        self._args = args
        self._kwargs = kwargs

    def __call__(self) -> None:
        try:
            if not self._future.set_running_or_notify_cancel():
                return
            try:
                result = self._fn(*self._args, **self._kwargs)
            except BaseException as error:
                self._future.set_exception(error)
                # The traceback holds this frame, which would hold the future that holds the exception.
                del self._future
            else:
                self._future.set_result(result)
        finally:
            self._executor._ended()

    def cancel(self) -> None:
        """Cancel it before it began."""
        self._future.cancel()
        self._future.set_running_or_notify_cancel()
        self._executor._ended()


class _Chunk:
    """Several calls of a function as one."""

    __slots__ = ("_fn",)

    def __init__(self, fn: Callable[..., Any]) -> None:
        self._fn = fn

    def __call__(self, chunk: tuple[tuple[Any, ...], ...]) -> list[Any]:
        return [self._fn(*args) for args in chunk]


def _chunks(elements: Iterator[Any], size: int) -> Iterator[tuple[Any, ...]]:
    while chunk := tuple(islice(elements, size)):
        yield chunk


@atexit.register
def _finish() -> None:
    """What was submitted is done before the interpreter ends, as in ``concurrent.futures``."""
    for executor in list(_waited_for):
        executor.shutdown()
