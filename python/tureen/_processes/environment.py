"""Environment variables of a worker, set before it imports anything of the user's."""

from __future__ import annotations

import os
from functools import lru_cache


class Variables:
    """Sets environment variables: what is called first in a worker."""

    __slots__ = ("_items",)

    def __init__(self, items: tuple[tuple[str, str], ...]) -> None:
        self._items = items

    def __call__(self) -> None:
        os.environ.update(self._items)


@lru_cache(maxsize=32)
def variables(items: tuple[tuple[str, str], ...]) -> Variables:
    """Give what sets these: the same object for the same ones, so that workers can be used again.

    >>> variables((("OMP_NUM_THREADS", "1"),)) is variables((("OMP_NUM_THREADS", "1"),))
    True
    """
    return Variables(items)
