"""Exceptions on their way from a worker: with the frames of the user's code, and what they were raised from.

A traceback can't be pickled. What is sent of it are file, line and name of each frame; from these, frames
are made anew that show the same lines.
"""

from __future__ import annotations

import os
from types import TracebackType

from tureen.errors import RemoteError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Frame = tuple[str, int, str]
    Link = dict[str, Any]

_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LONGEST_CHAIN = 10
_MOST_FRAMES = 1000


def describe(error: BaseException) -> list[Link]:
    """Put an exception into words that can be sent: itself, then what it was raised from, and so on."""
    links: list[Link] = []
    current: BaseException | None = error
    while current is not None and len(links) < _LONGEST_CHAIN:
        links.append(
            {
                "error": _pickled(current),
                "type": f"{type(current).__module__}.{type(current).__qualname__}".removeprefix("builtins."),
                "text": _text(current),
                "frames": _frames(current.__traceback__),
                "is_cause": current.__cause__ is not None,
            }
        )
        following = current.__cause__
        if following is None and not current.__suppress_context__:
            following = current.__context__
        current = following
    return links


def rebuild(links: list[Link]) -> BaseException:
    """Make the exception that was described, with a traceback of the user's frames."""
    made: BaseException | None = None
    for link in reversed(links):
        error = _unpickled(link)
        error.__traceback__ = _traceback(link["frames"])
        if made is not None:
            if link["is_cause"]:
                error.__cause__ = made
            else:
                error.__context__ = made
        made = error
    assert made is not None
    return made


def _pickled(error: BaseException) -> bytes | None:
    import pickle

    from tureen._processes.packing import dumps_by_value

    try:
        data = dumps_by_value(error)
        # Many exceptions can be pickled and not unpickled: their __init__ wants other arguments.
        return data if type(pickle.loads(data)) is type(error) else None
    except Exception:  # whatever the user's class may raise
        return None


def _unpickled(link: Link) -> BaseException:
    import pickle

    if link["error"] is not None:
        try:
            error = pickle.loads(link["error"])
            if isinstance(error, SystemExit) and error.args:
                # tblib's way to pickle exceptions, which comes with `distributed`, leaves it out.
                code: Any = error.args[0] if len(error.args) == 1 else error.args
                error.code = code
            if isinstance(error, BaseException):
                return error
        except Exception:  # its class can't be imported here, or anything else
            pass
    import traceback

    lines = traceback.format_list([traceback.FrameSummary(*frame) for frame in link["frames"]])
    return RemoteError(
        f"a task raised `{link['type']}`, which can't be sent from a worker process: {link['text']}\n"
        f"there it was raised:\n{''.join(lines)}"
        "hint: an exception travels if `pickle.loads(pickle.dumps(error))` works: "
        "give all arguments of its `__init__` to `super().__init__`"
    )


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # the user's __str__
        return "(its text can't be had)"


def _frames(step: TracebackType | None) -> list[Frame]:
    frames: list[Frame] = []
    while step is not None:
        code = step.tb_frame.f_code
        if not code.co_filename.startswith(_OURS):
            frames.append((code.co_filename, step.tb_lineno, code.co_name))
        step = step.tb_next
    if len(frames) > _MOST_FRAMES:
        half = _MOST_FRAMES // 2
        frames = frames[:half] + frames[-half:]
    return frames


class _Stop(Exception):
    pass


def _traceback(frames: list[Frame]) -> TracebackType | None:
    made: TracebackType | None = None
    raising = compile("raise stop", "", "exec")
    for file, line, name in reversed(frames):
        code = raising.replace(co_filename=file, co_firstlineno=max(line, 1), co_name=name)
        try:
            exec(code, {"stop": _Stop(), "__name__": name, "__file__": file})
        except _Stop as stop:
            step = stop.__traceback__
            assert step is not None and step.tb_next is not None
            made = TracebackType(made, step.tb_next.tb_frame, -1, line)
    return made
