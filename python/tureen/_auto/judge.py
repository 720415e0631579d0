"""Whether the calls of a function may be made in another process, without anybody noticing.

In doubt they may not: a function is self-contained only if everything that it refers to is known to be.
"""

from __future__ import annotations

import builtins
import re
from functools import partial
from operator import attrgetter, itemgetter, methodcaller
from types import BuiltinFunctionType, CellType, FunctionType, MethodType, ModuleType
from typing import Any

from tureen._auto import known
from tureen._auto.reading import Use, read, shape

_MOST_FUNCTIONS = 100
_LONGEST_CONSTANT = 1 << 20
_GENERATOR, _COROUTINES = 0x20, 0x80 | 0x200
"""Flags of code."""

_ATOMS = frozenset((int, float, complex, bool, str, bytes, type(None), type(...), range, re.Pattern))


class Verdict:
    """What was found of a function."""

    __slots__ = ("fingerprint", "keeps_partitions", "needs", "why_not")

    def __init__(
        self,
        why_not: str | None,
        needs: list[tuple[Any, str, Any]] | None = None,
        fingerprint: str | None = None,
        keeps_partitions: bool = False,
    ) -> None:
        self.why_not = why_not
        """Why the function stays; None if it may go."""
        self.needs = needs or []
        """What it depends on, as it was when we looked: where it is kept, under which name, and itself."""
        self.fingerprint = fingerprint
        """The same in words, for another process to compare; None if all of it travels by value."""
        self.keeps_partitions = keeps_partitions
        """Whether it is work of a bag that leaves the lists it is given as they are."""

    def still_holds(self) -> bool:
        """Whether nothing that the function depends on was put in another's place since."""
        return all(_kept_in(place, name) is value for place, name, value in self.needs)


def judge(function: Any) -> Verdict:
    """Look at a function, and at all that it calls.

    >>> judge(lambda x: x * 2).why_not is None
    True
    >>> judge(lambda x: print(x)).why_not
    'calls `print`, which is not known to leave no trace'
    """
    return _Look().judge(function)


def _kept_in(place: Any, name: str) -> Any:
    if isinstance(place, CellType):
        try:
            return place.cell_contents
        except ValueError:  # emptied
            return _NOTHING
    if isinstance(place, dict):
        return place.get(name, _NOTHING)
    return getattr(place, name, _NOTHING)


_NOTHING: Any = object()


class _Stays(Exception):
    """Why a function stays."""


class _Look:
    """One look at a function: what was followed so far."""

    def __init__(self) -> None:
        self.needs: list[tuple[Any, str, Any]] = []
        self.words: list[str] = []
        self.waiting: list[FunctionType] = []
        self.seen: set[int] = set()
        self.all_by_value = True
        self.keeps_partitions = False
        self.uses_numpy = False

    def judge(self, function: Any) -> Verdict:
        try:
            self.callable(function, "it")
            self.follow()
        except _Stays as stays:
            return Verdict(str(stays))
        if self.uses_numpy and not known.numpy_is_as_it_was():
            return Verdict("uses NumPy, whose treatment of errors was changed (`numpy.seterr`)")
        words = None if self.all_by_value else "\n".join(self.words)
        return Verdict(None, self.needs, words, self.keeps_partitions)

    def callable(self, obj: Any, called: str) -> None:
        """Something that is called with plain arguments."""
        if isinstance(obj, partial) and type(obj) is partial:
            self.callable(obj.func, called)
            for value in (*obj.args, *obj.keywords.values()):
                if callable(value) and not isinstance(value, type):
                    self.callable(value, called)
                else:
                    self.constant(value, f"an argument of {called}", "")
        elif isinstance(obj, FunctionType):
            if id(obj) not in self.seen:
                self.seen.add(id(obj))
                self.waiting.append(obj)
        elif type(obj) in (itemgetter, attrgetter, methodcaller):
            self.getter(obj)
        elif type(obj).__module__.startswith("tureen.bag."):
            self.part(obj)
        elif known.is_known(obj):
            self.uses_numpy |= str(getattr(obj, "__module__", "")).startswith("numpy")
        else:
            raise _Stays(_unknown(obj, called))

    def getter(self, obj: Any) -> None:
        maker, parts = obj.__reduce__()[:2]
        if isinstance(maker, partial):  # of a methodcaller with keywords
            parts = (*maker.args, *maker.keywords.values(), *parts)
        for part in parts:
            if type(obj) is not itemgetter and isinstance(part, str):
                named = {*part.split("."), ""}
                if any(name.startswith("__") for name in named) or named & known.ATTRIBUTES:
                    raise _Stays(f"takes the attribute `{part}`")
            self.constant(part, "an argument", "")

    def part(self, obj: Any) -> None:
        """A piece of a bag's work: a class of ours, which is made of what it tells pickle."""
        from tureen.bag import lines, parts, plan, steps

        if isinstance(obj, plan.Work):
            its_steps, heads = list(obj.procedure.chain.steps), [obj.head]
            if obj.leaves is not None:
                its_steps += obj.leaves.procedure.chain.steps
                heads += obj.leaves.parts
            self.keeps_partitions = all(step.is_elementwise or _is_ours(step.function) for step in its_steps)
            for piece in (*heads, obj.own, *its_steps):
                self.part(piece)
        elif isinstance(obj, steps.Step):
            for piece in (obj.function, *obj.args, *obj.kwargs.values()):
                self.part(piece)
        elif isinstance(obj, (steps.Marker, steps.Need, lines.Lines, parts.Given, parts.Slices)):
            return  # Elements are looked at when they are sent.
        elif type(obj) is tuple:
            for piece in obj:
                self.part(piece)
        elif _is_ours(obj):
            if not isinstance(obj, FunctionType):
                reduced = obj.__reduce__()
                for piece in reduced[1] if isinstance(reduced, tuple) else ():
                    self.part(piece)
        elif callable(obj):
            self.callable(obj, "it")
        else:
            self.constant(obj, "an argument", "")

    def follow(self) -> None:
        n_followed = 0
        while self.waiting:
            function = self.waiting.pop()
            n_followed += 1
            if n_followed > _MOST_FUNCTIONS:
                raise _Stays("calls more functions than are looked at")
            try:
                if function.__code__.co_flags & (_COROUTINES | (_GENERATOR if n_followed == 1 else 0)):
                    raise _Stays("is a generator or coroutine, whose state can't be sent")
                self.function(function)
            except _Stays as stays:
                where = "" if n_followed == 1 else f", in `{function.__name__}`"
                raise _Stays(f"{stays}{where}") from None

    def function(self, function: FunctionType) -> None:
        code = function.__code__
        if function.__module__ != "__main__":
            self.all_by_value = False
        self.needs.append((function, "__code__", code))
        self.words += map(repr, shape(code))
        for value in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            self.constant(value, "a default of an argument", "")
        reading = read(code)
        if reading.problem is not None:
            raise _Stays(reading.problem)
        cells = dict(zip(code.co_freevars, function.__closure__ or (), strict=True))
        for use in reading.uses:
            self.use(use, function, cells)

    def use(self, use: Use, function: FunctionType, cells: dict[str, CellType]) -> None:
        place: Any = function.__globals__
        if use.is_free:
            place = cells[use.name]
        elif use.name not in place:
            self.builtin(use, function)
            return
        found = _kept_in(place, use.name)
        if found is _NOTHING:
            raise _Stays(f"uses `{use.name}`, which has no value yet")
        self.needs.append((place, use.name, found))
        if isinstance(found, ModuleType):
            self.module(found, use)
        elif isinstance(found, (FunctionType, BuiltinFunctionType, MethodType, type)) or known.is_known(
            found
        ):
            if use.attributes and not isinstance(found, type):
                raise _Stays(f"takes the attribute `{use.attributes[0]}` of the function `{use.name}`")
            self.callable(found, use.name)
        elif isinstance(found, (partial, itemgetter, attrgetter, methodcaller)):
            self.callable(found, use.name)
        else:
            self.constant(found, f"the {'variable' if use.is_free else 'global'} `{use.name}`", use.following)

    def builtin(self, use: Use, function: FunctionType) -> None:
        name = use.name
        if not hasattr(builtins, name):
            raise _Stays(f"uses `{name}`, which does not exist yet")
        if name in ("set", "frozenset"):
            # Where only the members count, the order does not matter.
            if use.before not in ("sorted", "len"):
                raise _Stays("makes a set, whose order may differ in another process")
        elif not known.is_builtin(name):
            raise _Stays(_unknown(getattr(builtins, name), name))
        self.needs.append((builtins, name, getattr(builtins, name)))
        self.needs.append((function.__globals__, name, _NOTHING))

    def module(self, module: ModuleType, use: Use) -> None:
        path, names = use.name, list(use.attributes)
        while names:
            name = names.pop(0)
            path = f"{path}.{name}"
            if known.is_known_in(module, name):
                self.uses_numpy |= module.__name__.startswith("numpy")
                self.needs.append((module, name, _kept_in(module, name)))
                return
            inner = getattr(module, name, None)
            if isinstance(inner, FunctionType):
                self.needs.append((module, name, inner))
                self.callable(inner, path)
                return
            if not isinstance(inner, ModuleType):
                break
            module = inner
        raise _Stays(f"uses `{path}`, which is not known to leave no trace")

    def constant(self, value: Any, what: str, following: str) -> None:
        """Something that can't change; its value is compared in the other process."""
        kind = type(value)
        if kind is frozenset and following == "CONTAINS_OP":
            parts = [*value]
            words = "".join(sorted(map(repr, parts)))
        else:
            parts = [value]
            words = repr(value) if kind in _ATOMS or kind is tuple else ""
        if not all(map(_is_constant, parts)):
            stays = (
                "which may change" if kind is not frozenset else "whose order may differ in another process"
            )
            raise _Stays(f"uses {what}, a `{kind.__name__}`, {stays}")
        if len(words) > _LONGEST_CONSTANT:
            raise _Stays(f"uses {what}, which is long")
        self.words.append(words)


def _is_constant(value: Any) -> bool:
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if type(part) is tuple:
            waiting.extend(part)
        elif type(part) not in _ATOMS:
            return False
    return True


def _is_ours(obj: Any) -> bool:
    """Whether this is a function or class of a bag's that keeps no state and leaves no trace."""
    kind = obj if isinstance(obj, FunctionType) else type(obj)
    return kind.__module__ in _OURS


_OURS = frozenset(
    f"tureen.bag.{name}"
    for name in ("group", "keyed", "lines", "loop", "partitions", "parts", "pluck", "reduce", "totals")
)


def _unknown(obj: Any, called: str) -> str:
    name = getattr(obj, "__qualname__", None) or called
    if isinstance(obj, type):
        return f"uses the class `{name}`, which can't be followed"
    if isinstance(obj, MethodType):
        return f"calls `{name}`, a method of an object that may change"
    if not callable(obj) or not hasattr(obj, "__name__"):
        return f"calls a `{type(obj).__name__}`, which may change"
    return f"calls `{name}`, which is not known to leave no trace"
