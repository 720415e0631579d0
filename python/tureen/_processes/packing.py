"""Objects as bytes, with large buffers beside them in shared memory.

Plain pickle does most of it. Where it can't (lambdas, closures, local classes), or would name something of
the user's `__main__`, which workers don't have, cloudpickle does, by value.
"""

from __future__ import annotations

import os
import pickle
import struct
import sys
from collections.abc import Callable
from typing import Any

from tureen._processes import arena, by_value

LARGE = 1 << 16
"""Buffers from this size on go by shared memory."""

_SHARED = 1 << 63
"""In the length of a buffer: others have this arena, too."""


class Packed:
    """A packed object. Its descriptors are closed when it is sent or dropped."""

    __slots__ = ("_is_mine", "data", "descriptors", "lengths")

    def __init__(
        self, data: bytes | memoryview, lengths: list[int], descriptors: list[int], is_mine: list[bool]
    ) -> None:
        self.data = data
        self.lengths = lengths
        self.descriptors = descriptors
        self._is_mine = is_mine

    def parts(self) -> tuple[bytes, bytes | memoryview]:
        """The bytes of a frame that holds this."""
        n = len(self.lengths)
        return struct.pack(f"<I{n}Q", n, *self.lengths), self.data

    def close(self) -> None:
        """Close those of its descriptors that nobody else in this process uses."""
        for descriptor, is_mine in zip(self.descriptors, self._is_mine, strict=True):
            if is_mine:
                os.close(descriptor)
        self.descriptors, self._is_mine = [], []

    def __del__(self) -> None:
        self.close()


class Recent:
    """The last large buffers that were packed in a run: an array that many tasks take is copied once."""

    __slots__ = ("_entries",)

    MOST = 2

    def __init__(self) -> None:
        self._entries: dict[tuple[int, int], tuple[Any, int]] = {}

    def descriptor(self, raw: memoryview) -> int:
        """An arena with these bytes."""
        # The object that has the buffer is held, so that no other gets its address.
        key = (id(raw.obj), raw.nbytes)
        entry = self._entries.pop(key, None)
        if entry is None:
            while len(self._entries) >= self.MOST:
                self._drop(next(iter(self._entries)))
            entry = (raw.obj, arena.write(raw))
        self._entries[key] = entry
        return entry[1]

    def close(self) -> None:
        """Forget all of them."""
        while self._entries:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: tuple[int, int]) -> None:
        os.close(self._entries.pop(key)[1])


def pack(obj: Any, recent: Recent | None = None) -> Packed:
    """Pack an object.

    Args:
        obj: The object.
        recent: Where to look for buffers that were packed before, if the same ones may come again.

    Raises:
        Exception: whatever the object raises when it is pickled.
    """
    buffers: list[memoryview] = []

    def stays_inside(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes < LARGE:
            return True
        buffers.append(raw)
        return False

    data = _dumps(obj, buffers, stays_inside)
    lengths: list[int] = []
    descriptors: list[int] = []
    packed = Packed(data, lengths, descriptors, [])
    for raw in buffers:
        descriptors.append(arena.write(raw) if recent is None else recent.descriptor(raw))
        packed._is_mine.append(recent is None)
        lengths.append(raw.nbytes | (0 if recent is None else _SHARED))
    return packed


def loads(body: memoryview, descriptors: list[int]) -> Any:
    """Load what was packed, from the bytes of a frame. The descriptors are taken over."""
    lengths, data = _split(body)
    buffers = [
        arena.map_private(descriptor, length & ~_SHARED, bool(length & _SHARED))
        for descriptor, length in zip(descriptors, lengths, strict=True)
    ]
    return pickle.loads(data, buffers=buffers)


def relay(body: memoryview, descriptors: list[int]) -> Packed:
    """Make what was received ready to be sent on, as it is."""
    lengths, data = _split(body)
    return Packed(data, list(lengths), descriptors, [True] * len(descriptors))


def dumps_by_value(obj: Any) -> bytes:
    """Pickle something of the user's all in one piece.

    Raises:
        Exception: whatever the object raises when it is pickled.
    """
    return _dumps(obj, [], None)


def _split(body: memoryview) -> tuple[tuple[int, ...], memoryview]:
    (n,) = struct.unpack_from("<I", body)
    return struct.unpack_from(f"<{n}Q", body, 4), body[4 + 8 * n :]


def _dumps(
    obj: Any, buffers: list[memoryview], stays_inside: Callable[[pickle.PickleBuffer], bool] | None
) -> bytes:
    if not _goes_by_value():
        try:
            data = pickle.dumps(obj, protocol=5, buffer_callback=stays_inside)
        except Exception:  # whatever a __reduce__ may raise; cloudpickle may know better
            pass
        else:
            if b"__main__" not in data:
                return data
        buffers.clear()
    return by_value.dumps(obj, stays_inside)


def _goes_by_value() -> bool:
    """Whether the user told cloudpickle that some modules are to be sent along."""
    cloudpickle = sys.modules.get("cloudpickle")
    return cloudpickle is not None and bool(cloudpickle.list_registry_pickle_by_value())
