"""A drive that goes on as long as calls come, with as many workers as there are calls for: see `calls`."""

from __future__ import annotations

import os
from concurrent.futures import BrokenExecutor
from typing import Any, Protocol

from tureen._processes import failing, pool
from tureen._processes.batch import Batch, calls_of
from tureen._processes.drive import Drive
from tureen._processes.packing import dumps_by_value
from tureen._processes.remote import rebuild
from tureen._processes.source import Source
from tureen._processes.start import Worker
from tureen.errors import WorkerDied

_LINGER = 0.02
"""Seconds that workers are kept when there is nothing to do."""


class BrokenWorkers(WorkerDied, BrokenExecutor):
    """A worker process of an executor died, or could not be made ready: what was submitted can't be done."""


class CallSource(Source, Protocol):
    """Where calls come from."""

    is_killed: bool

    @property
    def is_closing(self) -> bool:
        """Whether nothing more will come."""

    def __len__(self) -> int:
        """How many wait."""

    def is_hungry(self, has_room: bool) -> bool:
        """Whether nothing waits; if so and there is room, what comes is to wake up the drive."""

    def again(self, tasks: list[int]) -> None:
        """Have calls that no worker came to wait again."""

    def try_end(self) -> bool:
        """Whether there is nothing to drive; then somebody else will begin anew."""


class CallDrive(Drive):
    """Drives as many workers as there are calls for."""

    __slots__ = ("_calls", "_initializer", "_most", "_wake")

    def __init__(self, calls: CallSource, most: int, initializer: Any, wake: int) -> None:
        super().__init__(calls, [])
        # What the user changes between two calls is to be seen.
        self._copies = None
        self._calls = calls
        self._most = most
        self._initializer = initializer
        self._wake = wake
        self._listener.wake_by(wake)

    @property
    def workers(self) -> list[Worker]:
        """Those that were borrowed."""
        return self._workers

    def _work(self) -> None:
        while not self._calls.is_over():
            self._add_workers()
            self._feed_idle()
            has_room = len(self._batches) < self._most
            if not self._calls.is_hungry(has_room) and has_room:
                continue
            if self._batches:
                self._listen(None)
                self._is_woken()
            elif self._calls.is_closing:
                if self._calls.try_end():
                    return
            else:
                self._listen(1000 * _LINGER)
                if not self._is_woken() and self._calls.try_end():
                    return

    def _is_woken(self) -> bool:
        """Whether calls have come, or the end."""
        try:
            return bool(os.read(self._wake, 1 << 12))
        except BlockingIOError:
            return False

    def _add_workers(self) -> None:
        n_wanted = min(self._most, len(self._batches) + len(self._calls))
        while len(self._workers) < n_wanted:
            [worker] = pool.take(1, self._initializer)
            self._workers.append(worker)
            self._begin(worker, self._most)

    def _end(self) -> None:
        if self._calls.is_killed:
            for number in self._batches:
                self._workers[number].end()
            self._batches.clear()
        super()._end()

    def _split(self, worker: Worker, batch: Batch) -> None:
        self._calls.again(batch.tasks)

    def _told(self, failure: dict[str, Any], label: str) -> tuple[Any, ...]:
        error = rebuild(failure["links"])
        if failure["kind"] == "initializer":
            broken = BrokenWorkers(
                f"the initializer failed in a worker process: {type(error).__name__}: {error}"
            )
            broken.__cause__ = error
            return (broken,)
        return (error,)

    def _what_stays(self, batch: Batch, error: Exception) -> tuple[int, BaseException]:
        calls: list[Any] = []
        given = zip(batch.tasks, calls_of(batch.runs), strict=True)
        for place, (task, (_, args, kwargs)) in enumerate(given):
            function = args[0]
            try:
                dumps_by_value(function)
            except Exception as own_error:  # whatever the user's objects raise when they are pickled
                return place, failing.function_stays(self._calls.label(task), function, own_error)
            calls.append((0, args[1:], kwargs))
        return failing.arguments_stay(calls, error, self._calls.label, batch.tasks)
