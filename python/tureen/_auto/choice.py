"""Which functions of a run are worth moving to worker processes, and may be."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from tureen._auto import work
from tureen._auto.judge import Verdict, judge
from tureen._auto.plain import Look
from tureen._auto.run import LEAST_SECONDS_EACH

_LEAST_SECONDS = 0.05
"""If less than this is left to do, starting workers takes as long."""

_MOST_LOOKED_AT = 100

Seen = tuple[Any, int, int]
Calls = tuple[Any, int, int]
"""As `Mixed` gives them."""


class Choice:
    """What is known of the functions of one run. Functions that share their code and what they hold (the
    work of a bag's partitions) are one here."""

    def __init__(self) -> None:
        self.verdicts: dict[Any, Verdict] = {}
        """What was found of each function that the lock was seen to hold back."""
        self.examples: dict[Any, Any] = {}
        """A function for each key; holding it keeps the key from becoming another one's."""
        self.moved: set[Any] = set()
        self.n_moved: dict[Any, int] = {}
        """How many calls of each function were handed to workers, and not handed back."""
        self.n_calls: dict[Any, int] = {}
        """How many calls of each function there were."""
        self.why_stayed: dict[Any, str] = {}
        """Why calls stayed, of functions that might have gone: what was found first."""

    def candidates(
        self, seconds: float, at_work: float, seen: Iterable[Seen], calls: Iterable[Calls]
    ) -> list[Any]:
        """Choose functions to be moved, of those that were seen; give the keys of those that are new.

        Args:
            seconds: How long was looked.
            at_work: How many threads were at a task and did not wait for the lock.
            seen: In how many threads functions were seen, and how many of these waited for the lock.
            calls: About how many calls of functions are done, and how many were not begun.
        """
        waits: dict[Any, list[int]] = {}
        for function, n_in_tasks, n_on_lock in seen:
            key = key_of(function)
            self.examples.setdefault(key, function)
            sums = waits.setdefault(key, [0, 0])
            sums[0] += n_in_tasks
            sums[1] += n_on_lock
        counts: dict[Any, list[int]] = {}
        for function, n_done, n_left in calls:
            sums = counts.setdefault(key_of(function), [0, 0])
            sums[0] += n_done
            sums[1] += n_left
        n_all = sum(n_in_tasks for n_in_tasks, _ in waits.values())
        chosen = []
        for key, (n_in_tasks, n_on_lock) in waits.items():
            if key in self.moved or key in self.why_stayed or not n_on_lock:
                continue
            if key in self.verdicts and self.verdicts[key].why_not is not None:
                continue
            # Of a function that few of very many tasks call, the part that was looked at may have had none.
            n_done, n_left = counts.get(key, (0, 1))
            each = seconds * at_work * n_in_tasks / n_all / max(n_done, 1)
            is_long = each >= LEAST_SECONDS_EACH and (n_done == 0 or each * n_left >= _LEAST_SECONDS)
            if n_left and is_long and len(self.verdicts) < _MOST_LOOKED_AT:
                chosen.append(key)
        return chosen

    def judge(self, key: Any) -> bool:
        """Tell whether a function may be moved; note why, if not."""
        verdict = self.verdicts.get(key)
        if verdict is None:
            verdict = self.verdicts[key] = judge(self.examples[key])
        return verdict.why_not is None

    def try_pickling(self) -> None:
        """Keep those functions on the threads that can't be pickled."""
        from tureen._processes.packing import dumps_by_value

        for key in list(self.moved):
            try:
                dumps_by_value(self.examples[key])
            except Exception as error:  # whatever the user's objects raise when they are pickled
                self.moved.discard(key)
                self.stay(key, f"it can't be pickled: {error}".partition("\n")[0])

    def of_moved(self, functions: Iterable[Any]) -> list[Any]:
        """Give those functions that were moved."""
        return [function for function in functions if key_of(function) in self.moved]

    def may_go(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> bool:
        """Tell whether a call of a function that was moved may go to a worker."""
        key = key_of(function)
        verdict = self.verdicts.get(key)
        if verdict is None or key not in self.moved:
            return False
        if not verdict.still_holds():
            self.stay(key, "what it refers to was changed while the run went on")
            return False
        own = work.elements_of(function) if work.is_work(function) else ()
        look = Look((*args, *(kwargs or {}).values(), *own))
        if look.odd is not None:
            self.stay(key, f"an argument holds a `{look.odd}`, which may not be the same when it was sent")
        elif look.large and not verdict.keeps_partitions:
            self.stay(key, "an argument is a large array, which the call might change")
        else:
            self.n_moved[key] = self.n_moved.get(key, 0) + 1
            return True
        return False

    def stay(self, key: Any, why: str) -> None:
        """Note that a call stays on the threads."""
        self.why_stayed.setdefault(key, why)

    def count(self, functions: Iterable[tuple[Any, int]]) -> None:
        """Note how many calls there were of the functions that were looked at."""
        for function, n_calls in functions:
            key = key_of(function)
            if key in self.verdicts:
                self.n_calls[key] = self.n_calls.get(key, 0) + n_calls

    def hand_back(self, key: Any, n_calls: int) -> None:
        """Note that calls that were handed to a worker come back."""
        self.n_moved[key] = self.n_moved.get(key, 0) - n_calls


def key_of(function: Any) -> Any:
    """Give what is equal for functions that do the same."""
    return work.key_of(function) if work.is_work(function) else id(function)


def name_of(function: Any) -> str:
    """Give the name of a function as the user knows it.

    >>> name_of(sorted)
    'sorted'
    """
    if work.is_work(function):
        return work.name_of(function)
    while hasattr(function, "func"):
        function = function.func
    return str(getattr(function, "__qualname__", None) or type(function).__name__)


def users_functions(function: Any) -> list[Any]:
    """Give the functions of the user's that a task calls: of a bag's work, those of its steps."""
    return [step.function for step in work.steps_of(function)] if work.is_work(function) else [function]


def place_of(function: Any) -> str | None:
    """Give the file and line where a function is defined, if it is a function of Python's."""
    for inner in users_functions(function):
        while hasattr(inner, "func"):
            inner = inner.func
        code = getattr(inner, "__code__", None)
        if code is None or code.co_filename.startswith(os.path.dirname(os.path.dirname(__file__)) + os.sep):
            continue
        from tureen._failure import shown_path

        return f"{shown_path(code.co_filename)}:{code.co_firstlineno}"
    return None
