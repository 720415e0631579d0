"""What a piece of bytecode refers to, and what in it can't be moved to another process whatever that is.

Knows no objects: names come out, for `judge` to look up.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator
from types import CodeType
from typing import NamedTuple

from tureen._auto import known


class Use(NamedTuple):
    """A name that is looked up outside of the function, and what is done with it."""

    name: str
    is_free: bool
    """Whether it is a variable of an enclosing function; else a global."""
    attributes: tuple[str, ...]
    """The attributes that are taken at once: `("random", "uniform")` of `numpy.random.uniform`."""
    following: str
    """The operation after that."""
    before: str | None
    """The global that was looked up just before, if that was the operation before."""


class Reading(NamedTuple):
    """What was found in a code object and in those inside it."""

    uses: list[Use]
    problem: str | None


# Operations that say nothing of where a value goes.
_SILENT = frozenset(("CACHE", "EXTENDED_ARG", "NOP", "PUSH_NULL", "PRECALL", "RESUME", "NOT_TAKEN"))

_PROBLEMS = {
    "STORE_GLOBAL": "writes to the global `{}`",
    "DELETE_GLOBAL": "deletes the global `{}`",
    "STORE_ATTR": "sets the attribute `{}`",
    "DELETE_ATTR": "deletes the attribute `{}`",
    "LOAD_BUILD_CLASS": "makes a class",
    "LOAD_SUPER_ATTR": "calls `super`",
    "IMPORT_STAR": "imports `*`",
    "GET_AWAITABLE": "awaits something",
    "BUILD_SET": "makes a set, whose order may differ in another process",
    "SET_ADD": "makes a set, whose order may differ in another process",
    "SET_UPDATE": "makes a set, whose order may differ in another process",
}
_ODD = (
    "STORE_NAME",
    "DELETE_NAME",
    "LOAD_NAME",
    "LOAD_LOCALS",
    "LOAD_FROM_DICT",
    "LOAD_CLASSDEREF",
    "CALL_INTRINSIC",
)
_INTRINSICS = ("INTRINSIC_LIST_TO_TUPLE", "INTRINSIC_STOPITERATION_ERROR", "INTRINSIC_UNARY_POSITIVE")


def read(code: CodeType) -> Reading:
    """Read a function's code, and all that is defined in it."""
    uses: list[Use] = []
    waiting: list[tuple[CodeType, frozenset[str]]] = [(code, frozenset(code.co_freevars))]
    while waiting:
        code, outer = waiting.pop()
        problem = _read_one(code, outer, uses)
        if problem is not None:
            return Reading(uses, problem)
        for const in code.co_consts:
            if isinstance(const, CodeType):
                waiting.append((const, outer.intersection(const.co_freevars, code.co_freevars)))
    return Reading(uses, None)


def _read_one(code: CodeType, outer: frozenset[str], uses: list[Use]) -> str | None:
    steps = [step for step in dis.get_instructions(code) if step.opname not in _SILENT]
    aliases, problem = _imported(steps)
    if problem is not None:
        return problem
    for place, step in enumerate(steps):
        name = step.opname
        if name in _PROBLEMS:
            return _PROBLEMS[name].format(step.argval)
        if name.startswith(_ODD) and not (name.startswith("CALL_INTRINSIC") and step.argrepr in _INTRINSICS):
            return f"does something that can't be followed (`{name}`)"
        if name in ("STORE_DEREF", "DELETE_DEREF") and step.argval in outer:
            return f"writes to the variable `{step.argval}` of an enclosing function"
        if name == "LOAD_CONST" and isinstance(step.argval, frozenset):
            if _opname(steps, place + 1) != "CONTAINS_OP":
                return "goes through a set, whose order may differ in another process"
        elif name == "LOAD_GLOBAL" or (name.startswith("LOAD_DEREF") and step.argval in outer):
            end, attributes = _attributes(steps, place)
            before = steps[place - 1] if place else None
            before_name = before.argval if before is not None and before.opname == "LOAD_GLOBAL" else None
            uses.append(Use(step.argval, name != "LOAD_GLOBAL", attributes, _opname(steps, end), before_name))
        elif name.startswith(("LOAD_ATTR", "LOAD_METHOD")):
            if step.argval.startswith("__") or step.argval in known.ATTRIBUTES:
                return f"takes the attribute `{step.argval}`"
        elif name.startswith("LOAD_FAST"):
            problem = _read_local(steps, place, aliases, uses)
            if problem is not None:
                return problem
    return None


def _imported(steps: list[dis.Instruction]) -> tuple[dict[str, str], str | None]:
    """The local variables that are modules, if nothing else is ever put there."""
    aliases: dict[str, str] = {}
    for place, step in enumerate(steps):
        if step.opname != "IMPORT_NAME":
            continue
        module = step.argval
        if not known.is_module(module):
            return aliases, f"imports `{module}`"
        following = steps[place + 1] if place + 1 < len(steps) else None
        if following is None or following.opname not in ("STORE_FAST", "IMPORT_FROM"):
            return aliases, f"imports `{module}` in a way that can't be followed"
        if following.opname == "STORE_FAST":
            aliases[following.argval] = module
            continue
        for later in steps[place + 1 :]:
            if later.opname == "IMPORT_FROM":
                names_known = known.may_hand_around(module) or _is_listed(module, later.argval)
                if not names_known:
                    return aliases, f"imports `{later.argval}` from `{module}`"
            elif later.opname not in ("STORE_FAST", "STORE_DEREF"):
                break
    for place, step in enumerate(steps):
        if step.opname.startswith("STORE_FAST"):
            written = step.argval if isinstance(step.argval, tuple) else (step.argval,)
            from_import = place > 0 and steps[place - 1].opname == "IMPORT_NAME"
            if not from_import and aliases.keys() & set(written):
                return aliases, "puts something else where it has put a module"
    return aliases, None


def _is_listed(module: str, name: str) -> bool:
    from importlib import import_module

    # Only Python's own modules and NumPy come here, which the function would import itself.
    return known.is_known_in(import_module(module), name)


def _read_local(
    steps: list[dis.Instruction], place: int, aliases: dict[str, str], uses: list[Use]
) -> str | None:
    """Look at a local variable, which may be a module."""
    argval = steps[place].argval
    names = argval if isinstance(argval, tuple) else (argval,)
    for name in names:
        module = aliases.get(name)
        if module is None or known.may_hand_around(module):
            continue
        _, attributes = _attributes(steps, place)
        if name != names[-1] or not attributes or not _is_listed(module, attributes[0]):
            return f"uses `{'.'.join((module, *attributes))}`"
    return None


def _attributes(steps: list[dis.Instruction], place: int) -> tuple[int, tuple[str, ...]]:
    """The attributes that are taken of what a step loads, and where the steps go on."""
    names = []
    place += 1
    while place < len(steps) and steps[place].opname.startswith(("LOAD_ATTR", "LOAD_METHOD")):
        names.append(steps[place].argval)
        place += 1
    return place, tuple(names)


def _opname(steps: list[dis.Instruction], place: int) -> str:
    return steps[place].opname if place < len(steps) else ""


def shape(code: CodeType) -> Iterator[object]:
    """What a code object does, to be compared between processes."""
    yield code.co_code
    yield (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars, code.co_flags)
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from shape(const)
        elif isinstance(const, frozenset):
            yield sorted(map(repr, const))
        else:
            yield repr(const)
