"""Bags against plain Python: any chain of steps, in any partitions, gives what lists give."""

from __future__ import annotations

import itertools
import operator
import pickle
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tureen
import tureen.bag as db

# Each step: how a bag does it, and how plain Python does it on a list of numbers.
STEPS: dict[str, tuple[Any, Any]] = {
    "map": (lambda b: b.map(lambda x: x * 2), lambda xs: [x * 2 for x in xs]),
    "map_extra": (lambda b: b.map(lambda x, y, z=0: x + y - z, 3, z=1), lambda xs: [x + 2 for x in xs]),
    "map_max": (lambda b: b.map(operator.add, b.sum()), lambda xs: [x + sum(xs) for x in xs]),
    "map_self": (lambda b: b.map(operator.add, b), lambda xs: [x + x for x in xs]),
    "map_keyword": (lambda b: db.map(lambda x, k: x - k, 7, k=b), lambda xs: [7 - x for x in xs]),
    "filter": (lambda b: b.filter(lambda x: x % 3), lambda xs: [x for x in xs if x % 3]),
    "filter_none": (lambda b: b.filter(None), lambda xs: [x for x in xs if x]),
    "remove": (lambda b: b.remove(lambda x: x % 2), lambda xs: [x for x in xs if not x % 2]),
    "flatten": (
        lambda b: b.map(lambda x: [x] * (x % 3)).flatten(),
        lambda xs: [x for x in xs for _ in range(x % 3)],
    ),
    "pluck": (lambda b: b.map(lambda x: (x, 1)).pluck(0), lambda xs: xs),
    "starmap": (lambda b: b.map(lambda x: (x, 1)).starmap(operator.sub), lambda xs: [x - 1 for x in xs]),
    "partitions": (lambda b: b.map_partitions(lambda part: part[:]), lambda xs: xs),
    "zip": (lambda b: db.zip(b, b).starmap(operator.add), lambda xs: [x + x for x in xs]),
    "concat": (lambda b: db.concat([b, b]), lambda xs: xs + xs),
    "repartition": (lambda b: b.repartition(npartitions=5), lambda xs: xs),
    "accumulate": (lambda b: b.accumulate(operator.add), lambda xs: list(itertools.accumulate(xs))),
    "distinct": (lambda b: b.distinct(), lambda xs: list(dict.fromkeys(xs))),
}

numbers = st.lists(st.integers(-50, 50), max_size=40)
partitions = st.integers(1, 9)


@settings(max_examples=150, deadline=None)
@given(
    numbers,
    partitions,
    st.lists(st.sampled_from(sorted(STEPS)), max_size=6),
    st.sampled_from(["sync", "threads"]),
)
def test_any_chain_gives_what_lists_give(xs: list[int], n: int, names: list[str], scheduler: str) -> None:
    bag = db.from_sequence(xs, npartitions=n)
    expected = list(xs)
    for name in names:
        ours, plain = STEPS[name]
        bag, expected = ours(bag), plain(expected)
        if len(expected) > 2000:
            break
    assert bag.compute(scheduler=scheduler) == expected


def test_a_long_chain_of_every_kind_of_step() -> None:
    bag, expected = db.from_sequence(range(20), npartitions=3), list(range(20))
    for i in range(2000):
        bag = bag.map(lambda x: x + 1)
        if i % 100 == 0:
            bag = bag.map(lambda x: [x]).flatten().filter(lambda x: True).map_partitions(list)
    expected = [x + 2000 for x in expected]
    assert bag.compute(scheduler="sync") == expected


def test_steps_are_fused_and_shared_steps_run_once() -> None:
    calls = []
    shared = db.from_sequence(range(10), npartitions=2).map(lambda x: calls.append(x) or x)
    wanted = (shared.sum(), shared.count(), shared.map(lambda x: -x))
    assert db.compute(*wanted, scheduler="sync") == (45, 10, [-x for x in range(10)])
    assert sorted(calls) == list(range(10))


def test_elements_are_held_no_longer_than_needed() -> None:
    alive: Counter[str] = Counter()

    class Held:
        def __init__(self) -> None:
            alive["now"] += 1
            alive["most"] = max(alive["most"], alive["now"])

        def __del__(self) -> None:
            alive["now"] -= 1

    bag = db.from_sequence(range(100), npartitions=1).map(lambda _: Held()).map(lambda held: 1)
    assert bag.sum().compute(scheduler="sync") == 100
    assert alive["most"] <= 2


def test_take_reads_no_further_than_it_must() -> None:
    seen: list[int] = []
    bag = db.from_sequence(range(1000), npartitions=2).map(lambda x: seen.append(x) or x)
    assert bag.take(3) == (0, 1, 2)
    assert len(seen) <= 4


def test_take_warns_when_short_and_counts_partitions() -> None:
    bag = db.from_sequence(range(6), npartitions=3)
    with pytest.warns(UserWarning, match="Insufficient elements for `take`. 5 elements requested, only 2"):
        assert bag.take(5) == (0, 1)
    assert bag.take(5, npartitions=-1) == (0, 1, 2, 3, 4)
    with pytest.raises(ValueError, match="only 3 partitions"):
        bag.take(1, npartitions=4)
    with pytest.raises(ValueError, match="at least 0"):
        bag.take(-1)


def test_generator_functions_make_lists() -> None:
    def twice(x: int) -> Any:
        yield x
        yield x

    assert db.from_sequence([1, 2], npartitions=1).map(twice).compute() == [[1, 1], [2, 2]]


def test_names_are_equal_for_equal_work_only() -> None:
    bag = db.from_sequence([1, 2, 3])
    assert bag.map(abs).name == bag.map(abs).name
    assert bag.map(abs).name != bag.map(str).name
    assert bag.map(lambda x: x).name != bag.map(lambda x: x).name  # two functions
    assert bag.fold(operator.or_, initial=set()).key == bag.fold(operator.or_, initial=set()).key
    assert bag.filter(None).name != bag.remove(abs).name


def test_pickled_bags_compute_the_same() -> None:
    bag = db.from_sequence(range(100), npartitions=4).map(str).str.zfill(3).groupby(len)
    assert pickle.loads(pickle.dumps(bag)).compute() == bag.compute()
    assert pickle.loads(pickle.dumps(bag.count())).compute() == 1


def test_subclasses_keep_their_class() -> None:
    class Words(db.Bag):
        def shout(self) -> Any:
            return self.map(str.upper)

    words = Words(*db.from_sequence(["a", "b"])._args)
    assert isinstance(words.shout().filter(None), Words)
    assert words.shout().shout().compute() == ["A", "B"]


def test_bags_and_items_are_arguments_of_promises() -> None:
    bag = db.from_sequence([1, 2, 3])
    assert tureen.delayed(sum)(bag).compute() == 6
    assert tureen.compute(bag.sum(), [bag, {"max": bag.max()}]) == (6, [[1, 2, 3], {"max": 3}])
    assert [part.compute() for part in bag.to_delayed()] == [[1], [2], [3]]
    assert db.from_delayed([tureen.delayed(range)(3)]).compute() == [0, 1, 2]


def test_graphs_made_by_hand() -> None:
    graph = {
        "n": 3,
        ("a", 0): (range, "n"),
        ("a", 1): [(operator.add, "n", 1), ["n"]],
        "unused": ((1).__truediv__, 0),
    }
    assert db.Bag(graph, "a", 2).compute() == [0, 1, 2, 4, [3]]
    deep: Any = 0
    for _ in range(5000):
        deep = (operator.add, deep, 1)
    assert db.Bag({("a", 0): [deep]}, "a", 1).compute() == [5000]
    with pytest.raises(ValueError, match="cycle: `x` -> `y` -> `x`"):
        db.Bag({("a", 0): (list, "x"), "x": (list, "y"), "y": (list, "x")}, "a", 1)
    with pytest.raises(KeyError, match="partition"):
        db.Bag({}, "a", 1)
