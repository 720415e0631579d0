"""Random expressions give what plain Python and dask give; dask's collections are taken as arguments."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tureen

dask: Any = pytest.importorskip("dask")


@dataclass(frozen=True)
class Step:
    """A call of ``function`` with earlier values, by number, or numbers, in a container of some shape."""

    function: str
    operands: tuple[tuple[bool, int], ...]
    shape: str


def total(values: Any) -> int:
    if isinstance(values, dict):
        return sum(values) + 3 * sum(values.values())
    return sum(values)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": lambda a, b: a * b % 1_000_003,
}
SHAPES: dict[str, Callable[[list[Any]], Any]] = {
    "list": list,
    "tuple": tuple,
    "dict": lambda values: dict(enumerate(values)),
    "nested": lambda values: {0: values[0], 1: values[1]},
}

steps = st.builds(
    Step,
    st.sampled_from(["total", *FUNCTIONS]),
    st.tuples(*[st.tuples(st.booleans(), st.integers(0, 50))] * 2),
    st.sampled_from(sorted(SHAPES)),
)


def evaluate(program: list[Step], delay: Callable[..., Any]) -> list[Any]:
    values: list[Any] = [delay(int)(7)]
    for step in program:
        operands = [values[n % len(values)] if earlier else n for earlier, n in step.operands]
        if step.function == "total":
            values.append(delay(total)(SHAPES[step.shape](operands)))
        else:
            values.append(delay(FUNCTIONS[step.function])(*operands))
    return values


@settings(deadline=None, max_examples=60)
@given(st.lists(steps, max_size=30), st.sampled_from(["threads", "sync"]), st.booleans())
def test_random_expressions(program: list[Step], scheduler: str, pure: bool) -> None:
    plain = evaluate(program, lambda function: function)
    promises = evaluate(program, lambda function: tureen.delayed(function, pure=pure))
    assert list(tureen.compute(*promises, scheduler=scheduler)) == plain
    assert promises[-1].compute(scheduler=scheduler, num_workers=3) == plain[-1]


@settings(deadline=None, max_examples=15)
@given(st.lists(steps, max_size=12))
def test_dask_agrees(program: list[Step]) -> None:
    promises = evaluate(program, tureen.delayed)
    theirs = evaluate(program, dask.delayed)
    assert tureen.compute(*promises) == dask.compute(*theirs, scheduler="sync")


def test_collections_of_dask_are_computed_together() -> None:
    calls: list[int] = []

    @dask.delayed
    def source() -> int:
        calls.append(1)
        return 5

    shared = source()
    assert tureen.delayed(sum)([shared + 1, {"b": 0} and shared + 2, 3]).compute() == 16
    assert calls == [1]
    assert tureen.compute(shared, tureen.delayed(1)) == (5, 1)


def test_what_counts_as_a_collection_of_dask() -> None:
    assert tureen.is_dask_collection(dask.delayed(1))


class Bare:
    """A collection with no more than dask asks of one."""

    __dask_optimize__ = None
    __dask_scheduler__ = staticmethod(dask.get)

    def __init__(self, graph: dict[str, Any]) -> None:
        self.graph = graph

    def __dask_graph__(self) -> dict[str, Any]:
        return self.graph

    def __dask_keys__(self) -> list[str]:
        return list(self.graph)

    def __dask_postcompute__(self) -> Any:
        return tuple, ()

    def __dask_postpersist__(self) -> Any:
        return Bare, ()


def test_a_collection_without_methods_is_persisted() -> None:
    kept, number, promise = tureen.persist(Bare({"a": 1, "b": (str, "a")}), 3, tureen.delayed(str)(4))
    assert isinstance(kept, Bare) and number == 3 and promise.compute() == "4"
    assert tureen.compute(kept) == ((1, "1"),)
