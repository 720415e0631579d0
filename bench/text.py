"""Times native text beside plain Python, polars (where it is installed) and the shell, in one run:
`python bench/text.py [TEXT] [--megabytes 50] [--repeat 5]`.

TEXT is taken as often as it takes to have so many megabytes; without it, there are lines of made-up words.
Medians, in milliseconds, and how many times faster than plain Python. What each gives is compared before
anything is timed. Splitting at each space, which is cheaper, polars does only right by the made-up words.
"""

from __future__ import annotations

import argparse
import collections
import functools
import os
import random
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tureen._tureen import TextColumn, TextProgram

LETTERS = "etaoinshrdlucmfwypvbgkqjxz"
COUNT_WORDS: list[tuple[Any, ...]] = [("lower",), ("split",), ("flatten",)]
# The words of a text as the shell's classic counts them.
SHELL = "tr A-Z a-z < {} | tr -s ' \\t\\n\\r\\f\\v' '\\n' | sort | uniq -c | sort -rn | head"

KERNELS: dict[str, tuple[tuple[Any, ...], Callable[[str], Any]]] = {
    "lower": (("lower",), str.lower),
    "title": (("title",), str.title),
    "strip": (("strip",), str.strip),
    "split": (("split",), str.split),
    "split at ','": (("split", (",",)), lambda line: line.split(",")),
    "replace": (("replace", ("the", "a")), lambda line: line.replace("the", "a")),
    "find": (("find", ("zz",)), lambda line: line.find("zz")),
    "isalpha": (("isalpha",), str.isalpha),
    "len": (("len",), len),
    "[2:-2]": (("getitem", (slice(2, -2),)), lambda line: line[2:-2]),
    "zfill": (("zfill", (80,)), lambda line: line.zfill(80)),
}


def made_up_lines(n_bytes: int) -> Iterator[str]:
    draw = random.Random(1)
    lengths = [max(1, int(draw.gauss(5, 2))) for _ in range(60_000)]
    words = ["".join(draw.choices(LETTERS, k=length)) for length in lengths]
    while n_bytes > 0:
        n = draw.randrange(1, 16)
        line = (
            " ".join(words[min(59_999, int(draw.paretovariate(0.7)) - 1)] for _ in range(n)).capitalize()
            + "\n"
        )
        n_bytes -= len(line)
        yield line


def write_text(path: Path, source: str | None, n_bytes: int) -> None:
    if source is None:
        path.write_text("".join(made_up_lines(n_bytes)))
        return
    text = Path(source).read_bytes()
    path.write_bytes(text * max(1, n_bytes // max(1, len(text))))


def median_ms(work: Callable[[], Any], repeat: int) -> float:
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def table(title: str, works: dict[str, Callable[[], Any]], repeat: int) -> None:
    """Print the medians, the first being what the others are compared with."""
    print(title)
    base = 0.0
    for name, work in works.items():
        took = median_ms(work, repeat)
        base = base or took
        print(f"    {name:28}{took:10.1f} ms{base / took:9.1f} x", flush=True)


def with_polars(path: Path) -> dict[str, Callable[[], list[tuple[str, int]]]]:
    """Return two ways to do it with polars, if it is there."""
    try:
        import polars
    except ImportError:
        return {}
    lower = polars.col("line").str.to_lowercase()
    ways = {r"polars, \S+": lower.str.extract_all(r"\S+"), "polars, each space": lower.str.split(" ")}

    def count(way: Any) -> list[tuple[str, int]]:
        lines = polars.scan_csv(
            path,
            has_header=False,
            new_columns=["line"],
            separator="\x01",
            quote_char=None,
            infer_schema=False,
        )
        words = lines.drop_nulls().select(way.explode(empty_as_null=False).alias("word"))
        counts = words.group_by("word").len().top_k(10, by="len").sort("len", descending=True)
        return [(word, n) for word, n in counts.collect().iter_rows()]

    return {name: functools.partial(count, way) for name, way in ways.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("text", nargs="?")
    parser.add_argument("--megabytes", type=int, default=50)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "text.txt")
        write_text(path, options.text, options.megabytes * 1_000_000)
        time_counting(path, options.repeat)
        time_kernels(path, options.repeat)


def time_counting(path: Path, repeat: int) -> None:
    size, n_cores = path.stat().st_size, os.cpu_count() or 1
    program = TextProgram(COUNT_WORDS, ("frequencies",))

    def plain() -> list[tuple[str, int]]:
        with open(path, encoding="utf-8") as lines:
            return collections.Counter(word for line in lines for word in line.lower().split()).most_common(
                10
            )

    def native(n_threads: int) -> list[tuple[str, int]]:
        return program.run_file(path, 0, size, n_threads=n_threads).largest(10)

    works: dict[str, Callable[[], Any]] = {
        "plain Python": plain,
        "tureen, 1 thread": lambda: native(1),
        f"tureen, {n_cores} threads": lambda: native(n_cores),
    }
    polars = with_polars(path)
    works |= polars
    plain_bytes = os.environ | {"LC_ALL": "C"}
    works["tr | sort | uniq | sort"] = lambda: subprocess.run(
        SHELL.format(path), shell=True, check=True, capture_output=True, env=plain_bytes
    )
    expected = plain()
    assert native(1) == native(n_cores) == expected
    if polars:
        # Which of equally common words come last is not the same everywhere.
        assert [n for _, n in polars[r"polars, \S+"]()] == [n for _, n in expected]
    table(f"the ten commonest words of {size / 1e6:.0f} MB of text", works, repeat)


def time_kernels(path: Path, repeat: int) -> None:
    with open(path, encoding="utf-8") as text:
        lines = text.readlines()
    column = TextColumn(lines)
    print(f"\neach of {len(lines):,} lines: plain Python, and native from column to column")
    for name, (step, function) in KERNELS.items():
        program = TextProgram([step], ("collect",))
        assert program.run(column).to_list() == list(map(function, lines))
        base = median_ms(lambda f=function: list(map(f, lines)), repeat)
        took = median_ms(lambda p=program: p.run(column), repeat)
        print(f"    {name:28}{base:10.1f} ms{took:10.1f} ms{base / took:9.1f} x", flush=True)


if __name__ == "__main__":
    main()
