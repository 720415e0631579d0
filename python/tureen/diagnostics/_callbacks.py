"""``Callback``: functions that are called as a run goes on, with dask's names and arguments (2026.8)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from tureen.diagnostics._block import Block

Hook = Callable[..., Any] | None


class Callback(Block):
    """Call functions at the start of a run, before and after each task, and at the end.

    Give functions, or write a class with methods ``_start(dsk)``, ``_start_state(dsk, state)``,
    ``_pretask(key, dsk, state)``, ``_posttask(key, result, dsk, state, worker_id)`` and
    ``_finish(dsk, state, errored)``. For promises ``dsk`` maps keys to promises. All are called in the thread
    that computes, one at a time; runs inside tasks are not told of.

    Every task then passes through that thread, so a run of many short tasks takes longer.

    >>> from tureen import delayed
    >>> keys = []
    >>> with Callback(pretask=lambda key, dsk, state: keys.append(key)):
    ...     delayed(sum)([1, 2], dask_key_name="three").compute()
    3
    >>> keys
    ['three']
    """

    active: ClassVar[set[tuple[Hook, ...]]] = set()

    def __init__(
        self,
        start: Hook = None,
        start_state: Hook = None,
        pretask: Hook = None,
        posttask: Hook = None,
        finish: Hook = None,
    ) -> None:
        given = {
            "_start": start,
            "_start_state": start_state,
            "_pretask": pretask,
            "_posttask": posttask,
            "_finish": finish,
        }
        for name, function in given.items():
            if function:
                setattr(self, name, function)

    @property
    def _callback(self) -> tuple[Hook, ...]:
        names = ("_start", "_start_state", "_pretask", "_posttask", "_finish")
        return tuple(getattr(self, name, None) for name in names)

    def register(self) -> None:
        """Have it called in every run from now on."""
        Callback.active.add(self._callback)

    def unregister(self) -> None:
        """Have it called no more.

        Raises:
            KeyError: it was not registered.
        """
        Callback.active.remove(self._callback)


def active_callbacks() -> list[tuple[Hook, ...]]:
    """The callbacks that the next run is to call.

    >>> active_callbacks()
    []
    """
    return list(Callback.active)


@contextmanager
def not_for_inner_runs() -> Iterator[None]:
    """While a run calls the callbacks, others (those inside its tasks) do not."""
    Callback.active, before = set(), Callback.active
    try:
        yield
    finally:
        Callback.active = before
