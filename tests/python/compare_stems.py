"""Compare SnowballStemmer with the package snowballstemmer on many words, and say how many differ.

    python tests/python/compare_stems.py [--limit N] [--made-up N] [LANGUAGE=FILE ...]

Words are those of the files (one a line; what follows `/` or a tab is left out, so hunspell's dictionaries
do), those of Debian's package snowball-data where that is installed, and made-up ones.
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import random
import re
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from tureen.text import SnowballStemmer

SNOWBALL_DATA = Path("/usr/share/snowball/data")
ODD_LETTERS = "'’-1_ \u0301\u0640\u200c\u200dßİIıAÉΣς\U0001f600y\ud800"


def reference(language: str) -> Any:
    """Return the package's stemmer: its Python class, also where PyStemmer would be taken instead."""
    module = importlib.import_module(f"snowballstemmer.{language}_stemmer")
    return getattr(module, language.title().replace("_", "") + "Stemmer")()


def tables(language: str) -> tuple[list[str], list[str]]:
    """Return the endings and such of a language's rules, and the letters that occur in them."""
    endings: set[str] = set()
    letters: set[str] = set()
    for name, value in vars(type(reference(language))).items():
        if re.fullmatch(r"a_\d+", name):
            endings.update(among.s for among in value)
        elif isinstance(value, (set, frozenset)):
            letters.update(value)
    return sorted(endings), sorted(letters.union(*endings))


def made_up_words(language: str, seed: int) -> Iterator[str]:
    """Random letters between pieces of the rules, some odd, some in capitals, without end."""
    rng = random.Random(f"{language} {seed}")
    endings, letters = tables(language)
    while True:
        word = rng.choice(endings) if rng.random() < 0.3 else ""
        word += "".join(rng.choice(letters) for _ in range(rng.randrange(7)))
        word += "".join(rng.choice(endings) for _ in range(rng.choice((0, 1, 1, 2, 3))))
        if rng.random() < 0.15:
            at = rng.randrange(len(word) + 1)
            word = word[:at] + rng.choice(ODD_LETTERS) + word[at:]
        if rng.random() < 0.03:
            word = word.upper()
        yield word


def differing(language: str, words: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return the words whose stems differ, with ours and the package's."""
    ours, theirs = SnowballStemmer(language), reference(language)
    stems = ((word, ours.stem(word), theirs.stemWord(word)) for word in words)
    return [(word, our_stem, their_stem) for word, our_stem, their_stem in stems if our_stem != their_stem]


def words_of(path: Path) -> set[str]:
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    try:
        lines = text.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        lines = text.decode("iso-8859-15").splitlines()
    return {re.split(r"[/\t]", line, maxsplit=1)[0] for line in lines}


def main() -> int:
    description, _, _ = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--limit", type=int, default=100_000, help="words of files for each language")
    parser.add_argument("--made-up", type=int, default=50_000, help="made-up words for each language")
    parser.add_argument("--data", type=Path, default=SNOWBALL_DATA, help="where snowball-data is")
    parser.add_argument("--only", action="append", help="a language (default: all)")
    parser.add_argument("file", nargs="*", metavar="LANGUAGE=FILE")
    arguments = parser.parse_args()
    n_words = n_differing = 0
    for language in arguments.only or SnowballStemmer.languages:
        start = time.perf_counter()
        paths = [file.partition("=")[2] for file in arguments.file if file.startswith(language + "=")]
        paths += arguments.data.glob(f"{language.removesuffix('_porter')}/voc.txt*")
        written = sorted(set().union(*(words_of(Path(path)) for path in paths)))
        random.Random(1).shuffle(written)
        words = set(written[: arguments.limit])
        n_written = len(words)
        words.update(islice(made_up_words(language, seed=1), arguments.made_up))
        found = differing(language, sorted(words))
        n_words += len(words)
        n_differing += len(found)
        counts = f"{n_written:9,} written {len(words) - n_written:9,} made up {len(found):6,} differ"
        print(f"{language:13}{counts} {time.perf_counter() - start:7.1f} s", flush=True)
        for word, our_stem, their_stem in found[:5]:
            print(f"    {word!r}: {our_stem!r}, not {their_stem!r}")
    print(f"{n_words:,} words compared, {n_differing:,} differ")
    return min(n_differing, 1)


if __name__ == "__main__":
    sys.exit(main())
