"""Snowball's stemmers give what the package snowballstemmer gives, in each of its languages."""

from __future__ import annotations

import pickle
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tureen.bag as db
from tureen.bag.calls import call_specs
from tureen.text import PorterStemmer, SnowballStemmer

snowballstemmer = pytest.importorskip("snowballstemmer")

from compare_stems import differing, made_up_words, reference, tables  # noqa: E402

LANGUAGES = SnowballStemmer.languages


def test_all_languages_of_the_package_are_there() -> None:
    assert version("snowballstemmer") == "3.1.1", "the version that our stems are those of"
    assert sorted(LANGUAGES) == sorted(snowballstemmer.algorithms())
    assert len(LANGUAGES) == 36


@pytest.mark.parametrize("language", LANGUAGES)
def test_made_up_words_have_the_stems_of_the_package(language: str) -> None:
    words = set(islice(made_up_words(language, seed=2026), 2_500))
    assert len(words) > 2_000
    stems = {SnowballStemmer(language).stem(word) for word in words}
    assert len(stems) > 500
    assert differing(language, sorted(words)) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_the_rules_alone_have_the_stems_of_the_package(language: str) -> None:
    endings, letters = tables(language)
    short = [letter + other for letter in letters[:40] for other in ["", *letters[:40]]]
    assert differing(language, ["", *endings, *short]) == []


@given(st.sampled_from(LANGUAGES), st.text(max_size=6), st.data())
@settings(max_examples=500, deadline=None)
def test_any_text_has_the_stem_of_the_package(language: str, start: str, data: st.DataObject) -> None:
    endings, letters = tables(language)
    pieces = st.lists(st.sampled_from(endings) | st.sampled_from(letters) | st.just("'"), max_size=6)
    assert differing(language, [start + "".join(data.draw(pieces))]) == []


@pytest.mark.parametrize("language", ["estonian", "persian", "sesotho", "lithuanian", "english", "yiddish"])
def test_a_long_word(language: str) -> None:
    _, letters = tables(language)
    assert differing(language, ["".join(letters) * 100, letters[0] * 3000 + "'" + letters[-1]]) == []


def test_lone_surrogates_are_letters_without_a_meaning() -> None:
    # In Finnish, two like letters become one: stand-ins must be equal where surrogates are, and only there.
    words = ["\ud800", "con\udfffnections", "\U000f0000\ud800ness", "kal\ud800\ud800a", "kal\ud800\ud801a"]
    for language in LANGUAGES:
        assert differing(language, words) == []


def test_words_are_stemmed_as_they_are_written() -> None:
    english = SnowballStemmer("english")
    assert english.stem("RUNNING") == reference("english").stemWord("RUNNING") == "RUNNING"


def test_names_of_the_package() -> None:
    stemmer = SnowballStemmer("English")
    assert stemmer.language == "english"
    assert stemmer.stemWord("connections") == "connect"
    assert stemmer.stemWords(word for word in ["cats", "cat"]) == ["cat", "cat"]
    assert stemmer.stem(word="cats") == "cat"


@pytest.mark.parametrize("language", ["german", "irish", "persian"])
def test_in_a_bag_no_stemmer_needs_the_interpreter(language: str, tmp_path: Path) -> None:
    words = [word for word in islice(made_up_words(language, seed=3), 500) if word.split() == [word]]
    words = [word for word in words if "\ud800" not in word]
    path = tmp_path / "words.txt"
    path.write_text(" ".join(words), encoding="utf-8")
    theirs = reference(language)
    for stem in (SnowballStemmer(language).stem, theirs.stemWord):
        assert call_specs(stem) == [("snowball", (language,), {})]
        stems = db.read_text(path).map(str.split).flatten().map(stem)
        assert stems.compute(scheduler="sync") == [theirs.stemWord(word) for word in words]


class Word(str):
    """A string with a class of its own."""


def test_a_stem_is_a_plain_string() -> None:
    stem = SnowballStemmer("english").stem(Word("cat"))
    assert (stem, type(stem)) == ("cat", str)
    assert type(PorterStemmer().stem(Word("cat"))) is str


def test_a_stemmer_travels_and_equals_others_of_its_language() -> None:
    stemmer = SnowballStemmer("german")
    assert pickle.loads(pickle.dumps(stemmer)) == stemmer == SnowballStemmer("german")
    assert hash(stemmer) == hash(SnowballStemmer("german"))
    assert stemmer != SnowballStemmer("english")
    assert stemmer != PorterStemmer()
    assert pickle.loads(pickle.dumps(stemmer.stem))("häuser") == "haus"
    assert repr(stemmer) == "SnowballStemmer('german')"


def test_an_unknown_language_is_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"no stemmer for `klingon`\nhint: "):
        SnowballStemmer("klingon")


@pytest.mark.parametrize("word", [None, 3, b"words", ["words"]])
def test_what_is_no_word_is_a_type_error(word: object) -> None:
    with pytest.raises(TypeError, match="str"):
        SnowballStemmer("english").stem(word)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="str"):
        SnowballStemmer("english").stemWords([word])  # type: ignore[list-item]
