"""Times the workshop's stems, and words counted, as bags, beside dask.bag and plain Python, in one run:
`python bench/stems.py TEXT [--megabytes 50] [--peers 5] [--repeat 5]`.

TEXT is taken as often as it takes. What would take minutes is given less of it (`--peers`, in MB): seconds
for each 10 MB are compared. Medians.
"""

from __future__ import annotations

import argparse
import re
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tureen.bag as tureen_bag
from tureen.text import PorterStemmer as TureenStemmer

try:
    import dask.bag as dask_bag
    from nltk.stem import PorterStemmer
except ImportError as error:
    raise SystemExit(f"error: {error}\nhint: the peers are dask and nltk") from None

WORD = re.compile(r"[a-z]+")
PUNCTUATION = "*!?.,:;'\"()[]{}<>_-"
theirs = PorterStemmer()


def clean_word(word: str) -> str:
    return word.strip(PUNCTUATION).lower()


def good_word(word: str) -> bool:
    return WORD.fullmatch(word) is not None


def plain_stems(path: Path) -> int:
    found = set()
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            for word in line.split():
                cleaned = clean_word(word)
                if good_word(cleaned):
                    found.add(theirs.stem(cleaned))
    return len(found)


def own_functions(db: Any, path: Path, n_blocks: int, stem: Callable[[str], str]) -> Any:
    blocksize = -(-path.stat().st_size // n_blocks)
    words = db.read_text(str(path), blocksize=blocksize).str.split().flatten()
    return words.map(clean_word).filter(good_word).map(stem).distinct().count().compute()


def native(db: Any, path: Path) -> Any:
    words = db.read_text(str(path)).str.split().flatten()
    cleaned = words.str.strip(PUNCTUATION).str.lower().filter(str.isalpha).filter(str.isascii)
    return cleaned.map(TureenStemmer().stem).distinct().count().compute()


def plain_words(path: Path) -> list[tuple[str, int]]:
    counts: Counter[str] = Counter()
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            counts.update(line.lower().split())
    return counts.most_common(10)


def count_words(db: Any, path: Path, **how: Any) -> Any:
    words = db.read_text(str(path), **how).str.lower().str.split().flatten()
    return words.frequencies().topk(10, key=1).compute()


def measure(work: Callable[[Path], Any], path: Path, repeat: int) -> tuple[float, Any]:
    """Seconds for each 10 MB, and what came of it."""
    times, found = [], None
    for _ in range(repeat):
        start = time.perf_counter()
        found = work(path)
        times.append(time.perf_counter() - start)
    return statistics.median(times) / (path.stat().st_size / 1e7), found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else None)
    parser.add_argument("text", type=Path)
    parser.add_argument("--megabytes", type=int, default=50)
    parser.add_argument("--peers", type=int, default=5)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    content = options.text.read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        whole, part = Path(folder, "whole.txt"), Path(folder, "part.txt")
        for path, megabytes in ((whole, options.megabytes), (part, options.peers)):
            with open(path, "wb") as file:
                for _ in range(max(1, round(megabytes * 1e6 / len(content)))):
                    file.write(content)
        blocks = 16
        works: dict[str, dict[str, tuple[Callable[[Path], Any], Path, int]]] = {
            "stems": {
                "plain Python": (plain_stems, part, 1),
                "dask.bag, own functions": (
                    lambda p: own_functions(dask_bag, p, blocks, theirs.stem),
                    part,
                    1,
                ),
                "tureen.bag, own functions": (
                    lambda p: own_functions(tureen_bag, p, blocks, theirs.stem),
                    part,
                    options.repeat,
                ),
                "tureen.bag, native": (lambda p: native(tureen_bag, p), whole, options.repeat),
            },
            "words": {
                "plain Python": (plain_words, whole, options.repeat),
                "dask.bag": (lambda p: count_words(dask_bag, p, blocksize="8MiB"), whole, 1),
                "tureen.bag": (lambda p: count_words(tureen_bag, p), whole, options.repeat),
            },
        }
        for name, ways in works.items():
            seconds = {way: measure(*given)[0] for way, given in ways.items()}
            for way, took in seconds.items():
                others = ", ".join(
                    f"{seconds[other] / took:.1f}x {other}" for other in list(ways)[:2] if other != way
                )
                print(f"{name:6} {way:28} {took:8.3f} s for 10 MB   {others}", flush=True)


if __name__ == "__main__":
    main()
