"""Promises on other people's executors, pools and ``get`` functions; promises among dask's collections."""

from __future__ import annotations

import doctest
import importlib
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.pool import ThreadPool
from operator import add
from typing import Any, NamedTuple

import dask
import dask.array
import dask.bag
import dask.threaded
import numpy
import pytest

import tureen
from tureen import compute, delayed


@pytest.fixture(params=["threads", "processes", "a pool", "get", "get_sync", "tureen"])
def scheduler(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """Keywords that choose a scheduler."""
    match request.param:
        case "threads":
            with ThreadPoolExecutor(2) as executor:
                yield {"scheduler": executor}
        case "processes":
            with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as processes:
                yield {"scheduler": processes}
        case "a pool":
            with ThreadPool(2) as pool:
                yield {"pool": pool}
        case "get":
            yield {"scheduler": dask.threaded.get}
        case "get_sync":
            yield {"scheduler": dask.get}
        case _:
            with tureen.Executor(2) as ours:
                yield {"scheduler": ours}


class Pair(NamedTuple):
    left: Any
    right: Any


@dataclass
class Point:
    x: Any
    y: Any


def test_everything_a_promise_may_be(scheduler: dict[str, Any]) -> None:
    three = delayed(add)(1, 2)
    words = delayed(str.split)("a b c")
    promises = {
        "operator": three * 2 + three,
        "attribute": three.real,
        "method": words.index("b"),
        "item": words[three - 2 :],
        "called": delayed(getattr)("x", "upper")(),
        "containers": delayed([{"k": three}, (three, {three}), [[1, 2]], [three]]),
        "named": delayed(Pair)(three, right=[Pair(three, 0)]),
        "dataclass": delayed(vars)(Point(three, [1])),
        "keywords": delayed(dict)(a=three, b=[three, 1]),
        "value": delayed(17),
        "one list in a list": delayed(len)([[three, 3]]),
    }
    expected = compute(promises, scheduler="sync")[0]
    assert compute(promises, **scheduler)[0] == expected
    assert expected["item"] == ["b", "c"] and expected["named"] == Pair(3, [Pair(3, 0)])


def test_each_promise_is_computed_once(tmp_path: Any, scheduler: dict[str, Any]) -> None:
    once = delayed(os.mkdir)(str(tmp_path / "made"))
    assert delayed(list)([once, once, once]).compute(**scheduler) == [None] * 3


def test_errors_come_out(scheduler: dict[str, Any]) -> None:
    with pytest.raises(ZeroDivisionError):
        compute(delayed(divmod)(1, 0), **scheduler)
    assert delayed(add)(1, 1).compute(**scheduler) == 2


def test_persist(scheduler: dict[str, Any]) -> None:
    assert delayed(add)(1, 2).persist(**scheduler).compute() == 3


def test_an_executor_gets_no_more_than_it_can_do() -> None:
    class Counting(ThreadPoolExecutor):
        n_waiting = most = 0

        def submit(self, *args: Any, **kwargs: Any) -> Any:
            self.n_waiting += 1
            self.most = max(self.most, self.n_waiting)
            future = super().submit(*args, **kwargs)
            future.add_done_callback(self.ended)
            return future

        def ended(self, _: Any) -> None:
            self.n_waiting -= 1

    with Counting(3) as executor:
        assert compute([delayed(abs)(-n) for n in range(100)], scheduler=executor) == (list(range(100)),)
    assert executor.most <= 3


def test_an_executor_may_be_configured() -> None:
    with ThreadPoolExecutor(1, thread_name_prefix="mine") as executor:
        with tureen.config.set(scheduler=executor):
            name = delayed(threading.current_thread)().name.compute()
        with tureen.config.set(pool=executor):
            again = delayed(threading.current_thread)().name.compute()
    assert name.startswith("mine") and again.startswith("mine")


def test_an_executor_that_is_shut_says_so() -> None:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(RuntimeError, match="after shutdown"):
        delayed(add)(1, 2).compute(scheduler=executor)


@pytest.mark.parametrize(
    ("keywords", "error", "text"),
    [
        ({"scheduler": 5}, ValueError, "a `int` is no scheduler\nhint: use"),
        ({"pool": 5}, TypeError, "a `int` is no pool of workers\nhint: give an executor"),
    ],
)
def test_what_is_no_scheduler(keywords: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        delayed(add)(1, 2).compute(**keywords)
    assert str(caught.value).startswith(text)


def test_rerun_exceptions_locally() -> None:
    threads: list[int] = []

    def fail() -> None:
        threads.append(threading.get_ident())
        raise OSError("no")

    with tureen.config.set(rerun_exceptions_locally=True), pytest.raises(OSError, match="no") as caught:
        delayed(fail)().compute()
    assert len(threads) == 2 and threads[1] == threading.get_ident()
    assert caught.value.__notes__[0].startswith("in fail(), a promise made at")


def test_executors_of_the_library_are_executors() -> None:
    assert issubclass(tureen.Executor, Executor)


# With dask


def test_our_promises_in_dask() -> None:
    three = delayed(add)(1, 2)
    array = dask.array.from_delayed(delayed(numpy.ones)(4), (4,), dtype=float)
    bag = dask.bag.from_delayed([delayed(range)(3), delayed(list)("ab")])
    assert dask.is_dask_collection(three)
    assert dask.delayed(add)(three, [three]).key
    assert dask.delayed(lambda a, b: (a, b))(three, [three]).compute() == (3, [3])
    assert (array + three.compute()).sum().compute() == 16
    assert bag.compute(scheduler="sync") == [0, 1, 2, "a", "b"]
    assert dask.compute(three, {"x": [three]}, array.sum()) == (3, {"x": [3]}, 4)
    (kept,) = dask.persist(three)
    assert isinstance(kept, tureen.Delayed) and kept.key == three.key and kept.compute() == 3


def test_a_promised_value_in_dask() -> None:
    value = delayed([1, 2])
    assert dask.compute(value) == ([1, 2],)
    assert dask.delayed(len)(value).compute() == 2


def test_dask_in_our_promises() -> None:
    x = dask.array.ones((4, 4), chunks=2)
    bag = dask.bag.from_sequence([1, 2, 3], npartitions=2)
    theirs = dask.delayed(add)(1, 2)
    got = delayed(lambda *args: args)(x.sum(), bag, [theirs]).compute(scheduler="sync")
    assert got == (16, [1, 2, 3], [3])


def test_what_both_share_is_computed_once() -> None:
    n_calls = 0

    def call() -> int:
        nonlocal n_calls
        n_calls += 1
        return 1

    shared = delayed(call)()
    assert dask.compute(shared + 1, shared + 2) == (2, 3)
    assert n_calls == 1


@pytest.mark.parametrize("name", ["_dask_graph", "_executor", "_get", "_hooks", "_relay", "dask", "joblib"])
def test_examples_run(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(f"tureen.{name}"))
    assert outcome.attempted > 0 and outcome.failed == 0
