"""Sizes in bytes: of values in memory, and as people write them."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

_UNITS = {"": 1, "b": 1}
for _power, _letter in enumerate("kmgtp", start=1):
    _UNITS.update({_letter: 1000**_power, f"{_letter}b": 1000**_power, f"{_letter}ib": 1024**_power})


def parse_size(size: int | float | str) -> int:
    """Return a number of bytes, given as a number or as text. Units as in dask: kB = 1000, KiB = 1024.

    Raises `ValueError` for text that is no size, and for sizes below 1.

    >>> parse_size("32k"), parse_size("1.5 MiB"), parse_size(100)
    (32000, 1572864, 100)
    """
    if isinstance(size, str):
        match = re.fullmatch(r"([0-9]*\.?[0-9]*(?:e[0-9]+)?)\s*([a-z]*)", size.strip(), re.IGNORECASE)
        unit = _UNITS.get(match[2].lower()) if match else None
        if match is None or unit is None or not re.search("[0-9a-z]", size, re.IGNORECASE):
            raise ValueError(
                f"`{size}` is no size in bytes\nhint: write a number and a unit, as `64MB` or `1GiB`"
            )
        number = float(match[1] or 1) * unit
    else:
        number = size
    whole = int(number)
    if whole < 1:
        raise ValueError(f"a size must be at least 1 byte, not {size!r}")
    return whole


def size_in_memory(value: Any) -> int:
    """Return about how many bytes a value takes, with what it holds. Shared objects count each time.

    >>> size_in_memory([1, 2, 3]) > size_in_memory([])
    True
    """
    total, waiting = 0, [iter([value])]
    seen: set[int] = set()
    while waiting:
        for item in waiting[-1]:
            total += _own_size(item)
            held = _held(item)
            if held is not None and id(item) not in seen:
                seen.add(id(item))
                waiting.append(iter(held))
                break
        else:
            waiting.pop()
    return total


def _own_size(item: Any) -> int:
    n_bytes = getattr(item, "nbytes", None)
    if isinstance(n_bytes, int) and not isinstance(item, (memoryview, type)):
        return n_bytes + 100
    try:
        return sys.getsizeof(item)
    except TypeError:
        return 100


def _held(item: Any) -> Iterable[Any] | None:
    if isinstance(item, (list, tuple, set, frozenset)):
        return item
    if isinstance(item, dict):
        return itertools.chain(item.keys(), item.values())
    return None


def group_sizes(sizes: Sequence[float], limit: int) -> list[int]:
    """Return the bounds of neighbours that together stay within the limit.

    >>> group_sizes([2, 2, 2, 5], 4)
    [0, 2, 3, 4]
    """
    bounds, held = [0], 0.0
    for place, size in enumerate(sizes):
        if place > bounds[-1] and held + size > limit:
            bounds.append(place)
            held = 0.0
        held += size
    return [*bounds, len(sizes)]
