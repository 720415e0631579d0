"""The workshop's exercises, as its learners write them."""

from __future__ import annotations

import itertools
import math
import random
from pathlib import Path

import tureen.bag as db
from tureen.text import PorterStemmer

TEXT = "Mary had a little lamb, whose fleece was white as snow;\nlambs, Lamb and fleeces -- 7 of them!\n"


def clean_word(word: str) -> str:
    return word.lower().strip(".,;:!?-'\"()")


def good_word(word: str) -> bool:
    return len(word) > 0 and word.isalpha()


def test_map_filter_and_reduction() -> None:
    bag = db.from_sequence(["mary", "had", "a", "little", "lamb"])

    def count_chars(words: list[str]) -> int:
        n = 0
        for word in words:
            n += len(word)
        return n

    assert bag.map(str.upper).compute() == ["MARY", "HAD", "A", "LITTLE", "LAMB"]
    assert bag.filter(lambda x: "a" in x).compute() == ["mary", "had", "a", "lamb"]
    assert bag.reduction(count_chars, sum).compute() == 18
    assert bag.map(len).sum().compute() == 18


def test_pluck() -> None:
    bag = db.from_sequence([{"name": "mary", "animals": 1}, {"name": "john", "animals": 2}])
    assert bag.pluck("name").compute() == ["mary", "john"]
    assert bag.pluck("animals").sum().compute() == 3


def test_mean_of_pi() -> None:
    def calc_pi(n: int) -> float:
        draw = random.Random(n)
        return 4 * sum(draw.random() ** 2 + draw.random() ** 2 < 1 for _ in range(n)) / n

    bag = db.from_sequence(itertools.repeat(10**3, 24))
    assert math.isclose(bag.map(calc_pi).mean().compute(), calc_pi(10**3))


def test_stems(tmp_path: Path) -> None:
    path = tmp_path / "book.txt"
    path.write_text(TEXT * 50)
    stemmer = PorterStemmer()
    expected = {
        stemmer.stem(clean_word(word))
        for line in TEXT.splitlines()
        for word in line.split()
        if good_word(clean_word(word))
    }
    for blocksize in (None, "1kB"):
        words = db.read_text(path, blocksize=blocksize).str.split().flatten()
        stems = words.map(clean_word).filter(good_word).map(stemmer.stem)
        assert stems.distinct().count().compute() == len(expected)
        assert set(stems.distinct()) == expected


def test_pictures(tmp_path: Path) -> None:
    bag = db.from_sequence(["mary", "had", "a", "lamb"], npartitions=2)
    picture = tmp_path / "bag.svg"
    bag.map(str.upper).filter(None).reduction(len, sum).visualize(filename=str(picture))
    text = picture.read_text()
    for word in ("from_sequence", "upper", "filter", "sum"):
        assert word in text
