"""The parts of dataclasses that hold promises. Called by the extension when it looks into arguments."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any


def fields_of(instance: Any) -> tuple[tuple[str, ...], list[Any]]:
    """Name the fields of a dataclass instance that are set, and give their values.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Point:
    ...     x: int
    ...     y: int
    >>> fields_of(Point(1, 2))
    (('x', 'y'), [1, 2])
    """
    # A field with `init=False` need not be there.
    names = tuple(field.name for field in fields(instance) if hasattr(instance, field.name))
    return names, [getattr(instance, name) for name in names]


def check_dataclass(instance: Any) -> None:
    """See to it that a dataclass instance can be made again from its fields.

    Raises:
        ValueError: it has a field with ``init=False``.
        TypeError: it has an ``__init__`` of its own.

    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Point:
    ...     x: int
    >>> check_dataclass(Point(1))
    """
    names, values = fields_of(instance)
    try:
        replace(instance, **dict(zip(names, values, strict=True)))
    except (TypeError, ValueError) as error:
        start = f"Failed to unpack {type(instance)} instance. Note that using"
        if isinstance(error, ValueError) or "is declared with init=False" in str(error):
            raise ValueError(f"{start} fields with `init=False` are not supported.") from error
        raise TypeError(f"{start} a custom __init__ is not supported.") from error
