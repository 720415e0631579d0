"""Computes a run on a cluster of dask's: cuts it, sends the pieces, waits, and gathers what was asked for.

`finding` says where, `durations` how large pieces are to be, `sending` and `waiting` do the work.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tureen import config
from tureen._distributed import durations
from tureen._distributed.failing import users_error
from tureen._distributed.finding import (
    check_is_synchronous,
    check_workers,
    stepping_aside,
    threads_of,
)
from tureen._distributed.held import OnCluster
from tureen._distributed.results import part_of
from tureen._distributed.sending import Sending
from tureen._distributed.waiting import Listening
from tureen.errors import NotOnWorkers

if TYPE_CHECKING:
    from tureen._tureen import Pieces, Steps

_DASKS = ("workers", "allow_other_workers", "resources", "retries", "priority", "fifo_timeout")
"""Keywords that go to dask with each piece."""

_LEAST = 0.01
_MOST = 0.1
"""Seconds of a piece, as far as there is enough to do."""

_PIECES_PER_THREAD = 16
_MOST_PIECES = 5000
_SIDE_BY_SIDE = 4
"""Of what could run at the same time, so many pieces for each thread are left."""

_SCOUTS = 16
_FEW = 4
"""If there are no more calls than this for each thread, each is a piece, and nothing need be known."""

_WAIT_FOR_SCOUTS = 0.25
"""Seconds after which a call is known to be long."""

_OVERHEAD = 5e-6
"""Seconds that a call costs besides what it takes: it is written down, sent, and made again."""

_IF_NOBODY_IS_THERE = 8
"""So many threads are expected of a cluster whose workers are still to come."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run is cut."""

    n_pieces: int
    n_calls: int
    n_threads: int
    n_workers: int
    seconds: float | None
    """What a piece is expected to take, if anything is known."""


class Cluster:
    """A client as a place to compute.

    Args:
        client: A ``distributed.Client``.
        keywords: Those of ``compute``: ``workers``, ``allow_other_workers``, ``resources``, ``retries``,
            ``priority`` and ``fifo_timeout`` are dask's, for every piece; with ``fallback`` calls are sent
            one by one if workers lack tureen.

    Raises:
        TypeError: the client is asynchronous.
    """

    def __init__(self, client: Any, keywords: Mapping[str, Any]) -> None:
        check_is_synchronous(client)
        self.client = client
        self._named = keywords.get("workers")
        self.keywords = {name: keywords[name] for name in _DASKS if keywords.get(name) is not None}
        self._workers = threads_of(client, self._named)
        fallback = keywords.get("fallback")
        self._falls_back = bool(config.get("fallback", False) if fallback is None else fallback)

    @property
    def n_threads(self) -> int:
        """How many calls can run at a time."""
        return sum(self._workers.values()) or _IF_NOBODY_IS_THERE

    @property
    def n_workers(self) -> int:
        """How many workers there are."""
        return len(self._workers)

    def run(self, steps: Steps) -> None:
        """Compute, and keep with ``steps`` what is wanted.

        Raises:
            NotOnWorkers: workers lack tureen, or have another version.
            WorkerDied: each worker that tried a piece died.
            Exception: what the first call to fail raised.
        """
        if not len(steps):
            return
        with stepping_aside():
            try:
                check_workers(self.client, self._workers)
                _Run(self, steps, is_gathered=True).compute()
            except NotOnWorkers:
                if not self._falls_back:
                    raise
                self._one_by_one(steps)

    def persist(self, steps: Steps) -> None:
        """Begin to compute, and keep with ``steps`` what stands for the values that are wanted.

        Raises:
            NotOnWorkers: workers lack tureen, or have another version.
        """
        if not len(steps):
            return
        with stepping_aside():
            check_workers(self.client, self._workers)
            _Run(self, steps, is_gathered=False).persist()

    def plan(self, steps: Steps) -> Plan:
        """Say how a run would be cut now. Computes nothing, and tries nothing."""
        pieces = steps.pieces(True, OnCluster)
        functions = pieces.functions()
        seen = [durations.known(durations.key_of(label, function)) for label, function, _ in functions]
        counts = [n for _, _, n in functions]
        seconds = durations.guessed(seen, counts)
        self.cut(pieces, seconds)
        n_calls = sum(pieces.n_tasks(number) for number in range(len(pieces)))
        is_known = any(one is not None for one in seen)
        total = sum(one * n for one, n in zip(seconds, counts, strict=True))
        each = total / len(pieces) if is_known and len(pieces) else None
        return Plan(len(pieces), n_calls, self.n_threads, self.n_workers, each)

    def cut(self, pieces: Pieces, seconds: list[float]) -> None:
        """Cut what is not in pieces yet, where calls take so long by function."""
        seconds = [one + _OVERHEAD for one in seconds]
        total = sum(one * n for one, (_, _, n) in zip(seconds, pieces.functions(), strict=True))
        most = min(max(total / (_PIECES_PER_THREAD * self.n_threads), _LEAST), _MOST)
        most = max(most, total / _MOST_PIECES)
        pieces.cut(seconds, most, _LEAST, _SIDE_BY_SIDE * self.n_threads)

    def look_for_workers(self) -> None:
        """Look whether workers have come, if there were none."""
        if not self._workers:
            self._workers = threads_of(self.client, self._named)

    def _one_by_one(self, steps: Steps) -> None:
        from tureen._dask_graph import ByGet

        ByGet(self.client.get, self.keywords).run(steps)


class _Run:
    """One run on a cluster."""

    def __init__(self, cluster: Cluster, steps: Steps, *, is_gathered: bool) -> None:
        self._cluster = cluster
        self._client = cluster.client
        self._steps = steps
        self._pieces = steps.pieces(is_gathered, OnCluster)
        self._functions = self._pieces.functions()
        self._keys = [durations.key_of(label, function) for label, function, _ in self._functions]
        self._name = uuid.uuid4().hex
        self._sending = Sending(
            self._client, self._name, self._pieces, cluster.keywords, is_heard=is_gathered
        )
        self._held: dict[int, OnCluster] = dict(self._pieces.on_cluster())
        self._sending.set_held(self._held)
        self._listening = Listening(self._client, self._name, self._done)
        self._shortest: dict[int, float] = {}

    def compute(self) -> None:
        with self._listening:
            try:
                self._send()
                self._gather()
            except BaseException:
                self._steps.cancel()
                self._give_up()
                raise
        self._steps.advance(len(self._steps))

    def persist(self) -> None:
        with self._listening:
            self._send()
        for task, (piece, group, place) in self._pieces.asked():
            future = self._sending.futures[self._sending.key(piece, group)]
            label = self._functions_label(piece)
            self._steps.keep(task, OnCluster(future, place, label))
        wanted = set(self._steps.wanted())
        for task, held in self._held.items():
            if task in wanted:
                self._steps.keep(task, held)
        self._steps.advance(len(self._steps))

    def _functions_label(self, piece: int) -> str:
        key = self._sending.key(piece, 0)
        return str(key[0]).rpartition("-")[0]

    def _send(self) -> None:
        counts = [n for _, _, n in self._functions]
        seen = [durations.known(key) for key in self._keys]
        unknown = [one is None for one in seen]
        n_unknown = sum(n for n, is_unknown in zip(counts, unknown, strict=True) if is_unknown)
        if n_unknown > _FEW * self._cluster.n_threads:
            self._try_first(seen, unknown)
        self._cluster.cut(self._pieces, durations.guessed(seen, counts))
        self._sending.send()
        asked = {self._sending.key(piece, group) for _, (piece, group, _) in self._pieces.asked()}
        self._sending.release_all_but(asked)

    def _try_first(self, seen: list[float | None], unknown: list[bool]) -> None:
        """Send a few calls alone, and see how long they take. What does not come back soon takes long."""
        scouts = self._pieces.scouts(unknown, _SCOUTS)
        if not scouts:
            return
        self._pieces.begin(scouts)
        self._sending.send(are_awaited=True)
        numbers = range(len(scouts))
        futures = list(self._sending.futures.values())

        def is_known() -> bool:
            if self._listening.has_seen(numbers) or self._listening.longest() > _WAIT_FOR_SCOUTS:
                return True
            if all(future.status == "finished" for future in futures):
                self._listening.drain()  # What a worker tells of a piece comes before its result.
                return True
            return any(future.status in ("error", "cancelled") for future in futures)

        # However long it takes until somebody begins: before that, nobody would begin with others either.
        self._listening.until(is_known)
        for function, seconds in self._shortest.items():
            seen[function] = seconds
        for number in numbers:
            function = self._pieces.write(number)[1][0]
            if seen[function] is None:
                seen[function] = durations.LONG
        self._cluster.look_for_workers()

    def _gather(self) -> None:
        places = self._pieces.asked()
        keys = {
            place: self._sending.key(*place) for place in {(piece, group) for _, (piece, group, _) in places}
        }
        futures = {place: self._sending.futures[key] for place, key in keys.items()}
        wanted = set(self._steps.wanted())
        here = self._pieces.here()
        needed = wanted.union(*(self._steps.needs(task) for task in here))
        held = {task: thing for task, thing in self._held.items() if task in needed}
        failed = self._listening.until_done([*futures.values(), *(thing.future for thing in held.values())])
        if failed is not None:
            self._raise(failed)
        results = dict(zip(futures, self._client.gather(list(futures.values())), strict=True))
        for task, (piece, group, place) in places:
            self._steps.keep(task, part_of(results[piece, group], place))
        for task, value in self._values_of(held).items():
            self._steps.keep(task, value)
        for task in here:
            function, args, kwargs = self._steps.call(task)
            self._steps.keep(task, function(*args, **(kwargs or {})))

    def _values_of(self, held: dict[int, OnCluster]) -> dict[int, Any]:
        """Fetch what was on the cluster before."""
        ours = {task: thing for task, thing in held.items() if thing.future.client is self._client}
        values = self._client.gather([thing.future for thing in ours.values()])
        found = {
            task: part_of(value, thing.place)
            for (task, thing), value in zip(ours.items(), values, strict=True)
        }
        # Of another client of the same cluster: only that one can ask for it.
        return {task: found[task] if task in found else thing() for task, thing in held.items()}

    def _raise(self, future: Any) -> None:
        error = future.exception()
        if error is None:  # it was lost between two looks, and was made again
            return
        raise users_error(error, self._name, self._steps, self._pieces)

    def _done(self, piece: int, took: list[tuple[int, int, float, float]]) -> None:
        for function, n, seconds, shortest in took:
            durations.learn(self._keys[function], shortest if n < 3 else seconds / n)
            self._shortest[function] = min(shortest, self._shortest.get(function, shortest))
        self._steps.advance(self._pieces.n_tasks(piece))

    def _give_up(self) -> None:
        """Have dask forget all that was sent: what runs ends before its next call."""
        try:
            self._client.cancel(list(self._sending.futures.values()), force=True)
        except Exception:  # the cluster may be what failed
            pass
