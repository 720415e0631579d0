"""The range of bytes of a file that a partition of lines is, if its text can be read without Python.

Knows which lines those are; nothing of what is done with them.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator

from .blocks import line_bounds
from .lines import Lines, cut_at

_PIECE = 1 << 24


def pieces_of(lines: Lines) -> Iterator[Lines]:
    """Yield the lines of a partition in pieces of about 16 MB, if they are a stretch; else as they are."""
    stretch = stretch_of(lines)
    if stretch is None:
        yield lines
        return
    _, start, end = stretch
    for begin in range(start, end, _PIECE):
        yield lines.within(begin, min(begin + _PIECE, end))


def stretch_of(lines: Lines) -> tuple[str, int, int] | None:
    """Return the file, and where its lines start and end; None unless it is plain UTF-8 text of one file."""
    if lines.with_path or lines.errors != "strict" or len(lines.files) != 1:
        return None
    (path, compression) = lines.files[0]
    if compression is not None or codecs.lookup(lines.encoding).name != "utf-8" or not os.path.isfile(path):
        return None
    if lines.block is None:
        return path, 0, os.path.getsize(path)
    delimiter, width = cut_at(lines.delimiter, lines.encoding)
    with open(path, "rb") as file:
        return path, *line_bounds(file, *lines.block, delimiter, width)
