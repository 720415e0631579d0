"""Finds what of a chain of steps runs on columns of text, without the interpreter, and runs it.

A step is recognised by what it calls: methods of `str` (as `.str.upper()`, `map(str.upper)` or
`map(operator.methodcaller("upper"))`), `len`, stemmers, `flatten`, filters by these, and our own
reductions. The first steps of a chain that are recognised become one program. What a program can't do
exactly as Python would, it declines (`TextDeclined`), having changed nothing: then the same steps run in
Python, which also finds the words for all errors. Knows steps and programs; nothing of layers or
promises.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tureen import _settings
from tureen._tureen import TextColumn, TextDeclined, TextProgram

from . import group, largest, reduce
from .calls import Spec, call_specs, look_up, program_of
from .lines import Lines
from .steps import HERE, Step
from .stretch import stretch_of

_COLLECT: Spec = ("collect", (), {})

_ENDINGS: dict[Any, str] = {
    reduce.count: "count",
    sum: "sum",
    reduce.largest: "max",
    reduce.smallest: "min",
    any: "any",
    all: "all",
    reduce.total_and_count: "total",
    group.frequencies: "frequencies",
}


class Native:
    """The program for the first `n_steps` steps of a chain. `ends`: the last of them is a reduction."""

    __slots__ = ("ending", "ends", "n_steps", "program")

    def __init__(self, program: TextProgram, n_steps: int, ending: Spec) -> None:
        self.program = program
        self.n_steps = n_steps
        self.ending = ending[0]
        self.ends = ending is not _COLLECT

    def run(self, value: Any, n_partitions: int) -> Any:
        """Return what the steps make of a partition.

        Raises:
            TextDeclined: it has to be done in Python.
        """
        if isinstance(value, Lines):
            made = self._run_lines(value, n_partitions)
        elif isinstance(value, (list, TextColumn)):
            made = self.program.run(value)
        else:
            raise TextDeclined("neither lines of a file nor a list")
        if (made is None and self.ending in ("max", "min")) or (self.ending == "total" and not made[1]):
            return reduce.NOTHING
        return made

    def _run_lines(self, lines: Lines, n_partitions: int) -> Any:
        stretch = stretch_of(lines)
        if stretch is None:
            raise TextDeclined("lines that are not plain UTF-8 text of one file")
        n_threads = self.n_threads(n_partitions)
        return self.program.run_file(*stretch, newline=lines.delimiter, n_threads=n_threads)

    def n_threads(self, n_partitions: int) -> int:
        """Return how many threads work on a file: several, if there are fewer partitions than processors."""
        return max(1, _settings.n_workers({}) // n_partitions)


def native_of(steps: Sequence[Step]) -> Native | None:
    """Return the program for as many of the first steps as there is one for; None if for none."""
    specs: list[Spec] = []
    for step in steps:
        spec = _spec_of(step)
        if spec is None:
            break
        specs.append(spec)
    ending = _ending_of(steps[len(specs)]) if len(specs) < len(steps) else None
    program = None if ending is None else program_of(specs, ending)
    if program is not None and ending is not None:
        return Native(program, len(specs) + 1, ending)
    # A program for all of them is the rule; else some step does not fit what the one before gives.
    while specs:
        program = program_of(specs, _COLLECT)
        if program is not None:
            return Native(program, len(specs), _COLLECT)
        specs.pop()
    return None


def _spec_of(step: Step) -> Spec | None:
    if step.kind == "flatten":
        return ("flatten", (), {})
    if step.kind in ("filter", "remove"):
        by = [("bool", (), {})] if step.function is None else call_specs(step.function)
        return None if by is None else (step.kind, (by,), {})
    if step.kind != "map" or step.function is None or not step.args or step.args[0] is not HERE:
        return None
    rest = (*step.args[1:], *step.kwargs.values())
    if not all(map(_is_plain, rest)):
        return None
    specs = call_specs(step.function, step.args[1:], step.kwargs)
    return specs[0] if specs is not None and len(specs) == 1 else None


def _ending_of(step: Step) -> Spec | None:
    if step.kind != "partition" or not step.streams or step.args != (HERE,) or step.kwargs:
        return None
    function = step.function
    name = look_up(_ENDINGS, function)
    if name is not None:
        return (name, (), {})
    key = getattr(function, "function", None) if isinstance(function, group.Distinct) else None
    if isinstance(function, group.Distinct):
        by = [] if key is None else call_specs(key)
        return None if by is None else ("distinct", (by,) if by else (), {})
    if isinstance(function, largest.Largest):
        by = [] if function.key is None else call_specs(function.key)
        return None if by is None else ("topk", (function.k, by), {})
    return None


def _is_plain(value: Any) -> bool:
    """Whether this is the same for each element, and not made by another task."""
    return value is None or isinstance(value, (str, int, tuple, list, set, frozenset, dict, slice))
