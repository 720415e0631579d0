"""Results that stay in a worker, and what stands for things in arguments until these arrive there."""

from __future__ import annotations

from tureen._processes.bare import pickle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

results: dict[int, Any] = {}


def held(task: int) -> Any:
    """Give a result that is here."""
    result = results[task]
    if type(result) is Unloadable:
        raise result.error
    return result


class Unloadable:
    """In the place of a result that came from another worker and could not be loaded."""

    __slots__ = ("error",)

    def __init__(self, error: Exception) -> None:
        self.error = error


class Later:
    """An instance of a named tuple or dataclass, made where its fields are."""

    __slots__ = ("_args", "_kind", "_kwargs")

    def __init__(self, kind: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> None:
        self._kind, self._args, self._kwargs = kind, args, kwargs

    def __reduce__(self) -> tuple[Any, ...]:
        return make, (self._kind, self._args, self._kwargs)


def make(kind: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> Any:
    """Make what a `Later` stands for."""
    return kind(*args, **(kwargs or {}))


class Raw:
    """A `bytes`, `bytearray` or `memoryview`, whose content pickle would not put beside the pickle."""

    __slots__ = ("_value",)

    def __init__(self, value: bytes | bytearray | memoryview) -> None:
        self._value = value

    def __reduce__(self) -> tuple[Any, ...]:
        value = self._value
        if isinstance(value, memoryview):
            if not value.c_contiguous:
                return _view, (value.tobytes(), value.format, value.shape, value.readonly)
            buffer = pickle.PickleBuffer(value)
            return _view, (buffer, value.format, value.shape, value.readonly)
        return type(value), (pickle.PickleBuffer(value),)


RAW = frozenset((bytes, bytearray, memoryview))
"""Types that travel as `Raw`."""


def _view(data: Any, format: Any, shape: tuple[int, ...], is_read_only: bool) -> memoryview:
    view = pickle.PickleBuffer(data).raw()
    if (format, shape) != ("B", (view.nbytes,)):
        view = view.cast(format, shape) if view.nbytes else view.cast(format)
    return view.toreadonly() if is_read_only else view
