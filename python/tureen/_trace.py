"""``trace``: what ran when and where, as a file for Perfetto (https://ui.perfetto.dev) and for Chrome."""

from __future__ import annotations

import json
import os
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tureen.diagnostics._watching import Watcher

if TYPE_CHECKING:
    from tureen._tureen import WatchedRun


class trace(Watcher):
    """Write a trace of the runs in a block to a file, in the "Trace Event Format" (JSON).

    Args:
        filename: Where to write, when the block ends, also when it ends by an error.

    Raises:
        OSError: the file can't be written; said at the begin, before anything runs.

    >>> import tempfile
    >>> from tureen import delayed
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with trace(f"{folder}/soup.json"):
    ...         delayed(sum)([1, 2]).compute()
    ...     with open(f"{folder}/soup.json") as file:
    ...         [event["name"] for event in json.load(file)["traceEvents"] if event["ph"] == "X"]
    3
    ['sum']
    """

    def __init__(self, filename: str | os.PathLike[str]) -> None:
        self._filename = os.fspath(filename)
        self._events: list[dict[str, Any]] = []
        self._tracks: dict[int, int] = {}

    def __enter__(self) -> trace:
        with open(self._filename, "w"):
            pass
        return super().__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, traceback)
        process = os.getpid()
        named: list[dict[str, Any]] = [
            {"ph": "M", "name": "process_name", "pid": process, "tid": 0, "args": {"name": "tureen"}}
        ]
        for thread, track in self._tracks.items():
            name = f"thread {track}" if thread else "workers"
            named.append(
                {"ph": "M", "name": "thread_name", "pid": process, "tid": track, "args": {"name": name}}
            )
        with open(self._filename, "w", encoding="utf-8") as file:
            json.dump({"traceEvents": named + self._events, "displayTimeUnit": "ms"}, file)

    def run_ends(self, run: WatchedRun, failed: bool) -> None:
        """Add what happened in a run."""
        process = os.getpid()
        queued: dict[int, float] = {}
        started: dict[int, float] = {}
        for at, task, kind, thread in run.events():
            if kind == "queued":
                queued[task] = at
            elif kind == "started":
                started[task] = at
            elif kind in ("finished", "failed"):
                begin = started.pop(task)
                self._events.append(
                    {
                        "ph": "X",
                        "name": run.label(task),
                        "cat": kind,
                        "pid": process,
                        "tid": self._tracks.setdefault(thread, len(self._tracks) + 1),
                        "ts": round((run.began + begin) * 1e6, 3),
                        "dur": round((at - begin) * 1e6, 3),
                        "args": {
                            "key": str(run.key(task)),
                            "waited_us": round((begin - queued.get(task, begin)) * 1e6, 3),
                        },
                    }
                )
