"""``explain``: what runs where, and why; before a run, and after."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tureen import _lock, config
from tureen._tureen import last_run, outline, steps_of

if TYPE_CHECKING:
    from tureen._auto.run import Moved


@dataclass(frozen=True, slots=True)
class Part:
    """One function of a run: where its calls run, and why."""

    name: str
    """The function's name; of a bag, its steps."""
    n_calls: int
    where: str
    why: str
    place: str | None = None
    """The file and line where the function is defined."""
    details: tuple[str, ...] = ()
    """What it is made of, if there is more to say."""


@dataclass(frozen=True, slots=True, repr=False)
class Explanation:
    """What runs where, and why: plain data, and readable when it is printed."""

    title: str
    scheduler: str
    n_workers: int
    """How many tasks run at a time."""
    parts: tuple[Part, ...]
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Give the same as a dict, for JSON."""
        return asdict(self)

    def __repr__(self) -> str:
        rows = []
        for part in self.parts:
            name = part.name + (f" ({part.place})" if part.place else "")
            calls = f"{part.n_calls} call{'' if part.n_calls == 1 else 's'}"
            rows.append((name, calls, part.where, part.why))
        widths = [max(map(len, column), default=0) for column in list(zip(*rows, strict=True))[:3]]
        lines = [self.title]
        for row, part in zip(rows, self.parts, strict=True):
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
            lines.append(("  " + "  ".join([*cells, row[3]])).rstrip())
            lines += [f"    {detail}" for detail in part.details]
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])


def explain(*args: Any, scheduler: Any = None, **kwargs: Any) -> Explanation:
    """Say what would run where if these promises were computed now, and why. Computes nothing.

    Without arguments: say what ran where in the last run of this session, and what was moved.

    Args:
        args: Promises, and whatever holds some, as for ``compute``.
        scheduler: As for ``compute``; so are other keywords.

    >>> from tureen import delayed
    >>> explain(delayed(len)("soup"), scheduler="threads", num_workers=2)
    if it is computed now: 1 task on `threads`, 2 at a time
      len  1 call  threads  `scheduler="threads"` was asked for
    """
    return _before(args, scheduler, kwargs) if args else _after()


def _before(args: tuple[Any, ...], scheduler: Any, keywords: dict[str, Any]) -> Explanation:
    from tureen._settings import choose

    name, n_workers, who = choose(scheduler, None, keywords)
    where: str | None = None
    notes: tuple[str, ...] = ()
    if name == "distributed":
        from tureen._distributed.explaining import where_and_notes

        where, notes = where_and_notes(who, steps_of(args))
    asked = scheduler if scheduler is not None else config.get("scheduler", None)
    because = "it is the default" if asked is None else _asked(asked)
    if asked is None and where is not None:
        because = "there is a client of a cluster"
    parts: dict[tuple[str, str | None, str, str], int] = {}
    n_tasks = 0
    for label, function, n_calls in outline(args):
        n_tasks += n_calls
        described = _planned(name, label, function, because)
        if where is not None:
            described = (described[0], described[1], where, because)
        parts[described] = parts.get(described, 0) + n_calls
    return Explanation(
        f"if it is computed now: {_tasks(n_tasks)} on `{name}`, {n_workers} at a time",
        name,
        n_workers,
        tuple(Part(label, n, where, why, place) for (label, place, where, why), n in parts.items()),
        notes,
    )


def _asked(asked: Any) -> str:
    shown = f'"{asked}"' if isinstance(asked, str) else type(asked).__name__
    return f"`scheduler={shown}` was asked for"


def _planned(scheduler: str, label: str, function: Any, because: str) -> tuple[str, str | None, str, str]:
    """The name, the place, where it would run, and why."""
    from tureen._auto.choice import name_of, place_of

    place = None if function is None else place_of(function)
    name = label if function is None else name_of(function)
    if scheduler != "auto":
        where = {"sync": "this thread", "processes": "worker processes"}.get(scheduler, scheduler)
        return name, place, where, because
    if function is None:
        return name, place, "threads", "it is no plain call of a function"
    from tureen._auto.judge import judge

    why_not = judge(function).why_not
    if why_not is not None:
        return name, place, "threads", f"it {why_not}"
    return (
        name,
        place,
        "threads, or worker processes",
        "it is self-contained: it moves if Python's lock holds it back",
    )


def _after() -> Explanation:
    ran = last_run()
    if ran is None:
        return Explanation("nothing was computed yet", "", 0, ())
    scheduler, n_workers = ran["scheduler"], ran["n_workers"]
    parts: tuple[Part, ...] = ()
    notes: tuple[str, ...] = ()
    if ran["moved"] is not None:
        parts, notes = _moved(ran["moved"])
    elif scheduler == "auto":
        notes = ("nothing was moved: Python's lock was not seen to hold threads back",)
    elif ran["lock"] is not None:
        notes = (_seen(ran["lock"]),)
    title = f"the last run: {_tasks(ran['n_tasks'])} on `{scheduler}`, {n_workers} at a time"
    return Explanation(f"{title}, {ran['seconds']:.3g} s", scheduler, n_workers, parts, notes)


def _moved(moved: Moved) -> tuple[tuple[Part, ...], tuple[str, ...]]:
    from tureen._auto.choice import name_of, place_of

    choice = moved.choice
    parts = []
    for key, verdict in choice.verdicts.items():
        function = choice.examples[key]
        name, place = name_of(function), place_of(function)
        n_moved = choice.n_moved.get(key, 0)
        n_stayed = choice.n_calls.get(key, 0) - n_moved
        if n_moved:
            why = "Python's lock held it back, and it is self-contained"
            parts.append(Part(name, n_moved, "worker processes", why, place))
        if n_stayed:
            why = "it began before workers were ready"
            if verdict.why_not is not None:
                why = f"it {verdict.why_not}"
            elif key in choice.why_stayed:
                why = choice.why_stayed[key]
            parts.append(Part(name, n_stayed, "threads", why, place))
    notes = []
    if moved.why_none is not None:
        notes.append(f"nothing was moved: {moved.why_none}")
    elif not choice.verdicts:
        notes.append("nothing was moved: what Python's lock held back was too short to be worth it")
    if moved.n_workers:
        notes.append(f"all other calls ran on threads, beside {moved.n_workers} worker processes")
    return tuple(parts), tuple(notes)


def _seen(lock: Any) -> str:
    waited = f"{lock['on_lock']:.1f} of {lock['in_tasks']:.1f} threads"
    if lock["on_lock"] < 0.15:
        return f"Python's lock held nobody back: {waited} waited for it"
    function = _lock.held_back(lock)
    from tureen._auto.choice import name_of

    named = "" if function is None else f", most of all with `{name_of(function)}`"
    expected = _lock.gain(lock)
    gain = f'; `scheduler="processes"` should be {expected:.1f} times as fast' if expected > 1.1 else ""
    return f"Python's lock held threads back{named}: {waited} waited for it{gain}"


def _tasks(n: int) -> str:
    return f"{n} task{'' if n == 1 else 's'}"
