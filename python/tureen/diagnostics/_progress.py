"""``ProgressBar``: how far a run is; in a terminal, in a notebook, and, with few words, in a log."""

from __future__ import annotations

import contextvars
import sys
import threading
import time
from typing import IO, TYPE_CHECKING

from tureen.diagnostics._line import line_on
from tureen.diagnostics._watching import Watcher

if TYPE_CHECKING:
    from tureen._tureen import WatchedRun

_LEAST_WIDTH = 4
"""With less, there is no bar."""


class ProgressBar(Watcher):
    """Show how many tasks of a run are done. As dask's (2026.8).

    In terminals and notebooks it is one line that changes, and no longer than there is room. Elsewhere (a
    file, a pipe) it is a line after 10 seconds, 20, 40, and so on, and one at the end.

    Args:
        minimum: Runs shorter than this many seconds are not shown.
        width: Characters of the bar.
        dt: Seconds between looks.
        out: Where to write; by default ``sys.stdout``, as it is when the run begins.

    >>> import io
    >>> from tureen import delayed
    >>> out = io.StringIO()
    >>> with ProgressBar(out=out) as bar:
    ...     delayed(sum)([1, 2]).compute()
    3
    >>> out.getvalue()[:68]
    '[########################################] | 100% Completed | 1 of 1'
    """

    def __init__(
        self, minimum: float = 0, width: int = 40, dt: float = 0.1, out: IO[str] | None = None
    ) -> None:
        self._minimum = minimum
        self._width = width
        self._dt = dt
        self._out = out
        self.last_duration = 0.0
        self._showing: _Showing | None = None

    def run_begins(self, run: WatchedRun) -> None:
        """Begin to show a run; of several at a time, the first."""
        if self._showing is None:
            out = sys.stdout if self._out is None else self._out
            self._showing = _Showing(run, out, self._minimum, self._width, self._dt)

    def run_ends(self, run: WatchedRun, failed: bool) -> None:
        """Show how it ended."""
        if self._showing is not None and self._showing.run is run:
            showing, self._showing = self._showing, None
            self.last_duration = showing.end()


class _Showing:
    """A run that is shown, by a thread of its own."""

    def __init__(self, run: WatchedRun, out: IO[str] | None, minimum: float, width: int, dt: float) -> None:
        self.run = run
        self._minimum = minimum
        self._width = width
        # Windows gives no standard output to programs without a console.
        self._line = None if out is None else line_on(out)
        self._is_over = threading.Event()
        # In the context of the caller, by which a kernel knows the cell.
        show = contextvars.copy_context().run
        self._thread = threading.Thread(
            target=show, args=(self._show, dt), name="tureen-progress", daemon=True
        )
        self._thread.start()

    def end(self) -> float:
        """Show the last state; give the seconds that the run took."""
        self._is_over.set()
        self._thread.join()
        duration = time.perf_counter() - self.run.began
        if duration >= self._minimum:
            self._say(duration, is_last=True)
        return duration

    def _show(self, dt: float) -> None:
        while not self._is_over.wait(dt):
            seconds = time.perf_counter() - self.run.began
            if seconds >= self._minimum:
                self._say(seconds)

    def _say(self, seconds: float, is_last: bool = False) -> None:
        if self._line is None:
            return
        try:
            text = progress(self.run.n_done(), len(self.run), seconds, self._width, self._line.columns)
            if is_last:
                self._line.end(text)
            else:
                self._line.change(text, seconds)
        except (ValueError, OSError):
            # The stream is closed, or whoever read it is gone: no reason to end a run.
            self._line = None


def progress(n_done: int, n_tasks: int, seconds: float, width: int, columns: int | None) -> str:
    """Draw a bar of so many characters, in a line of so many columns at most.

    >>> progress(3, 4, 0.5, 8, None)
    '[######  ] | 75% Completed | 3 of 4 | 500.00 ms'
    >>> progress(3, 4, 0.5, 8, 44)
    '[###  ] | 75% Completed | 3 of 4 | 500.00 ms'
    >>> progress(3, 4, 0.5, 8, 30)
    '75% Completed | 3 of 4 | 500.0'
    """
    share = n_done / n_tasks if n_tasks else 1.0
    words = f"{int(100 * share)}% Completed | {n_done} of {n_tasks} | {format_seconds(seconds)}"
    if columns is not None:
        width = min(width, columns - len(words) - len("[] | "))
        if width < _LEAST_WIDTH:
            return words[:columns]
    return f"[{('#' * int(width * share)).ljust(width)}] | {words}"


def format_seconds(seconds: float) -> str:
    """Tell a time as people do.

    >>> format_seconds(0.0421), format_seconds(12.34), format_seconds(3725)
    ('42.10 ms', '12.34 s', '1hr 2m')
    """
    if seconds < 1:
        return f"{seconds * 1000:.2f} ms"
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{int(minutes)}m {int(seconds)}s"
    hours, minutes = divmod(minutes, 60)
    return f"{int(hours)}hr {int(minutes)}m"
