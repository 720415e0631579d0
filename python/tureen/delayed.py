"""``delayed``: put a call off until its value is asked for. A drop-in for ``dask.delayed`` (2026.8)."""

from __future__ import annotations

from tureen._tureen import Delayed, wrap

# The module `typing` takes longer to import than all of this package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, overload

__all__ = ["Delayed", "delayed"]

_NOTHING: Any = object()


if TYPE_CHECKING:

    @overload
    def delayed(
        obj: Any, name: Any = None, pure: bool | None = None, nout: int | None = None, traverse: bool = True
    ) -> Delayed: ...

    @overload
    def delayed(
        *, name: Any = None, pure: bool | None = None, nout: int | None = None, traverse: bool = True
    ) -> Callable[[Any], Delayed]: ...


def delayed(
    obj: Any = _NOTHING,
    name: Any = None,
    pure: bool | None = None,
    nout: int | None = None,
    traverse: bool = True,
) -> Delayed | Callable[[Any], Delayed]:
    """Promise a value, or wrap a function so that calling it makes a promise.

    Args:
        obj: A function, or any value. Promises in lists, tuples, sets, dicts, slices, named tuples and
            dataclasses are found, and computed when the promise is.
        name: The key of this promise. Promises with equal keys are computed once.
        pure: Whether equal calls have equal results, so that they are made once. By default they are not,
            unless ``tureen.config.set(delayed_pure=True)``.
        nout: How many values a call gives, if they are to be unpacked: ``quotient, rest = f(7, 2)``.
        traverse: Whether to look for promises inside ``obj``.

    Raises:
        ValueError: ``nout`` is not None nor an int of at least 0, or ``obj`` holds a promise where it can't
            be put together again: in itself, or in a field of a dataclass with ``init=False``.
        TypeError: a promise is in a field of a dataclass with an ``__init__`` of its own.

    >>> @delayed
    ... def add(a, b):
    ...     return a + b
    >>> x = add(1, 2)
    >>> (x + add(x, 10)).compute()
    16
    >>> quotient, rest = delayed(divmod, nout=2)(7, 2)
    >>> rest.compute()
    1
    """
    if obj is _NOTHING:
        return lambda obj: wrap(obj, name, pure, nout, traverse)
    return wrap(obj, name, pure, nout, traverse)
