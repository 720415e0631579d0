"""What plain pickle can't do: functions and classes by value, by cloudpickle.

From its version 3.1.3 on, cloudpickle leaves out in which file a function stands. We put it back: a traceback
is to show the user's lines.
"""

from __future__ import annotations

import io
import pickle
from collections import ChainMap
from collections.abc import Callable
from importlib import import_module
from types import CodeType
from typing import Any

_kind: Any = None


def dumps(obj: Any, buffer_callback: Callable[[pickle.PickleBuffer], Any] | None) -> bytes:
    """Pickle an object.

    Raises:
        ModuleNotFoundError: cloudpickle is not installed.
        Exception: whatever the object raises when it is pickled.
    """
    global _kind
    if _kind is None:
        _kind = _pickler(_cloudpickle())
    file = io.BytesIO()
    _kind(file, protocol=5, buffer_callback=buffer_callback).dump(obj)
    return file.getvalue()


def _pickler(cloudpickle: Any) -> Any:
    inherited = cloudpickle.Pickler.dispatch_table
    reduce_code = inherited[CodeType]

    def reduce(code: CodeType) -> Any:
        make, args = reduce_code(code)
        return make, tuple(code.co_filename if arg == _LEFT_OUT else arg for arg in args)

    table: ChainMap[type, Any] = ChainMap({CodeType: reduce}, inherited)
    return type("Pickler", (cloudpickle.Pickler,), {"dispatch_table": table})


_LEFT_OUT = "<dynamic-code>"


def _cloudpickle() -> Any:
    try:
        return import_module("cloudpickle")
    except ImportError as error:
        raise ModuleNotFoundError(
            "worker processes need the package `cloudpickle`, which is not installed\n"
            'hint: `pip install cloudpickle`, or use `scheduler="threads"`',
            name="cloudpickle",
        ) from error
