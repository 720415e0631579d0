"""Who watches runs now. The extension tells of a run's begin and end only while somebody is in this list."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from tureen._tureen import watch_runs
from tureen.diagnostics._block import Block

if TYPE_CHECKING:
    from tureen._tureen import WatchedRun

_lock = threading.Lock()
_watchers: list[Watcher] = []


class Watcher(Block):
    """Somebody who watches runs: in a ``with`` block, or from ``register()`` to ``unregister()``."""

    def run_begins(self, run: WatchedRun) -> None:
        """Called in the thread that computes, before the first task starts."""

    def run_ends(self, run: WatchedRun, failed: bool) -> None:
        """Called in the thread that computes, when it is over."""

    def register(self) -> None:
        """Watch every run from now on."""
        with _lock:
            if self not in _watchers:
                _watchers.append(self)
            watch_runs(True)

    def unregister(self) -> None:
        """Watch no more.

        Raises:
            KeyError: it was not registered.
        """
        with _lock:
            if self not in _watchers:
                raise KeyError(f"this {type(self).__name__} is not registered")
            _watchers.remove(self)
            watch_runs(bool(_watchers))


def begin(run: WatchedRun) -> Callable[[bool], None]:
    """Tell all who watch that a run begins; what it gives tells them that it ended, and whether well."""
    with _lock:
        told = list(_watchers)
    for watcher in told:
        watcher.run_begins(run)

    def end(succeeded: bool) -> None:
        for watcher in told:
            watcher.run_ends(run, not succeeded)

    return end
