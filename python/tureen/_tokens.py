"""What an object is made of, as plain data, for the keys of pure calls. Never from its ``repr``."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any


def describe(obj: Any) -> Any:
    """Tell what tells this object from others, or None if we can't: then it is only equal to itself.

    >>> import math
    >>> describe(math.sqrt)
    ('name', 'math', 'sqrt')
    """
    if not isinstance(obj, type):
        for method in ("__tureen_token__", "__dask_tokenize__"):
            own = getattr(type(obj), method, None)
            if own is not None:
                return (method, _class_name(obj), own(obj))
    if isinstance(obj, partial):
        return ("partial", obj.func, obj.args, obj.keywords)
    name = _importable_name(obj)
    if name is not None:
        return ("name", *name)
    if isinstance(obj, type) or callable(obj):
        return _method_parts(obj)
    return _pickle_of(obj)


def _class_name(obj: Any) -> str:
    return f"{type(obj).__module__}.{type(obj).__qualname__}"


def _importable_name(obj: Any) -> tuple[str, str] | None:
    """The module and name under which this very object is found, in every process alike.

    In ``__main__`` other things have the same name in another program, and later on in a notebook.
    """
    module, name = getattr(obj, "__module__", None), getattr(obj, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module == "__main__":
        return None
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return (module, name) if found is obj else None


def _method_parts(obj: Any) -> Any:
    function, instance = getattr(obj, "__func__", None), getattr(obj, "__self__", None)
    if function is not None and instance is not None:
        return ("method", function, instance)
    return None


def _pickle_of(obj: Any) -> Any:
    import pickle

    buffers: list[pickle.PickleBuffer] = []
    try:
        data = pickle.dumps(obj, protocol=5, buffer_callback=buffers.append)
        if b"__main__" in data:
            # It names a class there, and names are not enough: see above.
            from tureen._processes.packing import dumps_by_value

            return ("pickle", dumps_by_value(obj), [])
        return ("pickle", data, [bytes(buffer.raw()) for buffer in buffers])
    except Exception:  # whatever a __reduce__ may raise: it can't be pickled
        return None
