"""The commonest promises are made, kept and dropped by ways of their own, which must show in nothing else."""

from __future__ import annotations

import gc
import pickle
import subprocess
import sys
import weakref
from typing import Any

import pytest

from tureen import delayed

N_LINKS = 100_000


def inc(x: int) -> int:
    return x + 1


def given(*args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return args, kwargs


class Opaque:
    """Equal to its copy in another process."""

    def __eq__(self, other: object) -> bool:
        return type(other) is Opaque

    def __hash__(self) -> int:
        return 0


opaque = Opaque()
one = delayed(inc)(0)


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ((), ()),
        ((5,), (5,)),
        ((one,), (1,)),
        ((5, "b"), (5, "b")),
        ((5, one), (5, 1)),
        ((one, None), (1, None)),
        ((one, one), (1, 1)),
        ((one, [one]), (1, [1])),
        (([one], one), ([1], 1)),
        ((opaque,), (opaque,)),
        ((opaque, one), (opaque, 1)),
        ((one, opaque), (1, opaque)),
        ((one, 2, one), (1, 2, 1)),
        (([one, 2],), ([1, 2],)),
        (([one, [2, one]],), ([1, [2, 1]],)),
        (([],), ([],)),
    ],
)
@pytest.mark.parametrize("scheduler", ["sync", "threads", "processes"])
def test_calls_get_what_they_were_given(
    args: tuple[Any, ...], expected: tuple[Any, ...], scheduler: str
) -> None:
    call = delayed(given)
    assert call(*args).compute(scheduler=scheduler) == (expected, {})
    assert call(*args, key=one).compute(scheduler=scheduler) == (expected, {"key": 1})
    assert pickle.loads(pickle.dumps(call(*args[:1]))).key
    assert delayed(call)(*args).compute(scheduler=scheduler) == (expected, {})


def test_a_promise_gives_back_all_that_it_held() -> None:
    # In a process of its own: what other tests left behind may go at any time.
    run("""
import sys
from tureen import delayed
def inc(x): return x + 1
def given(*args): return args
class Held: pass
held, promises = Held(), type(delayed(inc))
def count(): return sys.getrefcount(inc), sys.getrefcount(held), sys.getrefcount(promises)
before = count()
put_off, call = delayed(inc), delayed(given)
base = sys.getrefcount(inc)
made = [put_off(i) for i in range(100)]
made += [call(held, promise) for promise in made]
made += [call(promise, held) for promise in made[:100]]
assert sys.getrefcount(inc) == base + 100
assert sys.getrefcount(held) == before[1] + 200
del made, put_off, call
assert count() == before, (count(), before)
""")


def run(script: str) -> None:
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


@pytest.mark.parametrize("shape", ["chain", "left", "right", "twice", "mixed"])
def test_long_shapes_end_with_their_last_reference(shape: str) -> None:
    put_off, call = delayed(inc), delayed(given)
    last: Any = 0
    watched = []
    for number in range(N_LINKS):
        if shape == "chain":
            last = put_off(last)
        elif shape == "left":
            last = call(last, 1)
        elif shape == "right":
            last = call(1, last)
        elif shape == "twice":
            last = call(last, last)
        else:
            last = call([last, put_off(number)]) if number % 3 else call(last, put_off(number))
        if number % 7 == 0:
            # What is weakly referred to ends in another way.
            watched.append(weakref.ref(last))
    assert all(ref() is not None for ref in watched)
    del last
    assert all(ref() is None for ref in watched)


def test_a_promise_that_holds_itself_by_its_function_is_found() -> None:
    def make() -> weakref.ref[Any]:
        box: list[Any] = []

        def closure(_x: int) -> list[Any]:
            return box

        promise = delayed(closure)(1)
        box.append(promise)
        return weakref.ref(promise)

    ref = make()
    gc.collect()
    assert ref() is None


def test_keys_stay_in_forked_processes_and_new_ones_are_others() -> None:
    run("""
import os, pickle
from tureen import delayed
before = delayed(len)("ab")
key = before.key
def in_child():
    middle = delayed(len)("ab")
    its_key = middle.key
    child = os.fork()
    if not child:
        os._exit(0 if (before.key, middle.key) == (key, its_key) else 1)
    good = os.waitpid(child, 0)[1] == 0
    return good and before.key == key != its_key and pickle.loads(pickle.dumps(before)).key == key
child = os.fork()
if not child:
    os._exit(0 if in_child() else 1)
assert os.waitpid(child, 0)[1] == 0
""")
