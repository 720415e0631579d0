"""Where the tasks of worker processes come from, for those who check types."""

from __future__ import annotations

from typing import Any, Protocol

Run = tuple[int, bool, "list[Any] | bytes", "list[dict[str, Any] | None] | None"]
"""Calls of one function: its number; whether each has one argument, and none by name; these arguments (as
bytes, if all are whole numbers), or a tuple for each call; a dict or None for each call, if any has arguments
by name."""

Given = tuple[
    int, bytes, list[Run], bytes, list[tuple[int, int, Any]], list[tuple[int, int, bool]], list[int]
]
"""For a worker: its number, tasks (as bytes), calls, which results are wanted, functions that it lacks,
results that it lacks, and those that it need not keep."""


class Source(Protocol):
    """Where tasks come from, and whom their ends are told: a `Feed`, or what does the same."""

    def take(self, idle: list[int]) -> list[Given]: ...
    def prepare(self) -> tuple[bytes, list[Run], bytes] | None: ...
    def done(
        self,
        worker: int,
        tasks: bytes,
        results: list[Any] | bytes,
        held: list[int],
        times: list[tuple[int, int, float]],
    ) -> None: ...
    def failed(
        self,
        task: int,
        error: BaseException,
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None: ...
    def given(self, task: int, to: int) -> None: ...
    def label(self, task: int) -> str: ...
    def cancel(self) -> None: ...
    def is_over(self) -> bool: ...
