"""Count the distinct word stems of books, as bags: python stems_bag.py books/*.txt"""

from __future__ import annotations

import sys
from pathlib import Path

import tureen.bag as db
from tureen import compute
from words import clean_word, good_word, stemmer, table


def stems_of(path: str) -> db.Bag:
    words = db.read_text(path, encoding="utf-8").str.split().flatten()
    return words.map(clean_word).filter(good_word).map(stemmer.stem).distinct()


def longest(stems: list[str]) -> str:
    return max(stems, key=lambda stem: (len(stem), stem), default="")


def main(paths: list[str]) -> None:
    stems = {Path(path).stem: stems_of(path) for path in paths}
    counts = {book: stems_of_book.count() for book, stems_of_book in stems.items()}
    # Used three times below: computed once, and kept.
    everything = db.concat(list(stems.values())).distinct().persist()
    stems_of(paths[0]).count().visualize(filename="stems_bag.svg")

    per_book, total = compute(counts, everything.count())
    sys.stdout.write(table(per_book, total))

    by_letter = everything.groupby(lambda stem: stem[0]).map(lambda group: (group[0], len(group[1])))
    letters, longest_stem = compute(
        by_letter.topk(3, key=lambda pair: pair[1]), everything.reduction(longest, longest)
    )
    most = ", ".join(f"{letter} ({count})" for letter, count in letters)
    sys.stderr.write(f"the longest stem is {longest_stem!r}; most stems begin with {most}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
