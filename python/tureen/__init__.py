"""Write it as if nothing were parallel; run it on everything you have.

>>> import tureen
>>> add = tureen.delayed(lambda a, b: a + b)
>>> total = add(add(1, 2), add(3, 4))
>>> total.compute()
10
"""

from tureen import _lifetime, config
from tureen._annotations import annotate, get_annotations
from tureen._collections import is_dask_collection, optimize, persist
from tureen._tureen import Delayed, __version__, compute
from tureen._visualize import visualize
from tureen.delayed import delayed

_lifetime.register()

__all__ = [
    "Delayed",
    "__version__",
    "annotate",
    "compute",
    "config",
    "delayed",
    "get_annotations",
    "is_dask_collection",
    "optimize",
    "persist",
    "visualize",
]
