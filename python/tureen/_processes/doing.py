"""What tasks do that are no plain call of a function: the same as on threads, as functions."""

from __future__ import annotations

from functools import partial

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def callable_for(doing: int, function: Any) -> Callable[..., Any]:
    """Give what is called with the arguments of a task.

    Args:
        doing: The number that `feed.rs` has for it.
        function: The function, or the name of the method or attribute.

    >>> callable_for(2, "upper")("soup")
    'SOUP'
    """
    if doing == 0:
        called: Callable[..., Any] = function
        return called
    if doing in (2, 3):
        return partial(_method if doing == 2 else _attribute, function)
    return _apply if doing == 1 else _gather


def _apply(function: Any, /, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


def _method(name: str, owner: Any, /, *args: Any, **kwargs: Any) -> Any:
    return getattr(owner, name)(*args, **kwargs)


def _attribute(name: str, owner: Any, /) -> Any:
    return getattr(owner, name)


def _gather(container: Any, /) -> Any:
    return container
