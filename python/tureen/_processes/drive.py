"""One run on worker processes: feeds idle workers from the engine, listens to all of them, and ends cleanly.

One thread does it, that which computes: workers are only written to while they wait for work, so nobody
ever waits for somebody who waits for him.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections import deque

from tureen._processes import arena, failing, pool, wire
from tureen._processes.bare import pickle
from tureen._processes.batch import Batch, calls_of, values_of
from tureen._processes.copies import Copies
from tureen._processes.packing import Packed, dumps_by_value, loads, pack, relay
from tureen._settings import cpu_count
from tureen._tureen import Listener

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tureen._processes.source import Source
    from tureen._processes.start import Worker
    from tureen._tureen import Feed

_GRACE = 0.5
"""Seconds that a task has to end by itself when the user wants to stop."""

_LINGER = 0.05
"""Seconds that others have to end their task when one has failed, before they are left to themselves."""

_MOST_LARGE_AHEAD = 1
"""So many batches with large data may wait for a worker."""

_runs = itertools.count(1)


def drive(feed: Feed, n_workers: int, initializer: Any) -> None:
    """Work on a run with worker processes until nothing is left to start. Failures are told to `feed`.

    Raises:
        KeyboardInterrupt: the user wants to stop. No task runs any more.
        WorkerDied: a worker died while it waited.
        OSError: no worker could be started.
    """
    with pool.borrowed(n_workers, initializer) as workers:
        Drive(feed, workers).run()


class Drive:
    """The state of one run."""

    __slots__ = (
        "_ahead",
        "_batches",
        "_copies",
        "_feed",
        "_functions",
        "_left",
        "_listener",
        "_run",
        "_waiting",
        "_workers",
    )

    def __init__(self, feed: Source, workers: list[Worker]) -> None:
        self._feed = feed
        self._workers = workers
        self._run = next(_runs)
        self._copies: Copies | None = Copies()
        self._functions: dict[int, bytes] = {}
        """Pickled, by number."""
        self._batches: dict[int, Batch] = {}
        """What each busy worker is at."""
        self._ahead: deque[Batch] = deque()
        """What the listener has ready for idle workers: made while all were busy."""
        self._left: dict[int, list[Batch]] = {}
        """What a worker still has to do, one by one, after its batch as a whole could not be loaded."""
        self._waiting: dict[tuple[int, int], list[int]] = {}
        """For each worker and result of it that was asked for: the workers that want it."""
        self._listener = Listener(wire.REPLY)

    def run(self) -> None:
        """Do the run."""
        try:
            for worker in list(self._workers):
                self._begin(worker, len(self._workers))
            self._work()
            self._end()
        except BaseException:
            # Whatever came between (Ctrl-C, a signal handler of the user's), a frame may be half read.
            self._feed.cancel()
            self._give_up()
            raise
        finally:
            if self._copies is not None:
                self._copies.close()
            arena.forget_free()

    def _work(self) -> None:
        self._feed_idle()
        while self._batches and not self._feed.is_over():
            self._prepare()
            self._listen(None)
            self._feed_idle()

    def _prepare(self) -> None:
        """Make the next batch ready while nobody waits for it, unless somebody has something to say."""
        while len(self._ahead) < len(self._workers) and not self._listener.has_news():
            given = self._feed.prepare()
            if given is None:
                return
            batch = Batch(*given, [])
            packed = self._packed(batch)
            if packed is None:
                return
            self._ahead.append(batch)
            self._listener.put_ahead(wire.WORK, *packed.parts(), descriptors=packed.descriptors)
            if packed.descriptors and len(self._ahead) >= _MOST_LARGE_AHEAD:
                return

    def _give_ahead(self, worker: Worker) -> bool:
        """Give a worker what is ready, if anything is. False if nothing was."""
        if not self._ahead:
            return False
        self._batches[worker.number] = self._ahead.popleft()
        self._listener.give_ahead(worker.work)
        return True

    def _begin(self, worker: Worker, n_workers: int) -> None:
        settings = {
            "folder": os.getcwd(),
            "path": [entry for entry in sys.path if isinstance(entry, str)],
            "arguments": list(sys.argv),
            "n_cores": max(1, cpu_count() // n_workers),
        }
        worker.number = self._workers.index(worker)
        worker.begin(self._run, settings)
        for channel in (worker.work, worker.side):
            self._listener.add(worker.number, channel)

    def _feed_idle(self) -> None:
        for number, batches in list(self._left.items()):
            if number not in self._batches:
                self._give(self._workers[number], batches.pop(0))
                if not batches:
                    del self._left[number]
        idle = [worker.number for worker in self._workers if worker.number not in self._batches]
        idle = [number for number in idle if not self._give_ahead(self._workers[number])]
        if not idle or self._feed.is_over():
            return
        given = self._feed.take(idle)
        for number, tasks, runs, is_wanted, functions, missing, to_drop in given:
            batch = Batch(tasks, runs, is_wanted, to_drop)
            worker = self._workers[number]
            if all(self._send_function(worker, batch, *function) for function in functions):
                batch.missing = {task for _, task, _ in missing}
                self._batches[number] = batch
                for owner, task, moves in missing:
                    self._fetch(owner, task, moves, number)
                if not missing:
                    self._give(worker, batch)

    def _send_function(self, worker: Worker, batch: Batch, number: int, doing: int, function: Any) -> bool:
        data = self._functions.get(number)
        if data is None:
            try:
                data = self._functions[number] = dumps_by_value(function)
            except Exception as error:  # whatever the user's objects raise when they are pickled
                place = next(place for place, call in enumerate(calls_of(batch.runs)) if call[0] == number)
                label = self._feed.label(batch.tasks[place])
                self._fail(batch, place, failing.function_stays(label, function, error))
                return False
        try:
            worker.work.send(wire.FUNCTION, pickle.dumps((number, doing, data)))
        except OSError:
            self._died(worker)
        return True

    def _fetch(self, owner: int, task: int, moves: bool, number: int) -> None:
        self._waiting.setdefault((owner, task), []).append(number)
        try:
            self._workers[owner].side.send(wire.FETCH, pickle.dumps((task, moves)))
        except OSError:
            self._died(self._workers[owner])

    def _give(self, worker: Worker, batch: Batch) -> None:
        packed = self._packed(batch)
        if packed is None:
            self._batches.pop(worker.number, None)
        else:
            self._send(worker, batch, packed)

    def _packed(self, batch: Batch) -> Packed | None:
        """Pack a batch. If that fails, so does the call that can't be packed."""
        try:
            packed = pack(batch.message, self._copies)
        except Exception as error:  # whatever the user's objects raise when they are pickled
            place, reason = self._what_stays(batch, error)
            self._fail(batch, place, reason)
            return None
        batch.lent = packed.lent
        return packed

    def _send(self, worker: Worker, batch: Batch, packed: Packed) -> None:
        self._batches[worker.number] = batch
        try:
            worker.work.send(wire.WORK, *packed.parts(), descriptors=packed.descriptors)
        except OSError:
            self._died(worker)

    def _listen(self, milliseconds: float | None) -> bool:
        """Hear what workers say. False if nobody said anything for so long."""
        heard = self._listener.listen(milliseconds)
        for number, kind, body, descriptors, was_given in heard:
            worker = self._workers[number]
            if not worker.pid:
                for descriptor in descriptors:
                    os.close(descriptor)
                continue
            if kind == wire.OUTPUT:
                worker.show(body)
            elif kind in (wire.REPLY, wire.FAILED):
                self._take_reply(worker, body, descriptors, was_given)
            elif kind == wire.FETCHED:
                self._take_fetched(worker, body, descriptors)
            elif kind == 0:
                self._died(worker)
        return bool(heard)

    def _take_reply(self, worker: Worker, body: bytes, descriptors: list[int], was_given: bool) -> None:
        batch = self._batches.pop(worker.number)
        if was_given:
            self._batches[worker.number] = self._ahead.popleft()
        try:
            results, held, times, failure, in_use = loads(memoryview(body), descriptors)
        except Exception as error:  # whatever the user's class does when it is loaded
            self._take_back(batch, None)
            self._fail(batch, 0, failing.result_unloadable(error))
            return
        self._take_back(batch, in_use)
        n_done = len(values_of(results))
        if n_done:
            self._feed.done(worker.number, batch.data, results, held, times)
        if failure is None:
            return
        if failure["kind"] == "load" and len(batch) > 1:
            self._split(worker, batch)
            return
        label = self._feed.label(batch.tasks[n_done])
        self._fail(batch, n_done, *self._told(failure, label))

    def _take_back(self, batch: Batch, in_use: list[int] | None) -> None:
        if batch.lent and self._copies is not None:
            self._copies.take_back(batch.lent, in_use)
            batch.lent = []

    def _split(self, worker: Worker, batch: Batch) -> None:
        self._left[worker.number] = batch.split()
        self._left[worker.number][0].to_drop = batch.to_drop

    def _told(self, failure: dict[str, Any], label: str) -> tuple[Any, ...]:
        return failing.told(failure, label)

    def _what_stays(self, batch: Batch, error: Exception) -> tuple[int, BaseException]:
        return failing.arguments_stay(calls_of(batch.runs), error, self._feed.label, batch.tasks)

    def _take_fetched(self, owner: Worker, body: bytes, descriptors: list[int]) -> None:
        view = memoryview(body)
        task = int.from_bytes(view[:4], "little")
        number = self._waiting[owner.number, task].pop(0)
        batch = self._batches.get(number)
        if batch is None:
            for descriptor in descriptors:
                os.close(descriptor)
            return
        if not view[4]:
            del self._batches[number]
            self._fail(batch, 0, failing.result_stays(pickle.loads(view[5:])))
            return
        worker = self._workers[number]
        packed = relay(view[5:], descriptors)
        try:
            name = task.to_bytes(4, "little")
            worker.work.send(wire.PUT, name, *packed.parts(), descriptors=packed.descriptors)
        except OSError:
            self._died(worker)
            return
        self._feed.given(task, number)
        batch.missing.discard(task)
        if not batch.missing:
            self._give(worker, batch)

    def _fail(
        self,
        batch: Batch,
        place: int,
        error: BaseException,
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        if args is None:
            _, args, kwargs = batch.call(place)
        self._feed.failed(batch.tasks[place], error, args, kwargs)

    def _died(self, worker: Worker) -> None:
        self._hear_out(worker)
        self._listener.remove(worker.number)
        batch = self._batches.pop(worker.number, None)
        place, has_started, words = worker.place, worker.has_started, worker.last_words()
        status = worker.end()
        if batch is None or not has_started:
            raise failing.died(None, status, list(worker.printed), words, has_started)
        place = min(place, len(batch) - 1)
        label = self._feed.label(batch.tasks[place])
        self._fail(batch, place, failing.died(label, status, list(worker.printed), words, True))

    def _hear_out(self, worker: Worker) -> None:
        """Show what a dead worker has still printed."""
        try:
            while True:
                kind, body, descriptors = worker.work.receive()
                for descriptor in descriptors:
                    os.close(descriptor)
                if kind == wire.OUTPUT:
                    worker.show(body)
        except EOFError:
            pass

    def _end(self) -> None:
        """Leave workers idle. One that is still at a task, after another one failed, is left to end it."""
        for number in self._batches:
            self._workers[number].stop(self._run)
        deadline = time.monotonic() + _LINGER
        while self._batches and (left := deadline - time.monotonic()) > 0:
            self._listen(1000 * left)
        for worker in self._workers:
            if worker.pid and worker.number not in self._batches:
                worker.rest()

    def _give_up(self) -> None:
        """Interrupt what runs, and end all workers of this run."""
        try:
            for worker in self._workers:
                worker.interrupt()
            deadline = time.monotonic() + _GRACE
            while any(worker.is_at_work for worker in self._workers) and time.monotonic() < deadline:
                time.sleep(0.01)
                for worker in self._workers:
                    worker.work.discard()
        finally:
            for worker in self._workers:
                worker.end()
