"""Callbacks and `rerun_exceptions_locally` with worker processes; runs inside tasks, on every scheduler."""

from __future__ import annotations

import os
import threading
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from multiprocessing.pool import ThreadPool
from operator import add
from typing import Any

import dask
import numpy
import pytest

import tureen
from tureen import compute, delayed
from tureen.diagnostics import CacheProfiler, Callback, Profiler

PROCESSES = {"scheduler": "processes", "num_workers": 2}


def test_callbacks_are_told_here_what_workers_do() -> None:
    told: list[Any] = []
    places: set[int] = set()

    def start(dsk: Any) -> None:
        told.append(("start", sorted(dsk)))
        places.add(threading.get_ident())

    def pretask(key: Any, dsk: Any, state: Any) -> None:
        told.append(("pretask", key))

    def posttask(key: Any, result: Any, dsk: Any, state: Any, worker_id: Any) -> None:
        told.append(("posttask", key, result))
        places.add(worker_id)

    def finish(dsk: Any, state: Any, errored: bool) -> None:
        told.append(("finish", errored))

    three = delayed(add)(1, 2, dask_key_name="three")
    pid = delayed(os.getpid)(dask_key_name="pid")
    with Callback(start, None, pretask, posttask, finish):
        values = compute(three, pid, **PROCESSES)
    assert values[0] == 3 and values[1] != os.getpid()
    assert places >= {threading.get_ident(), values[1]}
    assert told[0] == ("start", ["pid", "three"]) and told[-1] == ("finish", False)
    assert ("posttask", "three", 3) in told and told.index(("pretask", "three")) < told.index(
        ("posttask", "three", 3)
    )


def test_callbacks_may_be_keywords_and_tuples() -> None:
    keys: list[Any] = []
    hooks = (None, None, lambda key, dsk, state: keys.append(key), None, None)
    total = delayed(sum)([delayed(add)(1, 2, dask_key_name="a")], dask_key_name="b")
    assert compute(total, callbacks=[hooks], **PROCESSES) == (3,)
    assert keys == ["a", "b"]


def test_results_are_what_they_are_without_callbacks() -> None:
    x = delayed(numpy.arange)(100_000)
    many = [(x * n).sum() for n in range(10)]
    expected = compute(many, scheduler="sync")
    with Callback(pretask=lambda key, dsk, state: None):
        assert compute(many, **PROCESSES) == expected
    with CacheProfiler() as cached, Profiler() as profiler:
        assert compute(many, **PROCESSES) == expected
    assert len(cached.results) == len(profiler.results) == 21


def test_a_task_that_fails_is_done_again_here() -> None:
    def fail(n: int) -> None:
        raise OSError(f"no {n} in {os.getpid()}")

    with pytest.raises(OSError, match=f"no 3 in {os.getpid()}") as caught:
        delayed(fail)(3).compute(rerun_exceptions_locally=True, **PROCESSES)
    assert caught.value.__notes__[0].startswith("in fail(3), a promise made at")
    with pytest.raises(OSError, match="no 3 in") as elsewhere:
        delayed(fail)(3).compute(**PROCESSES)
    assert str(os.getpid()) not in str(elsewhere.value)


def test_errors_and_dead_workers_are_told_of_with_callbacks() -> None:
    errors: list[bool] = []
    with Callback(finish=lambda dsk, state, errored: errors.append(errored)):
        with pytest.raises(ZeroDivisionError):
            delayed(divmod)(1, 0).compute(**PROCESSES)
        with pytest.raises(tureen.errors.WorkerDied, match="exit status 3"):  # type: ignore[attr-defined]
            delayed(os._exit)(3).compute(**PROCESSES)
        assert delayed(add)(1, 1).compute(**PROCESSES) == 2
    assert errors == [True, True, False]


def test_initializers_run_with_callbacks_too() -> None:
    def mark() -> None:
        os.environ["TUREEN_MARK"] = "watched"

    with Callback(pretask=lambda key, dsk, state: None):
        marked = delayed(os.getenv)("TUREEN_MARK").compute(initializer=mark, **PROCESSES)
    assert marked == "watched" and "TUREEN_MARK" not in os.environ


# Runs inside tasks


@pytest.fixture(
    params=["threads", "sync", "processes", "a pool", "ThreadPoolExecutor", "ours", "get", "spawn"]
)
def outer(request: pytest.FixtureRequest) -> Any:
    """Keywords for a scheduler on which only two tasks run at a time."""
    match request.param:
        case "a pool":
            with ThreadPool(2) as pool:
                yield {"pool": pool}
        case "ThreadPoolExecutor":
            with ThreadPoolExecutor(2) as executor:
                yield {"scheduler": executor}
        case "ours":
            with tureen.Executor(2, scheduler="processes") as ours:
                yield {"scheduler": ours}
        case "spawn":
            with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as theirs:
                yield {"scheduler": theirs}
        case "get":
            yield {"scheduler": dask.threaded.get, "num_workers": 2}
        case name:
            yield {"scheduler": name, "num_workers": 2}


def nested(depth: int, scheduler: str | None) -> tuple[int, list[int]]:
    """A tree of runs in runs: its number of leaves, and where they were."""
    if depth == 0:
        return 1, [os.getpid()]
    inner = [delayed(nested)(depth - 1, scheduler) for _ in range(3)]
    parts = compute(*inner, scheduler=scheduler)
    return sum(n for n, _ in parts), sorted({pid for _, pids in parts for pid in pids})


@pytest.mark.parametrize("inner", [None, "threads", "sync"])
def test_runs_inside_tasks_end(outer: dict[str, Any], inner: str | None) -> None:
    results = compute(*[delayed(nested)(2, inner) for _ in range(4)], **outer)
    assert [n for n, _ in results] == [9] * 4
    assert all(len(pids) == 1 for _, pids in results), "tasks of inner runs stay in the process"


def test_worker_processes_start_none_of_their_own() -> None:
    results = compute(*[delayed(nested)(3, "processes") for _ in range(4)], **PROCESSES)
    assert [n for n, _ in results] == [27] * 4
    pids = {pid for _, inner in results for pid in inner}
    assert all(len(inner) == 1 for _, inner in results) and os.getpid() not in pids and len(pids) <= 2


def test_runs_on_processes_inside_tasks_on_threads_end() -> None:
    """Here the inner runs have worker processes; those that end lend them to the next."""
    inner = [delayed(lambda n: compute(*[delayed(abs)(-n)] * 3, **PROCESSES))(n) for n in range(6)]
    assert compute(*inner, scheduler="threads", num_workers=2) == tuple((n, n, n) for n in range(6))


def test_threads_in_workers_share_the_processors() -> None:
    def most_at_a_time() -> int:
        lock = threading.Lock()
        now = most = 0
        barrier = threading.Barrier(2)

        def work() -> None:
            nonlocal now, most
            with lock:
                now += 1
                most = max(most, now)
            try:
                barrier.wait(0.05)
            except threading.BrokenBarrierError:
                pass
            with lock:
                now -= 1

        compute(*[delayed(work)() for _ in range(6)])
        return most

    n = len(os.sched_getaffinity(0))
    allowed = max(1, n // 2)
    assert all(
        most <= allowed for most in compute(*[delayed(most_at_a_time)() for _ in range(2)], **PROCESSES)
    )


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ThreadPool, tureen.Executor])
@pytest.mark.parametrize("key", ["pool", "scheduler"])
def test_runs_inside_tasks_of_a_pool_do_not_wait_for_it(kind: Any, key: str) -> None:
    """The pool is configured, so inner runs have it, too: all of its threads would wait for it."""
    if kind is ThreadPool and key == "scheduler":
        pytest.skip("dask takes no pool there either")
    pool = kind(2)
    try:
        with tureen.config.set({key: pool}):
            results = compute(*[delayed(nested)(2, None) for _ in range(4)])
        assert [n for n, _ in results] == [9] * 4
    finally:
        pool.shutdown() if isinstance(pool, Executor) else pool.terminate()


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ThreadPool, tureen.Executor])
def test_pools_of_every_kind_bound_what_runs(kind: Any) -> None:
    pool = kind(2)
    threads: set[int] = set()

    def note(n: int) -> int:
        threads.add(threading.get_ident())
        return n

    try:
        assert compute(*[delayed(note)(n) for n in range(40)], pool=pool, num_workers=8) == tuple(range(40))
        with tureen.config.set(pool=pool):
            assert delayed(note)(1).compute() == 1
        assert threading.get_ident() not in threads
    finally:
        pool.shutdown() if isinstance(pool, Executor) else pool.terminate()
