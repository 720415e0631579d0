"""``tureen.Executor`` on worker processes behaves as ``concurrent.futures.ProcessPoolExecutor`` does."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy
import pytest

import tureen
from tureen._processes import pool


def make_ours(n: int, **keywords: Any) -> futures.Executor:
    return tureen.Executor(n, scheduler="processes", **keywords)


def make_theirs(n: int, **keywords: Any) -> futures.Executor:
    return futures.ProcessPoolExecutor(n, mp_context=get_context("spawn"), **keywords)


both = pytest.mark.parametrize("make", [make_ours, make_theirs], ids=["ours", "theirs"])
Make = Callable[..., futures.Executor]


def wait_for(path: Path, seconds: float = 20) -> bool:
    """In a worker: wait until a file is there."""
    end = time.monotonic() + seconds
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.002)
    return path.exists()


def touch_and_wait(mine: Path, other: Path) -> bool:
    mine.touch()
    return wait_for(other)


def exit_by_tblib() -> None:
    from tblib import pickling_support

    pickling_support.install()
    sys.exit(3)


def test_an_exit_keeps_its_code_whoever_pickles_exceptions() -> None:
    with make_ours(1) as executor:
        exits = executor.submit(exit_by_tblib).exception()
        assert isinstance(exits, SystemExit) and exits.code == 3


@both
def test_results_errors_and_exits(make: Make) -> None:
    with make(2) as executor:
        assert executor.submit(pow, 2, exp=5).result() == 32
        assert executor.submit(dict, fn=1, self=2).result() == {"fn": 1, "self": 2}
        failed = executor.submit(int, "soup")
        assert isinstance(failed.exception(), ValueError) and "soup" in str(failed.exception())
        exits = executor.submit(sys.exit, 3).exception()
        assert isinstance(exits, SystemExit) and exits.code == 3
        assert executor.submit(os.getpid).result() != os.getpid()


@both
def test_map(make: Make) -> None:
    with make(2) as executor:
        for chunksize in (1, 7, 1000):
            assert list(executor.map(pow, range(60), [2] * 50, chunksize=chunksize)) == [
                n * n for n in range(50)
            ]
        assert list(executor.map(str, [])) == []
        results = executor.map(divmod, [3, 2, 1], [1, 1, 0])
        assert next(results) == (3, 0)
        with pytest.raises(ZeroDivisionError):
            list(results)
        with pytest.raises(ValueError):
            executor.map(abs, [1], chunksize=0)


@both
def test_map_gives_up_in_time(make: Make, tmp_path: Path) -> None:
    with make(1) as executor:
        results = executor.map(wait_for, [tmp_path / "let go"], timeout=0.1)
        with pytest.raises(futures.TimeoutError):
            next(results)
        (tmp_path / "let go").touch()


@both
def test_what_is_not_begun_can_be_cancelled(make: Make, tmp_path: Path) -> None:
    with make(1) as executor:
        running = executor.submit(touch_and_wait, tmp_path / "began", tmp_path / "let go")
        queued = [executor.submit(abs, -n) for n in range(10)]
        assert wait_for(tmp_path / "began")
        assert not running.cancel()
        # Theirs has taken some of the next ones, too.
        assert queued[-1].cancel()
        (tmp_path / "let go").touch()
        assert running.result() is True
        with pytest.raises(futures.CancelledError):
            queued[-1].result()
        assert queued[0].result() == 0


@both
def test_shutdown_cancels_and_waits_as_told(make: Make, tmp_path: Path) -> None:
    executor = make(1)
    running = executor.submit(touch_and_wait, tmp_path / "began", tmp_path / "let go")
    queued = [executor.submit(abs, -n) for n in range(10)]
    assert wait_for(tmp_path / "began")
    executor.shutdown(wait=False, cancel_futures=True)
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        executor.submit(abs, 1)
    # Theirs cancels in a thread of its own, and does not wait when told a second time.
    end = time.monotonic() + 20
    while not queued[-1].cancelled() and time.monotonic() < end:
        time.sleep(0.002)
    (tmp_path / "let go").touch()
    executor.shutdown()
    assert running.result() is True
    while not all(future.done() for future in queued) and time.monotonic() < end:
        time.sleep(0.002)
    assert all(future.done() for future in queued) and queued[-1].cancelled()


@both
def test_two_run_at_a_time(make: Make, tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    with make(2) as executor:
        assert all(executor.map(touch_and_wait, [one, other], [other, one]))


@both
def test_a_worker_that_dies_breaks_the_executor(make: Make, tmp_path: Path) -> None:
    executor = make(1)
    dies = executor.submit(os._exit, 7)
    waits = [executor.submit(abs, -n) for n in range(10)]
    for future in (dies, *waits):
        assert isinstance(future.exception(timeout=60), futures.BrokenExecutor)
    with pytest.raises(futures.BrokenExecutor):
        executor.submit(abs, 1)
    executor.shutdown()


def test_a_worker_that_died_is_told_of() -> None:
    executor = tureen.Executor(1, scheduler="processes")
    error = executor.submit(os._exit, 7).exception()
    assert isinstance(error, tureen.errors.WorkerDied)  # type: ignore[attr-defined]
    assert str(error).startswith("a worker process ended while it ran `_exit`: exit status 7\nhint: ")
    with tureen.Executor(1, scheduler="processes") as another:
        assert another.submit(abs, -1).result() == 1


def set_mark(mark: str) -> None:
    os.environ["TUREEN_MARK"] = mark


def get_mark() -> tuple[str | None, int]:
    return os.environ.get("TUREEN_MARK"), os.getpid()


@both
def test_an_initializer_is_called_first(make: Make) -> None:
    with make(1, initializer=set_mark, initargs=("made",)) as executor:
        marks = {executor.submit(get_mark).result() for _ in range(5)}
    assert len(marks) == 1 and next(iter(marks))[0] == "made"
    with make(1) as executor:
        assert executor.submit(get_mark).result()[0] is None


@both
def test_an_initializer_that_fails_breaks_the_executor(make: Make) -> None:
    executor = make(1, initializer=int, initargs=("soup",))
    submitted = [executor.submit(abs, 1) for _ in range(3)]
    for future in submitted:
        assert isinstance(future.exception(timeout=60), futures.BrokenExecutor)
    executor.shutdown()
    with pytest.raises(TypeError):
        make(1, initializer=5)


@both
def test_callbacks(make: Make) -> None:
    told: list[Any] = []
    with make(1) as executor:
        for function, arg in ((abs, -1), (int, "soup")):
            future = executor.submit(function, arg)
            future.add_done_callback(lambda future: told.append(future.exception() or future.result()))
    assert told[0] == 1 and isinstance(told[1], ValueError)


@both
def test_it_runs_in_an_event_loop(make: Make) -> None:
    async def main(executor: futures.Executor) -> list[int]:
        loop = asyncio.get_running_loop()
        return await asyncio.gather(*(loop.run_in_executor(executor, abs, -n) for n in range(5)))

    with make(2) as executor:
        assert asyncio.run(main(executor)) == list(range(5))


@both
def test_what_can_not_be_pickled_fails_alone(make: Make) -> None:
    with make(1) as executor:
        lock = executor.submit(abs, threading.Lock())
        fine = executor.submit(abs, -1)
        assert isinstance(lock.exception(timeout=60), TypeError)
        assert fine.result() == 1
        result = executor.submit(threading.Lock).exception(timeout=60)
        assert result is not None
        assert executor.submit(abs, -2).result() == 2


@both
def test_what_can_not_be_pickled_among_short_calls_fails_alone(make: Make) -> None:
    with make(2) as executor:
        assert sum(executor.map(abs, range(500))) == sum(range(500))  # Now `abs` is known to be short.
        given = [n if n % 97 else threading.Lock() for n in range(1, 1000)]
        made = [executor.submit(abs, argument) for argument in given]
        done, waiting = futures.wait(made, timeout=60)
        assert not waiting and len(done) == len(made)
        for argument, future in zip(given, made, strict=True):
            if isinstance(argument, int):
                assert future.result() == argument
            else:
                assert isinstance(future.exception(), TypeError)


@both
@pytest.mark.parametrize("chunksize", [1, 2, 3])
def test_stop_iteration_ends_no_chunk(make: Make, chunksize: int) -> None:
    with make(1) as executor:
        results = executor.map(next, [iter([1]), iter([]), iter([2])], chunksize=chunksize)
        with pytest.raises(RuntimeError, match="StopIteration"):
            list(results)


def test_what_can_not_be_pickled_is_named() -> None:
    with tureen.Executor(1, scheduler="processes") as executor:
        lock = threading.Lock()
        said = [
            str(executor.submit(max, 1, [lock]).exception()),
            str(executor.submit(lambda: lock).exception()),
        ]
    assert said[0].startswith("argument 2 of `max` can't be sent to another process: `argument[0]` in it")
    assert said[1].startswith("the function `<lambda>` can't be sent to another process")


def test_short_calls_are_all_made_once(tmp_path: Path) -> None:
    """They go in batches; one that fails leaves those after it to be made."""
    file = tmp_path / "made"

    def note(n: int) -> int:
        with open(file, "a") as out:
            out.write(f"{n}\n")
        if n % 50 == 49:
            raise ValueError(n)
        return n

    with tureen.Executor(2, scheduler="processes") as executor:
        submitted = [executor.submit(note, n) for n in range(400)]
        outcomes = [future.exception() or future.result() for future in submitted]
    assert [n for n in outcomes if isinstance(n, int)] == [n for n in range(400) if n % 50 != 49]
    assert sorted(map(int, file.read_text().split())) == list(range(400))


def test_one_argument_that_can_not_be_loaded_leaves_the_others_alone() -> None:
    class Spoilt:
        def __reduce__(self) -> Any:
            return int, ("soup",)

    with tureen.Executor(1, scheduler="processes") as executor:
        list(executor.map(type, range(100)))
        submitted = [executor.submit(type, Spoilt() if n == 20 else n) for n in range(40)]
        failed = [n for n, future in enumerate(submitted) if future.exception() is not None]
    assert failed == [20]


def test_what_changes_between_two_calls_is_seen() -> None:
    script = """
        import tureen, numpy
        n = 1
        def f(x=0):
            return n + x
        array = numpy.zeros(100_000)
        with tureen.Executor(1, scheduler="processes") as executor:
            print(executor.submit(f).result(), executor.submit(numpy.sum, array).result())
            n = 2
            array[:] = 1
            print(executor.submit(f).result(), executor.submit(numpy.sum, array).result())
    """
    assert run(script) == "1 0.0\n2 100000.0\n"


def test_large_arrays_come_and_go() -> None:
    array = numpy.arange(300_000.0)
    with tureen.Executor(2, scheduler="processes") as executor:
        for got in executor.map(numpy.negative, [array] * 4):
            assert numpy.array_equal(got, -array)


def test_what_waits_is_done_before_the_interpreter_ends() -> None:
    script = """
        import time, tureen
        executor = tureen.Executor(2, scheduler="processes")
        for n in range(6):
            executor.submit(lambda n=n: (time.sleep(0.01), print(n)))
    """
    assert sorted(run(script).split()) == list("012345")


def test_no_process_is_left_when_the_interpreter_ends() -> None:
    script = """
        import os, tureen
        with tureen.Executor(2, scheduler="processes") as executor:
            print(*{executor.submit(os.getpid).result() for _ in range(4)})
    """
    for pid in run(script).split():
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid), 0)


def test_executors_and_runs_share_warm_workers() -> None:
    pool.end_all()
    with tureen.Executor(1, scheduler="processes") as executor:
        pid = executor.submit(os.getpid).result()
    with tureen.Executor(1, scheduler="processes") as executor:
        assert executor.submit(os.getpid).result() == pid
    assert tureen.delayed(os.getpid)().compute(scheduler="processes", num_workers=1) == pid


def test_inside_a_worker_it_has_threads() -> None:
    def nested() -> tuple[int, set[int], int]:
        with tureen.Executor(scheduler="processes") as inner:
            pids = set(inner.map(lambda _: os.getpid(), range(5)))
            return os.getpid(), pids, inner._max_workers

    with tureen.Executor(2, scheduler="processes") as executor:
        pid, pids, n = executor.submit(nested).result()
    assert pids == {pid} and pid != os.getpid()
    assert n == max(1, len(os.sched_getaffinity(0)) // 2)


def test_workers_can_be_killed(tmp_path: Path) -> None:
    executor = tureen.Executor(1, scheduler="processes")
    running = executor.submit(touch_and_wait, tmp_path / "began", tmp_path / "never")
    queued = executor.submit(abs, 1)
    assert wait_for(tmp_path / "began")
    executor.kill_workers()
    for future in (running, queued):
        with pytest.raises(futures.BrokenExecutor, match="were killed"):
            future.result(timeout=10)
    with pytest.raises(NotImplementedError, match="threads can't be killed"):
        tureen.Executor(1).kill_workers()


def test_futures_may_be_waited_for_in_a_task() -> None:
    """A task of a run, on threads, waits for a call on worker processes."""
    with tureen.Executor(1, scheduler="processes") as executor:
        waits = [tureen.delayed(lambda n: executor.submit(abs, n).result())(-n) for n in range(8)]
        assert tureen.compute(*waits, num_workers=2) == tuple(range(8))


def test_promises_run_on_it() -> None:
    add = tureen.delayed(lambda a, b: a + b)
    with tureen.Executor(2, scheduler="processes") as executor:
        assert add(add(1, 2), add(3, 4)).compute(scheduler=executor) == 10


@pytest.mark.parametrize("scheduler", ["sync", "tea", None])
def test_other_schedulers_are_refused(scheduler: Any) -> None:
    with pytest.raises(ValueError, match='an executor\'s `scheduler` is `"threads"` or `"processes"`'):
        tureen.Executor(scheduler=scheduler)


@pytest.fixture(params=["threads", "processes"])
def executor(request: pytest.FixtureRequest) -> Iterator[tureen.Executor]:
    with tureen.Executor(2, scheduler=request.param) as made:
        yield made


def test_buffersize(executor: tureen.Executor) -> None:
    read: list[int] = []

    def numbers() -> Iterator[int]:
        for n in range(20):
            read.append(n)
            yield -n

    results = executor.map(abs, numbers(), buffersize=3)
    assert read == [0, 1, 2]
    assert next(results) == 0 and read == [0, 1, 2, 3]
    assert list(results) == list(range(1, 20))
    assert list(executor.map(abs, numbers(), buffersize=2, chunksize=3)) == list(range(20))
    with pytest.raises(ValueError, match="`buffersize` is at least 1"):
        executor.map(abs, [], buffersize=0)
    with pytest.raises(TypeError, match="`buffersize` is an int or None"):
        executor.map(abs, [], buffersize=1.5)  # type: ignore[arg-type]


def test_initializers_of_threads() -> None:
    prepared: list[int] = []
    with tureen.Executor(
        2, initializer=lambda mark: prepared.append(threading.get_ident()), initargs=(1,)
    ) as executor:
        idents = set(executor.map(lambda _: threading.get_ident(), range(50)))
    assert len(prepared) == len(set(prepared)) and idents <= set(prepared)


def test_an_initializer_of_threads_that_fails_breaks_the_executor() -> None:
    executor = tureen.Executor(1, initializer=int, initargs=("soup",))
    submitted = []
    try:
        for _ in range(3):
            submitted.append(executor.submit(abs, 1))
    except futures.BrokenExecutor:
        pass
    for future in submitted:
        with pytest.raises(futures.BrokenExecutor, match="the initializer failed in a thread: ValueError"):
            future.result(timeout=20)
    with pytest.raises(futures.BrokenExecutor):
        executor.submit(abs, 1)
    executor.shutdown()


def run(script: str) -> str:
    command = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout
