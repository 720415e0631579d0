"""dask takes bags and items among its own collections."""

from __future__ import annotations

import operator

import pytest

import tureen
import tureen.bag as db

dask = pytest.importorskip("dask")


def double(x: int) -> int:
    return 2 * x


BAG = db.from_sequence(range(10), npartitions=3).map(double)


def test_dask_computes_bags_and_items() -> None:
    assert dask.is_dask_collection(BAG) and dask.is_dask_collection(BAG.sum())
    found = dask.compute(BAG, BAG.sum(), [BAG.max()], scheduler="sync")
    assert found == ([2 * n for n in range(10)], 90, [18])
    assert dask.delayed(operator.add)(BAG.sum(), 1).compute(scheduler="sync") == 91


def test_dask_persists_them() -> None:
    bag, item = dask.persist(BAG, BAG.sum(), scheduler="sync")
    assert isinstance(bag, db.Bag) and isinstance(item, db.Item)
    assert (bag.npartitions, bag.name) == (3, BAG.name)
    assert bag.map(double).sum().compute(scheduler="sync") == 180
    assert item.compute() == 90


def test_their_graphs_name_their_partitions() -> None:
    assert {(BAG.name, partition) for partition in range(3)} <= set(BAG.dask)
    assert BAG.sum().key in BAG.sum().dask
    assert dask.base.tokenize(BAG) == dask.base.tokenize(db.Bag(*BAG._args))


def test_dasks_bags_take_what_ours_computes() -> None:
    dask_bag = pytest.importorskip("dask.bag")
    theirs = dask_bag.from_delayed(BAG.to_delayed())
    assert theirs.sum().compute(scheduler="sync") == 90
    assert tureen.compute(BAG.sum(), theirs.sum(), scheduler="sync") == (90, 90)


def test_ours_take_what_dask_promises() -> None:
    theirs = dask.delayed([3, 4])
    assert db.from_delayed(theirs).compute(scheduler="sync") == [3, 4]
    found = BAG.map(lambda n, pair, few: n + sum(pair) + few[0], theirs, few=[dask.delayed(1)])
    assert found.take(2) == (8, 10)
    assert db.range(9, 2).join(theirs, lambda n: n).compute(scheduler="sync") == [(3, 3), (4, 4)]
    dask_bag = pytest.importorskip("dask.bag")
    bag = dask_bag.from_sequence(range(10), npartitions=3)
    assert db.range(3, 1).map(operator.add, bag.sum()).compute(scheduler="sync") == [45, 46, 47]
    for action in (
        lambda: BAG.map(operator.add, bag),
        lambda: db.zip(BAG, bag),
        lambda: db.concat([BAG, bag]),
        lambda: BAG.product(bag),
    ):
        with pytest.raises(TypeError, match=r"dask's can't be taken beside ours\nhint: .*from_delayed"):
            action()
