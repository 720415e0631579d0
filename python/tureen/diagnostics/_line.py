"""A line of text that changes: written over in a terminal, replaced in a notebook, seldom repeated in a log.

Knows where the line goes, not what it says.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import IO, Any, Protocol

_FIRST_IN_LOG = 10.0


class Line(Protocol):
    """A line that changes."""

    @property
    def columns(self) -> int | None:
        """How many characters of it can be seen now; None if there is no end to them."""

    def change(self, text: str, seconds: float) -> None:
        """Have it say something else, after so many seconds."""

    def end(self, text: str) -> None:
        """Have it say its last."""


def line_on(out: IO[str]) -> Line:
    """Give a line for wherever ``out`` writes to.

    >>> import sys
    >>> line_on(sys.stdout).end("this is no terminal")
    this is no terminal
    """
    if type(out).__module__.startswith("ipykernel"):
        return _NotebookLine()
    try:
        is_terminal = out.isatty()
    except (AttributeError, ValueError):
        is_terminal = False
    return _TerminalLine(out) if is_terminal else _LogLine(out)


class _TerminalLine:
    """Begins again at the left with each change, and never fills the last column: a wrapped line stays."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._shown = 0

    @property
    def columns(self) -> int | None:
        try:
            # 0 where the terminal does not know.
            return (os.get_terminal_size(self._out.fileno()).columns or 80) - 1
        except (OSError, AttributeError, ValueError):
            return None

    def change(self, text: str, seconds: float) -> None:
        self._write(text, "")

    def end(self, text: str) -> None:
        self._write(text, "\n")

    def _write(self, text: str, end: str) -> None:
        # What is left of a longer line is wiped out, as far as that can still be seen.
        columns = self.columns
        length = self._shown if columns is None else min(self._shown, columns)
        self._shown = len(text)
        self._out.write(f"\r{text.ljust(length)}{end}")
        self._out.flush()


class _NotebookLine:
    """An output of the cell that is replaced, so that the saved notebook has the last one only."""

    columns = None

    def __init__(self) -> None:
        self._handle: Any = None

    def change(self, text: str, seconds: float) -> None:
        self.end(text)

    def end(self, text: str) -> None:
        data = {"text/plain": text}
        if self._handle is None:
            display = import_module("IPython.display")
            self._handle = display.display(data, raw=True, display_id=True)
        else:
            self._handle.update(data, raw=True)


class _LogLine:
    """A line after 10 seconds, 20, 40 and so on, and one at the end."""

    columns = None

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._next = _FIRST_IN_LOG

    def change(self, text: str, seconds: float) -> None:
        if seconds >= self._next:
            self._next *= 2
            self.end(text)

    def end(self, text: str) -> None:
        self._out.write(f"{text}\n")
        self._out.flush()
