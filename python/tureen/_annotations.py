"""``annotate``: say things of the promises made in a ``with`` block. As in dask, threads ignore them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_annotations: ContextVar[dict[str, Any] | None] = ContextVar("tureen_annotations", default=None)


def get_annotations() -> dict[str, Any]:
    """Give the annotations of the blocks that we are in.

    >>> get_annotations()
    {}
    """
    return dict(_annotations.get() or {})


@contextmanager
def annotate(**annotations: Any) -> Iterator[None]:
    """Annotate what is made in this block.

    Raises:
        TypeError: an annotation has a value that dask would not take either.

    >>> with annotate(retries=3):
    ...     get_annotations()
    {'retries': 3}
    """
    _check(annotations)
    token = _annotations.set({**get_annotations(), **annotations})
    try:
        yield
    finally:
        _annotations.reset(token)


def _check(annotations: dict[str, Any]) -> None:
    expected: dict[str, tuple[type, ...]] = {
        "priority": (int, float),
        "retries": (int,),
        "resources": (dict,),
        "allow_other_workers": (bool,),
        "workers": (str, list, tuple, set),
    }
    for name, types in expected.items():
        value = annotations.get(name)
        if value is not None and not (
            isinstance(value, types) or (name != "allow_other_workers" and callable(value))
        ):
            names = " or ".join(kind.__name__ for kind in types)
            raise TypeError(f"the annotation `{name}` is a {names}, not a {type(value).__name__}")
