"""Where a bag runs when nobody says: in worker processes if it calls the user's Python, as dask.bag does.

Built-in functions give the same answer in any process, and are done before a process could be told: a bag
that calls nothing else runs on threads.
"""

from __future__ import annotations

import functools
import operator
import types
from collections.abc import Iterable
from typing import Any

from tureen import _settings, config

from .layers import GatherLayer, Layer, StepLayer

_BUILT_IN = (
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.MethodWrapperType,
    operator.itemgetter,
    operator.attrgetter,
    operator.methodcaller,
)


def with_default(keywords: dict[str, Any], layers: Iterable[Layer]) -> dict[str, Any]:
    """Return the keywords of a `compute`, with a scheduler in them if nobody has named one.

    Where there is a client of a cluster it is what computes, as under dask; and what is part of a task on a
    cluster is done by that task.
    """
    named = ("scheduler", "pool", "get")
    if any(keywords.get(name) is not None or config.get(name, None) is not None for name in named):
        return keywords
    if _settings.is_inside_piece() or _settings.default_client() is not None:
        return keywords
    return {**keywords, "scheduler": default_scheduler(layers)}


def is_cluster(keywords: dict[str, Any]) -> bool:
    """Say whether a `compute` with these keywords runs on a cluster of dask's."""
    asked = keywords.get("scheduler")
    if asked is None:
        asked = config.get("scheduler", None)
    if asked is None and keywords.get("pool") is None and config.get("pool", None) is None:
        return _settings.default_client() is not None
    return _settings.is_cluster(asked)


def default_scheduler(layers: Iterable[Layer]) -> str:
    """Return "processes" if making these layers calls Python functions of the user's, else "threads"."""
    seen: set[Layer] = set()
    waiting = list(layers)
    while waiting:
        layer = waiting.pop()
        if layer in seen:
            continue
        seen.add(layer)
        if isinstance(layer, StepLayer):
            step = layer.step
            if any(map(calls_python, (step.function, *step.args, *step.kwargs.values()))):
                return "processes"
        elif isinstance(layer, GatherLayer) and calls_python(layer.function):
            return "processes"
        waiting.extend(layer.parents())
    return "threads"


def calls_python(function: Any) -> bool:
    """Say whether calling this runs Python code that is not tureen's own."""
    if not callable(function) or isinstance(function, _BUILT_IN):
        return False
    if isinstance(function, (types.FunctionType, types.MethodType)):
        return not _is_ours(function)
    if isinstance(function, type):
        return function.__module__ != "builtins" and not _is_ours(function)
    if isinstance(function, functools.partial):
        return any(map(calls_python, (function.func, *function.args, *function.keywords.values())))
    if _is_ours(type(function)):
        slots = getattr(type(function), "__slots__", ())
        return any(calls_python(getattr(function, slot, None)) for slot in slots)
    return True


def _is_ours(thing: Any) -> bool:
    module = getattr(thing, "__module__", None)
    return isinstance(module, str) and (module == "tureen" or module.startswith("tureen."))
