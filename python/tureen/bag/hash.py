"""Hashes that are the same in every process, and equal for equal keys.

`hash()` of text differs from process to process, which makes dask.bag's groupby wrong (dask #6840). Numbers
are the exception: Python's hash of numbers is fixed and equal for equal ones (``1 == 1.0 == True``), so we
build on it.
"""

from __future__ import annotations

import dataclasses
import datetime
import enum
from typing import Any
from zlib import crc32

_MASK = (1 << 64) - 1
_EPOCH = datetime.datetime(1970, 1, 1)
_EPOCH_UTC = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def stable_hash(key: Any) -> int:
    """Return a hash of 32 bits that is well mixed, for sharing keys out to partitions.

    Stable across processes for numbers, text, bytes, None, tuples, frozensets, enums, dates and frozen
    dataclasses of these. For other types it builds on their own `__hash__`, which is right within a process.
    Raises `TypeError` for keys that can't be hashed, such as lists.

    >>> stable_hash(1) == stable_hash(1.0) == stable_hash(True), stable_hash("a") == stable_hash(b"a")
    (True, False)
    """
    return _mix(_raw(key))


def _raw(key: Any) -> int:
    kind = type(key)
    if kind is int or kind is float or kind is bool:
        return hash(key)
    if kind is str:
        return _text(key)
    if kind is bytes:
        return crc32(key, 0x62) + (len(key) << 32)
    if key is None:
        return 0x6E6F6E65
    if kind is tuple:
        hash(key)  # Raises TypeError for tuples that hold lists and such.
        return _tuple(key)
    if kind is frozenset:
        return sum(stable_hash(item) for item in key) + len(key)
    return _other(key)


def _mix(number: int) -> int:
    # Fibonacci hashing: the upper half of the product depends on all bits below.
    return (((number ^ (number >> 32)) * 0x9E3779B97F4A7C15) & _MASK) >> 32


def _text(key: str) -> int:
    data = key.encode("utf-8", "surrogatepass")
    return crc32(data) + (len(data) << 32)


def _tuple(key: tuple[Any, ...]) -> int:
    # A stack of our own: tuples may be nested deeper than Python's.
    total, waiting = len(key), [iter(key)]
    while waiting:
        for item in waiting[-1]:
            if type(item) is tuple:
                total = _mix(total * 31 + len(item))
                waiting.append(iter(item))
                break
            total = _mix(total * 31 + _raw(item))
        else:
            waiting.pop()
    return total


def _other(key: Any) -> int:
    own = hash(key)  # Raises TypeError for what can't be a key.
    kind = type(key)
    # A subclass that hashes as its base may equal its base's values, so it must land where they do.
    if isinstance(key, str):
        return _text(str.__str__(key)) if own == hash(str.__str__(key)) else own
    if isinstance(key, bytes):
        return _raw(bytes(key)) if own == hash(bytes(key)) else own
    if isinstance(key, enum.Enum):
        if _hashes_as_enum(kind):
            return _text(f"{kind.__module__}.{kind.__qualname__}.{key.name}")
        return own
    if isinstance(key, tuple):
        return _tuple(tuple(key)) if own == hash(tuple(key)) else own
    if isinstance(key, frozenset):
        return _raw(frozenset(key)) if own == hash(frozenset(key)) else own
    if isinstance(key, datetime.datetime):
        since = key - (_EPOCH if key.utcoffset() is None else _EPOCH_UTC)
        return hash((since.days, since.seconds, since.microseconds))
    if isinstance(key, datetime.date):
        return key.toordinal()
    if dataclasses.is_dataclass(kind) and own == _hash_of_fields(key):
        return _raw(tuple(_compared(key))) + _text(kind.__qualname__)
    return own


def _hashes_as_enum(kind: type) -> bool:
    own: object = kind.__hash__
    return own is enum.Enum.__hash__


def _compared(key: Any) -> list[Any]:
    return [
        getattr(key, field.name)
        for field in dataclasses.fields(key)
        if (field.compare if field.hash is None else field.hash)
    ]


def _hash_of_fields(key: Any) -> int | None:
    """Return the hash that `dataclass` would have written, to know one that a person wrote."""
    try:
        return hash(tuple(_compared(key)))
    except (TypeError, AttributeError):
        return None
