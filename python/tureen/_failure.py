"""What is said of an exception in a task: which call, where the promise was made, only the user's frames."""

from __future__ import annotations

import os
from types import CodeType, TracebackType

TYPE_CHECKING = False
if TYPE_CHECKING:
    import reprlib
    from typing import Any

_OURS = os.path.dirname(os.path.abspath(__file__)) + os.sep
_MOST_ARGUMENTS = 6


def explain(
    error: BaseException,
    label: str,
    args: tuple[Any, ...] | None,
    kwargs: dict[str, Any] | None,
    code: CodeType | None,
    instruction: int,
) -> None:
    """Add a note to ``error`` that tells of the call, and take our own frames out of its traceback.

    Args:
        label: The name of the function.
        args: What it was called with, or None if the arguments could not be put together.
        kwargs: The same, by name.
        code: The code that made the promise.
        instruction: Where in this code, in bytes.

    >>> error = ValueError("too salty")
    >>> explain(error, "season", ("soup",), {"salt": 100}, None, -1)
    >>> error.__notes__
    ["in season('soup', salt=100)"]
    """
    error.__traceback__ = _without_ours(error.__traceback__)
    if not isinstance(error, Exception):
        return  # Ctrl-C or sys.exit(): no failure of this call.
    if getattr(error, "_tureen_blamed", False):
        return  # A bag has told more: which element, step and partition.
    call = label + ("" if args is None else f"({_arguments(args, kwargs or {})})")
    place = _place(code, instruction)
    _add_note(error, f"in {call}" + (f", a promise made at {place}" if place else ""))


def _add_note(error: BaseException, note: str) -> None:
    if note in getattr(error, "__notes__", ()):
        return
    if hasattr(error, "add_note"):
        error.add_note(note)
    else:  # Python 3.10: where tools that know of notes look for them.
        notes = getattr(error, "__notes__", [])
        error.__notes__ = [*notes, note]  # type: ignore[attr-defined]


def _without_ours(traceback: TracebackType | None) -> TracebackType | None:
    """The traceback without frames of this package."""
    kept: list[TracebackType] = []
    while traceback is not None:
        if not traceback.tb_frame.f_code.co_filename.startswith(_OURS):
            kept.append(traceback)
        traceback = traceback.tb_next
    following: TracebackType | None = None
    for step in reversed(kept):
        if step.tb_next is not following:
            step = TracebackType(following, step.tb_frame, step.tb_lasti, step.tb_lineno)
        following = step
    return following


def short_repr(value: Any) -> str:
    """Tell a value in a few characters.

    >>> short_repr(list(range(1000)))
    '[0, 1, 2, 3, 4, 5, ...]'
    """
    return _shortener().repr(value)


def _shortener() -> reprlib.Repr:
    import reprlib  # Nothing needs it until something fails.

    shorten = reprlib.Repr()
    shorten.maxstring = shorten.maxother = 40
    shorten.maxlevel = 3
    return shorten


def _arguments(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    shorten = _shortener()
    texts = [shorten.repr(arg) for arg in args] + [
        f"{name}={shorten.repr(arg)}" for name, arg in kwargs.items()
    ]
    if len(texts) > _MOST_ARGUMENTS:
        rest = len(texts) - _MOST_ARGUMENTS + 1
        texts[_MOST_ARGUMENTS - 1 :] = [f"... {rest} more"]
    return ", ".join(texts)


def _place(code: CodeType | None, instruction: int) -> str | None:
    if code is None:
        return None
    line = code.co_firstlineno
    for start, end, number in code.co_lines():
        if start <= instruction < end and number is not None:
            line = number
            break
    return f"{shown_path(code.co_filename)}:{line}"


def shown_path(file: str) -> str:
    """Give the name of a file as it is shown: from here, if it is below.

    >>> shown_path(os.path.join(os.getcwd(), "soup.py")), shown_path("<stdin>")
    ('soup.py', '<stdin>')
    """
    relative = os.path.relpath(file) if os.path.isabs(file) else file
    return file if relative.startswith("..") else relative
