"""``Executor``: tureen's threads and worker processes as an executor of ``concurrent.futures`` (PEP 3148)."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from tureen._tureen import CallQueue

if TYPE_CHECKING:
    from tureen._processes.calls import Calls

_waited_for: weakref.WeakSet[Executor] = weakref.WeakSet()


class Executor(futures.Executor):
    """Run calls on tureen's threads or worker processes; whatever takes an executor takes this one.

    Threads and processes are those that compute promises, and are kept warm: an executor that is made and
    shut down costs none. Futures are those of the standard library, so ``concurrent.futures.wait`` and
    ``as_completed`` work, and so does ``loop.run_in_executor``.

    On worker processes nothing needs a ``__main__`` guard, lambdas and closures may be called, and large
    arrays are not copied. Inside a worker process the calls run on threads: it has its share of the
    processors already.

    Args:
        max_workers: How many calls may run at a time; by default as ``config.set(num_workers=...)`` says,
            else the number of processors.
        scheduler: ``"threads"`` or ``"processes"``.
        initializer: Called first in each thread or process that works for this executor. If it fails, so does
            all that was submitted, with a ``BrokenExecutor``.
        initargs: Arguments for it.

    Raises:
        ValueError: ``max_workers`` is not a positive number, or ``scheduler`` is something else.
        TypeError: ``initializer`` can't be called.

    >>> with Executor(max_workers=2) as executor:
    ...     future = executor.submit(pow, 2, 10)
    ...     list(executor.map(abs, [-1, -2])), future.result()
    ([1, 2], 1024)
    """

    def __init__(
        self,
        max_workers: int | None = None,
        *,
        scheduler: str = "threads",
        initializer: Callable[..., Any] | None = None,
        initargs: tuple[Any, ...] = (),
    ) -> None:
        from tureen._settings import is_worker, kind_of_workers, n_workers

        if initializer is not None and not callable(initializer):
            raise TypeError(f"`initializer` can't be called: it is a `{type(initializer).__name__}`")
        self._max_workers = n_workers({"num_workers": max_workers}, "max_workers")
        prepare = partial(initializer, *initargs) if initializer is not None and initargs else initializer
        self._prepare = prepare
        self._queue: CallQueue | Calls
        self._calls: Calls | None = None
        """The queue, if it is one for worker processes."""
        if kind_of_workers(scheduler) == "processes" and not is_worker():
            from tureen._processes.calls import Calls

            self._prepare = None
            self._queue = self._calls = Calls(self._max_workers, prepare)
        else:
            self._queue = CallQueue(self._max_workers)
        self._prepared = threading.local()
        self._changed = threading.Condition()
        self._n_pending = 0
        self._is_shut = False
        self._broken: str | None = None
        _waited_for.add(self)

    @property
    def has_processes(self) -> bool:
        """Whether calls run in worker processes."""
        return self._calls is not None

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> futures.Future[Any]:
        """Have ``fn(*args, **kwargs)`` called; the future has its result.

        Raises:
            RuntimeError: the executor is shut down.
            BrokenExecutor: a worker process died, or the initializer failed.
        """
        future: futures.Future[Any] = futures.Future()
        call = _Call(self, future, fn, args, kwargs)
        with self._changed:
            if self._broken is not None:
                raise futures.BrokenExecutor(self._broken)
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
        buffersize: int | None = None,
    ) -> Iterator[Any]:
        """Call ``fn`` for the elements of ``iterables``, as ``map`` does, several at a time and in order.

        Args:
            fn: What to call, with one element of each iterable.
            iterables: Read up to the end of the shortest; at once, unless ``buffersize`` is given.
            timeout: Seconds to wait for a result, counted from now.
            chunksize: How many calls make one task; more cost less when calls are short.
            buffersize: How many tasks may be under way or done without their results being asked for.

        Raises:
            ValueError: ``chunksize`` or ``buffersize`` is less than 1.
            TypeError: ``buffersize`` is no int.
            TimeoutError: a result is not there in time (``concurrent.futures.TimeoutError`` in Python 3.10).
        """
        if chunksize < 1:
            raise ValueError(f"`chunksize` is at least 1, not {chunksize!r}")
        if buffersize is not None and not isinstance(buffersize, int):
            raise TypeError(f"`buffersize` is an int or None, not {buffersize!r}")
        if buffersize is not None and buffersize < 1:
            raise ValueError(f"`buffersize` is at least 1, or None, not {buffersize!r}")
        end = None if timeout is None else time.monotonic() + timeout
        calls: Iterator[tuple[Any, ...]] = zip(*iterables)  # noqa: B905 (the shortest ends it, as in `map`)
        if chunksize > 1 and len(iterables) == 1:
            # Elements as they are take half the time on their way.
            fn, calls = _Elements(fn), zip(_chunks(iter(iterables[0]), chunksize), strict=True)
        elif chunksize > 1:
            fn, calls = _Chunk(fn), zip(_chunks(calls, chunksize), strict=True)
        started = deque(self.submit(fn, *args) for args in islice(calls, buffersize))
        results = self._in_order(started, fn, calls, end)
        return chain.from_iterable(results) if chunksize > 1 else results

    def _in_order(
        self,
        started: deque[futures.Future[Any]],
        fn: Callable[..., Any],
        calls: Iterator[tuple[Any, ...]],
        end: float | None,
    ) -> Iterator[Any]:
        """The results, with the next call submitted as each is asked for."""
        try:
            while started:
                for args in islice(calls, 1):
                    started.append(self.submit(fn, *args))
                # One that is not there in time is cancelled with the others.
                result = started[0].result(None if end is None else end - time.monotonic())
                started.popleft()
                yield result
                del result
        finally:
            for future in started:
                future.cancel()

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
        if self._calls is not None:
            self._calls.close()
        if wait:
            self._wait()
            if self._calls is not None:
                self._calls.join()

    def finish(self, failure: BaseException | None) -> None:
        """Shut down after a run: with nothing left to do, or without waiting for it if the run failed."""
        if failure is None:
            self.shutdown()
        elif isinstance(failure, Exception):
            self.shutdown(wait=False, cancel_futures=True)
        elif self.has_processes:  # Ctrl-C
            self.kill_workers()
        else:
            self.abandon()

    def kill_workers(self) -> None:
        """Kill worker processes, whatever they are at; what was submitted fails with a ``BrokenExecutor``.

        Raises:
            NotImplementedError: the calls run on threads, which can't be killed.
        """
        if self._calls is None:
            raise NotImplementedError("threads can't be killed\nhint: use `shutdown(cancel_futures=True)`")
        with self._changed:
            self._is_shut = True
        self._calls.kill()

    def _prepare_thread(self) -> None:
        """Call the initializer, if this thread has not worked for us before."""
        if self._prepare is None or getattr(self._prepared, "is_done", False):
            return
        try:
            self._prepare()
        except BaseException as error:
            with self._changed:
                self._broken = f"the initializer failed in a thread: {type(error).__name__}: {error}"
            for call in self._queue.take_back():
                if call.begin():
                    call.fail(futures.BrokenExecutor(self._broken))
            raise futures.BrokenExecutor(self._broken) from error
        self._prepared.is_done = True

    def abandon(self) -> None:
        """Stop: nothing new begins, what runs gets a KeyboardInterrupt, and nobody waits for it."""
        _waited_for.discard(self)
        self.shutdown(wait=False, cancel_futures=True)
        if isinstance(self._queue, CallQueue):
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

    __slots__ = ("_executor", "_future", "args", "function", "kwargs")

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
        self.function = fn
        self.args = args
        self.kwargs = kwargs

    def __call__(self) -> None:
        """Make it, in this thread."""
        if not self.begin():
            return
        try:
            self._executor._prepare_thread()
            result = self.function(*self.args, **self.kwargs)
        except BaseException as error:
            self.fail(error)
            # The traceback holds this frame, which would hold the future that holds the exception.
            del self._future
        else:
            self.give(result)

    def begin(self) -> bool:
        """Say that it begins; False if it was cancelled."""
        if self._future.set_running_or_notify_cancel():
            return True
        self._executor._ended()
        return False

    def give(self, result: Any) -> None:
        """Take the result."""
        try:
            self._future.set_result(result)
        finally:
            self._executor._ended()

    def fail(self, error: BaseException) -> None:
        """Take the exception."""
        try:
            self._future.set_exception(error)
        finally:
            self._executor._ended()

    def cancel(self) -> None:
        """Cancel it before it began."""
        self._future.cancel()
        self.begin()


class _Chunk:
    """Several calls of a function as one."""

    __slots__ = ("_fn",)

    def __init__(self, fn: Callable[..., Any]) -> None:
        self._fn = fn

    def __call__(self, chunk: list[Any]) -> list[Any]:
        return [self._fn(*args) for args in chunk]


class _Elements(_Chunk):
    """Several calls of a function of one argument as one."""

    __slots__ = ()

    def __call__(self, chunk: list[Any]) -> list[Any]:
        # Not `map`, which would end where the function raises StopIteration.
        fn = self._fn
        return [fn(element) for element in chunk]


def _chunks(elements: Iterator[Any], size: int) -> Iterator[list[Any]]:
    while chunk := [*islice(elements, size)]:
        yield chunk


@atexit.register
def _finish() -> None:
    """What was submitted is done before the interpreter ends, as in ``concurrent.futures``."""
    for executor in list(_waited_for):
        executor.shutdown()
