"""What bags say when something is wrong, in whole."""

from __future__ import annotations

import itertools
import traceback
from collections.abc import Callable
from typing import Any

import pytest

import tureen.bag as db


def notes(action: Callable[[], Any], kind: type[Exception]) -> list[str]:
    with pytest.raises(kind) as caught:
        action()
    frames = {frame.filename for frame in traceback.extract_tb(caught.value.__traceback__)}
    assert not any("tureen.bag loop" in name or name.endswith(("chain.py", "plan.py")) for name in frames)
    return list(getattr(caught.value, "__notes__", []))


def invert(x: int) -> float:
    return 1 / (x - 37)


BAG = db.from_sequence(range(100), npartitions=10)


DIRECT = "for the element 37 in"
INDIRECT = "for what became of the element 37 in"


@pytest.mark.parametrize("scheduler", ["sync", "threads"])
@pytest.mark.parametrize(
    ("bag", "place"),
    [
        (BAG.map(invert), f"`map(invert)`, step 1 of 1, {DIRECT}"),
        (BAG.map(str).map(int).map(invert), f"`map(invert)`, step 3 of 3, {INDIRECT}"),
        (BAG.filter(None).map(invert).sum(), f"`map(invert)`, step 2 of 3, {DIRECT}"),
        (BAG.map(lambda x: [x]).flatten().filter(invert), f"`filter(invert)`, step 3 of 3, {DIRECT}"),
        (BAG.map(lambda x: "y" * (x == 37) or x).map(int), f"`map(int)`, step 2 of 2, {INDIRECT}"),
        (
            BAG.map_partitions(lambda part: [invert(x) for x in part]),
            "`map_partitions(lambda)`, step 1 of 1,",
        ),
        (BAG.fold(lambda a, x: invert(x)), f"`fold(lambda)`, step 1 of 1, {DIRECT}"),
        (BAG.reduction(lambda part: [invert(x) for x in part], len), "`reduction(lambda)`, step 1 of 1,"),
    ],
)
def test_a_function_that_raises(bag: Any, place: str, scheduler: str) -> None:
    kind = ValueError if "(int)" in place else ZeroDivisionError
    expected = f"in {place} partition 3 of `tureen.bag<from_sequence, npartitions=10>`"
    assert notes(lambda: bag.compute(scheduler=scheduler), kind) == [expected]


def test_a_grouper_that_raises_and_elements_whose_repr_raises() -> None:
    class Shy:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    bag = db.from_sequence([Shy()])
    (note,) = notes(lambda: bag.groupby(lambda shy: [shy]).compute(), TypeError)
    assert note.startswith("in `groupby` for the element <Shy ")
    assert note.endswith(" of `tureen.bag<groupby-lambda, npartitions=1>`")
    long = notes(lambda: db.from_sequence(["x" * 10_000]).map(int).compute(), ValueError)
    assert len(long[0]) < 250


def test_bags_of_different_lengths() -> None:
    other = db.from_sequence(range(90), npartitions=10)
    with pytest.raises(ValueError, match="differ in length in this partition\nhint: "):
        BAG.map(lambda a, b: a, other).compute()
    with pytest.raises(ValueError, match=r"same number of partitions, and these have \[5, 10\]\nhint: "):
        BAG.map(lambda a, b: a, db.range(100, npartitions=5))
    with pytest.raises(ValueError, match="at least one argument of `map` must be a bag"):
        db.map(abs, BAG.sum())


@pytest.mark.parametrize("endless", [itertools.count(), itertools.cycle([1]), itertools.repeat(1)])
def test_a_sequence_that_never_ends(endless: Any) -> None:
    with pytest.raises(ValueError, match=r"never does\nhint: take the first elements with `itertools.islice"):
        db.from_sequence(endless)


@pytest.mark.parametrize(
    ("action", "kind", "text"),
    [
        (lambda: db.from_sequence([1], npartitions=0), ValueError, "`npartitions` must be at least 1, not 0"),
        (lambda: db.from_sequence([1], partition_size="x"), TypeError, "a whole number, not `str`"),
        (lambda: BAG.sum(split_every=1), ValueError, "`split_every` must be a whole number of at least 2"),
        (lambda: BAG.repartition(), ValueError, "exactly one of `npartitions` and `partition_size`"),
        (lambda: BAG.join(BAG, abs), ValueError, "needs a bag of one partition, and this has 10\nhint: "),
        (lambda: BAG.groupby(abs, method="disk"), TypeError, "write `shuffle=`"),
        (lambda: BAG.groupby(abs, shuffle="p2p"), NotImplementedError, "not 'p2p'"),
        (lambda: BAG.random_sample(2), ValueError, "`prob` must be a number from 0 to 1, not 2"),
        (lambda: BAG.str.shout, AttributeError, "`str` has no method `shout`"),
        (lambda: BAG.take(1.5), TypeError, "a whole number of elements, not `float`"),
        (lambda: BAG.take("a"), TypeError, "a whole number of elements, not `str`"),
        (lambda: db.concat([]), ValueError, "concat needs at least one bag"),
        (lambda: db.from_delayed([1]), TypeError, "from_delayed takes promises, and got `int`"),
        (lambda: db.from_sequence([]).max().compute(), ValueError, "max"),
    ],
)
def test_wrong_use(action: Callable[[], Any], kind: type[Exception], text: str) -> None:
    with pytest.raises(kind) as caught:
        action()
    assert text in str(caught.value)
