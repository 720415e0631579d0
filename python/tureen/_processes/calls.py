"""Calls as they come, on worker processes: what ``tureen.Executor(scheduler="processes")`` stands on.

A thread drives the workers while there are calls, and a moment longer. What a drive asks a run for, it asks
`Calls` here; each call is for itself, so one that fails leaves the others alone. But where a worker dies,
nobody knows what else is wrong: then all that wait fail, as in ``concurrent.futures``.
"""

from __future__ import annotations

import os
import threading
from array import array
from collections import deque
from collections.abc import Callable
from concurrent.futures import BrokenExecutor
from typing import Any, Protocol

from tureen._processes import pool
from tureen._processes.batch import values_of
from tureen._processes.call_drive import BrokenWorkers, CallDrive
from tureen._processes.environment import Variables
from tureen._processes.source import Given
from tureen.errors import WorkerDied

_BATCH_SECONDS = 4e-3
_MOST_IN_BATCH = 1000

_APPLY = (0, 1, None)
"""The only function that workers are told of: it calls its first argument with the others."""


class Call(Protocol):
    """A call that somebody waits for."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def begin(self) -> bool:
        """Say that it begins; False if it is not wanted any more."""

    def give(self, result: Any) -> None:
        """Take the result."""

    def fail(self, error: BaseException) -> None:
        """Take the exception."""

    def cancel(self) -> None:
        """Cancel it before it began."""


class Calls:
    """Calls that wait, and those that workers are at. Thread-safe."""

    def __init__(self, n_workers: int, initializer: Callable[[], Any] | None) -> None:
        self._n_workers = n_workers
        self._initializer = initializer
        self._lock = threading.Lock()
        self._waiting: deque[Call] = deque()
        self._given: dict[int, Call] = {}
        """What workers are at, by its number."""
        self._batch_of: dict[int, list[int]] = {}
        """By the number of each of these: all that were given with it."""
        self._next = 0
        self._told: set[int] = set()
        """Workers that know the only function."""
        self._thread: threading.Thread | None = None
        self._is_driven = False
        self._is_closing = False
        self.broken: str | None = None
        self.is_killed = False
        self._guess: tuple[Any, float] = (None, 0.0)
        """The last function whose calls were timed, and the seconds that one of them takes."""
        self._wake: int | None = None
        """Written to, this wakes up the drive."""
        self._is_hungry = False
        """Whether the drive waits while there could be more to do."""

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, call: Call) -> None:
        """Have it called.

        Raises:
            BrokenExecutor: a worker died.
        """
        with self._lock:
            if self.broken is not None:
                raise BrokenWorkers(self.broken)
            self._waiting.append(call)
            if self._is_driven:
                if self._is_hungry:
                    self._wake_up()
                return
            self._is_driven = True
            self._thread = threading.Thread(target=self._drive, name="tureen workers")
        try:
            self._thread.start()
        except BaseException:
            with self._lock:
                self._is_driven = False
                self._waiting.remove(call)
            raise

    def take_back(self) -> list[Call]:
        """Take back the calls that nobody has begun."""
        with self._lock:
            calls = [call for call in self._waiting if not isinstance(call, _Again)]
            self._waiting = deque(call for call in self._waiting if isinstance(call, _Again))
        return calls

    def close(self) -> None:
        """Keep no workers when the last call is done."""
        with self._lock:
            self._is_closing = True
            self._wake_up()
            if not self._is_driven:
                self._end_initialized()

    def join(self) -> None:
        """Wait until the workers are given back. Call it when there are no calls left."""
        with self._lock:
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def kill(self) -> None:
        """Kill the workers, whatever they are at."""
        with self._lock:
            self.is_killed = True
            self.broken = "the workers of this executor were killed"
            self._wake_up()

    # What a drive asks.

    def take(self, idle: list[int]) -> list[Given]:
        """Batches for idle workers."""
        given: list[Given] = []
        for number in idle:
            batch = self._next_batch()
            if not batch:
                break
            tasks = list(range(self._next, self._next + len(batch)))
            self._next += len(batch)
            for task, call in zip(tasks, batch, strict=True):
                self._given[task] = call
                self._batch_of[task] = tasks
            functions = [] if number in self._told else [_APPLY]
            self._told.add(number)
            named = [call.kwargs or None for call in batch] if any(call.kwargs for call in batch) else None
            run = (0, False, [(call.function, *call.args) for call in batch], named)
            given.append((number, array("I", tasks).tobytes(), [run], b"\1" * len(batch), functions, [], []))
        return given

    def _next_batch(self) -> list[Call]:
        """A call, and those after it that go with it: of the same function, and all of them short."""
        batch: list[Call] = []
        n = 1
        with self._lock:
            first = self._waiting[0] if self._waiting else None
            if first is not None and not isinstance(first, _Again) and first.function is self._guess[0]:
                share = len(self._waiting) // (2 * self._n_workers)
                n = max(1, min(share, _MOST_IN_BATCH, int(_BATCH_SECONDS / self._guess[1])))
            while self._waiting and len(batch) < n:
                if batch and self._waiting[0].function is not batch[0].function:
                    break
                call = self._waiting.popleft()
                if call.begin():
                    batch.append(call)
        return batch

    def prepare(self) -> None:
        """Nothing is made ready before somebody is idle: callers may yet change their minds."""

    def done(
        self,
        worker: int,
        tasks: bytes,
        results: list[Any] | bytes,
        held: list[int],
        times: list[tuple[int, int, float]],
    ) -> None:
        """Take in results."""
        numbers = memoryview(tasks).cast("I")
        function = self._given[numbers[0]].function
        for _, n_calls, seconds in times:
            self._guess = (function, max(seconds / max(n_calls, 1), 1e-6))
        # Of a batch that failed, the first are done.
        for task, result in zip(numbers, values_of(results), strict=False):
            self._forget(task).give(result)

    def failed(self, task: int, error: BaseException, args: Any = None, kwargs: Any = None) -> None:
        """Take in that a call failed. What else is not done of its batch waits again."""
        # That may be what stood before it, too: a batch that can't be packed is not sent at all.
        self.again([other for other in self._batch_of[task] if other != task and other in self._given])
        if isinstance(error, WorkerDied):
            self._break(str(error))
            error = error if isinstance(error, BrokenExecutor) else BrokenWorkers(str(error))
        self._forget(task).fail(error)

    def again(self, tasks: list[int]) -> None:
        """Have calls that no worker came to wait again; each then goes alone."""
        calls = [_Again(self._forget(task)) for task in tasks]
        with self._lock:
            self._waiting.extendleft(reversed(calls))

    def _forget(self, task: int) -> Call:
        del self._batch_of[task]
        return self._given.pop(task)

    def given(self, task: int, to: int) -> None:
        """Results don't stay with workers."""

    def label(self, task: int) -> str:
        """The name of what is called."""
        return _name(self._given[task].function)

    def cancel(self) -> None:
        """Called when the drive gives up: `_drive` sees to the calls."""

    def is_over(self) -> bool:
        """Whether nothing new starts."""
        return self.broken is not None

    # The thread that drives.

    def _drive(self) -> None:
        reads, writes = os.pipe()
        os.set_blocking(reads, False)
        os.set_blocking(writes, False)
        with self._lock:
            self._wake = writes
        self._told = set()
        drive = CallDrive(self, self._n_workers, self._initializer, reads)
        try:
            drive.run()
        except (
            BaseException
        ) as error:  # no worker could be started, one died while it waited, or our own fault
            self._break(str(error) or type(error).__name__)
        finally:
            with self._lock:
                if self._wake == writes:
                    self._wake = None
            os.close(reads)
            os.close(writes)
            pool.give_back(drive.workers, self._n_workers)
            if self.broken is not None or self._is_closing:
                self._end_initialized()
        self._fail_all()

    def try_end(self) -> bool:
        """Whether there is nothing to drive; then somebody else will begin anew."""
        with self._lock:
            if self._waiting:
                return False
            self._is_driven = False
            self._wake = None
            return True

    @property
    def is_closing(self) -> bool:
        """Whether nothing more will come."""
        return self._is_closing

    def is_hungry(self, has_room: bool) -> bool:
        """Whether nothing waits; if so and there is room, what comes is to wake up the drive."""
        with self._lock:
            self._is_hungry = has_room and not self._waiting
            return not self._waiting

    def _wake_up(self) -> None:
        self._is_hungry = False
        if self._wake is not None:
            try:
                os.write(self._wake, b"\0")
            except BlockingIOError:
                pass  # It has not heard yet that it was woken before.

    def _break(self, reason: str) -> None:
        with self._lock:
            self.broken = self.broken or reason

    def _fail_all(self) -> None:
        if self.broken is None:
            return
        calls = [*self._given.values(), *(call for call in self.take_back() if call.begin()), *self._waiting]
        self._waiting.clear()
        self._given.clear()
        self._batch_of.clear()
        for call in calls:
            call.fail(BrokenWorkers(self.broken))

    def _end_initialized(self) -> None:
        """Workers that were made ready by a function of the user's are no good to anybody else."""
        if self._initializer is not None and not isinstance(self._initializer, Variables):
            pool.end_idle(self._initializer)


class _Again:
    """A call that was given to a worker before, which did not come to it."""

    __slots__ = ("args", "cancel", "fail", "function", "give", "kwargs")

    def __init__(self, call: Call) -> None:
        self.function, self.args, self.kwargs = call.function, call.args, call.kwargs
        self.give, self.fail, self.cancel = call.give, call.fail, call.cancel

    def begin(self) -> bool:
        """It has begun."""
        return True


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", None) or type(function).__name__)
