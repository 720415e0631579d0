"""What a call of a function on text comes to, as steps of a program that needs no interpreter.

Recognised are methods of `str`, `len` and its like, operators with a constant, and stemmers. Knows
functions; nothing of bags.
"""

from __future__ import annotations

import functools
import operator
import types
from collections.abc import Callable, Sequence
from typing import Any

from tureen._tureen import TextDeclined, TextProgram

from .naming import method_call

Spec = tuple[str, tuple[Any, ...], dict[str, Any]]
"""A step or an ending of a program: its name and its arguments."""

_BUILT_IN: dict[Any, str] = {
    len: "len",
    int: "int",
    bool: "bool",
    operator.not_: "not",
    operator.truth: "bool",
    operator.getitem: "getitem",
    operator.contains: "contains",
    operator.eq: "eq",
    operator.ne: "ne",
    operator.lt: "lt",
    operator.le: "le",
    operator.gt: "gt",
    operator.ge: "ge",
}

_NAMED = frozenset(name for name in dir(str) if not name.startswith("_"))


def call_specs(function: Any, args: Sequence[Any] = (), kwargs: Any = None) -> list[Spec] | None:
    """Return the steps that do what ``function(element, *args, **kwargs)`` does; None if there are none."""
    kwargs = dict(kwargs or {})
    if isinstance(function, functools.partial) and not function.args:
        return call_specs(function.func, args, {**function.keywords, **kwargs})
    if isinstance(function, operator.methodcaller):
        call = method_call(function)
        return None if args or kwargs or call[0] not in _NAMED else [call]
    if isinstance(function, operator.itemgetter):
        items: Any = function.__reduce__()[1]
        return None if args or kwargs or len(items) != 1 else [("getitem", tuple(items), {})]
    if isinstance(function, types.MethodDescriptorType) and function.__objclass__ is str:
        return [(function.__name__, tuple(args), kwargs)] if function.__name__ in _NAMED else None
    name = look_up(_BUILT_IN, function)
    if name is not None:
        return None if kwargs else [(name, tuple(args), {})]
    own = getattr(function, "text_steps", None)
    if own is not None and not args and not kwargs:
        steps: list[Spec] | None = own()
        return steps
    return None if args else _of_stemmer(function, kwargs)


def _of_stemmer(function: Any, kwargs: dict[str, Any]) -> list[Spec] | None:
    if not isinstance(function, (types.MethodType, types.BuiltinMethodType)):
        return None
    from tureen._stems import native_stemmer
    from tureen.text import PorterStemmer

    stemmer = native_stemmer(function)
    if stemmer is None:
        return None
    if isinstance(stemmer, PorterStemmer):
        return [("porter", (), kwargs)] if kwargs.keys() <= {"to_lowercase"} else None
    return None if kwargs else [("snowball", (stemmer.language,), {})]


def look_up(table: dict[Any, str], function: Any) -> str | None:
    """Return what a table has for a function, which may be any object."""
    try:
        return table.get(function)
    except TypeError:  # it has no hash
        return None


def quick(function: Any) -> Any:
    """Return what gives the same as a function, sooner: our own stemmer for one that it equals.

    >>> quick(len) is len
    True
    """
    if not isinstance(function, types.MethodType):
        return function
    from tureen._stems import native_stemmer

    stemmer = native_stemmer(function)
    return function if stemmer is None else _Stem(stemmer.stem, function)


class _Stem:
    """Stems text with our own stemmer, and leaves what is no text to the user's."""

    __slots__ = ("_original", "_stem")

    def __init__(self, stem: Callable[[str], str], original: Callable[[Any], Any]) -> None:
        self._stem = stem
        self._original = original

    def __call__(self, word: Any, *args: Any, **kwargs: Any) -> Any:
        if type(word) is str and not args and not kwargs:
            return self._stem(word)
        return self._original(word, *args, **kwargs)


def grouping_by(function: Callable[[Any], Any]) -> TextProgram | None:
    """Return the program that groups text by the key that a function gives, if there is one."""
    keys = call_specs(function)
    return None if keys is None else program_of([], ("groupby", (keys,), {}))


def program_of(specs: Sequence[Spec], ending: Spec) -> TextProgram | None:
    """Return the program of these steps and this ending; None if they don't fit each other."""
    try:
        return TextProgram(specs, ending)
    except TextDeclined:
        return None
