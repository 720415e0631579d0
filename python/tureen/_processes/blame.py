"""Which part of an object can't be pickled."""

from __future__ import annotations

from types import FunctionType

from tureen._processes.packing import dumps_by_value
from tureen.errors import NotPicklable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_DEEPEST = 30
_WIDEST = 1000


def not_picklable(what: str, obj: Any, error: Exception, where: str) -> NotPicklable:
    """Say what can't be sent.

    Args:
        what: What the object is: "the result of `f`".
        obj: The object.
        error: What pickling it raised.
        where: What the user would write for it.
    """
    path, culprit = find(obj, where)
    kind = f"{type(culprit).__module__}.{type(culprit).__qualname__}".removeprefix("builtins.")
    inside = "" if path == where else f"`{path}` in it is "
    reason = (str(error).split("\n") or [""])[0]
    return NotPicklable(
        f"{what} can't be sent to another process: {inside}a `{kind}` ({reason})\n"
        'hint: make it inside the task, or use `scheduler="threads"`, where nothing is sent'
    )


def find(obj: Any, path: str) -> tuple[str, Any]:
    """Go down to the smallest part that can't be pickled; give its path and itself."""
    for _ in range(_DEEPEST):
        for step, part in _parts(obj):
            if not _can_pickle(part):
                path, obj = path + step, part
                break
        else:
            break
    return path, obj


def _can_pickle(obj: Any) -> bool:
    try:
        dumps_by_value(obj)
    except Exception:  # whatever a __reduce__ may raise
        return False
    return True


def _parts(obj: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(obj, dict):
        for key, value in list(obj.items())[:_WIDEST]:
            yield f"[{key!r}]", value
    elif isinstance(obj, (list, tuple)):
        for index, value in enumerate(obj[:_WIDEST]):
            yield f"[{index}]", value
    elif isinstance(obj, FunctionType):
        for name, cell in zip(obj.__code__.co_freevars, obj.__closure__ or (), strict=False):
            try:
                yield f" -> {name}", cell.cell_contents
            except ValueError:  # not filled yet
                continue
        for name in obj.__code__.co_names:
            if name in obj.__globals__:
                yield f" -> {name}", obj.__globals__[name]
    elif isinstance(getattr(obj, "__dict__", None), dict) and not isinstance(obj, type):
        for name, value in list(vars(obj).items())[:_WIDEST]:
            yield f".{name}", value
