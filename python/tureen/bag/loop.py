"""Makes one Python loop out of a run of element-wise steps.

`map(f).filter(p).map(g)` becomes `[g(x1) for x0 in source for x1 in [f(x0)] if p(x1)]`, as a list or a
generator: what a person would write by hand, at the speed of that, with no iterator stack between the steps,
and with no element held longer than its next step needs it. Every call stands on a line of its own, so that
the line of a traceback tells which step raised. Knows nothing of partitions, bags or errors' wording.
"""

from __future__ import annotations

import functools
import keyword
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .steps import HERE, Aligned, Step

FILENAME = "<tureen.bag loop {}>"
# CPython's parser stops at 200 nested parentheses and its compiler at 20 nested loops.
_MOST_NESTED_CALLS = 60
_MOST_NESTED_LOOPS = 12
MOST_STEPS = 100


@dataclass(frozen=True)
class Loop:
    """A compiled loop. `lines` tells, for each line of its text, the step and the variable that it works
    on."""

    as_list: Callable[..., list[Any]]
    as_stream: Callable[..., Iterable[Any]]
    lines: Sequence[tuple[int, str, bool] | None]


_loops: dict[str, Loop] = {}


def find_loop(filename: str) -> Loop | None:
    """Return the loop whose code has this file name, if it is one of ours."""
    return _loops.get(filename)


def longest(steps: Sequence[Step], first: int) -> int:
    """Return where the loop that starts at step `first` must end, to stay within CPython's compiler's
    limits."""
    n_loops = 0
    for place in range(first, min(first + MOST_STEPS, len(steps))):
        step = steps[place]
        if place > first and (not step.is_elementwise or step.is_aligned):
            return place
        n_loops += step.kind == "flatten"
        if n_loops >= _MOST_NESTED_LOOPS:
            return place + 1
    return min(first + MOST_STEPS, len(steps))


def loop_for(steps: Sequence[Step]) -> tuple[Loop, tuple[Any, ...]]:
    """Return the loop for element-wise steps, and the functions and arguments to call it with."""
    shapes = []
    values: list[Any] = []
    for step in steps:
        shape, its_values = _shape(step)
        shapes.append(shape)
        values += its_values
    return _compiled(tuple(shapes)), tuple(values)


# A shape says how a step calls its function: (kind, has a function, positional places, keyword places), where
# a place is "here", "aligned" or "value". Steps of one shape share their code.
_Shape = tuple[str, bool, tuple[str, ...], tuple[tuple[str, str], ...]]


def _shape(step: Step) -> tuple[_Shape, list[Any]]:
    values: list[Any] = []
    function: Any = step.function
    plain = {name: value for name, value in step.kwargs.items() if not _can_be_written(name)}
    if plain:
        for name, value in plain.items():
            if value is HERE or isinstance(value, Aligned):
                raise TypeError(f"a bag can't be the keyword argument `{name}`, which is not a Python name")
        function = functools.partial(function, **plain)
    if function is not None:
        values.append(function)
    places = []
    for value in step.args:
        places.append(_place(value))
        if places[-1] == "value":
            values.append(value)
    keywords = []
    for name, value in step.kwargs.items():
        if name not in plain:
            keywords.append((name, _place(value)))
            if keywords[-1][1] == "value":
                values.append(value)
    return (step.kind, function is not None, tuple(places), tuple(keywords)), values


def _can_be_written(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name) and name.isascii()


def _place(value: Any) -> str:
    if value is HERE:
        return "here"
    return "aligned" if isinstance(value, Aligned) else "value"


class _Writer:
    """Writes the clauses of the comprehension, remembering which line belongs to which step."""

    def __init__(self) -> None:
        self.text: list[str] = []
        self.lines: list[tuple[int, str, bool] | None] = [None, None]
        self.n_names = 0
        self.n_values = 0

    def name(self) -> str:
        self.n_names += 1
        return f"x{self.n_names}"

    def value(self) -> str:
        self.n_values += 1
        return f"v{self.n_values}"

    def line(self, text: str, belongs: tuple[int, str, bool] | None) -> None:
        self.text.append(text)
        self.lines.append(belongs)


@functools.lru_cache(maxsize=1024)
def _compiled(shapes: tuple[_Shape, ...]) -> Loop:
    out = _Writer()
    aligned = [out.name() for shape in shapes[:1] for _ in _aligned_places(shape)]
    here = out.name()
    out.line(f"for {', '.join([here, *aligned])} in source", (-1, "", False))
    pending: list[tuple[int, _Shape, list[str]]] = []
    for index, shape in enumerate(shapes):
        kind, has_function, places, keywords = shape
        n_values = has_function + sum(place == "value" for place in (*places, *(p for _, p in keywords)))
        values = [out.value() for _ in range(n_values)]
        if kind in ("map", "starmap"):
            pending.append((index, shape, values))
            if len(pending) >= _MOST_NESTED_CALLS:
                here = _bind(out, pending, here, aligned)
            continue
        here = _bind(out, pending, here, aligned)
        if kind == "flatten":
            inner = out.name()
            out.line(f"for {inner} in {here}", (index, here, True))
            here = inner
        else:
            test = f"{values[0]}({here})" if has_function else here
            out.line(f"if {'not ' if kind == 'remove' else ''}{test}", (index, here, True))
    clauses = out.text
    out.text = []
    head, result = len(out.lines), _Writer()
    result.lines = []
    _nest(result, pending, here, aligned)
    # In the text the result stands before the clauses; the lines are put in the same order.
    lines = [None, None, *result.lines, *out.lines[2:head]]
    arguments = ", ".join(["source", *(f"v{i + 1}" for i in range(out.n_values))])
    filename = FILENAME.format(len(_loops))
    functions = []
    for brackets in ("[]", "()"):
        text = [f"def loop({arguments}): return {brackets[0]}", *result.text, *clauses, brackets[1]]
        space: dict[str, Any] = {}
        # The text holds only our own names and keywords checked by `_can_be_written`.
        exec(compile("\n".join(text), filename, "exec"), space)
        functions.append(space["loop"])
    loop = Loop(functions[0], functions[1], lines)
    _loops[filename] = loop
    return loop


def _aligned_places(shape: _Shape) -> list[str]:
    return [place for place in (*shape[2], *(p for _, p in shape[3])) if place == "aligned"]


def _bind(out: _Writer, pending: list[tuple[int, _Shape, list[str]]], here: str, aligned: list[str]) -> str:
    """Write the calls that wait as one clause, and return the name that holds their result."""
    if not pending:
        return here
    name = out.name()
    out.line(f"for {name} in [", None)
    _nest(out, pending, here, aligned)
    out.line("]", None)
    pending.clear()
    return name


def _nest(out: _Writer, pending: list[tuple[int, _Shape, list[str]]], here: str, aligned: list[str]) -> None:
    """Write `h(g(f(here)))`, outermost first: each call starts a line, its other arguments follow."""
    closings = []
    for position in range(len(pending) - 1, -1, -1):
        index, (kind, _, places, keywords), values = pending[position]
        rest = iter(values[1:])
        along = iter(aligned)
        seen = False
        before: list[str] = []
        after: list[str] = []
        for name, place in [*(("", place) for place in places), *keywords]:
            text = next(rest) if place == "value" else next(along) if place == "aligned" else ""
            if place == "here":
                seen = True
                before.append(f"{name}=" if name else ("*" if kind == "starmap" else ""))
            else:
                (after if seen else before).append(f"{name}={text}" if name else text)
        out.line(f"{values[0]}({', '.join(before)}", (index, here, position == 0))
        closings.append("".join(f", {text}" for text in after) + ")")
    out.line(here, None)
    for closing in reversed(closings):
        out.line(closing, None)
