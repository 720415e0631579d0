"""What tasks print on a worker, on its way to whoever computes.

While a piece runs, ``sys.stdout`` and ``sys.stderr`` know who prints: a task's lines are sent,
everybody else's go where they went before.
"""

from __future__ import annotations

import io
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

Send = Callable[[str, str], None]
"""Called with the name of the stream, and with text."""

_SECONDS = 0.1
_CHARACTERS = 8192
_sending: ContextVar[_Lines | None] = ContextVar("tureen_sending", default=None)
_lock = threading.Lock()
_before: dict[str, Any] = {}
_n_running = 0


class _Lines:
    """Lines that are collected for a moment, so that a thousand of them are not a thousand messages.

    What is not a whole line yet waits for its end: others print at the same time.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._texts: dict[str, list[str]] = {}
        self._n_characters = 0
        self._sent_at = 0.0

    def add(self, name: str, text: str) -> None:
        self._texts.setdefault(name, []).append(text)
        self._n_characters += len(text)
        is_due = self._n_characters >= _CHARACTERS or time.monotonic() - self._sent_at >= _SECONDS
        if is_due and text.endswith("\n"):
            self.send()

    def send(self) -> None:
        texts, self._texts, self._n_characters = self._texts, {}, 0
        self._sent_at = time.monotonic()
        for name, parts in texts.items():
            text = "".join(parts)
            self._send(name, text)


class _Stream(io.TextIOBase):
    """Stands in for a standard stream of the worker."""

    def __init__(self, name: str, other: Any) -> None:
        self._name = name
        self._other = other

    def write(self, text: str, /) -> int:
        lines = _sending.get()
        if lines is None:
            return int(self._other.write(text) or 0)
        lines.add(self._name, text)
        return len(text)

    def flush(self) -> None:
        if _sending.get() is None:
            self._other.flush()

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        return int(self._other.fileno())

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self._other, "encoding", None) or "utf-8"


@contextmanager
def sent_by(send: Send) -> Iterator[None]:
    """Send what is printed in this block, by this thread and what it starts with its context."""
    lines = _Lines(send)
    _put_in()
    token = _sending.set(lines)
    try:
        yield
    finally:
        _sending.reset(token)
        _take_out()
        lines.send()


def _put_in() -> None:
    global _n_running
    with _lock:
        _n_running += 1
        if _n_running == 1:
            for name in ("stdout", "stderr"):
                _before[name] = getattr(sys, name)
                setattr(sys, name, _Stream(name, _before[name]))


def _take_out() -> None:
    global _n_running
    with _lock:
        _n_running -= 1
        if _n_running == 0:
            for name, stream in _before.items():
                if isinstance(getattr(sys, name), _Stream):
                    setattr(sys, name, stream)
            _before.clear()
