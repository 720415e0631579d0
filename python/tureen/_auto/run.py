"""A run on `scheduler="auto"` that the interpreter's lock was seen to hold back: what is moved, and when."""

from __future__ import annotations

import select

from tureen._processes import pool
from tureen._settings import cpu_count

# The module `typing` takes longer to import than all of this package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tureen._auto.choice import Calls, Choice, Seen
    from tureen._processes.start import Worker
    from tureen._tureen import Mixed

_SHORT, _LONG = 0.002, 0.05
"""Seconds between looks: while workers start, and otherwise."""

_LEAST_SHARE = 0.25
"""The part of their time that threads have to wait for the lock for anything to be moved."""

_LEAST_LOOKS = 8

_SPREADING_LOOKS = 3
"""While workers begin, the system puts threads that make room for them together again."""

LEAST_SECONDS_EACH = 1e-4
"""Shorter calls are as quick on threads that wait for each other."""


class Moved:
    """What became of a run: for `tureen.explain`."""

    __slots__ = ("choice", "n_workers", "why_none")

    def __init__(self, choice: Choice) -> None:
        self.choice = choice
        self.n_workers = 0
        self.why_none: str | None = None
        """Why there were no workers, if that was not for the functions' sake."""


def run(mixed: Mixed, n_threads: int) -> Moved:
    """Wait for the end of a run, moving what is held back by the lock to worker processes if it may go."""
    n_workers = min(n_threads, cpu_count())
    look = mixed.seen(), mixed.calls()
    if n_workers > 1 and _is_worth_starting(*look):
        # Workers start while we look at what may go there: what is imported below takes as long.
        _start(n_workers)
    from tureen._auto.behind import behind_others
    from tureen._auto.choice import Choice

    choice = Choice()
    moved = Moved(choice)
    if n_workers < 2:
        moved.why_none = "there is only one processor"
    is_over = False
    while not is_over and moved.why_none is None:
        if _choose(choice, *look):
            mixed.spread()
            with behind_others(mixed.threads()):
                is_over = _with_workers(mixed, choice, moved, n_workers)
        else:
            is_over = mixed.wait(_LONG)
        look = mixed.seen(), mixed.calls()
    while not is_over:
        is_over = mixed.wait(_LONG)
    if choice.verdicts:
        choice.count(mixed.functions())
    return moved


def _is_worth_starting(seen: tuple[float, float, float, list[Seen]], calls: list[Calls]) -> bool:
    """Whether calls are long enough, on average, for workers to be of use, if they may go there."""
    seconds, at_work, _, _ = seen
    n_done = sum(n for _, n, _ in calls)
    return any(n_left for _, _, n_left in calls) and seconds * at_work >= LEAST_SECONDS_EACH * n_done


def _start(n_workers: int) -> None:
    try:
        with pool.borrowed(n_workers, None):
            pass  # They are borrowed again, warm.
    except (OSError, RuntimeError):
        pass  # It will be told when they are needed.


def _choose(choice: Choice, looked: tuple[float, float, float, list[Seen]], calls: list[Calls]) -> bool:
    """Choose among what was seen lately. True if something is to be moved that was not."""
    seconds, at_work, waiting, seen = looked
    if waiting < _LEAST_SHARE:
        return False
    candidates = choice.candidates(seconds, at_work, seen, calls)
    chosen = [key for key in candidates if choice.judge(key)]
    choice.moved.update(chosen)
    return bool(chosen)


def _with_workers(mixed: Mixed, choice: Choice, moved: Moved, n_workers: int) -> bool:
    """Have workers work on what was moved, beside the threads. False if there are none."""
    try:
        with pool.borrowed(n_workers, None) as workers:
            # The threads go on meanwhile, and here is imported what is needed next.
            from tureen._auto.aside import Aside

            choice.try_pickling()
            while not all(worker.has_started for worker in workers):
                if mixed.wait(_SHORT):
                    return True
                if any(_is_gone(worker) for worker in workers):
                    raise OSError("one ended at once")
            moved.n_workers = n_workers
            look = _Look(mixed, choice)
            look()
            Aside(mixed.feed(n_workers, choice.may_go), workers, choice, look, mixed.hurry).run()
    except (OSError, RuntimeError) as error:
        if moved.n_workers:
            raise
        moved.why_none = f"worker processes could not be started: {error}".partition("\n")[0]
        choice.moved.clear()
        return False
    return True


class _Look:
    """Looks whether more has to be moved, or something comes back; called between batches."""

    def __init__(self, mixed: Mixed, choice: Choice) -> None:
        self._mixed = mixed
        self._choice = choice
        self._n_looks = 0
        self._aside: set[Any] = set()

    def __call__(self) -> None:
        self._mixed.wait(0)
        self._n_looks += 1
        if self._n_looks <= _SPREADING_LOOKS:
            self._mixed.spread()
        if self._n_looks % _LEAST_LOOKS == 0:
            _choose(self._choice, self._mixed.seen(), self._mixed.calls())
        if self._aside != self._choice.moved:
            self._aside = set(self._choice.moved)
            functions = [function for function, _ in self._mixed.functions()]
            self._mixed.put_aside(self._choice.of_moved(functions))


def _is_gone(worker: Worker) -> bool:
    poll = select.poll()
    poll.register(worker.work, select.POLLIN)
    return any(event & (select.POLLHUP | select.POLLERR) for _, event in poll.poll(0))
