"""Times what others run on tureen beside what they run on by default: `python bench/others.py [--repeat 5]`.

Medians, in microseconds per task: graphs of dask's on `tureen.get` and on `dask.threaded.get`; calls on
`tureen.Executor` and on `ThreadPoolExecutor`; joblib's backends `tureen` and `threading`.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dask.array
import dask.threaded
import joblib
from dask._task_spec import convert_legacy_graph

import tureen
import tureen.joblib


def inc(x: int) -> int:
    return x + 1


def wide(n: int) -> tuple[Any, Any, int]:
    graph: dict[Any, Any] = {("inc", i): (inc, i) for i in range(n)}
    graph["sum"] = (sum, list(graph))
    return convert_legacy_graph(graph), "sum", n + 1


def chain(n: int) -> tuple[Any, Any, int]:
    graph: dict[Any, Any] = {("inc", 0): (inc, 0)}
    graph.update({("inc", i): (inc, ("inc", i - 1)) for i in range(1, n)})
    return convert_legacy_graph(graph), ("inc", n - 1), n


def blocks(n: int) -> tuple[Any, Any, int]:
    x = dask.array.ones((n, n), chunks=(10, 10))
    total = (x + x.T).sum()
    graph = dict(total.__dask_graph__())
    return graph, total.__dask_keys__()[0], len(graph)


def in_microseconds(work: Callable[[], Any], n_tasks: int, repeat: int) -> float:
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times) * 1e6 / n_tasks


def row(name: str, n_tasks: int, ours: Callable[[], Any], theirs: Callable[[], Any], repeat: int) -> None:
    us, them = (in_microseconds(work, n_tasks, repeat) for work in (ours, theirs))
    print(f"{name:28} {n_tasks:8,} {us:10.2f} {them:10.2f} {them / us:7.1f}x", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeat", type=int, default=5)
    repeat = parser.parse_args().repeat
    print(f"{'us per task':28} {'tasks':>8} {'tureen':>10} {'the other':>10}")
    for make, sizes in ((wide, (1000, 10_000, 100_000)), (chain, (1000, 10_000)), (blocks, (200, 500))):
        for size in sizes:
            graph, key, n_tasks = make(size)
            row(
                f"dask graph: {make.__name__}",
                n_tasks,
                lambda graph=graph, key=key: tureen.get(graph, key),
                lambda graph=graph, key=key: dask.threaded.get(graph, key),
                repeat,
            )
    n = 20_000
    with tureen.Executor(2) as ours, ThreadPoolExecutor(2) as theirs:
        row("Executor.submit, result", n, lambda: submit(ours, n), lambda: submit(theirs, n), repeat)
        row(
            "Executor.map",
            n,
            lambda: list(ours.map(inc, range(n))),
            lambda: list(theirs.map(inc, range(n))),
            repeat,
        )
    row("joblib.Parallel", n, lambda: parallel("tureen", n), lambda: parallel("threading", n), repeat)


def submit(executor: Any, n: int) -> int:
    return sum(future.result() for future in [executor.submit(inc, i) for i in range(n)])


def parallel(backend: str, n: int) -> int:
    with joblib.parallel_config(backend=backend, n_jobs=2):
        return sum(joblib.Parallel()(joblib.delayed(inc)(i) for i in range(n)))


if __name__ == "__main__":
    main()
