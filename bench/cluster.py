"""Promises and bags on a cluster, beside dask's on the same one: python bench/cluster.py [--quick]

sleep    10,000 promises that sleep for 1 ms, and one that sums what they give
busy     10,000 that keep a processor busy for 1 ms
trivial  100,000 that add one (dask: 10,000)
bag      1,000,000 numbers in 100 partitions: map, filter, sum
words    a text of 20 MB in 40 partitions: lower, split, frequencies, topk

Seconds, medians of 3 (of 1 with --quick), to make the graph and to compute it. `x in all` compares calls per
second of both together, `x` of computing alone. The cluster is a `LocalCluster` of 2 processes, of 1 thread
each, or of 4.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dask
import dask.bag
import distributed

import tureen
import tureen.bag


def sleep(n: int) -> int:
    time.sleep(0.001)
    return n


def busy(n: int) -> int:
    end = time.perf_counter() + 0.001
    while time.perf_counter() < end:
        pass
    return n


def inc(n: int) -> int:
    return n + 1


def is_even(n: int) -> bool:
    return n % 2 == 0


def sum_of(function: Callable[[int], int]) -> Callable[[Any, int], Any]:
    def make(package: Any, n: int) -> Any:
        called = package.delayed(function)
        return package.delayed(sum)([called(i) for i in range(n)])

    return make


def numbers(package: Any, n: int) -> Any:
    return package.bag.from_sequence(range(n), npartitions=100).map(inc).filter(is_even).sum()


def words(file: Path) -> Callable[[Any, int], Any]:
    def make(package: Any, n: int) -> Any:
        text = package.bag.read_text(str(file), blocksize=n // 40)
        return text.str.lower().str.split().flatten().frequencies().topk(10, key=1)

    return make


def measure(make: Callable[[Any, int], Any], package: Any, n: int, client: Any, repeats: int) -> Any:
    making, computing, result = [], [], None
    for _ in range(repeats):
        start = time.perf_counter()
        wanted = make(package, n)
        made = time.perf_counter()
        result = wanted.compute(scheduler=client)
        computing.append(time.perf_counter() - made)
        making.append(made - start)
        del wanted
    return statistics.median(making), statistics.median(computing), result


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--quick", action="store_true", help="measure each once")
    arguments.add_argument("--only", nargs="*", help="these cases only")
    chosen = arguments.parse_args()
    repeats = 1 if chosen.quick else 3
    print(f"Python {platform.python_version()}, dask {dask.__version__}, {os.cpu_count()} processors")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "text.txt"
        line = "It boils and boiled and is boiling, said the Cook of the SOUP number {}\n"
        file.write_text("".join(line.format(n % 1000) for n in range(280_000)))
        size = file.stat().st_size
        cases: list[tuple[str, int, Any, int, int]] = [
            ("sleep", 1, sum_of(sleep), 10_000, 10_000),
            ("busy", 1, sum_of(busy), 10_000, 10_000),
            ("sleep", 4, sum_of(sleep), 10_000, 10_000),
            ("trivial", 1, sum_of(inc), 100_000, 10_000),
            ("bag", 1, numbers, 1_000_000, 1_000_000),
            ("words", 1, words(file), size, size),
        ]
        row = "{:8} {:>7} {:8} {:>9} {:>8} {:>10} {:>9} {:>9}".format
        print(row("case", "threads", "by", "n", "make s", "compute s", "x in all", "x"))
        for name, n_threads, make, ours, dasks in cases:
            if chosen.only and name not in chosen.only:
                continue
            with (
                distributed.LocalCluster(
                    n_workers=2, threads_per_worker=n_threads, dashboard_address=":0"
                ) as cluster,
                distributed.Client(cluster, set_as_default=False) as client,
            ):
                client.wait_for_workers(2)
                # Workers that have imported what they need, for both.
                for package in (tureen, dask):
                    make(package, 1000 if name != "words" else size).compute(scheduler=client)
                its_making, its_computing, its_result = measure(make, dask, dasks, client, repeats)
                making, computing, result = measure(make, tureen, ours, client, repeats)
                if ours == dasks:
                    assert result == its_result or name == "words", (result, its_result)
                print(
                    row(name, n_threads, "dask", dasks, f"{its_making:.2f}", f"{its_computing:.2f}", "", "")
                )
                in_all = (its_making + its_computing) / dasks / ((making + computing) / ours)
                alone = its_computing / dasks / (computing / ours)
                print(
                    row(
                        name,
                        n_threads,
                        "tureen",
                        ours,
                        f"{making:.2f}",
                        f"{computing:.2f}",
                        f"{in_all:.1f}",
                        f"{alone:.1f}",
                    ),
                    flush=True,
                )


if __name__ == "__main__":
    main()
