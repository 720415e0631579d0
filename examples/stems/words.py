"""What counts as a word, and what the stem of a word is: shared by the three ways to count stems.

The stem of a word is what is left without its endings: *connect* for connected, connecting and connection.
"""

from __future__ import annotations

import re
from pathlib import Path

from tureen.text import PorterStemmer

stemmer = PorterStemmer()

WORD = re.compile(r"[^\W\d_]+(['’-][^\W\d_]+)*")
PUNCTUATION = "*!?.,:;'\"()[]{}<>_-–—‘’“”"


def clean_word(word: str) -> str:
    """Take away the case of a word and the punctuation round it.

    >>> clean_word("“Alice’s!”")
    'alice’s'
    """
    return word.strip(PUNCTUATION).lower()


def good_word(word: str) -> bool:
    """Tell whether something is a word at all: letters, and between them at most apostrophes and hyphens.

    >>> [good_word(word) for word in ("rabbit", "", "1865", "o'clock", "either--or")]
    [True, False, False, True, False]
    """
    return WORD.fullmatch(word) is not None


def stems_of(text: str) -> set[str]:
    """Return the distinct stems of a text.

    >>> sorted(stems_of("Curiouser and curiouser! she cries, she cried."))
    ['and', 'cri', 'curious', 'she']
    """
    words = map(clean_word, text.split())
    return {stemmer.stem(word) for word in words if good_word(word)}


def stems_in(path: str | Path) -> set[str]:
    """Return the distinct stems of a book."""
    return stems_of(Path(path).read_text(encoding="utf-8"))


def table(per_book: dict[str, int], all_together: int) -> str:
    """Return the counts as text, one book a line, in alphabetical order."""
    lines = [f"{book}\t{count}\n" for book, count in sorted(per_book.items())]
    return "".join(lines) + f"all together\t{all_together}\n"
