"""Time the Porter stemmer beside NLTK's, on the words of a text: python bench/stemmer.py [TEXT]"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from nltk.stem import PorterStemmer as NltkStemmer

from tureen.text import PorterStemmer

N_TIMES = 5
LICENSE = "/usr/share/common-licenses/GPL-3"


def seconds(stem: Callable[[str], str], words: list[str]) -> float:
    """Return the median time of stemming all words."""
    times = []
    for _ in range(N_TIMES):
        start = time.perf_counter()
        for word in words:
            stem(word)
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    path = sys.argv[1] if len(sys.argv) > 1 else LICENSE
    words = Path(path).read_text(encoding="utf-8").split()
    print(f"{len(words):,} words of {path}, median of {N_TIMES}")
    of_nltk = seconds(NltkStemmer().stem, words)
    of_tureen = seconds(PorterStemmer().stem, words)
    for name, time_taken in (("nltk", of_nltk), ("tureen", of_tureen)):
        print(f"{name:8}{time_taken / len(words) * 1e9:10,.0f} ns a word{of_nltk / time_taken:8.1f} x")


if __name__ == "__main__":
    main()
