"""Others' stemmers are recognised where ours does the same, and nowhere else."""

from __future__ import annotations

import doctest
import importlib
import types
from collections.abc import Iterator
from typing import Any

import pytest

import tureen._stems
from tureen._stems import native_stemmer
from tureen.text import PorterStemmer, SnowballStemmer

nltk_stem = pytest.importorskip("nltk.stem")
pytest.importorskip("snowballstemmer")

english_stemmer = importlib.import_module("snowballstemmer.english_stemmer")


@pytest.fixture(autouse=True)
def nothing_remembered() -> Iterator[None]:
    yield
    tureen._stems._digest.cache_clear()


def test_our_own_stemmers() -> None:
    assert native_stemmer(PorterStemmer().stem) == PorterStemmer()
    assert native_stemmer(SnowballStemmer("irish").stem) == SnowballStemmer("irish")
    assert native_stemmer(SnowballStemmer("irish").stemWord) == SnowballStemmer("irish")
    assert native_stemmer(SnowballStemmer("irish").stemWords) is None
    assert native_stemmer(PorterStemmer.stem) is None


def test_nltk_porter_in_its_default_mode() -> None:
    assert native_stemmer(nltk_stem.PorterStemmer().stem) == PorterStemmer()
    used = nltk_stem.PorterStemmer()
    used.stem("used")
    assert native_stemmer(used.stem) == PorterStemmer()


def test_nltk_porter_among_its_snowball_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    snowball = importlib.import_module("nltk.stem.snowball")
    stemmer = snowball.PorterStemmer()
    assert native_stemmer(stemmer.stem) == PorterStemmer()
    words = ["Boiling", "skies", "sky", "dying", "news", "a"]
    assert [PorterStemmer().stem(word) for word in words] == [stemmer.stem(word) for word in words]
    assert native_stemmer(nltk_stem.SnowballStemmer("porter").stem) == PorterStemmer()
    stemmer.mode = stemmer.ORIGINAL_ALGORITHM
    assert native_stemmer(stemmer.stem) is None
    monkeypatch.setattr(snowball.PorterStemmer, "_step1a", lambda self, word: word, raising=False)
    assert native_stemmer(snowball.PorterStemmer().stem) is None


@pytest.mark.parametrize("mode", ["ORIGINAL_ALGORITHM", "MARTIN_EXTENSIONS"])
def test_other_modes_are_other_stemmers(mode: str) -> None:
    assert native_stemmer(nltk_stem.PorterStemmer(mode).stem) is None


@pytest.mark.parametrize("language", SnowballStemmer.languages)
def test_each_language_of_snowballstemmer(language: str) -> None:
    module = importlib.import_module(f"snowballstemmer.{language}_stemmer")
    stemmer = getattr(module, language.title().replace("_", "") + "Stemmer")()
    assert native_stemmer(stemmer.stemWord) == SnowballStemmer(language)
    stemmer.stemWord("used")
    assert native_stemmer(stemmer.stemWord) == SnowballStemmer(language)
    assert native_stemmer(stemmer.stemWords) is None


@pytest.mark.parametrize("language", sorted({*nltk_stem.SnowballStemmer.languages} - {"porter"}))
def test_nltk_snowball_has_older_rules(language: str) -> None:
    assert native_stemmer(nltk_stem.SnowballStemmer(language).stem) is None


class OwnPorter(nltk_stem.PorterStemmer):  # type: ignore[misc]
    """A user's own."""


class Callable:
    def __call__(self, word: str) -> str:
        return word


@pytest.mark.parametrize(
    "function",
    [
        OwnPorter().stem,
        nltk_stem.PorterStemmer.stem,
        nltk_stem.PorterStemmer()._step1a,
        nltk_stem.LancasterStemmer().stem,
        nltk_stem.PorterStemmer(),
        Callable(),
        lambda word: word,
        str.upper,
        "word".join,
        len,
        None,
        3,
    ],
)
def test_other_things(function: object) -> None:
    assert native_stemmer(function) is None


def test_a_changed_list_of_irregular_words() -> None:
    stemmer = nltk_stem.PorterStemmer()
    stemmer.pool["mice"] = "mouse"
    assert native_stemmer(stemmer.stem) is None


def test_functions_put_in_a_class(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(self: Any, word: str) -> str:
        return word

    with monkeypatch.context() as patch:
        patch.setattr(nltk_stem.PorterStemmer, "_step1a", other)
        assert native_stemmer(nltk_stem.PorterStemmer().stem) is None
    with monkeypatch.context() as patch:
        patch.setattr(nltk_stem.PorterStemmer, "_step1a", nltk_stem.PorterStemmer._step1b)
        assert native_stemmer(nltk_stem.PorterStemmer().stem) is None
    with monkeypatch.context() as patch:
        patch.setattr(english_stemmer.EnglishStemmer, "_stem", other)
        assert native_stemmer(english_stemmer.EnglishStemmer().stemWord) is None
    assert native_stemmer(english_stemmer.EnglishStemmer().stemWord) is not None


def test_functions_and_tables_put_in_a_stemmer() -> None:
    porter = nltk_stem.PorterStemmer()
    porter._step1a = str.upper
    assert native_stemmer(porter.stem) is None
    english = english_stemmer.EnglishStemmer()
    english._stem = lambda: True
    assert native_stemmer(english.stemWord) is None
    english = english_stemmer.EnglishStemmer()
    english.a_0 = []
    assert native_stemmer(english.stemWord) is None
    english = english_stemmer.EnglishStemmer()
    english.stemWord = types.MethodType(lambda self, word: word, english)
    assert native_stemmer(english.stemWord) is None


def test_an_edited_or_missing_source(monkeypatch: pytest.MonkeyPatch) -> None:
    for digest in ["0" * 64, None]:
        monkeypatch.setattr(tureen._stems, "_digest", lambda paths, digest=digest: digest)
        assert native_stemmer(nltk_stem.PorterStemmer().stem) is None
        assert native_stemmer(english_stemmer.EnglishStemmer().stemWord) is None
    monkeypatch.undo()


def test_docstrings_are_true() -> None:
    assert doctest.testmod(tureen._stems).failed == 0
    assert doctest.testmod(tureen._stems).attempted >= 2
