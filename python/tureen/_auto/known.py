"""What is known to be self-contained: names of Python's own library, and of NumPy.

Self-contained is what keeps no state of the user's and leaves no trace outside of its arguments and result.
The hidden generators behind `random` and `numpy.random` are the library's state, not the user's: each worker
has its own, seeded by the system, as under dask. Seeding them is not among the names here, nor is `hash`,
whose answer differs between processes.
"""

from __future__ import annotations

import builtins
import sys
from types import FunctionType, MethodDescriptorType, MethodType, ModuleType
from typing import Any

_BUILTINS = frozenset(
    """
    abs all any ascii bin bool bytearray bytes callable chr complex dict divmod enumerate filter float format
    int isinstance issubclass iter len list map max min next oct ord pow range repr reversed round slice
    sorted str sum tuple type zip
    """.split()
)

_RANDOM = """
    random uniform randint randrange choice choices sample shuffle gauss normalvariate triangular betavariate
    expovariate gammavariate lognormvariate vonmisesvariate paretovariate weibullvariate binomialvariate
    getrandbits randbytes Random
"""

_NUMPY = """
    all amax amin any append arange argmax argmin argsort argwhere array array_equal asarray atleast_1d
    atleast_2d average bincount bool_ broadcast_to clip column_stack concatenate convolve copy corrcoef
    count_nonzero cov cross cumprod cumsum diag diff digitize dot dstack einsum empty empty_like eye
    expand_dims flatnonzero flip float32 float64 full full_like gradient histogram hstack identity inf inner
    int16 int32 int64 int8 interp isclose kron linspace logspace max mean median meshgrid min moveaxis nan
    nanmax nanmean nanmin nanstd nansum ndarray newaxis nonzero ones ones_like outer percentile pi polyfit
    polyval prod ptp quantile ravel repeat reshape roll rot90 round searchsorted sort split squeeze stack std
    sum swapaxes take tensordot tile trace transpose trapezoid tri tril triu uint16 uint32 uint64 uint8 unique
    vander var vdot vstack where zeros zeros_like
"""

_NUMPY_RANDOM = """
    default_rng rand randn randint random random_sample uniform normal choice permutation exponential poisson
    binomial beta gamma standard_normal RandomState Generator
"""

_DATA = (str, bytes, int, float, complex, list, tuple, dict, bytearray)
"""Types whose methods, taken from the type, are self-contained."""

EVERYTHING = frozenset("*")
"""All public names of a module."""

_MODULES: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        """
        array base64 binascii bisect cmath collections colorsys copy datetime difflib fractions hashlib heapq
        html itertools json math operator re statistics string struct textwrap unicodedata zlib
        """.split(),
        EVERYTHING,
    ),
    "functools": frozenset(("partial", "reduce", "cmp_to_key")),
    "random": frozenset(_RANDOM.split()),
    "numpy": frozenset(_NUMPY.split()),
    "numpy.linalg": frozenset("cholesky det eig eigh eigvals inv lstsq norm pinv qr solve svd".split()),
    "numpy.fft": frozenset("fft fft2 fftfreq fftshift ifft ifft2 irfft rfft".split()),
    "numpy.random": frozenset(_NUMPY_RANDOM.split()),
}

ATTRIBUTES = frozenset(
    """
    gi_frame gi_code f_globals f_locals f_builtins f_back cr_frame ag_frame tb_frame tofile dump strftime
    strptime setflags
    """.split()
)
"""Attributes of plain values by which something outside is reached, or that depend on the process."""


def is_module(name: str) -> bool:
    """Tell whether names of this module are known here.

    >>> is_module("math"), is_module("os")
    (True, False)
    """
    return name in _MODULES


def may_hand_around(name: str) -> bool:
    """Tell whether whatever is public in this module is self-contained."""
    return _MODULES.get(name) is EVERYTHING


def is_builtin(name: str) -> bool:
    """Tell whether this built-in is self-contained.

    >>> is_builtin("sum"), is_builtin("ValueError"), is_builtin("print")
    (True, True, False)
    """
    found = getattr(builtins, name, None)
    return name in _BUILTINS or (isinstance(found, type) and issubclass(found, Exception))


def is_known_in(module: ModuleType, name: str) -> bool:
    """Tell whether what a module has under this name is known, and still what the library put there.

    >>> import math, random
    >>> is_known_in(math, "sqrt"), is_known_in(random, "uniform"), is_known_in(random, "seed")
    (True, True, False)
    """
    names = _MODULES.get(module.__name__)
    found = getattr(module, name, None)
    if names is None or name.startswith("_") or isinstance(found, ModuleType):
        return False
    if names is not EVERYTHING and name not in names and not _is_ufunc(found):
        return False
    function = found.__func__ if isinstance(found, MethodType) else found
    if isinstance(function, FunctionType):  # Somebody may have put a function of his own there.
        return (function.__module__ or "").partition(".")[0] == module.__name__.partition(".")[0]
    return found is not None


def is_known(obj: Any) -> bool:
    """Tell whether a function or class that was imported by name is known.

    >>> from math import sqrt
    >>> from random import uniform
    >>> is_known(sqrt), is_known(uniform), is_known(open)
    (True, True, False)
    """
    name = getattr(obj, "__name__", None)
    owner = type(obj.__self__) if isinstance(obj, MethodType) else obj
    module_name = getattr(owner, "__module__", None)
    if _is_ufunc(obj) or (isinstance(obj, MethodDescriptorType) and obj.__objclass__ in _DATA):
        return True
    if not isinstance(name, str) or not isinstance(module_name, str):
        return False
    if module_name == "builtins":
        return is_builtin(name) and getattr(builtins, name) is obj
    module = sys.modules.get(module_name.removeprefix("_"))
    return (
        isinstance(module, ModuleType)
        and is_known_in(module, name)
        # Bound methods are made anew each time: they are equal, not the same.
        and bool(getattr(module, name) == obj)
    )


def _is_ufunc(obj: Any) -> bool:
    return type(obj).__name__ == "ufunc" and type(obj).__module__ == "numpy"


def numpy_is_as_it_was() -> bool:
    """Tell whether NumPy treats errors as it does in a fresh process."""
    numpy = sys.modules.get("numpy")
    return numpy is None or numpy.geterr() == {
        "divide": "warn",
        "over": "warn",
        "under": "ignore",
        "invalid": "warn",
    }
