"""Elements that are read as they are used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Stream:
    """Elements that are read as they are used, such as the lines of a file. May be read more than once."""

    __slots__ = ()

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError
