"""Time the stemmers beside others', on the words of a text: python bench/stemmer.py [TEXT]

PyStemmer and snowballstemmer are timed where they are installed. A method that does nothing says what a call
costs.
"""

from __future__ import annotations

import importlib
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from nltk.stem import PorterStemmer as NltkPorter
from nltk.stem import SnowballStemmer as NltkSnowball

from tureen.text import PorterStemmer, SnowballStemmer

N_TIMES = 5
LICENSE = "/usr/share/common-licenses/GPL-3"


class Nothing:
    def stem(self, word: str) -> str:
        return word


def seconds(stem: Callable[[str], str], words: list[str]) -> float:
    """Return the median time of stemming all words."""
    times = []
    for _ in range(N_TIMES):
        start = time.process_time()
        for word in words:
            stem(word)
        times.append(time.process_time() - start)
    return statistics.median(times)


def installed() -> Iterator[tuple[str, Callable[[str], str]]]:
    """Yield the English stemmers of other packages that are there."""
    for name, module, make in (
        ("PyStemmer", "Stemmer", "Stemmer"),
        ("snowballstemmer", "snowballstemmer.english_stemmer", "EnglishStemmer"),
    ):
        try:
            cls = getattr(importlib.import_module(module), make)
        except ImportError:
            continue
        yield name, (cls("english") if name == "PyStemmer" else cls()).stemWord


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else LICENSE
    words = [word.lower() for word in Path(path).read_text(encoding="utf-8").split()]
    print(f"{len(words):,} words of {path}, median of {N_TIMES}")
    groups = (
        ("Porter", [("nltk", NltkPorter().stem), ("tureen", PorterStemmer().stem)]),
        (
            "Snowball, English",
            [
                ("nltk", NltkSnowball("english").stem),
                *installed(),
                ("tureen", SnowballStemmer("english").stem),
            ],
        ),
        ("no stemmer", [("a method", Nothing().stem), ("str.title", str.title)]),
    )
    for group, stemmers in groups:
        print(group)
        taken = [(name, seconds(stem, words)) for name, stem in stemmers]
        for name, time_taken in taken:
            ratio = taken[0][1] / time_taken
            print(f"  {name:16}{time_taken / len(words) * 1e9:10,.0f} ns a word{ratio:8.1f} x")


if __name__ == "__main__":
    main()
