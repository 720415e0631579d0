"""Where promises are found among arguments, and how containers are put together again."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest

from tureen import delayed

one, two = delayed(1), delayed(2) + 0


@dataclass
class Point:
    x: Any
    y: Any = 0


@dataclass(frozen=True)
class Frozen:
    x: Any


class Pair(NamedTuple):
    a: Any
    b: Any


Loose = namedtuple("Loose", ["a"])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([one, two, 3], [1, 2, 3]),
        ((one, two, 3), (1, 2, 3)),
        ({one, two, 3}, {1, 2, 3}),
        ({one: "a", "b": two}, {1: "a", "b": 2}),
        (slice(one, two, None), slice(1, 2, None)),
        ([[[(one, {"k": [two]})]]], [[[(1, {"k": [2]})]]]),
        (Point(one, [two]), Point(1, [2])),
        (Frozen(two), Frozen(2)),
        (Pair(one, two), Pair(1, 2)),
        ([Loose(one)], [Loose(1)]),
        (iter([one, 2]), [1, 2]),
        (iter((one, 2)), (1, 2)),
        (iter({two}), {2}),
        ([iter([5, 6])], [[5, 6]]),
        (one, 1),
    ],
)
def test_containers_are_made_again_with_values(given: Any, expected: Any) -> None:
    result = delayed(lambda x: x)(given).compute()
    assert result == expected
    assert type(result) is type(expected)


def test_what_holds_no_promise_stays_the_same_object() -> None:
    plain = [1, {"a": (2, {3})}]
    mixed = [one, plain]
    assert delayed(lambda x: x)(plain).compute() is plain
    assert delayed(lambda x: x)(mixed).compute()[1] is plain


def test_subclasses_of_containers_are_not_looked_into() -> None:
    class Own(list[Any]): ...

    own = Own([one])
    assert delayed(lambda x: x)(own).compute() is own


def test_traverse_false_leaves_promises_alone() -> None:
    kept = delayed([one], traverse=False).compute()
    assert kept[0] is one
    assert delayed(one, traverse=False) is one


def test_depth_costs_no_stack() -> None:
    deep: Any = one
    plain: Any = 1
    for _ in range(100_000):
        deep, plain = [deep], [plain]
    result = delayed(lambda x, y: (x, y))(deep, plain).compute()[0]
    depth = 0
    while isinstance(result, list):
        (result,) = result
        depth += 1
    assert (depth, result) == (100_000, 1)
    # Python itself would unwind these lists by recursion when they are compared, not when they are dropped.


def test_a_list_in_itself_passes_if_it_holds_no_promise() -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    assert delayed(len)(ring).compute() == 2


def test_a_list_in_itself_holds_no_promise() -> None:
    ring: list[Any] = [one]
    ring.append({"ring": ring})
    with pytest.raises(ValueError) as error:
        delayed(len)(ring)
    assert str(error.value) == (
        "a `list` that contains itself can't hold promises\n"
        "hint: compute the promises in it first, or pass it with `traverse=False`"
    )


def test_dataclasses_that_can_not_be_made_again() -> None:
    @dataclass
    class Late:
        a: Any
        b: Any = field(init=False)

    @dataclass
    class Own:
        a: Any

        def __init__(self, other: Any) -> None:
            self.a = other

    late = Late(one)
    late.b = 4
    with pytest.raises(ValueError, match=r"Late.*`init=False` are not supported"):
        delayed(late)
    with pytest.raises(TypeError, match=r"Own.*custom __init__ is not supported"):
        delayed({"data": Own(one)})


def test_a_container_that_can_not_be_made_of_the_values_fails_as_a_task() -> None:
    unhashable = delayed(list)([1])
    with pytest.raises(TypeError, match="unhashable"):
        delayed(len)({unhashable: 1}).compute()


def test_two_hundred_thousand_arguments() -> None:
    count = delayed(lambda *args: len(args))
    assert count(*[one] * 200_000).compute() == 200_000
