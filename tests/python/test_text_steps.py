"""Native steps give what CPython gives, for random text, arguments and chains; what raises is declined."""

from __future__ import annotations

import operator
import pickle
import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tureen._tureen import TextColumn, TextDeclined, TextProgram

# What the rules of text turn on: every kind of space and line end, letters of every case, marks that are
# looked past, sigmas, digits of every sort, letters that become several, characters of one to four bytes.
TRICKY = (
    "aAbBzZ09_-+.,;'’ \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u2028\u2029\u3000\u200b\u180e\0\x7f"
    "ßŉİıǅǆǄΐﬃẞσςΣ\u0345\u00ad\u0307·ªᲐაꭰᏰ²٣½Ⅷⅷ一汉é🍲\U00010400\U0001e943\U000e0001"
)
WORDS = ["a", "A", "ab", " ", "é", "🍲", "Σ", "\r\n", "aa", "\t"]
letters = st.sampled_from(TRICKY) | st.characters(exclude_categories=["Cs"])
texts = st.lists(letters | st.sampled_from(WORDS), max_size=12).map("".join)
short = st.sampled_from(["", *WORDS]) | st.lists(letters, max_size=2).map("".join)
numbers = st.integers(-7, 9) | st.sampled_from([2**63 - 1, -(2**63), 2**31])
bounds = st.tuples(st.none() | numbers, st.none() | numbers)

Step = tuple[Any, ...]


def step(name: str, *args: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.tuples(st.just(name), st.tuples(*args))


# Pads that are not too wide to be made by CPython too.
widths = st.integers(-5, 20)
METHODS: dict[str, st.SearchStrategy[Step]] = {
    **{
        name: step(name)
        for name in (
            "upper lower casefold title capitalize swapcase isalnum isalpha isascii isdecimal isdigit "
            "isidentifier islower isnumeric isprintable isspace istitle isupper strip lstrip rstrip split "
            "rsplit splitlines expandtabs len bool not int flatten"
        ).split()
    },
    "strip a set": st.one_of(*(step(name, short | st.none()) for name in ("strip", "lstrip", "rstrip"))),
    "split at space": st.one_of(*(step(name, st.none(), numbers) for name in ("split", "rsplit"))),
    "split at": st.one_of(*(step(name, short, numbers) for name in ("split", "rsplit"))),
    "split by keyword": st.builds(
        lambda sep, n: ("split", (), {"sep": sep, "maxsplit": n}), short | st.none(), numbers
    ),
    "splitlines with ends": step("splitlines", st.booleans()),
    "partition": st.one_of(step("partition", short), step("rpartition", short)),
    "replace": st.one_of(step("replace", short, short), step("replace", short, short, numbers)),
    "affixes": st.builds(
        lambda name, affix, within: (name, (affix, *within)),
        st.sampled_from(["startswith", "endswith"]),
        short | st.lists(short, max_size=3).map(tuple),
        bounds,
    ),
    "without affix": st.one_of(step("removeprefix", short), step("removesuffix", short)),
    "search": st.builds(
        lambda name, needle, within: (name, (needle, *within)),
        st.sampled_from(["find", "rfind", "index", "rindex", "count"]),
        short,
        bounds,
    ),
    "item": step("getitem", numbers),
    "slice": step("getitem", st.builds(slice, *[st.none() | numbers] * 3)),
    "pad": st.builds(
        lambda name, width, fill: (name, (width, *fill)),
        st.sampled_from(["ljust", "rjust", "center"]),
        widths,
        st.lists(short, max_size=1),
    ),
    "zeros": step("zfill", widths),
    "tabs": step("expandtabs", widths),
    "table": step(
        "translate",
        st.dictionaries(letters.map(ord), st.none() | short | letters.map(ord), max_size=6),
    ),
    "put to": st.one_of(step("add", short), step("radd", short)),
    "compare": st.builds(
        lambda name, text: (name, (text,)), st.sampled_from(["lt", "le", "eq", "ne", "gt", "ge"]), short
    ),
    "is in": st.one_of(step("contains", short), step("in", st.lists(short, max_size=3).map(tuple))),
    "stem": st.one_of(step("porter"), step("porter", st.booleans())),
}

# Steps on what other steps give.
ON_LISTS: dict[str, st.SearchStrategy[Step]] = {
    **{name: step(name) for name in ("len", "bool", "not", "flatten")},
    "join": step("join", short),
    "item": step("getitem", st.integers(-3, 3)),
    "item or": step("get", st.integers(-3, 3), short),
    "slice": METHODS["slice"],
    "contains": step("contains", short),
}
ON_INTS: dict[str, st.SearchStrategy[Step]] = {
    **{name: step(name) for name in ("bool", "not")},
    "compare": st.builds(
        lambda name, n: (name, (n,)), st.sampled_from(["lt", "le", "eq", "ne", "gt", "ge"]), numbers
    ),
    "in": step("in", st.lists(numbers, min_size=1).map(tuple)),
}


def _stem(text: str, to_lowercase: bool = True) -> str:
    # Compared with NLTK's in test_text.py; here, what the stemmer of words makes of rows.
    from tureen.text import PorterStemmer

    return PorterStemmer().stem(text, to_lowercase)


def _item_or(items: Any, place: int, other: str) -> str:
    try:
        return str(items[place])
    except IndexError:
        return other


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "len": len,
    "bool": bool,
    "not": operator.not_,
    "int": int,
    "add": operator.add,
    "radd": lambda text, before: before + text,
    "in": lambda text, among: text in among,
    "join": lambda items, separator: separator.join(items),
    "get": _item_or,
    "porter": _stem,
    **{name: getattr(operator, name) for name in "getitem contains lt le eq ne gt ge".split()},
}


def by_python(elements: list[Any], a_step: Step) -> list[Any]:
    """What a loop makes of the elements."""
    name = a_step[0]
    args = a_step[1] if len(a_step) > 1 else ()
    kwargs = a_step[2] if len(a_step) > 2 else {}
    if name == "flatten":
        return [item for element in elements for item in element]
    if name in ("filter", "remove"):
        return [e for e in elements if bool(by_python_all([e], args[0])[0]) == (name == "filter")]
    function = FUNCTIONS.get(name) or (lambda e, *a, **k: operator.methodcaller(name, *a, **k)(e))
    return [function(element, *args, **kwargs) for element in elements]


def by_python_all(elements: list[Any], steps: list[Step]) -> list[Any]:
    for a_step in steps:
        elements = by_python(elements, a_step)
    return elements


def check(elements: list[str], steps: list[Step], *, may_decline: bool = False) -> None:
    """Natively, there is the same result; where Python raises, or may_decline, it may be declined."""
    expected: Any
    try:
        expected = by_python_all(elements, steps)
    except (ValueError, IndexError, TypeError, OverflowError, MemoryError) as error:
        expected = error
    try:
        result = TextProgram(steps, ("collect",)).run(elements)
    except TextDeclined:
        assert may_decline or isinstance(expected, Exception) or not elements, (steps, elements)
        return
    native = result.to_list()
    assert native == expected, steps
    assert [type(e) for e in native] == [type(e) for e in expected], steps
    assert pickle.loads(pickle.dumps(result)).to_list() == native


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=80, deadline=None)
@given(st.data())
def test_random_text_and_arguments(method: str, data: st.DataObject) -> None:
    a_step = data.draw(METHODS[method])
    # `int` reads more than we do.
    may_decline = a_step[0] == "int"
    check(data.draw(st.lists(texts, max_size=6)), [a_step], may_decline=may_decline)


@settings(max_examples=600, deadline=None)
@given(st.lists(texts, max_size=6), st.data())
def test_random_chains(elements: list[str], data: st.DataObject) -> None:
    steps: list[Step] = []
    kind = "text"
    for _ in range(data.draw(st.integers(1, 5))):
        kinds = {
            "text": METHODS,
            "list": ON_LISTS,
            "tuple": ON_LISTS,
            "int": ON_INTS,
            "bool": {"not": step("not")},
        }
        one = data.draw(st.sampled_from(sorted(kinds[kind])).flatmap(kinds[kind].__getitem__))
        if data.draw(st.integers(0, 3)) == 0 and one[0] != "flatten":
            one = (data.draw(st.sampled_from(["filter", "remove"])), ([one],))
        try:
            kind = TextProgram([*steps, one], ("collect",)).gives
        except TextDeclined:
            return
        steps.append(one)
    check(elements, steps, may_decline=any("int" in str(a_step) for a_step in steps))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.text(st.sampled_from("0123456789+-_ \t\n\x1c\xa0٣x"), max_size=20), min_size=1, max_size=3)
)
def test_numbers_are_read_as_python_reads_them(elements: list[str]) -> None:
    check(elements, [("int",)], may_decline=True)


def test_plain_numbers_are_read() -> None:
    check(["12", "-7", "+0", " 42\n", "-999999999999999999", "007"], [("int",)])


def test_long_columns_in_many_batches() -> None:
    draw = random.Random(20261125)
    elements = ["".join(draw.choices(TRICKY, k=draw.randrange(9))) for _ in range(50_000)]
    for steps in (
        [("split",), ("flatten",)],
        [("filter", ([("isalpha",)],)), ("lower",)],
        [("rsplit", (None, 2))],
    ):
        check(elements, steps)


@pytest.mark.parametrize(
    "steps",
    [
        [("encode",)],
        [("upper", (1,))],
        [("split", ("",))],
        [("split", (), {"by": " "})],
        [("split", (b" ",))],
        [("split", (None, True))],
        [("replace", ("a", "b"), {"count": 1})],
        [("center", (9, "ab"))],
        [("find", ("a", 0.5))],
        [("find", ("a", 2**64))],
        [("getitem", (slice(None, None, 0),))],
        [("getitem", ("a",))],
        [("translate", ({"a": "b"},))],
        [("translate", ("abc",))],
        [("in", ({"a": 1},))],
        [("in", (["a", 1],))],
        [("len",), ("upper",)],
        [("split",), ("upper",)],
        [("isalpha",), ("len",)],
        [("len",), ("eq", ("a",))],
        [("filter", ([("len",), ("lower",)],))],
    ],
)
def test_what_python_must_do_is_declined(steps: list[Step]) -> None:
    with pytest.raises(TextDeclined):
        TextProgram(steps, ("collect",))


class Loud(str):
    def lower(self) -> str:
        return "!"


@pytest.mark.parametrize("element", [1, None, b"a", Loud("a"), ["a"], "\udce9"])
def test_only_plain_text_is_taken(element: object) -> None:
    with pytest.raises(TextDeclined):
        TextProgram([("lower",)], ("collect",)).run(["a", element])


@pytest.mark.parametrize("steps", [[("ljust", (2**40,))], [("zfill", (2**62,))], [("center", (2**32, "é"))]])
def test_more_text_than_a_column_holds_is_declined(steps: list[Step]) -> None:
    with pytest.raises(TextDeclined, match="4 GiB"):
        TextProgram(steps, ("collect",)).run(["a"])


def test_what_travels_comes_back() -> None:
    program = pickle.loads(pickle.dumps(TextProgram([("split", (",", 1))], ("collect",))))
    column = program.run(["a,b,c", "", "é"])
    again = pickle.loads(pickle.dumps(column))
    assert again.to_list() == list(again) == [["a", "b,c"], [""], ["é"]]
    assert (again.kind, len(again)) == ("list", 3)
    lengths = TextProgram([("getitem", (0,)), ("len",)], ("collect",), "list").run(again)
    assert (lengths.kind, pickle.loads(pickle.dumps(lengths)).to_list()) == ("int", [1, 0, 1])
    with pytest.raises(TextDeclined, match="kind"):
        program.run(again)
    with pytest.raises(TextDeclined, match="no packed column"):
        TextColumn._restore("text", b"\xff", b"\1\0\0\0", b"")
