"""joblib runs on tureen's threads and worker processes: ``joblib.parallel_config(backend="tureen")``."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from pathlib import Path
from typing import Any

import joblib
import numpy
import pytest

import tureen
import tureen.joblib


@pytest.fixture(params=["threads", "processes"])
def backend(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {"backend": "tureen", "scheduler": request.param}


@pytest.mark.parametrize("n_jobs", [1, 2, 3, -1])
def test_joblib_runs_on_it(backend: dict[str, Any], n_jobs: int) -> None:
    def square(n: int) -> tuple[int, tuple[int, int]]:
        return n * n, (os.getpid(), threading.get_ident())

    with joblib.parallel_config(n_jobs=n_jobs, **backend):
        results = joblib.Parallel()(joblib.delayed(square)(n) for n in range(50))
    assert [result for result, _ in results] == [n * n for n in range(50)]
    where = {place for _, place in results}
    is_here = (os.getpid(), threading.get_ident()) in where
    assert is_here == (tureen.joblib.Backend().effective_n_jobs(n_jobs) == 1)
    assert is_here or (os.getpid() in {pid for pid, _ in where}) == (backend["scheduler"] == "threads")
    assert len({pid for pid, _ in where}) <= max(n_jobs, os.cpu_count() or 1)


@pytest.mark.parametrize("batch_size", ["auto", 1, 7])
def test_batches(backend: dict[str, Any], batch_size: Any) -> None:
    with joblib.parallel_config(n_jobs=2, **backend):
        doubled = joblib.Parallel(batch_size=batch_size)(joblib.delayed(max)(n, 5) for n in range(1000))
    assert doubled == [max(n, 5) for n in range(1000)]


def test_joblib_gives_results_one_by_one_and_in_any_order(backend: dict[str, Any]) -> None:
    with joblib.parallel_config(n_jobs=2, **backend):
        lazily = joblib.Parallel(return_as="generator")(joblib.delayed(abs)(-n) for n in range(9))
        assert list(lazily) == list(range(9))
        anyhow = joblib.Parallel(return_as="generator_unordered")(joblib.delayed(abs)(-n) for n in range(9))
        assert sorted(anyhow) == list(range(9))


# joblib's own words, for what it has computed ahead.
@pytest.mark.filterwarnings("ignore:.*tasks have been successfully executed but not used")
def test_a_generator_may_be_left_in_the_middle(backend: dict[str, Any]) -> None:
    with joblib.parallel_config(n_jobs=2, **backend):
        lazily = joblib.Parallel(return_as="generator")(joblib.delayed(abs)(-n) for n in range(100))
        assert next(lazily) == 0
        del lazily
        assert joblib.Parallel()(joblib.delayed(abs)(-n) for n in range(3)) == [0, 1, 2]


def test_joblib_raises_what_a_call_raises_and_goes_on(backend: dict[str, Any]) -> None:
    with joblib.parallel_config(n_jobs=2, **backend):
        with pytest.raises(ZeroDivisionError):
            joblib.Parallel()(joblib.delayed(divmod)(1, n) for n in [1, 2, 0, 3])
        assert joblib.Parallel()(joblib.delayed(abs)(-n) for n in range(3)) == [0, 1, 2]


def test_an_error_ends_worker_processes_that_are_at_something(tmp_path: Path) -> None:
    def work(n: int) -> None:
        if n == 0:
            (tmp_path / "pid").write_text(str(os.getpid()))
            time.sleep(60)
        while not (tmp_path / "pid").exists():
            time.sleep(0.002)
        raise ValueError("soup")

    with joblib.parallel_config(backend="tureen", scheduler="processes", n_jobs=2):
        with pytest.raises(ValueError, match="soup"):
            joblib.Parallel()(joblib.delayed(work)(n) for n in range(2))
    pid = int((tmp_path / "pid").read_text())
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.01)
    pytest.fail("it is still at work")


def test_a_worker_that_dies_is_told_of() -> None:
    with joblib.parallel_config(backend="tureen", scheduler="processes", n_jobs=2):
        with pytest.raises(tureen.errors.WorkerDied, match="exit status 3"):  # type: ignore[attr-defined]
            joblib.Parallel()(joblib.delayed(os._exit)(3) for _ in range(2))
        assert joblib.Parallel()(joblib.delayed(abs)(-n) for n in range(3)) == [0, 1, 2]


def test_joblib_in_joblib(backend: dict[str, Any]) -> None:
    def inner(n: int) -> tuple[int, set[int]]:
        sums = joblib.Parallel(n_jobs=2)(joblib.delayed(abs)(-k) for k in range(n))
        pids = joblib.Parallel(n_jobs=2)(joblib.delayed(os.getpid)() for k in range(n))
        return sum(sums), {os.getpid(), *pids}

    with joblib.parallel_config(n_jobs=2, **backend):
        results = joblib.Parallel()(joblib.delayed(inner)(n) for n in range(6))
    assert [result for result, _ in results] == [sum(range(n)) for n in range(6)]
    assert all(len(pids) == 1 for _, pids in results), "a worker starts none of its own"


def test_a_time_limit(backend: dict[str, Any]) -> None:
    with joblib.parallel_config(n_jobs=2, **backend):
        with pytest.raises(multiprocessing.TimeoutError):
            joblib.Parallel(timeout=0.05)(joblib.delayed(time.sleep)(1) for _ in range(2))


def test_compiled_libraries_in_workers_are_limited() -> None:
    def limit() -> str | None:
        return os.environ.get("OMP_NUM_THREADS")

    with joblib.parallel_config("tureen", scheduler="processes", n_jobs=2, inner_max_num_threads=3):
        assert set(joblib.Parallel()(joblib.delayed(limit)() for _ in range(4))) == {"3"}
    n = os.environ.get("OMP_NUM_THREADS", str(max(1, joblib.cpu_count() // 2)))
    with joblib.parallel_config("tureen", scheduler="processes", n_jobs=2):
        assert set(joblib.Parallel()(joblib.delayed(limit)() for _ in range(4))) == {n}
    with pytest.raises(AssertionError, match="inner_max_num_threads"):
        joblib.parallel_config("tureen", n_jobs=2, inner_max_num_threads=3)


def test_workers_stay_warm_from_one_call_to_the_next() -> None:
    def pids() -> set[int]:
        return set(joblib.Parallel()(joblib.delayed(os.getpid)() for _ in range(20)))

    with joblib.parallel_config("tureen", scheduler="processes", n_jobs=2):
        joblib.Parallel()(joblib.delayed(time.sleep)(0.01) for _ in range(20))
        assert len(pids() | pids() | pids()) <= 2


def test_the_configured_scheduler_is_taken() -> None:
    with tureen.config.set(scheduler="processes"), joblib.parallel_config("tureen", n_jobs=2):
        assert os.getpid() not in joblib.Parallel()(joblib.delayed(os.getpid)() for _ in range(4))
    with joblib.parallel_config("tureen", n_jobs=2):
        assert {os.getpid()} == set(joblib.Parallel()(joblib.delayed(os.getpid)() for _ in range(4)))
    with pytest.raises(ValueError, match="an executor's `scheduler` is"):
        joblib.parallel_config("tureen", scheduler="sync")


def test_memory_can_be_shared_on_threads_only(backend: dict[str, Any]) -> None:
    array = numpy.zeros(10)
    with joblib.parallel_config(n_jobs=2, **backend):
        # joblib falls back to threads of its own where ours share nothing.
        joblib.Parallel(require="sharedmem")(joblib.delayed(array.fill)(n) for n in [7] * 4)
    assert array.sum() == 70
