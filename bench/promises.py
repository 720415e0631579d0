"""Time per task of promises beside dask.delayed and a plain loop, in one run: wide and one sum, chain, tree.

    python bench/promises.py [--tasks 100000] [--repeats 5]

Medians. dask's tasks are fewer, because its cost per task grows: each line tells of how many.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

import tureen

try:
    import dask
except ImportError:
    dask = None

Delay = Callable[[Callable[..., Any]], Any]


def inc(x: int) -> int:
    return x + 1


def add(a: int, b: int) -> int:
    return a + b


def wide(delay: Delay, n: int) -> Any:
    one_more = delay(inc)
    return delay(sum)([one_more(i) for i in range(n)])


def chain(delay: Delay, n: int) -> Any:
    one_more = delay(inc)
    x: Any = 0
    for _ in range(n):
        x = one_more(x)
    return x


def tree(delay: Delay, n: int) -> Any:
    together = delay(add)
    level: list[Any] = list(range(n))
    while len(level) > 1:
        level = [together(*pair) for pair in zip(level[::2], level[1::2], strict=True)]
    return level[0]


SHAPES: dict[str, Callable[[Delay, int], Any]] = {"wide + sum": wide, "chain": chain, "tree": tree}
N_OF_DASK = {"wide + sum": 4_000, "chain": 1_000, "tree": 4_096}


def measure(
    shape: Callable[[Delay, int], Any], delay: Delay, n: int, repeats: int, **how: Any
) -> tuple[float, float]:
    """Median nanoseconds per task: building, and computing."""
    building, computing = [], []
    for _ in range(repeats):
        start = perf_counter()
        promise = shape(delay, n)
        built = perf_counter()
        promise.compute(**how)
        computing.append(perf_counter() - built)
        building.append(built - start)
        del promise
    return statistics.median(building) / n * 1e9, statistics.median(computing) / n * 1e9


def memory_of_a_million() -> float:
    """Megabytes that a wide graph of 1,000,000 promises takes at most, computed, in a process of its own."""
    script = (
        "import re, tureen\n"
        # Not getrusage: its peak is inherited from the process that started this one.
        "status = lambda: open('/proc/self/status').read()\n"
        "peak = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', status())[1]) / 1024\n"
        "before = peak()\n"
        "inc = tureen.delayed(lambda x: x + 1)\n"
        "tureen.delayed(sum)([inc(i) for i in range(1_000_000)]).compute()\n"
        "print(peak() - before)\n"
    )
    return float(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--tasks", type=int, default=100_000)
    arguments.add_argument("--repeats", type=int, default=5)
    chosen = arguments.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}\n")
    loop = []
    for _ in range(chosen.repeats):
        start = perf_counter()
        for i in range(chosen.tasks):
            inc(i)
        loop.append(perf_counter() - start)
    plain = statistics.median(loop) / chosen.tasks * 1e9
    print(f"a plain loop calling the function: {plain:.0f} ns a call\n")

    line = "{:12} {:22} {:>9} {:>10} {:>10} {:>10} {:>12}".format
    print(line("shape", "by", "tasks", "build ns", "compute ns", "total ns", "x plain loop"))
    for name, shape in SHAPES.items():
        ours = 1 << (chosen.tasks.bit_length() - 1) if name == "tree" else chosen.tasks
        rows: list[tuple[str, Delay, int, dict[str, str]]] = [
            ("tureen threads", tureen.delayed, ours, {"scheduler": "threads"}),
            ("tureen sync", tureen.delayed, ours, {"scheduler": "sync"}),
            ("tureen threads, more", tureen.delayed, (16 if name == "tree" else 10) * ours, {}),
        ]
        if dask is not None:
            rows.append(("dask threads", partial(dask.delayed), N_OF_DASK[name], {"scheduler": "threads"}))
        for by, delay, n, how in rows:
            repeats = chosen.repeats if n <= chosen.tasks else 1
            build, compute = measure(shape, delay, n, repeats, **how)
            total = build + compute
            print(line(name, by, n, f"{build:.0f}", f"{compute:.0f}", f"{total:.0f}", f"{total / plain:.1f}"))
    if sys.platform == "linux":
        print(f"\n1,000,000 promises, wide, computed: {memory_of_a_million():.0f} MB at most")


if __name__ == "__main__":
    main()
