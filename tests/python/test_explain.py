"""`explain`: what would run where, what ran where, and why."""

from __future__ import annotations

import doctest
import json

import pytest

import tureen
import tureen.bag
from tureen import _auto, _explain, _lock, delayed
from tureen._auto import choice, judge, known, moved, plain

total = 0


def inc(x: int) -> int:
    return x + 1


def count_up(x: int) -> int:
    global total
    total += x
    return total


def test_before_a_run() -> None:
    line = inc.__code__.co_firstlineno
    promise = delayed(sum)([delayed(inc)(n) for n in range(3)] + [delayed(count_up)(1)])
    told = promise.explain(scheduler="auto", num_workers=2)
    assert (told.scheduler, told.n_workers) == ("auto", 2)
    parts = {part.name: part for part in told.parts}
    assert parts["inc"].n_calls == 3
    assert parts["inc"].where == "threads, or worker processes"
    assert parts["inc"].place.endswith(f"test_explain.py:{line}")
    assert (parts["count_up"].where, parts["count_up"].why) == ("threads", "it writes to the global `total`")
    assert total == 0, "nothing is computed"
    assert json.loads(json.dumps(told.as_dict()))["parts"][0]["name"] in parts


@pytest.mark.parametrize(
    ("scheduler", "where"),
    [("threads", "threads"), ("sync", "this thread"), ("processes", "worker processes")],
)
def test_the_schedulers(scheduler: str, where: str) -> None:
    told = tureen.explain(delayed(inc)(1), {"more": [delayed(inc)(2)]}, scheduler=scheduler)
    (part,) = told.parts
    assert (part.name, part.n_calls, part.where) == ("inc", 2, where)
    assert part.why == f'`scheduler="{scheduler}"` was asked for'
    with tureen.config.set(scheduler=scheduler):
        assert tureen.explain(delayed(inc)(1)).parts[0].where == where
    assert delayed(inc)(1).explain().parts[0].why == "it is the default"


def test_what_is_no_plain_call() -> None:
    promise = delayed([1, 2]).index(delayed(inc)(1)).real
    told = promise.explain(scheduler="auto")
    whys = {part.name: part.why for part in told.parts}
    assert whys.pop("inc").startswith("it is self-contained")
    assert set(whys.values()) == {"it is no plain call of a function"}


def test_bags() -> None:
    made = tureen.bag.from_sequence(range(4), npartitions=2).map(inc).filter(inc)
    told = tureen.explain(made, scheduler="auto")
    part = next(part for part in told.parts if part.name == "map(inc).filter(inc)")
    assert part.n_calls == 2
    assert part.place is not None and "test_explain.py" in part.place


def test_after_a_run() -> None:
    tureen.compute([delayed(inc)(n) for n in range(5)], scheduler="threads", num_workers=3)
    told = tureen.explain()
    assert (told.scheduler, told.n_workers, told.parts) == ("threads", 3, ())
    assert told.title.startswith("the last run: 5 tasks on `threads`, 3 at a time")
    tureen.compute(delayed(inc)(1), scheduler="auto", num_workers=2)
    assert tureen.explain().notes == ("nothing was moved: Python's lock was not seen to hold threads back",)
    outer = delayed(lambda: tureen.compute(delayed(inc)(1), delayed(inc)(2), scheduler="sync"))
    outer().compute(scheduler="threads")
    assert tureen.explain().scheduler == "threads", "a run inside a task is part of that task"


def test_it_reads_well() -> None:
    part = _explain.Part("inc", 1, "threads", "because", "soup.py:1", ("first", "second"))
    other = _explain.Part("a long name", 20, "this thread", "too")
    told = _explain.Explanation("title", "auto", 2, (part, other), ("a note",))
    assert repr(told).splitlines() == [
        "title",
        "  inc (soup.py:1)  1 call    threads      because",
        "    first",
        "    second",
        "  a long name      20 calls  this thread  too",
        "  a note",
    ]


@pytest.mark.parametrize("module", [_explain, _lock, _auto, choice, judge, known, moved, plain])
def test_docstrings_are_true(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]
