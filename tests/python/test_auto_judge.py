"""Which functions may be moved to another process without anybody noticing, and why the others may not."""

from __future__ import annotations

import functools
import math
import operator
import os
import pickle
import random
import re
import warnings
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy
import pytest

from tureen import bag
from tureen._auto.judge import judge
from tureen._auto.moved import Moved, Stays
from tureen._auto.plain import Look
from tureen._tureen import outline

SCALE = 3
WORDS = frozenset(("a", "the"))
PATTERN = re.compile("[a-z]+")
TABLE = {"a": 1}
SEEN: list[int] = []
count = 0


class Point:
    def __init__(self, x: int) -> None:
        self.x = x


def plain(x: int) -> int:
    return x * SCALE


def throws(n: int) -> float:
    hits = 0
    for _ in range(n):
        x = random.uniform(-1, 1)
        y = random.uniform(-1, 1)
        if x * x + y * y < 1.0:
            hits += 1
    return 4 * hits / n


def calls_others(x: int) -> float:
    return math.sqrt(plain(x)) + numpy.sin(x) + numpy.random.uniform()


def local_state(text: str) -> dict[str, int]:
    import json
    from math import sin

    total = 0

    def add(n: int) -> None:
        nonlocal total
        total += n

    counts: dict[str, int] = {}
    for word in PATTERN.findall(text):
        if word not in WORDS:
            counts[word] = counts.get(word, 0) + 1
            add(1)
    json.dumps(counts)
    try:
        return {word: n for word, n in sorted(counts.items()) if sin(n) < 2 and n in {1, 2}}
    except ValueError as error:
        raise KeyError(str(error)) from error


def generates(n: int) -> Any:
    yield n


def uses_generator(n: int) -> int:
    return sum(generates(n)) + sum(i for i in range(n))


def only_members(words: list[str]) -> tuple[list[str], int]:
    return sorted(set(words)), len(set(words))


def with_default(x: int, by: tuple[int, ...] = (1, 2), *, to: str = "a") -> int:
    return x + sum(by)


def writes_global(x: int) -> int:
    global count
    count += 1
    return count


def changes_global(x: int) -> None:
    SEEN.append(x)


def reads_table(word: str) -> int:
    return TABLE[word]


def writes_far_away(x: int) -> int:
    return writes_global(x)


def prints(x: int) -> None:
    print(x)


def opens(path: str) -> str:
    with open(path) as file:
        return file.read()


def lists_folder(path: str) -> list[str]:
    return os.listdir(path)


def imports_os() -> int:
    import os

    return os.getpid()


def imports_random() -> float:
    import random

    random.seed(1)
    return random.random()


def hands_around_module() -> Any:
    import random as r

    return max(r, r, key=str)


def replaces_module() -> Any:
    import math as table

    table = TABLE  # type: ignore[assignment] # noqa: F811
    return table


def makes_point(x: int) -> Point:
    return Point(x)


def makes_class() -> Any:
    class Local:
        pass

    return Local()


def sets_attribute(x: Any) -> None:
    x.y = 1


def hashes(text: str) -> int:
    return hash(text)


def order_of_set(words: list[str]) -> list[str]:
    return list(set(words))


def order_of_literal() -> list[str]:
    return [word.upper() for word in {"a", "b"}]


def order_of_frozen() -> list[str]:
    return [*WORDS]


def goes_through_class(x: int) -> Any:
    return x.__class__.__mro__


def function_attribute(x: int) -> int:
    return plain.cache  # type: ignore[attr-defined,no-any-return]


def dynamic(x: str) -> Any:
    return getattr(math, x)


def not_there(x: int) -> int:
    return nowhere(x)  # type: ignore[name-defined,no-any-return] # noqa: F821


def mutable_default(x: int, seen: list[int] = []) -> int:  # noqa: B006
    seen.append(x)
    return len(seen)


async def waits(x: int) -> int:
    return x


def closures() -> tuple[Callable[[int], int], Callable[[int], int], Callable[[int], int]]:
    offset, box = 1, [1]

    def write(x: int) -> int:
        nonlocal offset
        offset += x
        return offset

    return write, lambda x: x + offset, lambda x: x + box[0]


WRITE, READ, BOX = closures()


@pytest.mark.parametrize(
    "function",
    [
        plain,
        throws,
        calls_others,
        local_state,
        uses_generator,
        only_members,
        with_default,
        READ,
        lambda x: [y + 1 for y in x],
        lambda words: Counter(words).most_common(3),
        sum,
        math.factorial,
        numpy.sin,
        random.uniform,
        functools.partial(plain, 3),
        functools.partial(sorted, key=operator.itemgetter(1)),
        operator.methodcaller("upper"),
    ],
)
def test_self_contained(function: Any) -> None:
    verdict = judge(function)
    assert verdict.why_not is None
    assert verdict.still_holds()


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (writes_global, "writes to the global `count`"),
        (writes_far_away, "writes to the global `count`, in `writes_global`"),
        (changes_global, "uses the global `SEEN`, a `list`, which may change"),
        (reads_table, "uses the global `TABLE`, a `dict`, which may change"),
        (WRITE, "writes to the variable `offset` of an enclosing function"),
        (BOX, "uses the variable `box`, a `list`, which may change"),
        (prints, "calls `print`, which is not known to leave no trace"),
        (opens, "calls `open`, which is not known to leave no trace"),
        (lists_folder, "uses `os.listdir`, which is not known to leave no trace"),
        (imports_os, "imports `os`"),
        (imports_random, "uses `random.seed`"),
        (hands_around_module, "uses `random`"),
        (replaces_module, "puts something else where it has put a module"),
        (makes_point, "uses the class `Point`, which can't be followed"),
        (makes_class, "makes a class"),
        (sets_attribute, "sets the attribute `y`"),
        (hashes, "calls `hash`, which is not known to leave no trace"),
        (order_of_set, "makes a set, whose order may differ in another process"),
        (order_of_literal, "goes through a set, whose order may differ in another process"),
        (
            order_of_frozen,
            "uses the global `WORDS`, a `frozenset`, whose order may differ in another process",
        ),
        (goes_through_class, "takes the attribute `__class__`"),
        (function_attribute, "takes the attribute `cache` of the function `plain`"),
        (dynamic, "calls `getattr`, which is not known to leave no trace"),
        (not_there, "uses `nowhere`, which does not exist yet"),
        (mutable_default, "uses a default of an argument, a `list`, which may change"),
        (waits, "is a generator or coroutine, whose state can't be sent"),
        (generates, "is a generator or coroutine, whose state can't be sent"),
        (Point, "uses the class `Point`, which can't be followed"),
        (SEEN.append, "calls `list.append`, which is not known to leave no trace"),
        (random.Random(1).random, "calls `Random.random`, which is not known to leave no trace"),
        (random.seed, "calls `Random.seed`, a method of an object that may change"),
        (functools.lru_cache(plain), "calls `plain`, which is not known to leave no trace"),
        (operator.attrgetter("a.__dict__"), "takes the attribute `a.__dict__`"),
        (functools.partial(plain, [1]), "uses an argument of it, a `list`, which may change"),
    ],
)
def test_not_self_contained(function: Any, why: str) -> None:
    assert judge(function).why_not == why


def test_a_function_that_somebody_put_in_a_library_is_not_the_librarys(monkeypatch: Any) -> None:
    monkeypatch.setattr(random, "uniform", writes_global)
    assert judge(throws).why_not == "writes to the global `count`, in `writes_global`"


def test_numpy_with_other_treatment_of_errors_stays() -> None:
    with numpy.errstate(divide="raise"):
        assert "numpy.seterr" in (judge(calls_others).why_not or "")
    assert judge(calls_others).why_not is None


def test_what_changes_later_is_noticed(monkeypatch: Any) -> None:
    verdicts = [judge(plain), judge(READ), judge(calls_others)]
    assert all(verdict.still_holds() for verdict in verdicts)
    monkeypatch.setitem(globals(), "SCALE", 4)
    assert [verdict.still_holds() for verdict in verdicts] == [False, True, False]
    WRITE(1)
    assert not verdicts[1].still_holds()
    verdict = judge(len_of)
    monkeypatch.setitem(globals(), "len", writes_global)
    assert not verdict.still_holds()


def len_of(x: list[int]) -> int:
    return len(x)


def test_fingerprints_tell_values_apart(monkeypatch: Any) -> None:
    before = judge(calls_others).fingerprint
    assert before is not None and judge(calls_others).fingerprint == before
    monkeypatch.setitem(globals(), "SCALE", 4)
    assert judge(calls_others).fingerprint != before
    with pytest.raises(Stays, match="is another one, or finds other values"):
        Moved(calls_others, before)(1)
    assert Moved(plain, judge(plain).fingerprint)(1) == 4


def test_work_of_bags() -> None:
    def why_not(made: Any) -> str | None:
        """Why one of the functions stays."""
        functions = [function for name, function, _ in outline((made,)) if name != "_gathered"]
        assert functions
        return next(filter(None, (judge(function).why_not for function in functions)), None)

    words = bag.from_sequence(["a", "b"], npartitions=1)
    assert why_not(words.map(str.upper).filter(lambda word: word != "A")) is None
    assert why_not(words.map(plain).frequencies()) is None
    assert why_not(words.str.split(".").flatten().topk(2, key=len)) is None
    assert why_not(words.fold(operator.add)) is None
    assert why_not(words.map(writes_global)) == "writes to the global `count`"
    assert why_not(words.map(plain).map_partitions(changes_global)) is not None
    assert why_not(words.topk(2, key=reads_table)) is not None
    assert why_not(words.map(operator.add, [1])) == "uses an argument, a `list`, which may change"


def gives_argument(x: list[int]) -> list[int]:
    return [x][0]


def changes_argument(x: list[int]) -> int:
    x.append(1)
    return len(x)


def changes_deep(x: dict[str, list[int]]) -> int:
    x["a"].sort()
    return 1


@pytest.mark.parametrize(
    ("function", "argument", "why"),
    [
        (gives_argument, [1], "gives back part of its arguments"),
        (lambda x: {"inner": x["a"]}, {"a": [1]}, "gives back part of its arguments"),
        (changes_argument, [1], "changes its arguments"),
        (changes_deep, {"a": [2, 1]}, "changes its arguments"),
        (lambda x: lambda: x, 1, "gives a `function`"),
        (lambda x: Point(x), 1, "gives a `Point`"),
        (lambda x: {x}, 1, "gives a `set`"),
        (lambda x: numpy.float64(x) / 0, 1.0, "warns"),
        (lambda x: warnings.warn("careful", stacklevel=1), 1, "warns"),
    ],
)
def test_what_a_worker_refuses(function: Any, argument: Any, why: str) -> None:
    with pytest.raises(Stays, match=why):
        Moved(function, None)(argument)


def test_what_a_worker_gives() -> None:
    assert Moved(lambda x: [*x], None)([[1][0], 2]) == [1, 2]
    assert Moved(lambda x, *, by: [y * by for y in x], None)([1, 2], by=2) == [2, 4]
    assert Moved(lambda x: x[::-1].copy(), None)(numpy.arange(3)).tolist() == [2, 1, 0]
    with pytest.raises(ZeroDivisionError):
        Moved(lambda x: x / 0, None)(1)
    loaded = pickle.loads(pickle.dumps(Moved(plain, judge(plain).fingerprint)))
    assert loaded(2) == 2 * SCALE


def test_partitions_are_looked_at_by_their_elements() -> None:
    def same(part: list[Any]) -> list[Any]:
        return part

    assert Moved(same, None, keeps_partitions=True)(["a"]) == ["a"]
    with pytest.raises(Stays, match="gives back part of its arguments"):
        Moved(same, None, keeps_partitions=True)([["a"]])


@pytest.mark.parametrize(
    ("value", "odd"),
    [
        ([1, 2.0, 1j, True, None, "a", b"b", range(3), ...], None),
        ({"a": [(1, 2), {"b": Counter("aab")}]}, None),
        (numpy.arange(3), None),
        (numpy.float64(1), None),
        (numpy.array([object()]), "ndarray"),
        ({1}, "set"),
        ([1, [frozenset((1,))]], "frozenset"),
        (Point(1), "Point"),
        (len, "builtin_function_or_method"),
        ([[[Point(1)]]], "Point"),
    ],
)
def test_plain_data(value: Any, odd: str | None) -> None:
    assert Look((value,)).odd == odd


def test_plain_data_that_holds_itself_and_goes_deep() -> None:
    inside: list[Any] = []
    inside.append(inside)
    assert Look((inside,)).odd is None
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert len(Look((deep,)).changeable) == 100_001
