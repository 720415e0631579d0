"""The parts of Python's own modules that are written in C, without the parts that are not.

Importing `pickle`, `socket` and `signal` takes a worker as long as all else that it does before it is ready.
"""

from __future__ import annotations

import _pickle as pickle
import _signal  # type: ignore[import-not-found]

SIGINT: int = int(_signal.SIGINT)
SIGKILL: int = int(_signal.SIGKILL)
set_signal = _signal.signal

__all__ = ["SIGINT", "SIGKILL", "pickle", "set_signal"]
