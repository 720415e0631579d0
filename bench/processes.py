"""Worker processes beside their peers, in one run: python bench/processes.py [--quick] [--only CASE ...]

small   100,000 calls of `inc`, gathered by one `sum`: microseconds a call, building included (medians of 5);
        `map` is Executor.map beside ProcessPoolExecutor.map (`futures`), each with its best chunk size;
        `objects` are as many of a plain Python class with one slot, made and let go: what one object for
        each call costs in Python (it may cost less in another language)
pi      ten calls of pure Python, first call of a fresh process included: how many times faster than a plain
        loop (medians of 5). `halves` is two processes that do half of it each: the most this machine gives;
        and the same compiled by numba, which lets go of Python's lock, on threads, beside a loop of that
chain   20 tasks, each of which takes a 100 MB array and gives the next one,
fan     20 that all take the same array, and one that takes all their results,
each    20 that take an array each of the user's and give him one back:
        seconds (medians of 5, 3 or 1), and in a run of its own, for watching takes time, the peak of memory
        of all processes beyond what was there before, shared pages counted once (those of the whole machine:
        let nobody else use it). Workers are warm.

Peers that are not installed are left out. Ray and distributed are looked for in .venv-peers. Ray listens on
the machine's own address, whatever it is told, so it gets a network of its own; where that is forbidden it is
left out, too.
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
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

MEGABYTES = 100
N_ARRAYS = 20
NUMBA_MORE = 20
"""So many times as much is there to do for what is compiled."""

PEERS = Path(__file__).parent.parent / ".venv-peers" / "bin" / "python"
OWN_NETWORK = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")


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


def first_sum(*arrays: Any) -> float:
    return float(sum(array[0] for array in arrays))


@contextmanager
def computer(peer: str) -> Iterator[tuple[Any, Callable[..., Any]]]:
    """A peer's `delayed`, and how it computes."""
    package, _, scheduler = peer.partition(":")
    if package == "tureen":
        import tureen

        yield tureen.delayed, partial(tureen.compute, scheduler=scheduler)
    elif package == "dask":
        import dask

        yield dask.delayed, partial(dask.compute, scheduler=scheduler)
    elif package == "distributed":
        import dask
        import distributed

        with distributed.Client(
            n_workers=os.cpu_count(), threads_per_worker=1, dashboard_address=None
        ) as client:
            yield dask.delayed, partial(dask.compute, scheduler=client)
    else:
        import ray

        ray.init(num_cpus=os.cpu_count(), include_dashboard=False, log_to_driver=False, logging_level="ERROR")
        try:
            yield (
                lambda what: ray.remote(what).remote if callable(what) else ray.put(what),
                lambda *references: ray.get(list(references)),
            )
        finally:
            ray.shutdown()


def executor(peer: str) -> Executor:
    if peer == "futures":
        return ProcessPoolExecutor()
    import tureen

    return tureen.Executor(os.cpu_count(), scheduler="processes")


def chunked(pool: Executor, n: int, size: int) -> int:
    return sum(pool.map(inc, range(n), chunksize=size))


class Thing:
    __slots__ = ("value",)

    def __init__(self, value: int) -> None:
        self.value = value


def small(peer: str, n: int) -> float:
    """Microseconds for each call."""
    if peer == "objects":
        return 1e6 * statistics.median(timed(lambda: [Thing(i) for i in range(n)]) for _ in range(5)) / n
    if peer in ("futures", "map"):
        with executor(peer) as pool:
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
    with computer(peer) as (promise, compute):
        compute(promise(sum)([promise(inc)(i) for i in range(100)]))

        def build_and_compute() -> None:
            function = promise(inc)
            assert compute(promise(sum)([function(i) for i in range(n)])) == (n * (n + 1) // 2,)

        return 1e6 * statistics.median(timed(build_and_compute) for _ in range(5)) / n


def pi(peer: str, n: int) -> float:
    """Seconds for ten calls; nothing was computed before."""
    if peer == "halves":
        return timed(partial(halves, n))
    function = calc_pi
    if peer.startswith("numba"):
        from numba import njit

        function = njit(nogil=True)(calc_pi)
        function(1)  # Compiles it.
        n, peer = n * NUMBA_MORE, peer.replace("numba", "tureen")
    if peer.endswith("loop"):
        return timed(lambda: [function(n) for _ in range(10)])
    with computer(peer) as (promise, compute):
        return timed(lambda: compute(promise(list)([promise(function)(n) for _ in range(10)])))


def halves(n: int) -> None:
    child = os.fork()
    for _ in range(5):
        calc_pi(n)
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def arrays(peer: str, shape: str, n_times: int) -> float:
    """Seconds, the median of so many times; for none, the peak of memory in MB beyond what it was before."""
    import numpy

    with computer(peer) as (promise, compute):
        compute(*[promise(step)(numpy.ones(10)) for _ in range(2 * (os.cpu_count() or 1))])
        given = [numpy.ones(MEGABYTES * 1_000_000 // 8) for _ in range(N_ARRAYS if shape == "each" else 1)]
        if n_times:
            times = [timed(lambda: SHAPES[shape](promise, compute, given)) for _ in range(n_times)]
            return statistics.median(times)
        with Memory() as memory:
            SHAPES[shape](promise, compute, given)
        return memory.peak - memory.before


def chain(promise: Any, compute: Callable[..., Any], given: list[Any]) -> None:
    value = promise(given[0])
    for _ in range(N_ARRAYS):
        value = promise(step)(value)
    assert compute(value)[0][0] == 1 + N_ARRAYS


def fan(promise: Any, compute: Callable[..., Any], given: list[Any]) -> None:
    value = promise(given[0])
    assert compute(promise(first_sum)(*[promise(step)(value) for _ in range(N_ARRAYS)]))[0] == 2 * N_ARRAYS


def each(promise: Any, compute: Callable[..., Any], given: list[Any]) -> None:
    assert first_sum(*compute(*[promise(step)(promise(array)) for array in given])) == 2 * N_ARRAYS


SHAPES: dict[str, Callable[..., None]] = {"chain": chain, "fan": fan, "each": each}


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
    """The memory of a process and all under it, and the machine's shared memory: some is mapped nowhere."""
    with open("/proc/meminfo") as lines:
        total = in_megabytes(lines, "Shmem:")
    todo = [root]
    while todo:
        pid = todo.pop()
        try:
            with open(f"/proc/{pid}/smaps_rollup") as lines:
                total += in_megabytes(lines, "Pss_Anon:", "Pss_File:")
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as children:
                    todo.extend(map(int, children.read().split()))
        except OSError:
            continue
    return total


def in_megabytes(lines: Iterable[str], *names: str) -> float:
    return sum(int(line.split()[1]) for line in lines if line.startswith(names)) * 1024 / 1e6


def timed(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


CASES: dict[str, Callable[..., Any]] = {"small": small, "pi": pi, "arrays": arrays}


def fresh(case: str, peer: str, *arguments: Any) -> float | None:
    """Measure in a fresh process; None if the peer is not installed."""
    is_apart = peer in ("ray", "distributed")
    if is_apart and not PEERS.exists():
        return None
    command = [
        str(PEERS) if is_apart else sys.executable,
        __file__,
        "--case",
        case,
        peer,
        *map(str, arguments),
    ]
    done = subprocess.run(
        [*OWN_NETWORK, *command] if peer == "ray" else command, capture_output=True, text=True
    )
    if done.returncode:
        print(f"{peer}: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
        return None
    return float(json.loads(done.stdout.splitlines()[-1]))


def row(case: str, peer: str, told: str | None) -> None:
    print(f"{case:7} {peer:18} {'-' if told is None else told}", flush=True)


def show_small(less: int) -> None:
    n = 100_000 // less
    for peer in (
        "tureen:processes",
        "objects",
        "tureen:threads",
        "joblib",
        "map",
        "futures",
        "dask:processes",
    ):
        n_calls = n // 20 if peer.startswith("dask") else n
        micros = fresh("small", peer, n_calls)
        row("small", peer, micros and f"{micros:8.2f} us a call ({n_calls:,} calls)")


def show_pi(less: int) -> None:
    throws, n_rounds = 10**6 // less, 1 if less > 1 else 5
    for loop, *peers in (
        ("loop", "halves", "tureen:processes", "tureen:auto", "dask:processes"),
        ("numba:loop", "numba:threads"),
    ):
        rounds = [{peer: fresh("pi", peer, throws) for peer in (loop, *peers)} for _ in range(n_rounds)]
        for peer in peers:
            ratios = [times[loop] / times[peer] for times in rounds if times[loop] and times[peer]]
            row("pi", peer, f"{statistics.median(ratios):8.2f} times a plain loop" if ratios else None)


def show_arrays(shape: str, less: int) -> None:
    peers = {"tureen:processes": 5, "tureen:threads": 5, "ray": 3, "distributed": 3, "dask:processes": 1}
    for peer, n_times in peers.items():
        seconds = fresh("arrays", peer, shape, n_times if less == 1 else 1)
        memory = seconds and fresh("arrays", peer, shape, 0)
        row(shape, peer, seconds and memory and f"{seconds:8.2f} s {memory:8.0f} MB more at its peak")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    parser.add_argument(
        "--only", nargs="+", choices=["small", "pi", *SHAPES], default=["small", "pi", *SHAPES]
    )
    parser.add_argument("--case", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.case:
        name, *rest = options.case
        print(json.dumps(CASES[name](*(int(part) if part.isdigit() else part for part in rest))))
        return
    less = 10 if options.quick else 1
    print(f"{os.cpu_count()} processors, Python {sys.version.split()[0]}, load {os.getloadavg()[0]:.1f}")
    for case in options.only:
        if case in SHAPES:
            show_arrays(case, less)
        elif case == "small":
            show_small(less)
        else:
            show_pi(less)


if __name__ == "__main__":
    main()
