"""What happens to the threads of this process when it ends or forks. Registered once, at import."""

from __future__ import annotations

import atexit
import os

from tureen._tureen import finish, forget_threads


def register() -> None:
    """Have tasks that run finish before the interpreter ends, and a forked child start without threads."""
    atexit.register(finish)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=forget_threads)
