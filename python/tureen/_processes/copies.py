"""Copies of the user's large buffers, in shared memory, and which workers still look at them.

A copy is kept while it may be wanted again: an array that many tasks take is copied once. Then, when nobody
looks at it any more, its memory takes the next copy: that is quicker than to get fresh memory of the system.
"""

from __future__ import annotations

import os

from tureen._processes import arena

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Copy:
    """One buffer's copy."""

    __slots__ = ("_buffer", "_descriptor", "_is_clean", "_length", "_n_lent")

    def __init__(self, raw: memoryview) -> None:
        self._length = raw.nbytes
        self._descriptor = arena.write(raw)
        self._n_lent = 0
        self._is_clean = True
        """Whether all who have given it back look at it no more."""
        self._buffer: object = raw.obj
        """Held while this is wanted, so that no other buffer gets its address."""

    @property
    def is_closed(self) -> bool:
        """Whether its memory is somebody else's, or nobody's."""
        return self._descriptor < 0

    def lend(self) -> int:
        """Give a descriptor for a worker."""
        self._n_lent += 1
        return os.dup(self._descriptor)

    def give_back(self, is_in_use: bool) -> None:
        """Take it back from a worker that has done with the batch it was lent for."""
        self._n_lent -= 1
        self._is_clean &= not is_in_use
        self._let_go()

    def is_wanted_no_more(self) -> None:
        """Leave it to those that it is lent to."""
        self._buffer = None
        self._let_go()

    def close(self) -> None:
        """Forget it, whoever has it."""
        self._buffer = None
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _let_go(self) -> None:
        if self._buffer is None and self._n_lent == 0 and self._descriptor >= 0:
            if self._is_clean:
                arena.give_back(self._descriptor, self._length)
                self._descriptor = -1
            else:
                self.close()


class Copies:
    """The copies that were made for a run."""

    __slots__ = ("_all", "_recent")

    MOST_RECENT = 2
    """So many are kept in case that they are wanted again."""

    def __init__(self) -> None:
        self._recent: dict[tuple[int, int], Copy] = {}
        self._all: set[Copy] = set()

    def of(self, raw: memoryview) -> Copy:
        """Give a copy of a buffer: of one that was copied lately, the same."""
        key = (id(raw.obj), raw.nbytes)
        copy = self._recent.pop(key, None)
        if copy is None:
            while len(self._recent) >= self.MOST_RECENT:
                oldest = self._recent.pop(next(iter(self._recent)))
                oldest.is_wanted_no_more()
                self._forget_closed(oldest)
            copy = Copy(raw)
            self._all.add(copy)
        self._recent[key] = copy
        return copy

    def take_back(self, lent: Iterable[Copy], in_use: Iterable[int] | None) -> None:
        """Take back what was lent for one batch.

        Args:
            lent: The copies.
            in_use: The places, among these, of what the worker still looks at; None if that isn't known.
        """
        places = None if in_use is None else frozenset(in_use)
        for place, copy in enumerate(lent):
            copy.give_back(places is None or place in places)
            self._forget_closed(copy)

    def _forget_closed(self, copy: Copy) -> None:
        if copy.is_closed:
            self._all.discard(copy)

    def close(self) -> None:
        """Forget all of them."""
        self._recent.clear()
        while self._all:
            self._all.pop().close()
