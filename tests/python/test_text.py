"""The stemmer gives what NLTK's gives, on every word we can lay hands on."""

from __future__ import annotations

import doctest
import pickle
import random
import re
import sysconfig
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tureen.text
from tureen.text import PorterStemmer

nltk_stem = pytest.importorskip("nltk.stem")

ours = PorterStemmer()
theirs = nltk_stem.PorterStemmer()

SUFFIXES = (
    "ational tional enci anci izer bli alli entli eli ousli ization ation ator alism iveness fulness "
    "ousness aliti iviti biliti fulli logi icate ative alize iciti ical ful ness al ance ence er ic "
    "able ible ant ement ment ent ion sion tion ou ism ate iti ous ive ize e ll s es ies sses ss ed "
    "ing eed ied y ly ying at bl iz"
).split()

ALPHABETS = (
    "aeiouybcdlstz",
    "aelsy",
    "abcdefghijklmnopqrstuvwxyz",
    "ay",
    "lsze",
    "aeyéßİΣςSKAEYls",
    "\u212a\ud800aeds",
)

BOOKS = Path(__file__).resolve().parents[2] / "demo-output" / "stems" / "books"
DICTIONARIES = Path("/usr/share/dict")


def written_words() -> set[str]:
    """Every word of the standard library, of the demo's books and of a dictionary if there is one."""
    texts = [
        path for path in Path(sysconfig.get_path("stdlib")).rglob("*.py") if "site-packages" not in path.parts
    ]
    texts += [*BOOKS.glob("*.txt"), *(path for path in DICTIONARIES.glob("*") if path.is_file())]
    words: set[str] = set()
    for path in texts:
        words.update(re.findall(r"[^\W_]+", path.read_text(encoding="utf-8", errors="replace")))
    return words


def made_up_words(seed: int) -> Iterator[str]:
    """Random letters with up to three suffixes glued on, without end."""
    rng = random.Random(seed)
    while True:
        letters = rng.choice(ALPHABETS)
        start = "".join(rng.choice(letters) for _ in range(rng.randrange(7)))
        yield start + "".join(rng.choice(SUFFIXES) for _ in range(rng.randrange(4)))


def differing(words: set[str], **options: bool) -> list[tuple[str, str, str]]:
    stems = ((word, ours.stem(word, **options), theirs.stem(word, **options)) for word in sorted(words))
    return [(word, our_stem, their_stem) for word, our_stem, their_stem in stems if our_stem != their_stem]


def test_written_and_made_up_words_have_the_stems_of_nltk(
    record_property: Callable[[str, object], None],
) -> None:
    words = written_words()
    for word in made_up_words(seed=20261122):
        words.add(word)
        if len(words) >= 150_000:
            break
    record_property("distinct words compared", len(words))
    assert differing(words) == []


def test_words_as_they_are_written_have_the_stems_of_nltk() -> None:
    words = set(islice(made_up_words(seed=1), 50_000))
    assert len(words) > 20_000
    assert differing(words, to_lowercase=False) == []


@given(
    st.text(st.sampled_from("aeiouylstzAYé") | st.characters(codec=None), max_size=8),
    st.lists(st.sampled_from(SUFFIXES), max_size=3),
)
@settings(max_examples=2000, deadline=None)
def test_any_text_has_the_stem_of_nltk(start: str, suffixes: list[str]) -> None:
    word = start + "".join(suffixes)
    assert ours.stem(word) == theirs.stem(word)
    assert ours.stem(word, to_lowercase=False) == theirs.stem(word, to_lowercase=False)


def test_a_very_long_word() -> None:
    assert ours.stem("y" * 1_000_000 + "ational") == "y" * 1_000_000


@pytest.mark.parametrize("word", [None, 3, b"words", ["words"]])
def test_what_is_no_word_is_a_type_error(word: object) -> None:
    with pytest.raises(TypeError, match="str"):
        ours.stem(word)  # type: ignore[arg-type]


def test_a_stemmer_travels_and_equals_any_other() -> None:
    assert pickle.loads(pickle.dumps(ours)) == PorterStemmer()
    assert pickle.loads(pickle.dumps(ours.stem))("stems") == "stem"
    assert repr(ours) == "PorterStemmer()"


def test_docstrings_are_true() -> None:
    assert doctest.testmod(tureen.text).failed == 0
    assert doctest.testmod(tureen.text).attempted >= 4
