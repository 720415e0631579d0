"""What runs on columns of text gives what the same steps give in Python, and what can't is left to Python."""

from __future__ import annotations

import functools
import operator
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tureen.bag as db
from tureen.bag import chain, group
from tureen.bag.native import native_of
from tureen.bag.plan import plan
from tureen.text import PorterStemmer, SnowballStemmer

ELEMENTWISE: dict[str, Callable[[Any], Any]] = {
    "upper": lambda bag: bag.str.upper(),
    "lower": lambda bag: bag.map(str.lower),
    "casefold": lambda bag: bag.map(operator.methodcaller("casefold")),
    "title": lambda bag: bag.str.title(),
    "strip": lambda bag: bag.str.strip(),
    "strip set": lambda bag: bag.map(str.strip, ",.;\n"),
    "replace": lambda bag: bag.str.replace("a", "", 1),
    "slice": lambda bag: bag.map(operator.itemgetter(slice(None, 4))),
    "filter": lambda bag: bag.filter(str.isalpha),
    "filter truth": lambda bag: bag.filter(None),
    "remove": lambda bag: bag.remove(operator.methodcaller("startswith", ("a", "T"))),
    "words": lambda bag: bag.str.split().flatten(),
    "words by keyword": lambda bag: bag.map(functools.partial(str.split, sep=" ")).flatten(),
    "lines": lambda bag: bag.str.splitlines(keepends=True).flatten(),
    "porter": lambda bag: bag.map(PorterStemmer().stem),
    "german": lambda bag: bag.map(SnowballStemmer("german").stem),
}

ENDS: dict[str, Callable[[Any], Any]] = {
    "": lambda bag: bag,
    "count": lambda bag: bag.count(),
    "distinct": lambda bag: bag.distinct(),
    "distinct count": lambda bag: bag.distinct().count(),
    "distinct by": lambda bag: bag.distinct(key=len),
    "distinct then": lambda bag: bag.distinct().map(len).sum(),
    "frequencies": lambda bag: bag.frequencies(),
    "frequencies sorted": lambda bag: bag.frequencies(sort=True),
    "frequent": lambda bag: bag.frequencies().topk(3, key=1),
    "frequent sorted": lambda bag: bag.frequencies(sort=True).topk(3, key=1),
    "frequent by word": lambda bag: bag.frequencies().topk(3),
    "topk": lambda bag: bag.topk(3),
    "topk by": lambda bag: bag.topk(3, key=len),
    "lengths": lambda bag: bag.map(len),
    "longest": lambda bag: bag.map(len).fold(max, initial=0),
    "mean": lambda bag: bag.map(len).map(operator.add, 1).fold(operator.add, initial=0),
    "groups": lambda bag: bag.groupby(str.lower),
    "groups by length": lambda bag: bag.groupby(len),
    "a function": lambda bag: bag.map(lambda text: text + "!"),
    "a partition": lambda bag: bag.map_partitions(lambda part: [type(part).__name__, *part]),
    "two": lambda bag: db.zip(bag, bag).starmap(operator.add),
    "repartition": lambda bag: bag.repartition(npartitions=1).map_partitions(len),
    "accumulate": lambda bag: bag.accumulate(operator.add, initial=""),
    "take": lambda bag: bag.take(2, npartitions=-1, compute=False, warn=False),
}

texts = st.lists(
    st.lists(
        st.sampled_from(["The", "äpfel", "a", "b.", "ΣΑΣ", " ", "\t", "", "汉字", "straße", "\r", "x1", "Å"])
    )
    .map("".join)
    .map(lambda text: text.replace("\n", "")),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(
    texts,
    st.integers(1, 4),
    st.lists(st.sampled_from(sorted(ELEMENTWISE)), max_size=4),
    st.sampled_from(sorted(ENDS)),
)
def test_any_chain_gives_what_python_gives(
    tmp_path_factory: Any, lines: list[str], n: int, names: list[str], end: str
) -> None:
    path = tmp_path_factory.mktemp("native") / "a.txt"
    path.write_text("\n".join(lines), encoding="utf-8", newline="")
    for make in (
        lambda: db.from_sequence(lines, npartitions=n),
        lambda: db.read_text(path, blocksize=max(1, path.stat().st_size // n)),
        lambda: db.read_text(path, linedelimiter="a"),
    ):
        found = []
        for is_native in (True, False):
            bag = make()
            for name in names:
                bag = ELEMENTWISE[name](bag)
            bag = ENDS[end](bag)
            with pytest.MonkeyPatch.context() as patched:
                if not is_native:
                    patched.setattr(chain, "native_of", lambda steps: None)
                    patched.setattr(group, "grouping_by", lambda function: None)
                found.append(bag.compute(scheduler="sync"))
        assert found[0] == found[1]
        assert [type(one) for one in _each(found[0])] == [type(one) for one in _each(found[1])]


def _each(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _first_chain(bag: Any) -> chain.Chain:
    tasks, _ = plan([(bag.layer, 0)])
    return tasks[0][0].procedure.chain


@pytest.mark.parametrize(
    ("make", "n_native"),
    [
        (lambda bag: bag.str.lower().str.split().flatten().frequencies(), 4),
        (lambda bag: bag.map(str.upper).filter(str.isalpha).map(len).sum(), 4),
        (lambda bag: bag.str.split().map(len).max(), 3),
        (lambda bag: bag.str.strip().map(lambda text: text).str.upper(), 1),
        (lambda bag: bag.map(PorterStemmer().stem).distinct().count(), 2),
        (lambda bag: bag.map(SnowballStemmer("finnish").stem), 1),
        # Lists have no `upper`; Python will say so.
        (lambda bag: bag.str.split().str.upper(), 1),
        (lambda bag: bag.map(lambda text: text), None),
        (lambda bag: bag.str.encode(), None),
        (lambda bag: bag.map(str.upper, "x"), None),
        (lambda bag: bag.map(operator.add, bag), None),
    ],
)
def test_how_many_steps_are_native(make: Callable[[Any], Any], n_native: int | None) -> None:
    native = _first_chain(make(db.from_sequence(["a"]))).native
    assert (native and native.n_steps) == n_native


class Word(str):
    def upper(self) -> str:
        return "my own"


@pytest.mark.parametrize(
    "elements", [[Word("a"), "b"], ["b", Word("a")], ["\ud800a"], [], ["a", "ß", "\0"], ["x" * 100_000, ""]]
)
def test_what_is_no_plain_text_is_left_to_python(elements: list[str]) -> None:
    bag = db.from_sequence(elements, npartitions=1)
    assert bag.str.upper().compute(scheduler="sync") == [element.upper() for element in elements]
    assert bag.distinct().compute(scheduler="sync") == list(dict.fromkeys(elements))


def test_errors_are_pythons(tmp_path: Path) -> None:
    with pytest.raises(AttributeError) as raised:
        db.from_sequence(["a", 1], npartitions=1).str.upper().compute(scheduler="sync")
    assert "'int' object has no attribute 'upper'" in str(raised.value)
    assert any("the element 1" in note for note in raised.value.__notes__)
    with pytest.raises(ValueError, match="substring not found"):
        db.from_sequence(["ab", "b"], npartitions=1).str.index("a").compute(scheduler="sync")
    (tmp_path / "a.txt").write_bytes(b"one\n" * 100 + b"\xff\n")
    with pytest.raises(UnicodeDecodeError, match=r"byte 400 \(0xff\) of .*a\.txt"):
        db.read_text(tmp_path / "a.txt").str.upper().count().compute(scheduler="sync")


def test_counts_of_different_kinds_meet() -> None:
    bag = db.concat([db.from_sequence(["a", "bb"]).map(len), db.from_sequence([True, 1.0, "x"])])
    assert bag.frequencies().compute(scheduler="sync") == [(1, 3), (2, 1), ("x", 1)]
    assert bag.distinct().compute(scheduler="sync") == [1, 2, "x"]


def test_promises_of_partitions_are_lists(tmp_path: Path) -> None:
    bag = db.from_sequence(["a b", "b"], npartitions=2).str.split().flatten()
    assert [part.compute() for part in bag.to_delayed()] == [["a", "b"], ["b"]]
    assert [part.compute() for part in bag.distinct().to_delayed()] == [["a", "b"]]
    assert bag.persist().map(lambda word: word).compute() == ["a", "b", "b"]


def test_a_file_is_read_in_pieces_where_python_walks_through_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tureen.bag.stretch._PIECE", 50)
    draw = random.Random(1)
    lines = [f"{'äö x'[draw.randrange(4)]}{number}\n" for number in range(200)]
    (tmp_path / "a.txt").write_text("".join(lines))
    bag = db.read_text(tmp_path / "a.txt").str.strip().str.upper()
    expected = [line.strip().upper() + "!" for line in lines]
    assert bag.map(lambda text: text + "!").compute(scheduler="sync") == expected


def test_a_chain_without_native_steps_has_no_program() -> None:
    assert native_of([]) is None


def test_a_stemmer_that_ours_equals_is_ours_behind_python_too() -> None:
    stemmers = pytest.importorskip("nltk.stem")
    stem = stemmers.PorterStemmer().stem
    words = ["Boiling", "boiled", "connections", "a", ""]
    bag = db.from_sequence(words, npartitions=1).map(lambda word: word)
    assert bag.map(stem).compute(scheduler="sync") == [stem(word) for word in words]
    assert bag.map(stem, to_lowercase=False).compute(scheduler="sync") == [
        stem(w, to_lowercase=False) for w in words
    ]
    assert type(_first_chain(bag.map(stem)).segments[0].bindings[1]).__name__ == "_Stem"
    with pytest.raises(AttributeError, match="'int' object has no attribute 'lower'") as raised:
        db.from_sequence([1], npartitions=1).map(lambda word: word).map(stem).compute(scheduler="sync")
    assert any("the element 1" in note for note in raised.value.__notes__)
