"""Where a bag runs when nobody says."""

from __future__ import annotations

import functools
import operator
import os
from collections.abc import Callable
from typing import Any

import pytest

import tureen
import tureen.bag as db
from tureen.bag.where import calls_python, default_scheduler
from tureen.text import PorterStemmer


def shout(word: str) -> str:
    return word.upper()


class Word(str):
    pass


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (None, False),
        ("upper", False),
        (len, False),
        (str, False),
        (str.upper, False),
        ("a".join, False),
        (operator.add, False),
        (operator.itemgetter(1), False),
        (operator.methodcaller("upper"), False),
        (functools.partial(max, key=len), False),
        (functools.partial(max, key=shout), True),
        (functools.partial(shout), True),
        (shout, True),
        (lambda word: word, True),
        (Word, True),
        (Word("a").upper, False),
        (PorterStemmer().stem, False),
    ],
)
def test_what_calls_python(function: Any, expected: bool) -> None:
    assert calls_python(function) is expected


WORDS = db.from_sequence(["a", "bb", "a"], npartitions=2)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda bag: bag, "threads"),
        (lambda bag: bag.str.upper().map(len).sum(), "threads"),
        (lambda bag: bag.frequencies().topk(1, key=1), "threads"),
        (lambda bag: bag.map(shout), "processes"),
        (lambda bag: bag.map(shout).count(), "processes"),
        (lambda bag: bag.filter(shout), "processes"),
        (lambda bag: bag.groupby(len), "threads"),
        (lambda bag: bag.groupby(shout), "processes"),
        (lambda bag: bag.foldby(len, shout), "processes"),
        (lambda bag: bag.fold(shout), "processes"),
        (lambda bag: bag.distinct(key=shout), "processes"),
        (lambda bag: bag.topk(1, key=shout), "processes"),
        (lambda bag: bag.reduction(shout, len), "processes"),
        (lambda bag: bag.reduction(len, shout), "processes"),
        (lambda bag: bag.map(operator.add, bag.map(shout)), "processes"),
        (lambda bag: db.zip(bag, bag.map(shout)), "processes"),
    ],
)
def test_the_default(make: Callable[[Any], Any], expected: str) -> None:
    assert default_scheduler([make(WORDS).layer]) == expected


def test_the_users_functions_run_elsewhere_unless_somebody_says() -> None:
    bag = WORDS.map(lambda word: os.getpid())
    here = os.getpid()
    assert here not in bag.compute()
    assert here not in bag.distinct().compute()
    assert here not in tureen.compute(bag)[0]
    assert here not in tureen.compute([1], bag, tureen.delayed(len)("a"))[1]
    assert here not in bag.persist().compute()
    assert set(bag.compute(scheduler="threads")) == {here}
    with tureen.config.set(scheduler="threads"):
        assert set(bag.compute()) == set(tureen.compute(bag)[0]) == {here}
    assert set(WORDS.map_partitions(len).compute()) == {1, 2}
