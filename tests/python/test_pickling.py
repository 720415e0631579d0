"""Promises can be pickled, as dask's can: what comes back computes the same, under the same keys."""

from __future__ import annotations

import copy
import multiprocessing
import os
import pickle
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from operator import add
from typing import Any, NamedTuple

import cloudpickle
import numpy
import pytest

import tureen
from tureen import Delayed, compute, delayed


class Pair(NamedTuple):
    left: Any
    right: Any


@dataclass
class Point:
    x: Any
    y: Any


def counted(calls: list[int]) -> int:
    calls.append(1)
    return len(calls)


@pytest.fixture(params=[pickle.HIGHEST_PROTOCOL, 2, "cloudpickle"])
def travel(request: pytest.FixtureRequest) -> Callable[[Any], Any]:
    if request.param == "cloudpickle":
        return lambda obj: pickle.loads(cloudpickle.dumps(obj))
    return lambda obj: pickle.loads(pickle.dumps(obj, request.param))


def everything() -> dict[str, Delayed]:
    three = delayed(add)(1, 2)
    words = delayed(str.split)("a b c")
    return {
        "call": three,
        "operator": three * 2 + three,
        "attribute": three.real,
        "method": words.index("b"),
        "item": words[three - 2 :],
        "called": delayed(getattr)("x", "upper")(),
        "containers": delayed([{"k": three}, (three, {three}), [[1, 2]], [three]]),
        "named": delayed(Pair)(three, right=[Pair(three, 0)]),
        "dataclass": delayed(vars)(Point(three, [1])),
        "keywords": delayed(dict)(a=three, b=[three, 1]),
        "plain keywords": delayed(dict)(a=1),
        "value": delayed(17),
        "named value": delayed(17, name="seventeen"),
        "function": delayed(add, pure=True),
        "named call": delayed(add)(three, 1, dask_key_name="four"),
        "pure": delayed(add, pure=True)(1, delayed([1], pure=True)[0]),
    }


def test_all_of_them_come_back(travel: Callable[[Any], Any]) -> None:
    before = everything()
    after = travel(before)
    for name, promise in before.items():
        assert isinstance(after[name], Delayed)
        assert after[name].key == promise.key, name
    computed, expected = compute(after, before, scheduler="sync")
    assert computed.pop("function")(1, 1) == expected.pop("function")(1, 1) == 2
    assert computed == expected
    assert after["function"](1, 2).key == before["function"](1, 2).key


def test_a_promise_of_many_values_still_unpacks(travel: Callable[[Any], Any]) -> None:
    quotient, rest = travel(delayed(divmod, nout=2)(7, 2))
    assert compute(quotient, rest) == (3, 1)
    function = travel(delayed(divmod, nout=2))
    assert len(function(7, 2)) == 2


def test_a_copy_and_the_original_are_computed_once(travel: Callable[[Any], Any]) -> None:
    calls: list[int] = []
    promise = delayed(counted)(delayed(calls, traverse=False))
    # Lists are copied on the way: what counts is whether the copy makes a call of its own.
    copied = travel(promise)
    assert compute(promise, copied, copied + 1) == (1, 1, 2)
    assert calls == [1]


def test_what_is_shared_stays_shared(travel: Callable[[Any], Any]) -> None:
    shared = delayed(os.urandom)(8)
    one, two, both = travel([shared, delayed(bytes)(shared), (shared, delayed(list)([shared]))])
    assert one is both[0]
    values = compute(one, two, both)
    assert values[0] == values[1] == values[2][0] == values[2][1][0]


def test_a_chain_of_100_000_is_not_too_deep() -> None:
    promise = delayed(0)
    for _ in range(100_000):
        promise = promise + 1
    data = pickle.dumps(promise)
    assert len(data) < 300 * 100_000
    assert pickle.loads(data).compute() == 100_000
    assert copy.deepcopy(promise).compute() == 100_000


def test_a_list_of_all_links_of_a_chain_is_no_larger_than_twice_the_chain() -> None:
    links = [delayed(0)]
    for _ in range(3000):
        links.append(links[-1] + 1)
    whole = len(pickle.dumps(links[-1]))
    for order in (links, links[::-1]):
        data = pickle.dumps(order)
        assert len(data) < 2 * whole
        assert sorted(compute(*pickle.loads(data))) == list(range(3001))


def test_a_promise_that_another_pickle_is_at_can_be_pickled() -> None:
    """A pickle in a pickle: the inner one is whole by itself."""
    promise = delayed(add)(1, 2)

    class Inner:
        def __reduce__(self) -> Any:
            return pickle.loads, (pickle.dumps(promise * 2),)

    first, second = pickle.loads(pickle.dumps([promise, Inner()]))
    assert compute(first, second) == (3, 6)
    with open(os.devnull, "wb") as file:
        pickle.Pickler(file).dump(promise * 2)
    assert pickle.loads(pickle.dumps([promise, promise * 2]))[1].compute() == 6


def test_copies_are_the_promise_itself() -> None:
    promise = delayed(add)(1, 2)
    assert copy.copy(promise) is promise
    assert copy.deepcopy([promise, promise])[0].compute() == 3


def test_what_was_hashed_by_its_address_is_not_taken_for_another() -> None:
    """An address means nothing once the object is gone, nor in another process."""
    base = delayed(numpy.zeros)(3)
    copies = []
    for n in range(50):
        copies.append(pickle.loads(pickle.dumps(base + numpy.full(3, n))))
    assert [list(value) for value in compute(*copies)] == [[n] * 3 for n in range(50)]
    data = pickle.dumps(base + numpy.ones(3))
    assert pickle.loads(data).key == pickle.loads(data).key


def _from_a_child(connection: Any) -> None:
    connection.send([delayed(os.getpid)() for _ in range(3)])


def test_promises_of_other_processes_are_not_ours() -> None:
    """Keys of impure calls differ between processes, forked ones, too."""
    received = []
    for _ in range(2):
        ours, theirs = multiprocessing.get_context("fork").Pipe()
        child = multiprocessing.get_context("fork").Process(target=_from_a_child, args=(theirs,))
        child.start()
        received += ours.recv()
        child.join()
    own = [delayed(os.getpid)() for _ in range(3)]
    assert len({promise.key for promise in [*received, *own]}) == 9


def test_equal_names_in_different_mains_are_different_functions() -> None:
    script = """
        import pickle, sys, cloudpickle
        from tureen import compute, delayed

        def f(x):
            return x + %d

        promise = delayed(f, pure=True)(1)
        if len(sys.argv) > 1:
            print(compute(pickle.loads(bytes.fromhex(sys.argv[1])), promise))
        else:
            print(cloudpickle.dumps(promise).hex())
    """

    def run(n: int, *args: str) -> str:
        program = textwrap.dedent(script % n)
        command = [sys.executable, "-c", program, *args]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    assert run(10, run(1)) == "(2, 11)"


def test_a_function_defined_again_is_another() -> None:
    script = """
        from tureen import compute, delayed
        promises = []
        for n in range(2):
            exec(f"def f(x): return x + {n}")
            promises.append(delayed(f, pure=True)(1))
        print(compute(*promises))
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "(1, 2)\n"


def test_what_can_not_be_pickled_says_so() -> None:
    with pytest.raises((AttributeError, pickle.PicklingError), match="lambda"):
        pickle.dumps(delayed(lambda: 1)())


def test_a_pickle_that_was_tampered_with_is_refused() -> None:
    from tureen._tureen import promise_from

    identity, work = (1, 2, False), (0, max, [(2, 5)], 1, None)
    with pytest.raises(ValueError, match="this is no pickled promise"):
        promise_from((identity, None, None, work), [], [])


def test_promises_may_be_in_what_goes_to_a_worker() -> None:
    class Box:
        def __init__(self, promise: Delayed) -> None:
            self.promise = promise

    box = Box(delayed(add)(1, 2))
    opened = delayed(lambda box: box.promise.compute(scheduler="sync"))(box)
    assert opened.compute(scheduler="processes", num_workers=1) == 3
    assert tureen.compute(opened, scheduler="threads") == (3,)
