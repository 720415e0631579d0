"""Large arrays of NumPy that are born in shared memory, and so leave a worker without a copy.

Where there are no huge pages, shared memory is so much slower to fill than a process's own that copying the
few arrays that travel is cheaper: there, nothing is born in it.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

from tureen._processes import huge
from tureen._tureen import bear_shared, give_born, keep_born

_is_begun = False


def begin() -> None:
    """In a worker, from when NumPy is there: have its large arrays born in shared memory."""
    global _is_begun
    if _is_begun or "numpy" not in sys.modules:
        return
    try:
        is_old = sys.modules["numpy"].__version__.startswith("1.")
        core = import_module("numpy.core" if is_old else "numpy._core")
        is_numpys = core.multiarray.get_handler_name() == "default_allocator"
        version, table = core.multiarray.get_handler_version(), core._multiarray_umath._ARRAY_API
    except (ImportError, AttributeError):  # older than this interface, or only being imported
        return
    _is_begun = True
    folder = huge.folder() if is_numpys and version == 1 else None
    if folder is not None:
        # Of what is larger, NumPy's own allocator says whether the machine has room for it.
        largest = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 4
        bear_shared(folder, largest, table)
        # A child that the task forks must not write into its parent's arrays.
        os.register_at_fork(before=keep_born)


def give(raw: memoryview) -> tuple[int, int] | None:
    """Give away bytes that were born in shared memory: a descriptor, and where they start there.

    What is written here from now on is not seen by who gets them.
    """
    if not _is_begun:
        return None
    place = getattr(raw.obj, "__array_interface__", None)
    return None if place is None else give_born(place["data"][0], raw.nbytes)
