"""``annotate``: say things of the promises made in a ``with`` block. As in dask, threads ignore them."""

from __future__ import annotations

from contextvars import ContextVar

# The module `typing` takes longer to import than all of this package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Token
    from types import TracebackType
    from typing import Any

_annotations: ContextVar[dict[str, Any] | None] = ContextVar("tureen_annotations", default=None)


def get_annotations() -> dict[str, Any]:
    """Give the annotations of the blocks that we are in.

    >>> get_annotations()
    {}
    """
    return dict(_annotations.get() or {})


class annotate:
    """Annotate what is made in this block.

    Raises:
        TypeError: an annotation has a value that dask would not take either.

    >>> with annotate(retries=3):
    ...     get_annotations()
    {'retries': 3}
    """

    __slots__ = ("_annotations", "_tokens")

    def __init__(self, **annotations: Any) -> None:
        _check(annotations)
        self._annotations = annotations
        self._tokens: list[Token[dict[str, Any] | None]] = []

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Annotate what is made in each call of a function."""
        from functools import wraps

        @wraps(function)
        def annotated(*args: Any, **kwargs: Any) -> Any:
            with self:
                return function(*args, **kwargs)

        return annotated

    def __enter__(self) -> None:
        self._tokens.append(_annotations.set({**get_annotations(), **self._annotations}))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _annotations.reset(self._tokens.pop())


def _check(annotations: dict[str, Any]) -> None:
    from numbers import Number

    expected: dict[str, tuple[type, ...]] = {
        "priority": (Number,),
        "retries": (Number,),
        "resources": (dict,),
        "allow_other_workers": (bool,),
        "workers": (str, list, tuple, set),
    }
    for name, types in expected.items():
        value = annotations.get(name)
        if value is not None and not isinstance(value, types) and not callable(value):
            names = " or ".join(f"`{kind.__name__}`" for kind in types)
            raise TypeError(
                f"the annotation `{name}` must be {names} or something to call, not `{type(value).__name__}`"
            )
