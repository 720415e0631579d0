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
