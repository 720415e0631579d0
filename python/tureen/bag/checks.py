"""Checks of what users hand in that several methods share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def check_count(name: str, value: int | None) -> None:
    """Raise unless `value` is None or a whole number of at least 1."""
    if value is None:
        return
    try:
        whole = int(value.__index__())
    except AttributeError:
        raise TypeError(f"`{name}` must be a whole number, not `{type(value).__name__}`") from None
    if whole < 1:
        raise ValueError(f"`{name}` must be at least 1, not {whole}")


def check_bags(bags: Sequence[Any]) -> None:
    """Raise unless all of these are bags."""
    from .collection import Collection

    for bag in bags:
        check_no_foreign_bag(bag)
        if not isinstance(bag, Collection):
            raise TypeError(
                f"a bag is needed, not `{type(bag).__name__}`\nhint: `from_sequence` makes one of a list"
            )


def check_no_foreign_bag(value: Any) -> None:
    """Raise if this is a bag of dask's."""
    if hasattr(value, "npartitions") and type(value).__module__ == "dask.bag.core":
        raise TypeError(
            "a bag of dask's can't be taken beside ours\n"
            "hint: `tureen.bag.from_delayed(bag.to_delayed())` makes ours of it"
        )


def check_same_partitions(bags: Sequence[Any]) -> None:
    """Raise unless these are bags with the same number of partitions."""
    check_bags(bags)
    numbers = sorted({bag.npartitions for bag in bags})
    if len(numbers) > 1:
        raise ValueError(
            f"all bags must have the same number of partitions, and these have {numbers}\n"
            "hint: `repartition(npartitions=...)` changes the number of partitions of a bag"
        )


def assert_eq(a: Any, b: Any, scheduler: Any = "sync") -> None:
    """Raise `AssertionError` unless two things are equal; bags, items and promises are computed for it.

    >>> import tureen.bag as db
    >>> db.assert_eq(db.from_sequence([1, 2]).map(str), ["1", "2"])
    """
    first, second = (
        thing.compute(scheduler=scheduler) if hasattr(thing, "compute") else thing for thing in (a, b)
    )
    assert first == second, f"{first!r} is not {second!r}"
