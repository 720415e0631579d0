"""What the work of a bag's partition is made of, as far as moving it needs to know.

Knows `tureen.bag`'s classes by name: a program without bags imports none of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType
from typing import Any

_OURS = frozenset(
    f"tureen.bag.{name}"
    for name in (
        "columns",
        "group",
        "keyed",
        "largest",
        "lines",
        "loop",
        "partitions",
        "parts",
        "pluck",
        "reduce",
        "totals",
    )
)
"""Modules whose functions and classes keep no state and leave no trace."""

_MARKS = frozenset(("Marker", "Need", "Aligned"))
_SOURCES = frozenset(("Given", "Lines"))


def is_work(function: Any) -> bool:
    """Tell whether this is what a task of a bag does.

    >>> is_work(sorted)
    False
    """
    return type(function).__module__ == "tureen.bag.plan"


def is_ours(obj: Any) -> bool:
    """Tell whether this is a function or an object of a bag's that keeps no state and leaves no trace."""
    kind = obj if isinstance(obj, FunctionType) else type(obj)
    return kind.__module__ in _OURS


def is_part(obj: Any) -> bool:
    """Tell whether this belongs to a bag's work and is nothing of the user's."""
    return type(obj).__module__.startswith("tureen.bag.")


def is_data(obj: Any) -> bool:
    """Tell whether this is a place for an argument, or where elements come from."""
    return type(obj).__name__ in _MARKS | _SOURCES and is_part(obj)


def key_of(work: Any) -> Any:
    """Give what is equal for the works of partitions of one layer. It holds while one of them lives."""
    leaves = None if work.leaves is None else id(work.leaves.procedure)
    return id(work.procedure), type(work.head), leaves


def steps_of(work: Any) -> list[Any]:
    """Give the steps, first to last."""
    leaves = () if work.leaves is None else work.leaves.procedure.chain.steps
    return [*leaves, *work.procedure.chain.steps]


def keeps_partitions(work: Any) -> bool:
    """Tell whether no function of the user's gets a partition as such, as a list that it might change."""
    return all(step.is_elementwise or is_ours(step.function) for step in steps_of(work))


def pieces_of(obj: Any) -> Iterator[Any]:
    """Give what a piece of work is made of, down to functions and arguments."""
    if is_work(obj):
        yield from (obj.head, obj.own, *steps_of(obj))
    elif type(obj).__name__ == "Step" and is_part(obj):
        yield from (obj.function, *obj.args, *obj.kwargs.values())
    elif type(obj) is tuple:
        yield from obj
    elif not isinstance(obj, FunctionType):
        reduced = obj.__reduce__()
        yield from reduced[1] if isinstance(reduced, tuple) else ()


def elements_of(work: Any) -> Iterator[Any]:
    """Give the elements that the work brings along; of what we don't know, itself."""
    parts = () if work.leaves is None else work.leaves.parts
    for part in (*parts, *(() if isinstance(work.head, FunctionType) else (work.head,))):
        if type(part).__name__ == "Given" and is_part(part):
            yield part.elements
        elif part is not None and not is_ours(part):
            yield part


def name_of(work: Any) -> str:
    """Give the steps as the user wrote them."""
    steps = [step.describe() for step in steps_of(work)]
    return ".".join(steps) if steps else str(work.__name__)
