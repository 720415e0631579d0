"""The first steps with promises: python promises.py

A promise is a call that has not been made yet. Promises can be arguments of other promises; nothing runs
until one of them is asked for its result, and then everything it needs runs once, side by side where
possible. The notebook `promises.ipynb` tells more, with exercises.
"""

from __future__ import annotations

import random
import time

from tureen import delayed

sums_made: list[str] = []


@delayed
def add(a: int, b: int) -> int:
    sums_made.append(f"{a} + {b}")
    return a + b


@delayed
def gather(*results: object) -> list[object]:
    return list(results)


@delayed
def mean(*numbers: float) -> float:
    return sum(numbers) / len(numbers)


@delayed
def calc_pi(n: int, seed: int) -> float:
    """Estimate pi by throwing n darts at a square and counting those that hit the circle in it."""
    throw = random.Random(seed).random
    hits = sum(throw() ** 2 + throw() ** 2 < 1.0 for _ in range(n))
    return 4.0 * hits / n


def main() -> None:
    print("a promise is not a result yet:")
    x = add(1, 2)
    print(f"  x = add(1, 2) is {x!r}")
    y = add(x, 3)
    z = add(x, y)
    print("z = add(x, y) needs x twice, yet x is computed once:")
    print(f"  z is {z.compute()}, from {', '.join(sums_made)}")
    z.visualize(filename="promises_add.svg")

    print("ten sums, gathered into one list:")
    print(f"  {gather(*(add(i, i) for i in range(10))).compute()}")

    print("pi, as the mean of ten estimates:")
    start = time.perf_counter()
    pi = mean(*(calc_pi(100_000, seed) for seed in range(10)))
    pi.visualize(filename="promises_pi.svg", rankdir="LR")
    print(f"  {pi.compute():.4f}, after {time.perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
