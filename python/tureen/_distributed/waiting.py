"""Waits for what was sent, and hears meanwhile what workers tell: pieces are done, lines were printed.

Runs in the thread that computes, so Ctrl-C ends it, and what is printed is printed where the user prints.
"""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any

from tureen._distributed.piece import TOPIC

_LOOK_AGAIN = 0.1
"""Seconds: signals are looked for at least as often, on every system."""

_boxes: dict[str, queue.SimpleQueue[Any]] = {}
"""What was told of each run that goes on, not read yet."""


def _deliver(event: tuple[float, Any]) -> None:
    """Called in the client's own thread, with whatever any worker tells anybody."""
    _, message = event
    box = _boxes.get(message.get("run"))
    if box is not None:
        box.put(message)


class Listening:
    """Hears of one run, in a ``with`` block.

    Args:
        client: The client.
        run: What the run is called.
        done: Called once for each piece that is done: its number, and for each function that it called the
            number of it, how many calls, the seconds they took in all, and those of the shortest.
    """

    def __init__(
        self, client: Any, run: str, done: Callable[[int, list[tuple[int, int, float, float]]], None]
    ) -> None:
        self._run = run
        self._done = done
        self._box: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._seen: set[int] = set()
        self._begun: dict[int, float] = {}
        self._waiting: set[Any] = set()
        self._failed: Any = None
        # Each time: the scheduler may be another one since.
        client.subscribe_topic(TOPIC, _deliver)

    def __enter__(self) -> Listening:
        _boxes[self._run] = self._box
        return self

    def __exit__(self, *_: object) -> None:
        self.drain()
        _boxes.pop(self._run, None)

    def drain(self) -> None:
        """Heed all that was told so far."""
        while not self._box.empty():
            self._heed(self._box.get())

    def has_seen(self, pieces: Iterable[int]) -> bool:
        """Tell whether all these pieces are known to be done."""
        return self._seen.issuperset(pieces)

    def longest(self) -> float:
        """Tell for how many seconds a piece has been going on that has told of its begin."""
        now = time.monotonic()
        return max((now - at for piece, at in self._begun.items() if piece not in self._seen), default=0.0)

    def until(self, is_over: Callable[[], bool]) -> None:
        """Listen until something is so."""
        while not is_over():
            try:
                message = self._box.get(timeout=_LOOK_AGAIN)
            except queue.Empty:
                continue
            self._heed(message)

    def until_done(self, futures: Iterable[Any]) -> Any:
        """Listen until all futures are done, or one has failed: then give that one, else None."""
        self._waiting = {future.key for future in futures}
        for future in futures:
            future.add_done_callback(self._box.put)
        self.until(lambda: self._failed is not None or not self._waiting)
        return self._failed

    def _heed(self, message: Any) -> None:
        if not isinstance(message, dict):
            if message.status == "finished":
                self._waiting.discard(message.key)
            else:
                self._failed = message
        elif "printed" in message:
            name, text = message["printed"]
            stream = getattr(sys, name)
            if stream is not None:
                stream.write(text)
                stream.flush()
        elif "begun" in message:
            self._begun[message["piece"]] = time.monotonic()
        elif message["piece"] not in self._seen:  # a piece may be done again, after a worker was lost
            self._seen.add(message["piece"])
            self._done(message["piece"], message["took"])
