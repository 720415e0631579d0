"""Cuts files into byte ranges that start and end at a line delimiter, so that no line is lost or read twice.

A block owns the lines that *start* in its range. Which bytes these are is found by looking at the file round
the two ends of the range only, when the block is read. Knows bytes; nothing of text.
"""

from __future__ import annotations

import io
import itertools
import os
from typing import BinaryIO

_CHUNK = 1 << 16


def block_bounds(size: int, blocksize: int) -> list[tuple[int, int]]:
    """Return the ranges that a file of `size` bytes is cut into: of equal lengths, as dask's.

    >>> block_bounds(25, 10), block_bounds(3, 10)
    ([(0, 12), (12, 25)], [(0, 3)])
    """
    n = max(1, size // blocksize)
    bounds = [i * size // n for i in range(n + 1)]
    return list(itertools.pairwise(bounds))


def line_start(file: BinaryIO, position: int, delimiter: bytes, width: int = 1) -> int:
    """Return where the first line starts that starts at `position` or later, or the end of the file.

    `width` is the size of the units that the delimiter is made of: 2 for UTF-16, 4 for UTF-32.
    """
    if position <= 0:
        return 0
    length = len(delimiter)
    # The delimiter before a line that starts at `position` starts `length` bytes earlier.
    begin = _in_step(file, max(0, position - length), delimiter)
    file.seek(begin)
    held, offset = b"", begin
    while True:
        chunk = file.read(_CHUNK)
        held += chunk
        place = 0
        while (place := held.find(delimiter, place)) >= 0:
            if (offset + place) % width:
                place += 1
            elif offset + place + length >= position:
                return offset + place + length
            else:
                place += length
        if not chunk:
            return offset + len(held)
        # What is kept may start a delimiter, or is the rest of one that can't be told from the start of
        # another.
        keep = min(len(held), length - 1)
        cut = _after_last(held, delimiter, offset, width, len(held) - keep)
        offset += cut
        held = held[cut:]


def line_bounds(file: BinaryIO, start: int, end: int, delimiter: bytes, width: int = 1) -> tuple[int, int]:
    """Return where the whole lines that start in a range of a file start and end."""
    size = os.fstat(file.fileno()).st_size
    first = line_start(file, start, delimiter, width)
    last = size if end >= size else line_start(file, end, delimiter, width)
    return first, max(first, last)


def _after_last(held: bytes, delimiter: bytes, offset: int, width: int, cut: int) -> int:
    """Return where to go on, so that no delimiter that was counted is counted again in part."""
    place = end = 0
    while (place := held.find(delimiter, place)) >= 0:
        if (offset + place) % width:
            place += 1
        else:
            place += len(delimiter)
            end = place
    return max(cut, end)


def _in_step(file: BinaryIO, position: int, delimiter: bytes) -> int:
    """Return a place at or before `position` from where delimiters are counted as from the file's start.

    Only for a delimiter that can overlap itself, as `$$` in `$$$`, does it matter where the counting starts:
    then we go back to the start of the run of overlapping ones.
    """
    length = len(delimiter)
    if not any(delimiter.startswith(delimiter[shift:]) for shift in range(1, length)):
        return position
    begin = position
    while begin > 0:
        start = max(0, begin - length + 1)
        file.seek(start)
        # A delimiter that starts before `begin` and reaches into it or beyond.
        window = file.read(begin - start + length - 1)
        place = window.find(delimiter)
        if place < 0:
            return begin
        begin = start + place
    return 0


class ByteRange(io.RawIOBase):
    """The bytes of a file from one place up to another, as a file."""

    def __init__(self, file: BinaryIO, start: int, end: int) -> None:
        self._file = file
        self._left = end - start
        self._n_read = 0
        file.seek(start)

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._n_read

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)[: self._left]  # type: ignore[arg-type]
        n = self._file.readinto(view) if len(view) else 0  # type: ignore[attr-defined]
        self._left -= n
        self._n_read += n
        return int(n)

    def close(self) -> None:
        if not self.closed:
            self._file.close()
        super().close()


def open_block(path: str, start: int, end: int, delimiter: bytes, width: int = 1) -> tuple[ByteRange, int]:
    """Open the whole lines that start in a range of a file; return them as a file, and where they start."""
    file = open(path, "rb")
    try:
        first, last = line_bounds(file, start, end, delimiter, width)
        return ByteRange(file, first, last), first
    except BaseException:
        file.close()
        raise
