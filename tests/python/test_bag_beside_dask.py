"""Bags of the kinds that users of dask.bag write, beside dask.bag: the same values, however odd the input."""

from __future__ import annotations

import operator
import os
import pathlib
import stat
import threading
from collections.abc import Callable
from typing import Any

import pytest

import tureen
import tureen.bag as db

dask = pytest.importorskip("dask")
dask_bag = pytest.importorskip("dask.bag")


def both(program: Callable[[Any, Any], Any]) -> Any:
    """What a program gives, which must be the same with both: it is given the library and its bags."""
    theirs = program(dask, dask_bag)
    ours = program(tureen, db)
    assert (type(ours), ours) == (type(theirs), theirs)
    return ours


def stop(*_: Any) -> Any:
    raise StopIteration


@pytest.mark.parametrize("scheduler", ["sync", "threads", "processes"])
def test_iterators_of_promises_serve_all_who_want_them(scheduler: str) -> None:
    def program(lib: Any, bags: Any) -> Any:
        bag = bags.from_delayed([lib.delayed(iter)([1, 2, 3]), lib.delayed(map)(str, [4, 5])])
        return lib.compute(bag.count(), [bag.map(str).frequencies(), {"bag": bag}], scheduler=scheduler)

    assert both(program)[0] == 5


def test_none_is_a_start_like_any_other() -> None:
    def last(_: Any, element: Any) -> Any:
        return element

    def program(_: Any, bags: Any) -> Any:
        return bags.from_sequence([1, 2, 3], npartitions=2).accumulate(last, None).compute(scheduler="sync")

    assert both(program) == [None, 1, 2, 3]
    totals = db.from_sequence([None, 1], npartitions=2).accumulate(last).compute(scheduler="sync")
    assert totals == [None, 1]


def test_several_keys_at_a_time() -> None:
    records = [(1, 2, 3), (1, 2, 4), (0, 2, 5)]

    def program(_: Any, bags: Any) -> Any:
        bag = bags.from_sequence(records, npartitions=2)
        folded = bag.foldby([0, 1], lambda total, record: total + record[2], 0, operator.add, 0)
        return (
            sorted(folded.compute(scheduler="sync")),
            # On their way, dask.bag's tuples become lists.
            sorted(
                (key, sorted(map(tuple, group)))
                for key, group in bag.groupby([0, 1]).compute(scheduler="sync")
            ),
            bag.join([(0, 2)], [0, 1]).compute(scheduler="sync"),
        )

    assert both(program)[0] == [((0, 2), 5), ((1, 2), 7)]


def test_bytes_are_written_as_text(tmp_path: pathlib.Path) -> None:
    def program(lib: Any, bags: Any) -> Any:
        bag = bags.from_sequence([b"soup", "stew"], npartitions=1)
        for name, encoding in {"text": "utf-8", "bytes": None}.items():
            bag.to_textfiles(str(tmp_path / f"{name}*"), encoding=encoding, scheduler="sync")
        return [(tmp_path / name).read_bytes() for name in ("text0", "bytes0")]

    assert both(program) == [b"soup\nstew"] * 2
    with pytest.raises(TypeError, match=r"an `int` is no line of text\nhint: .*map\(str\)"):
        db.from_sequence([1]).to_textfiles(str(tmp_path / "n*"), scheduler="sync")


def test_files_are_told_and_found_by_their_whole_paths(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("soup\n")
    monkeypatch.chdir(tmp_path)

    def program(_: Any, bags: Any) -> Any:
        names: list[Any] = ["a.txt", "*.txt", ["a.txt"], "./a.txt"]
        made = [bags.read_text(name, include_path=True) for name in names]
        made += [bags.read_text("a.txt", include_path=True, blocksize=100)]
        monkeypatch.chdir("/")  # They are read later, and from anywhere.
        found = [bag.compute(scheduler="sync") for bag in made]
        monkeypatch.chdir(tmp_path)
        return found

    assert both(program) == [[("soup\n", str(tmp_path / "a.txt"))]] * 5


def test_a_range_of_fewer_than_none() -> None:
    assert db.range(-5, 2).compute() == []
    assert db.range(-5, 2).npartitions == 2


@pytest.mark.parametrize("scheduler", ["sync", "threads"])
def test_stop_iteration_is_an_error_and_no_end(scheduler: str) -> None:
    bag = db.from_sequence([1, 2, 3], npartitions=1)
    for accumulated in (bag.accumulate(stop), bag.accumulate(stop, 0)):
        with pytest.raises(RuntimeError, match="StopIteration"):
            accumulated.compute(scheduler=scheduler)


@pytest.mark.parametrize(
    "action",
    [
        lambda bag: bag.product([1]),
        lambda bag: db.zip(bag, [1]),
        lambda bag: db.concat([bag, [1]]),
        lambda bag: db.concat(bag),
    ],
)
def test_what_is_no_bag(action: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match=r"a bag is needed, not `(list|int)`"):
        action(db.from_sequence([1, 2], npartitions=1))


def test_writing_on_threads_leaves_the_umask_alone(tmp_path: pathlib.Path) -> None:
    umask = os.umask(0o027)
    is_over = threading.Event()
    seen = set()

    def watch() -> None:
        # As a thread of the user's own, which makes files at the same time.
        while not is_over.is_set():
            path = tmp_path / "own"
            path.touch()
            seen.add(stat.S_IMODE(path.stat().st_mode))
            path.unlink()

    try:
        watching = threading.Thread(target=watch)
        watching.start()
        bag = db.range(300, npartitions=300).map(str)
        paths = bag.to_textfiles(str(tmp_path / "*.txt"), scheduler="threads")
        is_over.set()
        watching.join()
        assert {stat.S_IMODE(os.stat(path).st_mode) for path in paths} == {0o640}
        assert seen <= {0o640}
        assert os.umask(0o027) == 0o027
    finally:
        is_over.set()
        os.umask(umask)


def test_what_is_in_the_way_of_a_file_stays(tmp_path: pathlib.Path) -> None:
    (tmp_path / "0.txt").mkdir()
    with pytest.raises(IsADirectoryError):
        db.from_sequence(["soup"]).to_textfiles(str(tmp_path / "*.txt"), scheduler="sync")
    assert os.listdir(tmp_path) == ["0.txt"]


@pytest.mark.parametrize("wrap", [lambda *bags: bags, lambda *bags: ([bags[0], {"b": bags[1]}], bags[2])])
def test_what_bags_share_is_done_once(wrap: Callable[..., Any]) -> None:
    def program(lib: Any, bags: Any) -> Any:
        seen: list[int] = []

        def see(element: int) -> int:
            seen.append(element)
            return element

        bag = bags.from_sequence(range(4), npartitions=2).map(see)
        made = wrap(bag.sum(), bag.count(), bag)
        counts = []
        for action in (
            lambda: lib.compute(*made, scheduler="sync"),
            lambda: lib.delayed(lambda *args: args)(*made).compute(scheduler="sync"),
            lambda: lib.persist(bag.sum(), 1, bag.map(str), scheduler="sync"),
        ):
            action()
            counts.append(len(seen))
            seen.clear()
        return counts

    assert program(tureen, db) == [4, 4, 4]  # dask does the second twice


def test_bags_put_together_one_by_one() -> None:
    bag = db.from_sequence([-1])
    for n in range(2000):
        bag = db.concat([bag, db.from_sequence([n])])
    # A ladder would have two million tasks.
    assert len(bag.dask) < 10_000
    assert bag.compute(scheduler="sync") == list(range(-1, 2000))
