"""Times bags beside plain Python loops and dask.bag, in one run: `python bench/bags.py [--n 1000000]
[--repeat 5]`.

Medians, in milliseconds, and how many times a plain loop each takes. dask.bag runs on its synchronous
scheduler and on its default (worker processes); leave it out with `--without-dask`.
"""

from __future__ import annotations

import argparse
import collections
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

import tureen.bag as tureen_bag


def add_one(x: int) -> int:
    return x + 1


def is_third(x: int) -> bool:
    return x % 3 == 0


def last_digits(x: int) -> int:
    return x % 1000


def add(a: int, b: int) -> int:
    return a + b


def plain_pipeline(xs: list[int]) -> int:
    total = 0
    for x in xs:
        y = add_one(x)
        if is_third(y):
            total += y
    return total


def plain_groups(xs: list[int]) -> dict[int, list[int]]:
    groups: dict[int, list[int]] = {}
    for x in xs:
        groups.setdefault(last_digits(x), []).append(x)
    return groups


def plain_totals(xs: list[int]) -> dict[int, int]:
    totals: dict[int, int] = {}
    for x in xs:
        key = last_digits(x)
        totals[key] = add(totals[key], x) if key in totals else x
    return totals


def works(xs: list[int], words: list[str]) -> dict[str, tuple[Callable[[], Any], Callable[[Any], Any]]]:
    """For each piece of work: how plain Python does it, and what a module of bags is asked for."""
    return {
        "map, filter, sum": (
            lambda: plain_pipeline(xs),
            lambda db: db.from_sequence(xs).map(add_one).filter(is_third).sum(),
        ),
        "map, filter, sum; 8 partitions": (
            lambda: plain_pipeline(xs),
            lambda db: db.from_sequence(xs, npartitions=8).map(add_one).filter(is_third).sum(),
        ),
        "groupby, 1000 keys; 64 partitions": (
            lambda: plain_groups(xs),
            lambda db: db.from_sequence(xs, npartitions=64).groupby(last_digits),
        ),
        "foldby, 1000 keys": (
            lambda: plain_totals(xs),
            lambda db: db.from_sequence(xs).foldby(last_digits, add),
        ),
        "frequencies of words": (
            lambda: collections.Counter(words),
            lambda db: db.from_sequence(words).frequencies(),
        ),
        "frequencies; 8 partitions": (
            lambda: collections.Counter(words),
            lambda db: db.from_sequence(words, npartitions=8).frequencies(),
        ),
        "distinct, count; 8 partitions": (
            lambda: len(set(words)),
            lambda db: db.from_sequence(words, npartitions=8).distinct().count(),
        ),
    }


def median_ms(work: Callable[[], Any], repeat: int) -> float:
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=1_000_000, help="elements")
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--without-dask", action="store_true")
    options = parser.parse_args()
    draw = random.Random(1)
    xs = list(range(options.n))
    words = [f"w{int(draw.paretovariate(0.8))}" for _ in range(options.n)]
    runs: list[tuple[str, Any, dict[str, Any]]] = [
        ("tureen sync", tureen_bag, {"scheduler": "sync"}),
        ("tureen threads", tureen_bag, {"scheduler": "threads"}),
    ]
    if not options.without_dask:
        import dask.bag

        runs += [("dask sync", dask.bag, {"scheduler": "sync"}), ("dask default", dask.bag, {})]
    print(f"{options.n} elements, medians of {options.repeat}: ms (times a plain loop)")
    for name, (plain, ask) in works(xs, words).items():
        base = median_ms(plain, options.repeat)
        cells = [f"plain {base:.0f}"]
        for label, module, how in runs:
            took = median_ms(lambda m=module, h=how, a=ask: a(m).compute(**h), options.repeat)
            cells.append(f"{label} {took:.0f} ({took / base:.1f}x)")
        print(f"{name:32} " + " | ".join(cells), flush=True)


if __name__ == "__main__":
    main()
