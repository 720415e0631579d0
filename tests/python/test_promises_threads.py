"""Promises on threads: how many, nested, shared, and when a process is interrupted, forks or ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from typing import Any

import pytest

import tureen
from tureen import compute, delayed


def thread_of(_: Any) -> int:
    time.sleep(0.001)
    return threading.get_ident()


def test_sync_runs_in_the_calling_thread() -> None:
    idents = compute(*(delayed(thread_of)(i) for i in range(20)), scheduler="sync")
    assert set(idents) == {threading.get_ident()}


def test_threads_do_not_run_in_the_calling_thread() -> None:
    idents = compute(*(delayed(thread_of)(i) for i in range(20)), scheduler="threads")
    assert threading.get_ident() not in idents


class Gauge:
    """Counts how many tasks run at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now = self.most = 0

    def task(self, _: Any) -> None:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.002)
        with self.lock:
            self.now -= 1


@pytest.mark.parametrize("n", [1, 3])
def test_num_workers_bounds_what_runs_at_once(n: int) -> None:
    gauge = Gauge()
    compute(*(delayed(gauge.task)(i) for i in range(40)), num_workers=n)
    assert 1 <= gauge.most <= n
    gauge = Gauge()
    with tureen.config.set(num_workers=n, scheduler="threads"):
        compute(*(delayed(gauge.task)(i) for i in range(40)))
    assert 1 <= gauge.most <= n


def test_as_many_tasks_run_at_once_as_there_are_workers() -> None:
    n = 5
    barrier = threading.Barrier(n)
    compute(*(delayed(barrier.wait)(30) for _ in range(n)), num_workers=n)


def test_compute_inside_a_task() -> None:
    def fibonacci(n: int) -> int:
        if n < 2:
            return n
        parts = [delayed(fibonacci)(n - 1), delayed(fibonacci)(n - 2)]
        return sum(compute(*parts, num_workers=2))

    assert delayed(fibonacci)(9).compute(num_workers=2) == 34


def test_many_threads_compute_shared_promises() -> None:
    shared = [delayed(lambda x: x * 2)(i) for i in range(200)]
    totals = [delayed(sum)(shared) + i for i in range(8)]
    values: dict[int, list[int]] = {}

    def work(i: int) -> None:
        values[i] = [totals[i].compute() for _ in range(20)]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert values == {i: [39_800 + i] * 20 for i in range(8)}


def start(script: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("scheduler", ["threads", "sync"])
def test_ctrl_c_stops_the_run_and_leaves_the_session_usable(scheduler: str) -> None:
    child = start(f"""
        import time
        from tureen import compute, delayed
        def nap(i):
            print("started", flush=True)
            time.sleep(300)
        try:
            compute(*(delayed(nap)(i) for i in range(100)), scheduler="{scheduler}", num_workers=1)
        except KeyboardInterrupt:
            print("then", delayed(sum)([1, 2]).compute(), flush=True)
            raise
    """)
    assert child.stdout is not None
    assert child.stdout.readline() == "started\n"
    child.send_signal(signal.SIGINT)
    # Far less than the naps: nobody waits for them, neither the run nor the end of the interpreter.
    out, err = child.communicate(timeout=60)
    assert child.returncode == -signal.SIGINT
    assert out.endswith("then 3\n")
    assert err.splitlines()[-1] == "KeyboardInterrupt"


def test_the_interpreter_ends_under_a_task() -> None:
    child = start("""
        import atexit, threading, time
        import tureen
        from tureen._tureen import finish
        running = threading.Event()
        def spin():
            running.set()
            while True:
                pass
        threading.Thread(target=tureen.delayed(spin)().compute, daemon=True).start()
        running.wait()
        # Without this, the interpreter would wait for the task.
        atexit.unregister(finish)
        print("end")
    """)
    out, err = child.communicate(timeout=60)
    assert (out, err, child.returncode) == ("end\n", "", 0)


def test_a_task_may_be_the_first_to_import_threading() -> None:
    child = start("""
        import sys
        from tureen import delayed
        assert "threading" not in sys.modules
        def is_main():
            import threading
            return threading.current_thread() is threading.main_thread()
        print(delayed(is_main)().compute())
        import threading
        print(threading.current_thread() is threading.main_thread())
    """)
    out, err = child.communicate(timeout=60)
    assert (out, err, child.returncode) == ("False\nTrue\n", "", 0)


def test_runs_while_the_interpreter_ends() -> None:
    child = start("""
        import atexit
        @atexit.register
        def late():
            print(compute(*(delayed(abs)(-i) for i in range(4)), num_workers=4))
        from tureen import compute, delayed
    """)
    out, err = child.communicate(timeout=60)
    assert (out, err, child.returncode) == ("(0, 1, 2, 3)\n", "", 0)


def test_tasks_that_still_run_after_a_failure_may_finish() -> None:
    child = start("""
        import threading
        from tureen import compute, delayed
        running, failed = threading.Event(), threading.Event()
        def slow():
            running.set()
            failed.wait()
            print("finished")
        def fail():
            running.wait()
            raise ValueError("no")
        try:
            compute(delayed(slow)(), delayed(fail)(), num_workers=2)
        except ValueError:
            print("failed", flush=True)
            failed.set()
    """)
    out, err = child.communicate(timeout=60)
    assert (out, err, child.returncode) == ("failed\nfinished\n", "", 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_computes() -> None:
    child = start("""
        import os
        from tureen import delayed
        total = delayed(sum)([delayed(abs)(-i) for i in range(10)])
        assert total.compute() == 45
        pid = os.fork()
        if pid == 0:
            print("child", total.compute(), flush=True)
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        print("parent", total.compute())
    """)
    out, err = child.communicate(timeout=60)
    assert (out, err) == ("child 45\nparent 45\n", "")
