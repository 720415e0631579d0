"""Says once that the interpreter's lock held threads back, and what worker processes would gain."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from tureen import config
from tureen._settings import is_worker

if TYPE_CHECKING:
    from typing import TypedDict

    class Figures(TypedDict):
        """What was seen of the threads of a run: averages over all looks, in threads."""

        seconds: float
        n_done: int
        n_looks: int
        in_tasks: float
        on_lock: float
        spare: float | None
        functions: list[tuple[Any, int, int]]


_LEAST_GAIN = 1.25

# What worker processes cost: once, and for each task.
_START = 0.15
_EACH = 4e-6


def gain(figures: Figures) -> float:
    """Tell how many times as fast the run would be in worker processes.

    Threads that wait for the lock would work instead, as far as there are idle processors for them.

    >>> seen = {"seconds": 10.0, "n_done": 20, "n_looks": 200, "in_tasks": 2.0, "on_lock": 1.0, "spare": 1.0}
    >>> round(gain({**seen, "functions": []}), 1)
    1.9
    >>> gain({**seen, "spare": 0.0, "functions": []}) < 1
    True
    """
    spare = figures["spare"]
    at_work = max(figures["in_tasks"] - figures["on_lock"], 0.1)
    if spare is None:
        return 1.0  # Nobody knows what other processors were at.
    more = min(figures["on_lock"], spare)
    seconds = figures["seconds"]
    there = seconds * at_work / (at_work + more) + _START + _EACH * figures["n_done"]
    return seconds / there


def held_back(figures: Figures) -> Any:
    """Give the function whose calls waited most, or None."""
    from tureen._auto.choice import key_of

    waits: dict[Any, int] = {}
    examples: dict[Any, Any] = {}
    for function, _, n_on_lock in figures["functions"]:
        key = key_of(function)
        waits[key] = waits.get(key, 0) + n_on_lock
        examples.setdefault(key, function)
    worst = max(waits, key=waits.__getitem__, default=None)
    return examples[worst] if worst is not None and waits[worst] else None


def tell(figures: Figures) -> bool:
    """Tell the user, if there is something to gain and he wants to hear of it. True if he was told."""
    if not config.get("lock_hint", True) or is_worker():
        return False
    expected = gain(figures)
    function = held_back(figures)
    if expected < _LEAST_GAIN or function is None or sys.stderr is None:
        return False
    sys.stderr.write(sentence(function, figures, expected) + "\n")
    sys.stderr.flush()
    return True


def sentence(function: Any, figures: Figures, expected: float) -> str:
    """Put it into words, on one line."""
    from tureen._auto.choice import name_of, place_of

    place = place_of(function)
    named = f"`{name_of(function)}`" + (f" ({place})" if place else "")
    return (
        f"tureen: {named} ran on {round(figures['in_tasks'])} threads that had to wait for each other, "
        f'for Python\'s lock: `scheduler="processes"` should be about {expected:.1f} times as fast '
        f"(`tureen.config.set(lock_hint=False)` silences this)"
    )
