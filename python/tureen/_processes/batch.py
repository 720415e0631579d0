"""Calls for a worker, as they are sent: by columns, so that what calls have in common is sent once."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from tureen._processes.copies import Copy
    from tureen._processes.source import Run


def values_of(sent: list[Any] | bytes) -> Sequence[Any]:
    """Give values that were sent as a list, or as bytes if they are whole numbers.

    >>> list(values_of((7).to_bytes(8, sys.byteorder)))
    [7]
    """
    return memoryview(sent).cast("q") if type(sent) is bytes else sent


def calls_of(runs: list[Run]) -> Iterator[tuple[int, tuple[Any, ...], dict[str, Any] | None]]:
    """Give each call: the number of the function, the arguments, those by name.

    >>> list(calls_of([(0, True, [1, 2], None), (1, False, [(3, 4)], [{"x": 5}])]))
    [(0, (1,), None), (0, (2,), None), (1, (3, 4), {'x': 5})]
    """
    for number, is_single, column, named in runs:
        for place, args in enumerate(values_of(column)):
            yield number, (args,) if is_single else args, None if named is None else named[place]


class Batch:
    """Calls for a worker, and what still has to be there before it can have them.

    Args:
        tasks: The numbers of the tasks, as bytes.
        runs: Their calls.
        is_wanted: A byte for each task: whether the user wants the result.
        to_drop: Results that the worker has and nobody needs any more.

    >>> batch = Batch(memoryview(b"").cast("I").tobytes(), [], b"", [])
    >>> len(batch)
    0
    """

    __slots__ = ("data", "is_wanted", "lent", "missing", "runs", "to_drop")

    def __init__(self, tasks: bytes, runs: list[Run], is_wanted: bytes, to_drop: list[int]) -> None:
        self.data = tasks
        self.runs = runs
        self.is_wanted = is_wanted
        self.to_drop = to_drop
        self.missing: set[int] = set()
        self.lent: list[Copy] = []
        """The copies of large arguments that its worker has for it."""

    def __len__(self) -> int:
        return len(self.is_wanted)

    @property
    def message(self) -> tuple[bytes, list[Run], bytes, list[int]]:
        """What the worker gets."""
        return self.data, self.runs, self.is_wanted, self.to_drop

    @property
    def tasks(self) -> list[int]:
        """The numbers of the tasks."""
        return memoryview(self.data).cast("I").tolist()

    def call(self, place: int) -> tuple[int, tuple[Any, ...], dict[str, Any] | None]:
        """One call: the number of the function, the arguments, those by name."""
        for number, is_single, column, named in self.runs:
            values = values_of(column)
            if place < len(values):
                args = (values[place],) if is_single else values[place]
                return number, args, None if named is None else named[place]
            place -= len(values)
        raise IndexError(place)

    def split(self) -> list[Batch]:
        """The same, one by one."""
        tasks = memoryview(self.data).cast("I")
        return [
            Batch(
                bytes(tasks[place : place + 1]),
                [(number, False, [args], None if kwargs is None else [kwargs])],
                self.is_wanted[place : place + 1],
                [],
            )
            for place, (number, args, kwargs) in enumerate(calls_of(self.runs))
        ]
