"""The names of bags: what a function is called, and tokens that are equal only for the same work.

Two bags with one name mean the same computation (as in dask.bag). Plain data is named by its content.
Anything else is named by its identity, through a serial number that no other object of this process ever gets
again; never by its `repr`, which may be equal for different things.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import operator
import types
import uuid
import weakref
from collections.abc import Callable
from typing import Any

_PROCESS = uuid.uuid4().hex
_serials = itertools.count()
_known: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
_serial_of: dict[int, str] = {}

_ATOMS = (int, float, complex, bool, str, bytes, type(None), type(Ellipsis))
_DEEPEST = 20
_LONGEST = 50


def function_name(function: Any) -> str:
    """Return the name a person would give to a callable.

    >>> import operator
    >>> function_name(str.upper), function_name(operator.methodcaller("split", ",")), function_name(lambda: 0)
    ('upper', 'split', 'lambda')
    """
    while isinstance(function, functools.partial):
        function = function.func
    if isinstance(function, operator.methodcaller):
        return method_call(function)[0][:_LONGEST]
    name = getattr(function, "__name__", None)
    if not isinstance(name, str):
        name = type(function).__name__
    return "lambda" if name == "<lambda>" else name[:_LONGEST]


def method_call(caller: operator.methodcaller) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    """Return the method that a caller calls, and its arguments.

    >>> import operator
    >>> method_call(operator.methodcaller("split", ",", maxsplit=1))
    ('split', (',',), {'maxsplit': 1})
    """
    reduced: Any = caller.__reduce__()
    make, args = reduced
    if isinstance(make, functools.partial):
        # With keywords, it is pickled as a partial of itself.
        name, *first = make.args
        return name, (*first, *args), dict(make.keywords)
    name, *rest = args
    return name, tuple(rest), {}


def token(*parts: Any) -> str:
    """Return 32 hex digits that are equal for equal plain data and for the same objects.

    >>> token([1, "a"]) == token([1, "a"]), token(1) == token("1"), token(len) == token(len)
    (True, False, True)
    """
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        _feed(digest.update, part, 0)
    return digest.hexdigest()


def unique_token() -> str:
    """Return a token that is never given again, in this process or another."""
    return token(_PROCESS, next(_serials))


def _feed(update: Callable[[bytes], None], part: Any, depth: int) -> None:
    kind = type(part)
    if kind in _ATOMS:
        text = part if kind is bytes else repr(part).encode("utf-8", "surrogatepass")
        update(b"%s %d " % (kind.__name__.encode(), len(text)))
        update(text)
    elif depth > _DEEPEST:
        update(_identity(part))
    elif kind in (list, tuple):
        update(b"%s %d " % (kind.__name__.encode(), len(part)))
        for item in part:
            _feed(update, item, depth + 1)
    elif kind is dict:
        update(b"dict %d " % len(part))
        for key, value in part.items():
            _feed(update, key, depth + 1)
            _feed(update, value, depth + 1)
    elif kind in (set, frozenset):
        update(b"%s %d " % (kind.__name__.encode(), len(part)))
        for item in sorted(_one(item, depth + 1) for item in part):
            update(item)
    elif kind is functools.partial:
        update(b"partial ")
        _feed(update, [part.func, part.args, part.keywords], depth + 1)
    elif kind in (operator.methodcaller, operator.itemgetter, operator.attrgetter):
        update(kind.__name__.encode())
        _feed(update, list(part.__reduce__()[1]), depth + 1)
    elif kind is types.MethodType:
        update(b"method ")
        _feed(update, [part.__self__, part.__func__], depth + 1)
    elif hasattr(kind, "__tureen_token__"):
        update(part.__tureen_token__().encode())
    else:
        update(_identity(part))


def _one(part: Any, depth: int) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    _feed(digest.update, part, depth)
    return digest.digest()


def _identity(part: Any) -> bytes:
    address = id(part)
    if _known.get(address) is part:
        return _serial_of[address].encode()
    serial = f"{_PROCESS} {next(_serials)} "
    try:
        _known[address] = part
    except TypeError:
        # No weak reference can be had. Functions written in C live as long as their type or module;
        # anything else gets a name that is never found equal again.
        home = getattr(part, "__objclass__", None)
        if home is not None:
            return f"{_PROCESS} {id(home)} {getattr(part, '__name__', '')} ".encode()
        return serial.encode()
    _serial_of[address] = serial
    return serial.encode()
