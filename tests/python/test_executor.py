"""``tureen.Executor`` behaves as the executors of ``concurrent.futures`` do; joblib runs on it."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from concurrent import futures
from typing import Any

import pytest

import tureen


def test_results_and_errors() -> None:
    with tureen.Executor(2) as executor:
        assert executor.submit(pow, 2, exp=5).result() == 32
        failed = executor.submit(int, "soup")
        assert isinstance(failed.exception(), ValueError)
        with pytest.raises(ValueError, match="soup"):
            failed.result()
        exits = executor.submit(sys.exit, 3)
        assert isinstance(exits.exception(), SystemExit)
        assert executor.submit(dict, fn=1, self=2).result() == {"fn": 1, "self": 2}


@pytest.mark.parametrize("chunksize", [1, 2, 7, 1000])
def test_map(chunksize: int) -> None:
    with tureen.Executor(3) as executor:
        assert list(executor.map(pow, range(100), [2] * 50, chunksize=chunksize)) == [
            n * n for n in range(50)
        ]
        assert list(executor.map(str, [], chunksize=chunksize)) == []
        results = executor.map(lambda n: 6 // n, [3, 2, 0, 1], chunksize=chunksize)
        with pytest.raises(ZeroDivisionError):
            list(results)
        with pytest.raises(ValueError, match="`chunksize` is at least 1, not 0"):
            executor.map(abs, [1], chunksize=0)


def test_map_gives_up_in_time() -> None:
    let_go = threading.Event()
    with tureen.Executor(1) as executor:
        results = executor.map(lambda wait: wait and let_go.wait(20), [False, True], timeout=0.05)
        assert next(results) is False
        with pytest.raises(futures.TimeoutError):
            next(results)
        let_go.set()


def test_wait_and_as_completed() -> None:
    first, second = threading.Event(), threading.Event()
    with tureen.Executor(2) as executor:
        waiting = [executor.submit(first.wait, 20), executor.submit(second.wait, 20)]
        second.set()
        done, not_done = futures.wait(waiting, timeout=20, return_when=futures.FIRST_COMPLETED)
        assert (done, not_done) == ({waiting[1]}, {waiting[0]})
        first.set()
        assert list(futures.as_completed(waiting, timeout=20))[-1] in waiting
        assert futures.wait(waiting).not_done == set()


def test_what_is_not_begun_can_be_cancelled() -> None:
    let_go = threading.Event()
    began = threading.Event()

    def run() -> bool:
        began.set()
        return let_go.wait(20)

    with tureen.Executor(1) as executor:
        running = executor.submit(run)
        assert began.wait(20)
        queued = executor.submit(abs, -1)
        assert queued.cancel() and not running.cancel()
        let_go.set()
        assert running.result() is True
        with pytest.raises(futures.CancelledError):
            queued.result()


def test_shutdown_waits_or_not_and_cancels_if_told() -> None:
    let_go = threading.Event()
    executor = tureen.Executor(1)
    running = executor.submit(let_go.wait, 20)
    queued = [executor.submit(abs, -n) for n in range(5)]
    while not running.running():
        time.sleep(0.001)
    executor.shutdown(wait=False, cancel_futures=True)
    assert all(future.cancelled() for future in queued)
    assert futures.wait(queued, timeout=20).not_done == set()
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        executor.submit(abs, 1)
    let_go.set()
    executor.shutdown()
    assert running.done()


def test_leaving_the_block_waits() -> None:
    done: list[int] = []
    with tureen.Executor(2) as executor:
        for n in range(20):
            executor.submit(lambda n=n: (time.sleep(0.001), done.append(n)))
    assert sorted(done) == list(range(20))


def test_no_more_than_max_workers_run_at_a_time() -> None:
    lock = threading.Lock()
    now = most = 0

    def work(_: int) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.001)
        with lock:
            now -= 1

    with tureen.Executor(3) as executor:
        list(executor.map(work, range(60)))
    assert most == 3


def test_a_call_may_submit_and_compute() -> None:
    with tureen.Executor(2) as executor:
        outer = executor.submit(lambda: executor.submit(abs, -4).result())
        assert outer.result(timeout=20) == 4
        sums = executor.map(lambda n: tureen.delayed(sum)([tureen.delayed(abs)(-n)] * 3).compute(), range(20))
        assert list(sums) == [3 * n for n in range(20)]


def test_a_future_does_not_outlive_its_use() -> None:
    class Thing:
        pass

    with tureen.Executor(1) as executor:
        thing = Thing()
        gone = weakref.ref(thing)
        future = executor.submit(lambda thing: None, thing)
        del thing
        future.result()
        executor.submit(abs, 1).result()
        del future
        gc.collect()
        assert gone() is None


def test_many_calls_are_all_made() -> None:
    with tureen.Executor(4) as executor:
        assert sum(executor.map(abs, range(-50_000, 0), chunksize=10)) == sum(range(50_001))
        assert sum(future.result() for future in [executor.submit(abs, -n) for n in range(5000)]) == sum(
            range(5000)
        )


@pytest.mark.parametrize("workers", [0, -1, 1.5, "two", True])
def test_the_number_of_workers_is_checked(workers: Any) -> None:
    with pytest.raises(ValueError, match="`max_workers` is a number from 1 to 100000"):
        tureen.Executor(workers)


def test_what_was_submitted_is_done_before_the_interpreter_ends() -> None:
    script = """
        import sys, time, tureen
        executor = tureen.Executor(2)
        for n in range(6):
            executor.submit(lambda n=n: (time.sleep(0.05), sys.stdout.write(f"{n}\\n")))
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60
    )
    assert sorted(ran.stdout.split()) == list("012345"), ran.stderr
    assert ran.returncode == 0


NO_ROOM = """
import resource, tureen

executor = tureen.Executor(1)
before = resource.getrlimit(resource.RLIMIT_AS)
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
# There is room for objects, but not for a thread's stack.
resource.setrlimit(resource.RLIMIT_AS, (size + (1 << 20), before[1]))
try:
    executor.submit(abs, -1)
except RuntimeError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_AS, before)
print([executor.submit(abs, -n).result(timeout=60) for n in range(5)])
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits are Linux's")
def test_after_no_thread_could_be_started() -> None:
    done = subprocess.run([sys.executable, "-c", NO_ROOM], capture_output=True, text=True, timeout=120)
    said, *results = done.stdout.splitlines()
    assert said.startswith("no thread could be started: ")
    assert results == ["[0, 1, 2, 3, 4]"], done.stderr
