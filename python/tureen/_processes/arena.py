"""Shared memory for large buffers: made, written, mapped, and used again.

An arena belongs to whoever holds its descriptor last: it is sent, its sender forgets it, and its receiver
keeps it for its own when nothing looks at it any more. So nobody has to tell anybody that an arena is free.
Only those that went to several are closed and not used again.
"""

from __future__ import annotations

import mmap
import os
import threading
from collections import deque

from tureen._processes import huge
from tureen._tureen import fill_mapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Look = Callable[[], Any]

MOST_FREE = 256 << 20
"""Bytes of arenas that a process keeps for later."""

_MOST_KEPT = 16

_free: list[tuple[int, int]] = []
"""Capacity and descriptor of each arena that may be used again."""

_given_back: deque[tuple[int, int]] = deque()
"""The same, as finalizers leave them: they may run at any moment, so they touch nothing else."""

_kept: set[int] = set()
"""Descriptors of arenas that are mapped and will be used again."""

_libc: Any = None


def write(data: memoryview) -> int:
    """Put bytes into shared memory; give its descriptor."""
    with _lock:
        used = _take_free(data.nbytes)
    descriptor = new(data.nbytes) if used is None else used
    try:
        # It is told how much comes, for that is what huge pages are given for; and it may have held more.
        os.ftruncate(descriptor, data.nbytes)
        if used is None or not _write_over(descriptor, data):
            _write_all(descriptor, data)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def map_private(descriptor: int, offset: int, length: int, is_shared: bool) -> Any:
    """Give an object with the buffer interface for what is in an arena, and take over its descriptor.

    What is written to it is seen by nobody else: pages are copied when they are written to. The arena is
    free again when the object and all that looks into it are gone.
    """
    # Only who gets large data needs these; they take a while.
    import ctypes
    import weakref

    before = offset % mmap.PAGESIZE
    address = _map(descriptor, offset - before, before + length)
    if address is None:  # The system allows only so many mappings.
        data = bytearray(length)
        view = memoryview(data)
        done = 0
        while done < length:
            done += os.preadv(descriptor, [view[done:]], offset + done)
        os.close(descriptor)
        return data
    buffer = (ctypes.c_ubyte * length).from_address(address + before)
    kept = None
    if is_shared or length > MOST_FREE or len(_kept) >= _MOST_KEPT:
        os.close(descriptor)
    else:
        kept = descriptor
        _kept.add(descriptor)
    weakref.finalize(buffer, _finish, kept, address, before + length).atexit = False
    return buffer


def look(buffer: Any) -> Look:
    """Give what tells whether a buffer that was mapped is still there: it gives None when it is not."""
    if isinstance(buffer, bytearray):  # It is a copy of the arena, which is closed already.
        return lambda: None
    import weakref

    return weakref.ref(buffer)


def give_back(descriptor: int, length: int) -> None:
    """Leave an arena that nobody looks at, and its descriptor, for whoever needs one of this size."""
    _given_back.append((length, descriptor))


def forget_free() -> None:
    """Give the memory of free arenas back to the system."""
    with _lock:
        while _given_back:
            os.close(_given_back.popleft()[1])
        while _free:
            os.close(_free.pop()[1])


_lock = threading.Lock()


def new(length: int) -> int:
    """Make an arena for so many bytes; give its descriptor."""
    folder = huge.folder() if length >= huge.PAGE else None
    if folder is not None:
        return os.open(".", os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o600, dir_fd=folder)
    if hasattr(os, "memfd_create"):
        return os.memfd_create("tureen", os.MFD_CLOEXEC)
    import tempfile

    descriptor, path = tempfile.mkstemp()
    os.unlink(path)
    return descriptor


def _take_free(length: int) -> int | None:
    while _given_back:
        _free.append(_given_back.popleft())
    fitting = [entry for entry in _free if length <= entry[0] <= 4 * length]
    if fitting:
        best = min(fitting)
        _free.remove(best)
        return best[1]
    while _free and sum(capacity for capacity, _ in _free) + length > MOST_FREE:
        os.close(_free.pop(0)[1])
    return None


def _write_over(descriptor: int, data: memoryview) -> bool:
    """Write over what an arena has, which is quicker than to fill fresh memory; False if that can't be."""
    # Ordinary pages take longer to map than this gains. And only of what may be written does Python tell
    # where it is.
    if data.nbytes < huge.PAGE or data.readonly or huge.folder() is None:
        return False
    import ctypes

    start = ctypes.c_ubyte.from_buffer(data)
    return fill_mapped(descriptor, ctypes.addressof(start), data.nbytes)


def _write_all(descriptor: int, data: memoryview) -> None:
    done = 0
    while done < data.nbytes:
        done += os.pwrite(descriptor, data[done:], done)


def _map(descriptor: int, offset: int, length: int) -> int | None:
    global _libc
    import ctypes

    if _libc is None:
        _libc = ctypes.CDLL(None)
        _libc.mmap.restype = ctypes.c_void_p
        _libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
        _libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    protection = mmap.PROT_READ | mmap.PROT_WRITE
    address = _libc.mmap(None, length, protection, mmap.MAP_PRIVATE, descriptor, offset)
    return None if address in (None, ctypes.c_void_p(-1).value) else int(address)


def _finish(descriptor: int | None, address: int, length: int) -> None:
    _libc.munmap(address, length)
    if descriptor is not None:
        _kept.discard(descriptor)
        give_back(descriptor, length)
