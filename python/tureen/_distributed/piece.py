"""Does a piece: what runs inside a worker of dask's. One task there, any number of our own.

The thread in which dask runs the task does all of it, on tureen's engine: as many pieces run at a time as the
worker has threads, and each call finds what dask has prepared in its thread (``get_worker()`` and its like).
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from contextlib import nullcontext
from contextvars import ContextVar
from importlib import import_module
from typing import Any

from tureen._distributed.failing import OtherVersion, Stopped, told
from tureen._distributed.prints import sent_by
from tureen._distributed.results import grouped, part_of
from tureen._tureen import __version__, run_piece

TOPIC = "tureen"
"""The events of dask's by which workers tell of pieces."""

PROCESS = os.urandom(8).hex()
"""Tells this process from others."""

NOBODY = ""
"""In the place of a process: nobody listens, so what is printed goes where the worker prints."""

inside: ContextVar[bool] = ContextVar("tureen_inside_piece", default=False)
"""Whether this is a task of a piece: what it computes is part of it."""


class Needed:
    """Stands for a value that was sent by itself: its place among what the piece needs."""

    __slots__ = ("place",)

    def __init__(self, place: int) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Any, ...]:
        return Needed, (self.place,)


def do(
    version: str, sender: str, run: str, number: int, is_awaited: bool, packed: bytes, *needed: Any
) -> Any:
    """Do a piece, and give its results (`results.grouped`).

    Args:
        version: The version of tureen that sent it.
        sender: The process that sent it, and listens.
        run: What the sender calls the run.
        number: The number of the piece in it.
        is_awaited: Whether the sender wants to know when it begins.
        packed: The piece: its calls, functions, values, where to find what it needs, and its results.
        needed: What it needs of other pieces.

    Raises:
        OtherVersion: this is another version of tureen.
        PieceFailed: a call raised.
        Stopped: nobody wants it any more.
    """
    if version != __version__:
        raise OtherVersion(f"there is tureen {__version__}, and here {version}")
    worker: Any = import_module("distributed").get_worker()

    def tell(**message: Any) -> None:
        worker.log_event(TOPIC, {"run": run, "piece": number, **message})

    calls, functions, values, reads, groups = pickle.loads(packed)
    if is_awaited:
        tell(begun=True)
    given = [needed[value.place] if type(value) is Needed else value for value in values]
    for place, part in reads:
        given.append(part_of(needed[place], part))
    wanted = [place for group in groups for place in group]
    is_elsewhere = sender not in (PROCESS, NOBODY)
    printing = sent_by(lambda name, text: tell(printed=[name, text])) if is_elsewhere else nullcontext()
    token = inside.set(True)
    try:
        with printing:
            results, failed, took = run_piece(calls, functions, given, wanted, _looking_at(worker))
    finally:
        inside.reset(token)
    if failed is not None:
        raise told(run, number, *failed)
    assert results is not None
    tell(took=took)
    return grouped(results, groups)


def _looking_at(worker: Any) -> Callable[[], None]:
    """A function that raises when the task that runs here was cancelled."""
    key = worker.get_current_task()

    def look() -> None:
        task = worker.state.tasks.get(key)
        if task is None or task.state == "cancelled":
            raise Stopped("the piece was cancelled")

    return look
