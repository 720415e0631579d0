"""Functions that go to workers by value without cloudpickle: beside cloudpickle's own answers."""

from __future__ import annotations

import functools
import pickle
import subprocess
import sys
import textwrap
from collections.abc import Callable
from typing import Any

import cloudpickle
import pytest

from tureen._processes import functions

FACTOR = 3
NAMES = {"soup": 1, "bread": 2}


def times(x: int) -> int:
    """Multiply."""
    return FACTOR * x


def moved(function: Callable[..., Any]) -> Callable[..., Any]:
    data = functions.dumps(function, None)
    assert data is not None
    return pickle.loads(data)


def counter() -> Callable[[], int]:
    n = 0

    def count() -> int:
        nonlocal n
        n += 1
        return n

    return count


def fib() -> Callable[[int], int]:
    def go(n: int) -> int:
        return n if n < 2 else go(n - 1) + go(n - 2)

    return go


def with_empty_cell() -> Callable[[], int]:
    def read() -> int:
        return later

    if False:
        later = 1
    return read


CASES: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (lambda x: x + 1, (1,)),
    (lambda x, y=2, *, z=3: (x, y, z), (1,)),
    (lambda x: FACTOR * x + NAMES["bread"], (5,)),
    (lambda x: times(x) + 1, (5,)),
    (lambda: textwrap.dedent("  soup"), ()),
    (lambda: [[(lambda v: v * FACTOR)(i) for i in range(n)] for n in range(4)], ()),
    (fib(), (10,)),
    (counter(), ()),
    (functools.wraps(times)(lambda x: times(x)), (7,)),
    (lambda *args: sys.modules[__name__ + "x"] if args else len(args), ()),
]


@pytest.mark.parametrize(("function", "args"), CASES)
def test_calls_give_what_they_give_here(function: Callable[..., Any], args: tuple[Any, ...]) -> None:
    there, cloud = moved(function), pickle.loads(cloudpickle.dumps(function))
    assert there(*args) == cloud(*args)
    for name in ("__name__", "__qualname__", "__module__", "__doc__", "__defaults__", "__kwdefaults__"):
        assert getattr(there, name) == getattr(function, name)
    assert there.__code__ == function.__code__
    assert there.__code__.co_filename == function.__code__.co_filename


def test_two_closures_share_what_they_shared() -> None:
    n = 0

    def more() -> int:
        nonlocal n
        n += 1
        return n

    def read() -> int:
        return n

    data = functions.dumps([more, read], None)
    assert data is not None
    there, look = pickle.loads(data)
    there()
    there()
    assert look() == 2
    assert n == 0


def test_functions_that_shared_globals_share_them_there() -> None:
    space: dict[str, Any] = {"__name__": "kitchen"}
    exec("total = 0\ndef add():\n global total\n total += 1\ndef read():\n return total", space)
    data = functions.dumps([space["add"], space["read"]], None)
    assert data is not None
    add, read = pickle.loads(data)
    add()
    assert (read(), space["total"]) == (1, 0)


def test_an_empty_cell_stays_empty() -> None:
    with pytest.raises(NameError):
        moved(with_empty_cell())()


def test_what_is_importable_goes_by_its_name() -> None:
    assert moved(textwrap.dedent) is textwrap.dedent


class Local:
    pass


@pytest.mark.parametrize("large", [list(range(1000)), "x" * 10_000, Local(), {"a": [1]}])
def test_what_is_not_plain_is_left_to_cloudpickle(large: Any) -> None:
    space: dict[str, Any] = {"__name__": "kitchen", "large": large}
    exec("def look():\n return large", space)
    assert functions.dumps(space["look"], None) is None


def test_a_script_needs_no_cloudpickle_for_plain_functions_and_has_it_for_the_rest() -> None:
    script = """
        import sys, xml.etree.ElementTree
        import random
        import tureen

        LEAST = 3

        class Bowl:
            size = 4

        def helper(x):
            return x + LEAST

        def plain(x):
            random.random()
            tree = xml.etree.ElementTree.fromstring("<a><b/></a>")
            return helper(x), len(tree), "cloudpickle" in sys.modules

        def bowl(x):
            return x + Bowl().size

        print(tureen.delayed(plain)(1).compute(scheduler="processes"), "cloudpickle" in sys.modules)
        print(tureen.delayed(bowl)(1).compute(scheduler="processes"), "cloudpickle" in sys.modules)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.stderr == ""
    assert done.stdout == "(4, 1, False) False\n5 True\n"
