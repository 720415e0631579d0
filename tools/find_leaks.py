"""Compute the same graphs again and again, and see that nothing grows: python tools/find_leaks.py

Counted after each round are the blocks that Python has allocated, its objects (those the garbage collector
sees), open files, threads, and the memory that the process occupies. A way of computing leaks if a count
grows with every round: one that has settled may go up and down.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import tureen
import tureen.bag
from tureen import compute, delayed, persist
from tureen.diagnostics import Callback, Profiler

N_WARM_UP = 25
"""Rounds before the first count: caches fill, threads and workers start."""

MOST_BLOCKS = 0.5
"""Python's blocks that a call may leave behind on average: less than one object for two calls."""

MOST_KB = 512
"""By which the process may grow from the first half of the rounds to the second: allocators keep pages."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    print(
        f"{'':24} {'blocks':>9} {'a call':>8} {'objects':>8} {'files':>6} {'threads':>8} {'kB':>7}   (more)"
    )
    leaking = [name for name, work in WAYS.items() if leaks(name, work, rounds)]
    if leaking:
        print(f"error: something is left behind by {', '.join(leaking)}", file=sys.stderr)
    return 1 if leaking else 0


def leaks(name: str, work: Callable[[], int], rounds: int) -> bool:
    """Do rounds of some work, print what has grown from the first to the last, and say whether it leaks."""
    for _ in range(N_WARM_UP):
        n_calls = work()
    first = count_after(work)
    # The numbers themselves are objects, too: only two rows of them are kept.
    memory = [0, 0]
    for round in range(1, rounds):
        last = count_after(work)
        half = int(round >= rounds // 2)
        memory[half] = max(memory[half], last[-1])
    blocks, objects, files, threads = (
        after - before for before, after in zip(first[:-1], last, strict=False)
    )
    grown = memory[1] - memory[0]
    a_call = blocks / (n_calls * (rounds - 1))
    print(f"{name:24} {blocks:9} {a_call:8.4f} {objects:8} {files:6} {threads:8} {grown:7}", flush=True)
    return a_call > MOST_BLOCKS or objects > rounds or files > 0 or threads > 0 or grown > MOST_KB


def count_after(work: Callable[[], int]) -> tuple[int, ...]:
    work()
    gc.collect()
    files = len(os.listdir("/proc/self/fd"))
    with open("/proc/self/statm") as statm:
        memory = int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
    return sys.getallocatedblocks(), len(gc.get_objects()), files, threading.active_count(), memory


# What is done in a round; each gives the number of calls that it has made.


def wide(**how: Any) -> int:
    ones = [delayed(abs)(-i) for i in range(500)]
    assert delayed(sum)(ones).compute(**how) == 124_750
    return 501


def chain(**how: Any) -> int:
    total: Any = delayed(0)
    for _ in range(500):
        total = total + 1
    assert total.compute(**how) == 500
    return 500


def containers() -> int:
    parts = [delayed(dict)(a=i) for i in range(200)]
    [found] = compute({"parts": parts, "one": (parts[0], {1: parts[1]}, slice(parts[2]["a"], None))})
    assert len(found["parts"]) == 200
    return 203


def failure(**how: Any) -> int:
    for _ in range(20):
        try:
            compute(delayed(divmod)(delayed(abs)(-1), 0), **how)
        except ZeroDivisionError:
            continue
        raise AssertionError("no failure")
    return 40


def nested() -> int:
    def inner(i: int) -> int:
        total: int = delayed(sum)([delayed(abs)(-j) for j in range(10)]).compute()
        return total

    assert sum(compute(*(delayed(inner)(i) for i in range(20)))) == 900
    return 240


def kept() -> int:
    kept_ones = persist(*(delayed(abs)(-i) for i in range(200)))
    assert sum(compute(*kept_ones)) == 19_900
    return 200


def watched() -> int:
    with Callback(pretask=lambda key, graph, state: None), Profiler():
        return wide()


def by_executor() -> int:
    with ThreadPoolExecutor(2) as pool:
        return wide(scheduler=pool)


def by_our_executor() -> int:
    with tureen.Executor(2) as executor:
        assert sum(executor.map(abs, range(-200, 0))) == 20_100
    return 200


def others_graphs() -> int:
    graph = {"a": 1, **{("b", i): (abs, "a") for i in range(200)}}
    assert list(tureen.get(graph, [("b", i) for i in range(200)])) == [1] * 200
    return 200


def pictures() -> int:
    for format in ("svg", "png", "dot"):
        delayed(sum)([delayed(abs)(i) for i in range(20)]).visualize(filename=None, format=format)
    return 63


def bags() -> int:
    words = tureen.bag.from_sequence("some like it hot some like it cold".split() * 20, npartitions=8)
    counts = words.map(str.upper).frequencies().compute(scheduler="threads")
    assert dict(counts)["HOT"] == 20
    return 160


def large_results() -> int:
    halves = [delayed(bytes)(300_000)[:150_000] for _ in range(10)]
    assert sum(map(len, compute(*halves, scheduler="processes", num_workers=2))) == 1_500_000
    return 20


WAYS: dict[str, Callable[[], int]] = {
    "wide, threads": wide,
    "wide, sync": lambda: wide(scheduler="sync"),
    "wide, processes": lambda: wide(scheduler="processes", num_workers=2),
    "chain, threads": chain,
    "chain, processes": lambda: chain(scheduler="processes", num_workers=2),
    "containers": containers,
    "failures, threads": failure,
    "failures, processes": lambda: failure(scheduler="processes", num_workers=2),
    "nested": nested,
    "persist": kept,
    "callbacks, profiler": watched,
    "another's executor": by_executor,
    "our executor": by_our_executor,
    "graphs of dask's": others_graphs,
    "pictures": pictures,
    "bags": bags,
    "large, processes": large_results,
}


if __name__ == "__main__":
    sys.exit(main())
