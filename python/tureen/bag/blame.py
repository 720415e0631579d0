"""Says, on a user's own exception, which element, step and partition of a bag it came from.

The traceback tells: every call in a loop has a line of its own (`loop.py`), and the loop's frame still holds
the element. Nothing is counted or kept while all goes well. Our own frames are left out of the traceback.
"""

from __future__ import annotations

import os
import reprlib
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .loop import find_loop
from .naming import function_name

if TYPE_CHECKING:
    from .chain import Chain

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_ZIP = "zip() argument"

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 80
_short.maxlist = _short.maxtuple = _short.maxdict = _short.maxset = 4


def shorten(value: Any) -> str:
    """Return a `repr` of at most about 80 characters, also for values whose own `repr` raises.

    >>> len(shorten("a" * 1000)) < 100
    True
    """
    try:
        text = _short.repr(value)
    except Exception:
        text = f"<{type(value).__name__} whose repr raises>"
    return text if len(text) <= 120 else text[:57] + "..." + text[-57:]


def blame_start(error: Exception, head: Any, chain: Chain, partition: int, *, gathers: bool) -> None:
    """As `blame_partition`, for an exception in what a partition starts from."""
    if getattr(error, "_tureen_blamed", False):
        return
    place = f"`{function_name(head)}`" if gathers else f"the source of partition {partition}"
    traceback = error.__traceback__
    while traceback is not None:
        local = traceback.tb_frame.f_locals
        if (
            traceback.tb_frame.f_code.co_filename.startswith(_PACKAGE)
            and {"element", "function"} <= local.keys()
        ):
            place += f" for the element {shorten(local['element'])}"
        traceback = traceback.tb_next
    _note(error, f"in {place} of `{chain.label}`")
    error.__traceback__ = users_frames(error.__traceback__)


def blame_partition(error: Exception, chain: Chain, partition: int) -> None:
    """Add a note to an exception that left a chain, and take our frames out of its traceback."""
    if getattr(error, "_tureen_blamed", False):
        return
    where = _find(error.__traceback__, chain)
    _note(error, f"in {where} partition {partition} of `{chain.label}`")
    if str(error).startswith(_ZIP) and isinstance(error, ValueError) and _is_our_zip(error.__traceback__):
        error.args = (
            "the bags that are mapped together differ in length in this partition\n"
            "hint: bags can be walked side by side only when all their partitions have the same lengths",
        )
    error.__traceback__ = users_frames(error.__traceback__)


def _note(error: Exception, text: str) -> None:
    try:
        error._tureen_blamed = True  # type: ignore[attr-defined]
    except AttributeError:
        pass
    if hasattr(error, "add_note"):
        error.add_note(text)
    elif len(error.args) == 1 and isinstance(error.args[0], str):
        error.args = (f"{error.args[0]}\n{text}",)


def _find(traceback: TracebackType | None, chain: Chain) -> str:
    """Return the place in words, ending so that `partition 3` may follow."""
    segments = {id(segment.loop): segment for segment in (*chain.segments, *chain.rest) if segment.loop}
    place = _step(chain, len(chain.steps) - 1)
    while traceback is not None:
        frame, line = traceback.tb_frame, traceback.tb_lineno
        traceback = traceback.tb_next
        name, local = frame.f_code.co_filename, frame.f_locals
        if name.startswith(_PACKAGE):
            if frame.f_code.co_name == "run" and local.get("self") not in (chain, None):
                break  # A bag computed within a step: its own run has told its part already.
            if frame.f_code.co_name == "_run_partition_step":
                place = _step(chain, chain.steps.index(local["step"]))
            elif "element" in local and "function" in local:
                place += f" for the element {shorten(local['element'])} in"
            continue
        loop = find_loop(name)
        segment = segments.get(id(loop))
        if loop is None or segment is None:
            continue
        mark = loop.lines[line] if line < len(loop.lines) else None
        if mark is None or mark[0] < 0:
            place = _step(chain, segment.first - (not segment.aligned))
            continue
        index, variable, is_direct = mark
        place = _step(chain, segment.first + index)
        if variable in local:
            what = "the element" if is_direct else "what became of the element"
            place += f" for {what} {shorten(local[variable])} in"
    return place


def _step(chain: Chain, index: int) -> str:
    if index < 0:
        return "the source of"
    return f"`{chain.steps[index].describe()}`, step {index + 1} of {len(chain.steps)},"


def _is_our_zip(traceback: TracebackType | None) -> bool:
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return False
    loop = find_loop(traceback.tb_frame.f_code.co_filename)
    return loop is not None


def users_frames(traceback: TracebackType | None) -> TracebackType | None:
    """Return a traceback with only the frames that are not this package's."""
    frames = []
    while traceback is not None:
        name = traceback.tb_frame.f_code.co_filename
        if not name.startswith(_PACKAGE) and find_loop(name) is None:
            frames.append(traceback)
        traceback = traceback.tb_next
    kept: TracebackType | None = None
    for frame in reversed(frames):
        kept = TracebackType(kept, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return kept
