"""Worker processes beside their peers, in one run: python bench/processes.py [--quick]

small   100,000 calls of `inc`, gathered by one `sum`: microseconds a call, building included (medians of 5)
pi      ten calls of pure Python, first call of a fresh process included: how many times faster than a plain
        loop (medians of 3); and the same compiled by numba, which lets go of Python's lock, on threads, beside a
        plain loop of that
chain   20 tasks, each of which takes a 100 MB array and gives the next one: seconds, and the peak of memory
fan     of all processes, shared pages counted once. In the fan all take the same, and one takes all results.

Peers that are not installed are left out.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any

MEGABYTES = 100
N_ARRAYS = 20
NUMBA_MORE = 20
"""So many times as much is there to do for what is compiled."""


def inc(x: int) -> int:
    return x + 1


def calc_pi(n: int) -> float:
    hits = 0
    for _ in range(n):
        x = random.uniform(-1, 1)
        y = random.uniform(-1, 1)
        if x * x + y * y < 1.0:
            hits += 1
    return 4 * hits / n


def step(array: Any) -> Any:
    return array + 1


def first_sum(arrays: list[Any]) -> float:
    return float(sum(array[0] for array in arrays))


def computer(peer: str) -> tuple[Any, Callable[[Any], Any]]:
    """A peer's `delayed`, and how it computes."""
    package, scheduler = peer.split(":")
    if package == "tureen":
        import tureen

        return tureen.delayed, lambda promise: promise.compute(scheduler=scheduler)
    import dask

    return dask.delayed, lambda promise: promise.compute(scheduler=scheduler)


def chunked(pool: ProcessPoolExecutor, n: int, size: int) -> int:
    return sum(pool.map(inc, range(n), chunksize=size))


def small(peer: str, n: int) -> float:
    """Microseconds for each call."""
    if peer == "futures":
        with ProcessPoolExecutor() as pool:
            list(pool.map(inc, range(100)))

            def once() -> float:
                # The best of several chunk sizes.
                return min(timed(partial(chunked, pool, n, size)) for size in (500, 5000, 25000))

            return 1e6 * statistics.median(once() for _ in range(5)) / n
    if peer == "joblib":
        from joblib import Parallel, delayed

        with Parallel(n_jobs=os.cpu_count()) as parallel:
            parallel(delayed(inc)(i) for i in range(100))
            times = [timed(lambda: sum(parallel(delayed(inc)(i) for i in range(n)))) for _ in range(5)]
        return 1e6 * statistics.median(times) / n
    promise, compute = computer(peer)
    compute(promise(sum)([promise(inc)(i) for i in range(100)]))

    def build_and_compute() -> None:
        function = promise(inc)
        assert compute(promise(sum)([function(i) for i in range(n)])) == n * (n + 1) // 2

    return 1e6 * statistics.median(timed(build_and_compute) for _ in range(5)) / n


def pi(peer: str, n: int) -> float:
    """Seconds for ten calls; nothing was computed before."""
    function = calc_pi
    if peer.startswith("numba"):
        from numba import njit

        function = njit(nogil=True)(calc_pi)
        function(1)  # Compiles it.
        n, peer = n * NUMBA_MORE, peer.replace("numba", "tureen")
    if peer.endswith("loop"):
        return timed(lambda: [function(n) for _ in range(10)])
    promise, compute = computer(peer)
    return timed(lambda: compute(promise(list)([promise(function)(n) for _ in range(10)])))


def arrays(peer: str, shape: str) -> tuple[float, float]:
    """Seconds, and the peak of memory in MB beyond what it was before."""
    import numpy

    promise, compute = computer(peer)
    compute(promise(step)(numpy.ones(10)))
    array = numpy.ones(MEGABYTES * 1_000_000 // 8)
    with Memory() as memory:
        start = time.perf_counter()
        value = promise(array)
        if shape == "chain":
            for _ in range(N_ARRAYS):
                value = promise(step)(value)
            found = float(compute(value)[0])
        else:
            found = compute(promise(first_sum)([promise(step)(value) for _ in range(N_ARRAYS)]))
        seconds = time.perf_counter() - start
    assert found == (1 + N_ARRAYS if shape == "chain" else 2 * N_ARRAYS)
    return seconds, memory.peak - memory.before


class Memory:
    """The peak of memory of this process and all under it, shared pages counted once, in MB."""

    def __enter__(self) -> Memory:
        self.before = self.peak = used(os.getpid())
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_over.wait(0.03):
            self.peak = max(self.peak, used(os.getpid()))


def used(root: int) -> float:
    total, todo = 0.0, [root]
    while todo:
        pid = todo.pop()
        try:
            with open(f"/proc/{pid}/smaps_rollup") as lines:
                total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1000
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as children:
                    todo.extend(map(int, children.read().split()))
        except (OSError, StopIteration):
            continue
    return total


def timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


CASES: dict[str, Callable[..., Any]] = {"small": small, "pi": pi, "arrays": arrays}


def fresh(case: str, *arguments: Any) -> Any:
    """Measure in a fresh process; None if the peer is not installed."""
    command = [sys.executable, __file__, "--case", case, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr.strip().split("\n")[-1], file=sys.stderr)
        return None
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    parser.add_argument("--case", nargs="+")
    options = parser.parse_args()
    if options.case:
        name, *rest = options.case
        print(json.dumps(CASES[name](*(int(part) if part.isdigit() else part for part in rest))))
        return
    less = 10 if options.quick else 1
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}")
    n = 100_000 // less
    for peer in ("tureen:processes", "tureen:threads", "joblib", "futures"):
        micros = fresh("small", peer, n)
        told = "-" if micros is None else f"{micros:8.2f} us a call"
        print(f"small   {peer:18} {told}")
    micros = fresh("small", "dask:processes", n // 20)
    told = "-" if micros is None else f"{micros:8.2f} us a call ({n // 20} calls)"
    print(f"small   {'dask:processes':18} {told}")
    throws = 10**6 // less
    for loop, *peers in (
        ("loop", "tureen:processes", "tureen:auto", "dask:processes"),
        ("numba:loop", "numba:threads"),
    ):
        rounds = [{peer: fresh("pi", peer, throws) for peer in (loop, *peers)} for _ in range(3)]
        for peer in peers:
            ratios = [times[loop] / times[peer] for times in rounds if times[loop] and times[peer]]
            told = f"{statistics.median(ratios):8.2f} times a plain loop" if ratios else "-"
            print(f"pi      {peer:18} {told}")
    for shape in ("chain", "fan"):
        for peer in ("tureen:processes", "tureen:threads", "dask:processes"):
            if measured := fresh("arrays", peer, shape):
                print(f"{shape:7} {peer:18} {measured[0]:8.2f} s {measured[1]:8.0f} MB more at its peak")


if __name__ == "__main__":
    main()
