"""Count the distinct word stems of books, as promises: python stems_promises.py books/*.txt

Every book is read and stemmed once, though its stems are used twice: for its own count and for the count of
all.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tureen import compute, delayed
from words import stems_in, table


@delayed
def union(*sets: set[str]) -> set[str]:
    return set().union(*sets)


def main(paths: list[str]) -> None:
    stems = {Path(path).stem: delayed(stems_in)(path) for path in paths}
    counts = {book: delayed(len)(stems_of_book) for book, stems_of_book in stems.items()}
    all_together = delayed(len)(union(*stems.values()))
    all_together.visualize(filename="stems_promises.svg")

    per_book, total = compute(counts, all_together)
    sys.stdout.write(table(per_book, total))


if __name__ == "__main__":
    main(sys.argv[1:])
