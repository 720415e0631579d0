"""Totals and groups of bags against plain Python (and dask.bag, where it is installed)."""

from __future__ import annotations

import heapq
import itertools
import math
import operator
import statistics
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tureen.bag as db
from tureen.bag.hash import stable_hash

numbers = st.lists(st.integers(-30, 30), max_size=60)
partitions = st.integers(1, 12)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from([0.0, 1.0, 2.5]), st.text(max_size=2)
)
keys = st.one_of(
    scalars, st.binary(max_size=2), st.tuples(scalars, scalars), st.frozensets(scalars, max_size=2)
)


@settings(max_examples=150, deadline=None)
@given(numbers, partitions, st.sampled_from([None, False, 2, 3]))
def test_totals(xs: list[int], n: int, split: Any) -> None:
    bag = db.from_sequence(xs, npartitions=n)
    got = db.compute(
        bag.sum(split),
        bag.count(split),
        bag.any(split),
        bag.all(split),
        bag.topk(3, split_every=split),
        bag.topk(2, key=lambda x: x % 4),
        bag.frequencies(split),
        bag.frequencies(sort=True),
        scheduler="sync",
    )
    assert got == (
        sum(xs),
        len(xs),
        any(xs),
        all(xs),
        heapq.nlargest(3, xs),
        heapq.nlargest(2, xs, key=lambda x: x % 4),
        list(Counter(xs).items()),
        sorted(Counter(xs).items(), key=lambda pair: -pair[1]),
    )
    if xs:
        assert db.compute(bag.max(), bag.min(), bag.fold(operator.mul)) == (max(xs), min(xs), math.prod(xs))
        assert math.isclose(bag.mean().compute(), statistics.fmean(xs), abs_tol=1e-9)
        assert math.isclose(bag.var().compute(), statistics.pvariance(xs), abs_tol=1e-9)
        assert math.isclose(bag.std().compute(), statistics.pstdev(xs), abs_tol=1e-9)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(keys, st.integers(0, 9)), max_size=40), partitions, st.sampled_from([None, 1, 3, 11])
)
def test_equal_keys_meet(pairs: list[Any], n: int, n_out: Any) -> None:
    expected: dict[Any, list[Any]] = {}
    for pair in pairs:
        expected.setdefault(pair[0], []).append(pair)
    bag = db.from_sequence(pairs, npartitions=n)
    groups = bag.groupby(0, npartitions=n_out).compute(scheduler="sync")
    assert len(groups) == len(expected)
    assert dict(groups) == expected
    totals = {key: sum(number for _, number in group) for key, group in expected.items()}
    assert dict(bag.foldby(0, lambda total, pair: total + pair[1], 0, operator.add, 0)) == totals
    assert bag.distinct(key=0).pluck(0).compute() == list(expected)
    joined = [(other, pair) for pair in pairs for other in (1, "a", None) if other == pair[0]]
    assert bag.join([1, "a", None], operator.itemgetter(0), lambda other: other).compute() == joined


def test_groupby_of_very_many_partitions_is_complete() -> None:
    groups = db.from_sequence(range(5000), partition_size=5).groupby(lambda n: n % 321)
    assert groups.npartitions == 1000
    assert dict(groups) == {i: list(range(i, 5000, 321)) for i in range(321)}


def test_hashes_are_the_same_in_every_process() -> None:
    code = (
        "from tureen.bag.hash import stable_hash; import datetime, enum\n"
        "print([stable_hash(k) for k in ('a', b'a', None, 1, 2.5, ('x', (1, None)), frozenset(['p', 'q']),"
        " datetime.date(2026, 1, 2), datetime.datetime(2026, 1, 2, 3, tzinfo=datetime.timezone.utc))])"
    )
    results = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(results) == 1


@dataclass(frozen=True)
class Key:
    name: str
    number: int | None = None


class Shouted(str):
    __slots__ = ()


def test_hashes_agree_with_equality() -> None:
    for same in (
        [1, 1.0, True, Decimal(1), Fraction(1), 1 + 0j],
        ["a", Shouted("a")],
        [Key("a"), Key("a")],
        [(1, "a"), (True, "a")],
    ):
        assert len({stable_hash(key) for key in same}) == 1, same
    assert len({stable_hash(n) % 64 for n in range(1000)}) == 64
    assert len({stable_hash(f"w{n}") % 64 for n in range(1000)}) == 64
    with pytest.raises(TypeError):
        stable_hash(([],))


def test_an_empty_bag() -> None:
    for bag in (db.from_sequence([]), db.from_sequence(range(9), npartitions=3).filter(lambda n: n > 9)):
        assert db.compute(bag.sum(), bag.count(), bag.any(), bag.all()) == (0, 0, False, True)
        assert bag.distinct().compute() == bag.frequencies().compute() == bag.topk(2).compute() == []
        assert bag.groupby(abs).compute() == bag.foldby(abs, operator.add).compute() == []
        assert bag.fold(operator.add, initial=7).compute() == 7
        for total in (bag.max(), bag.min()):
            with pytest.raises(ValueError):
                total.compute()
        for total in (bag.mean(), bag.var(), bag.std()):
            with pytest.raises(ZeroDivisionError, match=r"empty bag|of 0 elements"):
                total.compute()
        with pytest.raises(TypeError, match=r"fold of an empty bag(.|\n)*initial"):
            bag.fold(operator.add).compute()


def test_start_values_are_not_shared() -> None:
    def put(held: set[int], n: int) -> set[int]:
        held.add(n)
        return held

    start: set[int] = set()
    bag = db.from_sequence(range(8), npartitions=4)
    assert bag.map_partitions(len).compute() == [2] * 4
    assert bag.fold(put, set.union, initial=start).compute() == set(range(8))
    assert start == set()
    assert dict(bag.foldby(lambda n: n % 2, put, set(), set.union)) == {0: {0, 2, 4, 6}, 1: {1, 3, 5, 7}}


def test_variance_of_large_numbers_that_lie_close() -> None:
    xs = [1e9 + n for n in range(10)]
    assert math.isclose(db.from_sequence(xs, npartitions=3).var().compute(), 8.25)


def test_topk_keys() -> None:
    bag = db.from_sequence([(1, 10), (2, 9), (3, 8)], npartitions=2)
    assert bag.topk(2, key=0).compute() == [(3, 8), (2, 9)]
    assert bag.topk(2, key=1).compute() == [(1, 10), (2, 9)]
    assert bag.topk(1, key=lambda a, b: b - a).compute() == [(1, 10)]
    words = db.from_sequence(["bb", "aa", "c"], npartitions=3)
    assert words.topk(2, key=len).compute() == ["bb", "aa"]  # of equal ones, the first seen


def test_random_elements() -> None:
    bag = db.from_sequence(range(100), npartitions=7)
    for k in (0, 1, 50, 100):
        drawn = db.random.sample(bag, k).compute()
        assert len(drawn) == len(set(drawn)) == k and set(drawn) <= set(range(100))
    with pytest.raises(ValueError, match="Sample larger than population"):
        db.random.sample(bag, 101).compute()
    assert len(db.random.choices(bag, 300).compute()) == 300
    hits = Counter(itertools.chain.from_iterable(db.random.sample(bag, 10).compute() for _ in range(300)))
    assert set(hits) == set(range(100)) and max(hits.values()) < 75  # each is due 30 times


def test_the_same_answers_as_dask() -> None:
    dask_bag = pytest.importorskip("dask.bag")
    words = ["a", "bb", "a", "ccc", "bb", "a", "d"]
    for n in (1, 3, 7):
        ours, theirs = db.from_sequence(words, npartitions=n), dask_bag.from_sequence(words, npartitions=n)
        for ask in (
            lambda b: b.frequencies(sort=True),
            lambda b: b.topk(2, key=len),
            lambda b: b.map(len).accumulate(operator.add, -1),
            lambda b: b.foldby(len, operator.add, ""),
            lambda b: b.join(["x", "yy"], len),
            lambda b: b.product(b),
            lambda b: b.map_partitions(len),
            lambda b: b.repartition(npartitions=2).map_partitions(list),
        ):
            assert ask(ours).compute() == ask(theirs).compute(scheduler="sync")
    for total in (0, 1, 100, 101, 999, 1000):
        for how in ({}, {"npartitions": 7}, {"partition_size": 30}, {"npartitions": 200}):
            ours, theirs = db.from_sequence(range(total), **how), dask_bag.from_sequence(range(total), **how)
            assert ours.map_partitions(len).compute() == theirs.map_partitions(len).compute(scheduler="sync")
