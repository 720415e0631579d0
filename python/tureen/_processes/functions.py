"""Plain functions by value, as cloudpickle would send them, for those who need no more of it.

A worker is ready in half the time if it need not import cloudpickle. So functions of the user's `__main__`,
lambdas and closures go this way when what they look up is of the plain kinds listed here: modules, other
functions, constants. For all else (classes of `__main__`, objects, large data) `dumps` gives None, and
cloudpickle is asked.
"""

from __future__ import annotations

import marshal
import sys
from importlib import import_module
from io import BytesIO
from types import BuiltinFunctionType, CellType, CodeType, FunctionType, ModuleType

from tureen._processes.bare import pickle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_MAIN = "__main__"
_CONSTANTS = frozenset((int, float, complex, bool, type(None)))
_TEXTS = frozenset((str, bytes))
_CONTAINERS = frozenset((tuple, list, set, frozenset))
_BY_REFERENCE = (type, BuiltinFunctionType)

_LONGEST = 4096
_MOST = 64
"""Larger globals may be meant for others: names are looked at, not what is done with them."""


def dumps(obj: Any, buffer_callback: Callable[[pickle.PickleBuffer], Any] | None) -> bytes | None:
    """Pickle an object with the plain functions in it by value; None if something in it is not plain.

    >>> double = dumps(lambda x: 2 * x, None)
    >>> pickle.loads(double)(21)
    42
    """
    file = BytesIO()
    try:
        _Pickler(file, 5, buffer_callback=buffer_callback).dump(obj)
    except Exception:  # `_NotPlain`, or whatever a __reduce__ of the user's raises
        return None
    data = file.getvalue()
    # Something asked to be found by its name in the user's program, which a worker does not have.
    return None if _MAIN.encode() in data else data


class _NotPlain(Exception):
    pass


class _Namespace:
    """Stands for the globals of functions: those that shared them will do so again."""

    __slots__ = ("globals",)

    def __init__(self, the_globals: dict[str, Any]) -> None:
        self.globals = the_globals


class _Pickler(pickle.Pickler):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._namespaces: dict[int, _Namespace] = {}

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        if kind is FunctionType:
            return NotImplemented if _is_importable(obj) else self._function(obj)
        if kind is CellType:
            return _cell(obj)
        if kind is _Namespace:
            return _namespace(obj.globals)
        if isinstance(obj, ModuleType):
            if obj.__name__ == _MAIN or sys.modules.get(obj.__name__) is not obj:
                raise _NotPlain
            return import_module, (obj.__name__,)
        if isinstance(obj, type) and not _is_importable(obj):
            raise _NotPlain
        return NotImplemented

    def _function(self, function: FunctionType) -> Any:
        if getattr(function, "__type_params__", ()):
            raise _NotPlain
        the_globals = function.__globals__
        namespace = self._namespaces.setdefault(id(the_globals), _Namespace(the_globals))
        names = _names(function.__code__)
        used = {name: the_globals[name] for name in names if name in the_globals}
        for value in used.values():
            _check(value)
        home = function.__module__
        state = (
            used,
            [name for value in used.values() for name in _submodules(value, names)],
            function.__name__,
            function.__qualname__,
            None if home == the_globals.get("__name__") else home,
            function.__defaults__,
            function.__kwdefaults__,
            function.__doc__,
            function.__annotations__,
            function.__dict__,
        )
        make = (marshal.dumps(function.__code__), namespace, function.__closure__)
        return _make, make, state, None, None, _fill


def _is_importable(obj: Any) -> bool:
    """Whether an object is found by its name in another process."""
    if obj.__module__ == _MAIN:
        return False
    found: Any = sys.modules.get(obj.__module__)
    for name in obj.__qualname__.split("."):
        found = getattr(found, name, None)
    return found is obj


def _names(code: CodeType) -> set[str]:
    """The names that code, and what is defined in it, may look up."""
    names: set[str] = set()
    waiting = [code]
    while waiting:
        code = waiting.pop()
        names.update(code.co_names)
        waiting.extend(const for const in code.co_consts if isinstance(const, CodeType))
    return names


def _check(value: Any) -> None:
    """See that a global is of a plain kind."""
    kind = type(value)
    if kind in (ModuleType, FunctionType) or isinstance(value, _BY_REFERENCE) or _is_constant(value):
        return
    if kind is dict and len(value) <= _MOST:
        parts = [*value, *value.values()]
    elif kind in _CONTAINERS and len(value) <= _MOST:
        parts = list(value)
    else:
        raise _NotPlain
    if not all(map(_is_constant, parts)):
        raise _NotPlain


def _is_constant(value: Any) -> bool:
    return type(value) in _CONSTANTS or (type(value) in _TEXTS and len(value) <= _LONGEST)


def _submodules(value: Any, names: set[str]) -> list[str]:
    """The modules inside a package that code gets at by attributes: they have to be imported, too."""
    if type(value) is not ModuleType or not hasattr(value, "__path__"):
        return []
    start = value.__name__ + "."
    inside = [name for name in list(sys.modules) if name.startswith(start)]
    return [name for name in inside if names.issuperset(name[len(start) :].split("."))]


def _cell(cell: CellType) -> Any:
    try:
        contents = cell.cell_contents
    except ValueError:  # nothing was put there yet
        return _make_cell, ()
    return _make_cell, (), (contents,), None, None, _fill_cell


def _make_cell() -> CellType:
    return CellType()


def _namespace(the_globals: dict[str, Any]) -> Any:
    name = the_globals.get("__name__")
    kept = {key: the_globals[key] for key in ("__file__", "__package__") if key in the_globals}
    return _make_namespace, (None if name == _MAIN else name, kept)


def _make_namespace(name: str | None, kept: dict[str, Any]) -> dict[str, Any]:
    import builtins

    return {"__name__": name or _MAIN, "__builtins__": builtins, **kept}


def _make(code: bytes, the_globals: dict[str, Any], closure: tuple[CellType, ...] | None) -> FunctionType:
    return FunctionType(marshal.loads(code), the_globals, None, None, closure)


def _fill(function: Any, state: tuple[Any, ...]) -> None:
    used, modules, name, qualified, home, defaults, by_name, doc, annotations, attributes = state
    for module in modules:
        import_module(module)
    function.__globals__.update(used)
    function.__name__, function.__qualname__ = name, qualified
    function.__module__ = function.__globals__["__name__"] if home is None else home
    function.__defaults__, function.__kwdefaults__ = defaults, by_name
    function.__doc__, function.__annotations__ = doc, annotations
    function.__dict__.update(attributes)


def _fill_cell(cell: CellType, contents: tuple[Any]) -> None:
    (cell.cell_contents,) = contents
