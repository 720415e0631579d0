"""Drives the worker processes of a run that threads pull from, too. What can't be done in a worker goes back
to the threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tureen._auto.choice import Choice, key_of
from tureen._auto.moved import Moved, Stays
from tureen._processes.batch import Batch, calls_of
from tureen._processes.drive import Drive
from tureen._processes.start import Worker
from tureen._tureen import Feed
from tureen.errors import WorkerDied

_MILLISECONDS, _LONG_MILLISECONDS = 5.0, 25.0
"""How long idle workers may wait for a thread to end a task that theirs need; how long between looks."""


class Aside(Drive):
    """Workers that pull what was put aside.

    Args:
        feed: What gives the tasks that were put aside.
        workers: The workers.
        choice: Which functions were moved.
        look: Called between batches.
        hurry: Told whether we want Python's lock often, while threads have it.
    """

    __slots__ = ("_aside", "_choice", "_functions_of", "_hurry", "_look")

    def __init__(
        self,
        feed: Feed,
        workers: list[Worker],
        choice: Choice,
        look: Callable[[], None],
        hurry: Callable[[bool], None],
    ) -> None:
        super().__init__(feed, workers)
        self._aside = feed
        self._choice = choice
        self._look = look
        self._hurry = hurry
        self._functions_of: dict[int, Any] = {}
        """The functions, by their numbers in this run."""

    def _work(self) -> None:
        while not self._feed.is_over():
            self._feed_idle()
            is_busy = len(self._batches) == len(self._workers)
            if is_busy:
                self._prepare()
            has_heard = self._listen(_LONG_MILLISECONDS if is_busy else _MILLISECONDS)
            self._hurry(has_heard or not is_busy)
            self._look()

    def _send_function(self, worker: Worker, batch: Batch, number: int, doing: int, function: Any) -> bool:
        self._functions_of[number] = function
        verdict = self._choice.verdicts[key_of(function)]
        moved = Moved(function, verdict.fingerprint, verdict.keeps_partitions)
        return super()._send_function(worker, batch, number, doing, moved)

    def _fail(
        self,
        batch: Batch,
        place: int,
        error: BaseException,
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        if isinstance(error, WorkerDied):
            # Nobody knows that it would not end this process, too.
            super()._fail(batch, place, error, args, kwargs)
            return
        numbers = [number for number, _, _ in calls_of(batch.runs)]
        key = key_of(self._functions_of[numbers[place]])
        for number in numbers[place + 1 :]:
            self._choice.hand_back(key_of(self._functions_of[number]), 1)
        self._choice.hand_back(key, 1)
        if isinstance(error, Stays):
            self._choice.stay(key, f"it {error}")
            # It will be so the next time, too.
            self._choice.moved.discard(key)
        else:
            self._choice.stay(key, f"it raised `{type(error).__name__}` in a worker process")
        self._aside.put_back(batch.data, batch.tasks[place])
