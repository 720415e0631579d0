"""Write it as if nothing were parallel; run it on everything you have.

>>> import tureen
>>> add = tureen.delayed(lambda a, b: a + b)
>>> total = add(add(1, 2), add(3, 4))
>>> total.compute()
10
"""

from __future__ import annotations

from tureen import _lifetime, config
from tureen._annotations import annotate, get_annotations
from tureen._collections import is_dask_collection, optimize, persist
from tureen._tureen import Delayed, __version__, compute
from tureen._visualize import visualize
from tureen.delayed import delayed

# The module `typing` takes longer to import than all of this package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tureen._executor import Executor
    from tureen._explain import explain
    from tureen._get import get
    from tureen._trace import trace

_lifetime.register()

__all__ = [
    "Delayed",
    "Executor",
    "__version__",
    "annotate",
    "compute",
    "config",
    "delayed",
    "explain",
    "get",
    "get_annotations",
    "is_dask_collection",
    "optimize",
    "persist",
    "trace",
    "visualize",
]

# Imported when first asked for: they need more of the standard library than promises do.
_LATER = {
    "Executor": "tureen._executor",
    "explain": "tureen._explain",
    "get": "tureen._get",
    "trace": "tureen._trace",
}


def __getattr__(name: str) -> Any:
    module = _LATER.get(name)
    if module is None:
        raise AttributeError(f"module 'tureen' has no attribute {name!r}")
    from importlib import import_module

    found = globals()[name] = getattr(import_module(module), name)
    return found
