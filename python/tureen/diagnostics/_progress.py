"""``ProgressBar``: how far a run is; in a terminal, in a notebook, and, with few words, in a log."""

from __future__ import annotations

import sys
import threading
import time
from typing import IO, TYPE_CHECKING, Any

from tureen.diagnostics._watching import Watcher

if TYPE_CHECKING:
    from tureen._tureen import WatchedRun

_FIRST_LINE_IN_LOG = 10.0


class ProgressBar(Watcher):
    """Show how many tasks of a run are done. As dask's (2026.8).

    In terminals and notebooks it is one line that changes. Elsewhere (a file, a pipe) it is a line after 10
    seconds, 20, 40, and so on, and one at the end.

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

    def __init__(self, run: WatchedRun, out: IO[str], minimum: float, width: int, dt: float) -> None:
        self.run = run
        self._out = out
        self._minimum = minimum
        self._width = width
        self._changes = _can_change(out)
        self._shown = ""
        self._is_over = threading.Event()
        self._next_line = _FIRST_LINE_IN_LOG
        self._thread = threading.Thread(target=self._show, args=(dt,), name="tureen-progress", daemon=True)
        self._thread.start()

    def end(self) -> float:
        """Show the last state; give the seconds that the run took."""
        self._is_over.set()
        self._thread.join()
        duration = time.perf_counter() - self.run.began
        if duration >= self._minimum:
            self._write(duration, is_last=True)
        return duration

    def _show(self, dt: float) -> None:
        while not self._is_over.wait(dt):
            seconds = time.perf_counter() - self.run.began
            if seconds < self._minimum:
                continue
            if self._changes:
                self._write(seconds)
            elif seconds >= self._next_line:
                self._next_line *= 2
                self._write(seconds)

    def _write(self, seconds: float, is_last: bool = False) -> None:
        n_tasks, n_done = len(self.run), self.run.n_done()
        share = n_done / n_tasks if n_tasks else 1.0
        bar = ("#" * int(self._width * share)).ljust(self._width)
        text = f"[{bar}] | {int(100 * share)}% Completed | {n_done} of {n_tasks} | {format_seconds(seconds)}"
        if self._changes:
            # What is left of a longer line is wiped out.
            text, self._shown = text.ljust(len(self._shown)), text
            text = f"\r{text}" + ("\n" if is_last else "")
        else:
            text += "\n"
        try:
            self._out.write(text)
            self._out.flush()
        except (ValueError, OSError):
            # The stream is closed, or whoever read it is gone: no reason to end a run.
            self._is_over.set()


def _can_change(out: Any) -> bool:
    """Whether a line can be written over: on a terminal, or in a notebook."""
    if type(out).__module__.startswith("ipykernel"):
        return True
    try:
        return bool(out.isatty())
    except (AttributeError, ValueError):
        return False


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
