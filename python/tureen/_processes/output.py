"""What a worker prints, on its way to where the user's process prints."""

from __future__ import annotations

import io
import os
import sys

from tureen._processes import wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tureen._tureen import Wire


class _Out(io.RawIOBase):
    """Sends what is written to it. Its `fileno` is the real one, for programs that the task starts."""

    def __init__(self, to_parent: Wire, descriptor: int) -> None:
        self._to_parent = to_parent
        self._descriptor = descriptor

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return False

    def write(self, data: Any, /) -> int:
        text = bytes(data)
        if os.getpid() == _pid:
            self._to_parent.send(wire.OUTPUT, bytes([self._descriptor]), text)
        else:  # A process that the task forked: two must not write to one socket.
            os.write(self._descriptor, text)
        return len(text)


_pid = os.getpid()


def redirect(to_parent: Wire) -> None:
    """Have `sys.stdout` and `sys.stderr` send their lines."""
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        stream = io.TextIOWrapper(
            io.BufferedWriter(_Out(to_parent, descriptor)),
            encoding="utf-8",
            errors="backslashreplace",
            line_buffering=True,
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def flush() -> None:
    """Send what was printed without an end of line."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):  # the user's own stream, or closed
            pass
