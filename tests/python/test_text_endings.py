"""What native programs make of all elements is what plain Python makes of them, however they are parted."""

from __future__ import annotations

import heapq
import pickle
from collections import Counter
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tureen._tureen import TextColumn, TextCounts, TextDeclined, TextProgram

LONG = "antidisestablishmentarianism"
words = st.sampled_from(
    ["", "a", "b", "A", "é", "ab", "🍲", "a\0", "a" * 15, "a" * 16, "a" * 17, LONG, LONG + "s"]
)
lists = st.lists(words | st.text(max_size=3), max_size=40)


def run(ending: tuple[Any, ...], elements: list[str], *steps: tuple[Any, ...]) -> Any:
    return TextProgram(list(steps), ending).run(elements)


def first_for_each(elements: Iterable[str], key: Callable[[str], Any]) -> list[str]:
    seen: dict[Any, str] = {}
    for element in elements:
        seen.setdefault(key(element), element)
    return list(seen.values())


def grouped(elements: list[str], key: Callable[[str], Any]) -> dict[Any, list[str]]:
    groups: dict[Any, list[str]] = {}
    for element in elements:
        groups.setdefault(key(element), []).append(element)
    return groups


@settings(max_examples=300, deadline=None)
@given(lists, st.integers(-1, 6))
def test_any_elements(elements: list[str], k: int) -> None:
    assert run(("count",), elements) == len(elements)
    assert run(("any",), elements) is any(elements)
    assert run(("all",), elements) is all(elements)
    assert run(("max",), elements) == max(elements, default=None)
    assert run(("min",), elements, ("len",)) == min(map(len, elements), default=None)
    assert run(("sum",), elements, ("len",)) == sum(map(len, elements))
    assert run(("total",), elements, ("len",)) == (sum(map(len, elements), 0.0), len(elements))
    assert run(("sum",), elements, ("isalpha",)) == sum(map(str.isalpha, elements))
    assert run(("topk", (k,)), elements) == heapq.nlargest(k, elements)
    assert run(("topk", (k, [("len",)])), elements) == heapq.nlargest(k, elements, key=len)
    assert run(("topk", (k, [("isalpha",)])), elements) == heapq.nlargest(k, elements, key=str.isalpha)
    assert run(("distinct", ([("len",)],)), elements).to_list() == first_for_each(elements, len)
    for steps, key in (
        ([("len",)], len),
        ([("lower",)], str.lower),
        ([("isalpha",)], str.isalpha),
    ):
        groups = run(("groupby", (steps,)), elements)
        assert list(groups.items()) == list(grouped(elements, key).items())


@settings(max_examples=300, deadline=None)
@given(st.lists(lists, min_size=1, max_size=4), st.integers(-1, 6))
def test_counts_of_parts(parts: list[list[str]], k: int) -> None:
    elements = [element for part in parts for element in part]
    for name, steps, expected in (
        ("text", [], Counter(elements)),
        ("int", [("len",)], Counter(map(len, elements))),
        ("bool", [("isalpha",)], Counter(map(str.isalpha, elements))),
    ):
        counted = [pickle.loads(pickle.dumps(run(("frequencies",), part, *steps))) for part in parts]
        counts = TextCounts.merged(counted)
        items = list(expected.items())
        assert (counts.kind, len(counts)) == (name, len(items))
        assert counts.items() == items
        assert [type(element) for element in counts.keys()] == [type(element) for element in expected]
        assert counts.to_dict() == expected
        assert counts.items(sort=True) == sorted(items, key=itemgetter(1), reverse=True)
        assert counts.largest(k) == heapq.nlargest(k, items, key=itemgetter(1))
        assert counts.largest(k, by_number=False) == heapq.nlargest(k, items)
        assert run(("distinct",), elements, *steps).keys() == list(expected)


def test_many_distinct_elements() -> None:
    elements = [f"{'w' * (n % 30)}{n % 70_000}" for n in range(200_000)]
    assert run(("frequencies",), elements).items() == list(Counter(elements).items())
    assert run(("distinct", ([("len",)],)), elements).to_list() == first_for_each(elements, len)


def test_sums_beyond_what_floats_hold() -> None:
    elements = ["999999999999999999"] * 20
    assert run(("sum",), elements, ("int",)) == 20 * 999999999999999999
    with pytest.raises(TextDeclined, match="exact"):
        run(("total",), elements, ("int",))
    assert run(("sum",), [], ("int",)) == 0


@pytest.mark.parametrize(
    ("steps", "ending"),
    [
        ([], ("sum",)),
        ([("split",)], ("frequencies",)),
        ([("split",)], ("max",)),
        ([("split",)], ("topk", (2, [("len",)]))),
        ([], ("groupby", ([("split",)],))),
        ([], ("topk", ("a",))),
        ([], ("topk", ())),
        ([], ("median",)),
        ([], ("count", (1,))),
    ],
)
def test_endings_that_python_must_do_are_declined(steps: list[Any], ending: tuple[Any, ...]) -> None:
    with pytest.raises(TextDeclined):
        TextProgram(steps, ending)


def test_counts_of_nothing_and_of_different_kinds() -> None:
    with pytest.raises(TextDeclined):
        TextCounts.merged([])
    texts, numbers = run(("frequencies",), ["a"]), run(("frequencies",), ["a"], ("len",))
    with pytest.raises(TextDeclined, match="different kinds"):
        TextCounts.merged([texts, numbers])
    with pytest.raises(TextDeclined, match="no tally"):
        TextCounts._restore("int", b"1234567", b"\7\0\0\0", b"\1\0\0\0\0\0\0\0")


def test_columns_of_all_kinds_travel() -> None:
    elements = ["a b", "", "é 🍲 c"]
    for steps in ([], [("split",)], [("partition", (" ",))], [("len",)], [("isalpha",)]):
        column = run(("collect",), elements, *steps)
        again: TextColumn = pickle.loads(pickle.dumps(column))
        assert (again.kind, again.to_list()) == (column.kind, column.to_list())
        assert TextProgram([], ("count",), again.kind).run(again) == 3
