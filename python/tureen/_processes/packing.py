"""Objects as bytes, with large buffers beside them in shared memory.

Plain pickle does most of it. Where it can't (lambdas, closures, local classes), or would name something of
the user's `__main__`, which workers don't have, cloudpickle does, by value.
"""

from __future__ import annotations

import os
import struct
import sys

from tureen._processes import arena, born, functions
from tureen._processes.bare import pickle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tureen._processes.copies import Copies, Copy

LARGE = 1 << 16
"""Buffers from this size on go by shared memory."""

_LONG = 1 << 20
"""A pickle from this size on is itself a buffer, the last one: it is copied once, and not through sockets."""

_WHERE = struct.Struct("<QQ")
"""Where in its arena a buffer is: the offset, and the length."""

_SHARED = 1 << 63
"""In the length of a buffer: others have this arena, too."""


class Packed:
    """A packed object. Its descriptors are closed when it is sent or dropped."""

    __slots__ = ("_places", "data", "descriptors", "lent")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.descriptors: list[int] = []
        self.lent: list[Copy] = []
        """The copies that its first descriptors are of."""
        self._places: list[tuple[int, int]] = []

    def add(self, descriptor: int, offset: int, length: int, is_shared: bool) -> None:
        """Add a buffer, and take over its descriptor."""
        self.descriptors.append(descriptor)
        self._places.append((offset, length | (_SHARED if is_shared else 0)))

    def parts(self) -> tuple[bytes, bytes]:
        """The bytes of a frame that holds this."""
        places = b"".join(_WHERE.pack(*place) for place in self._places)
        return len(self._places).to_bytes(4, "little") + places, self.data

    def close(self) -> None:
        """Close its descriptors."""
        while self.descriptors:
            os.close(self.descriptors.pop())

    def __del__(self) -> None:
        self.close()


def pack(obj: Any, copies: Copies | None = None) -> Packed:
    """Pack an object.

    Args:
        obj: The object.
        copies: The copies of buffers that were made before, if the same ones may come again.

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

    packed = Packed(_dumps(obj, buffers, stays_inside))
    for raw in buffers:
        if copies is not None:
            copy = copies.of(raw)
            packed.lent.append(copy)
            packed.add(copy.lend(), 0, raw.nbytes, is_shared=True)
        elif (given := born.give(raw)) is not None:
            packed.add(*given, raw.nbytes, is_shared=True)
        else:
            packed.add(arena.write(raw), 0, raw.nbytes, is_shared=False)
    if len(packed.data) >= _LONG:
        raw = memoryview(packed.data)
        packed.add(arena.write(raw), 0, raw.nbytes, is_shared=False)
        packed.data = b""
    return packed


def loads(body: memoryview, descriptors: list[int], looks: list[arena.Look] | None = None) -> Any:
    """Load what was packed, from the bytes of a frame. The descriptors are taken over.

    Args:
        body: The bytes.
        descriptors: Its descriptors.
        looks: Gets, for each descriptor, what tells whether something still looks into that buffer.
    """
    places, data = _split(body)
    buffers = [
        arena.map_private(descriptor, offset, length & ~_SHARED, bool(length & _SHARED))
        for descriptor, (offset, length) in zip(descriptors, places, strict=True)
    ]
    if looks is not None:
        looks.extend(map(arena.look, buffers))
    return pickle.loads(data or buffers.pop(), buffers=buffers)


def relay(body: memoryview, descriptors: list[int]) -> Packed:
    """Make what was received ready to be sent on, as it is."""
    places, data = _split(body)
    packed = Packed(bytes(data))
    for descriptor, (offset, length) in zip(descriptors, places, strict=True):
        packed.add(descriptor, offset, length & ~_SHARED, bool(length & _SHARED))
    return packed


def dumps_by_value(obj: Any) -> bytes:
    """Pickle something of the user's all in one piece.

    Raises:
        Exception: whatever the object raises when it is pickled.
    """
    return _dumps(obj, [], None)


def _split(body: memoryview) -> tuple[list[tuple[int, int]], memoryview]:
    end = 4 + _WHERE.size * int.from_bytes(body[:4], "little")
    return list(_WHERE.iter_unpack(body[4:end])), body[end:]


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
        plain = functions.dumps(obj, stays_inside)
        if plain is not None:
            return plain
        buffers.clear()
    # What is needed seldom takes a while to import.
    from tureen._processes import by_value

    return by_value.dumps(obj, stays_inside)


def _goes_by_value() -> bool:
    """Whether the user told cloudpickle that some modules are to be sent along."""
    cloudpickle = sys.modules.get("cloudpickle")
    return cloudpickle is not None and bool(cloudpickle.list_registry_pickle_by_value())
