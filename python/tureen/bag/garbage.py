"""Python's search for garbage, made seldom while bags are computed, which make lists by the ten thousand.

It looks again and again at everything that was made and is still there, which takes longer than making it.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LEAST = 100_000
"""New objects between two searches; Python has 700 to 2000."""

_lock = threading.Lock()
_n_within = 0
_before: tuple[int, int, int] = (0, 0, 0)


@contextmanager
def searched_seldom() -> Iterator[None]:
    """Have fewer searches within; as many as before when all threads have left.

    >>> import gc
    >>> before = gc.get_threshold()
    >>> with searched_seldom():
    ...     gc.get_threshold()[0] >= 100_000
    True
    >>> gc.get_threshold() == before
    True
    """
    global _n_within, _before
    with _lock:
        _n_within += 1
        if _n_within == 1:
            _before = gc.get_threshold()
            if 0 < _before[0] < _LEAST:  # 0: there are none at all.
                gc.set_threshold(_LEAST, *_before[1:])
    try:
        yield
    finally:
        with _lock:
            _n_within -= 1
            if _n_within == 0 and gc.get_threshold()[0] == _LEAST:
                gc.set_threshold(*_before)
