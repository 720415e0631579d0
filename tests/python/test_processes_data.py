"""What goes to worker processes and comes back: the same as on threads, and large data without a copy."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_processes import script

import tureen
from tureen import delayed


@pytest.fixture(scope="module", autouse=True)
def ended_workers() -> Iterator[None]:
    """Ends the workers after the tests of this file."""
    yield
    from tureen._processes import pool

    pool.end_all()


def both(*promises: Any) -> tuple[Any, ...]:
    """Compute on threads and in processes, and see that it is the same."""
    on_threads = tureen.compute(*promises, scheduler="threads")
    in_processes = tureen.compute(*promises, scheduler="processes", num_workers=2)
    assert on_threads == in_processes
    return in_processes


class Pair(NamedTuple):
    first: Any
    second: Any


def same(value: Any) -> Any:
    return value


def test_containers_are_put_together_around_results_that_stay_in_workers() -> None:
    big = delayed(operator.mul)([1], 100)
    nested = delayed(same)({"pair": Pair(big, 2), "list": [big, (big, {3: big})], "slice": slice(big, None)})
    assert both(nested)[0]["pair"] == Pair([1] * 100, 2)


def test_all_ways_to_use_a_promise_work() -> None:
    text = delayed("a pea")
    made = text.upper()
    both(
        made.split(" ")[1],
        made + "s",
        delayed(operator.attrgetter)("real")(delayed(3)),
        delayed([1, delayed(2)]),
    )
    both(
        delayed(complex)(1, 2).imag,
        delayed(divmod, nout=2)(7, 2)[1],
        delayed(dict)(a=delayed(1)),
        delayed(same),
    )


@settings(max_examples=60, deadline=None)
@given(
    leaves=st.lists(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.floats(allow_nan=False),
            lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
        ),
        min_size=1,
        max_size=8,
    ),
    needs=st.lists(st.lists(st.integers(0, 100), min_size=1, max_size=4), max_size=30),
)
def test_any_graph_gives_what_threads_give(leaves: list[Any], needs: list[list[int]]) -> None:
    promises = [delayed(same)(leaf) for leaf in leaves]
    for needed in needs:
        promises.append(
            delayed(operator.itemgetter(slice(0, 3)))([promises[n % len(promises)] for n in needed])
        )
    both(*promises)


def test_bytes_of_all_kinds_and_sizes_keep_their_type() -> None:
    for value in (b"", b"x", b"x" * 1_000_000, bytearray(), bytearray(b"y" * 1_000_000)):
        (result,) = tureen.compute(delayed(same)(value), scheduler="processes")
        assert type(result) is type(value) and result == value
    for view in (memoryview(b"z" * 1_000_000), memoryview(bytearray(8)), memoryview(b"12345678").cast("I")):
        (result,) = tureen.compute(delayed(same)(view), scheduler="processes")
        assert type(result) is memoryview and result == view
        assert (result.format, result.readonly) == (view.format, view.readonly)


def test_arrays_may_be_written_to_and_nobody_else_sees_it() -> None:
    numpy = pytest.importorskip("numpy")

    def change(array: Any) -> float:
        array += 1
        return float(array.sum())

    array = numpy.zeros(1_000_000)
    sums = tureen.compute(*[delayed(change)(array) for _ in range(4)], scheduler="processes", num_workers=2)
    assert sums == (1e6,) * 4 and not array.any()
    (back,) = tureen.compute(delayed(same)(array), scheduler="processes")
    back += 5
    assert not array.any() and back.sum() == 5e6
    # And what was changed here is what a worker gets.
    assert tureen.compute(delayed(change)(back), scheduler="processes") == (6e6,)


def test_large_arrays_are_not_copied_on_arrival(tmp_path: Path) -> None:
    pytest.importorskip("numpy")
    text = """
        import numpy
        def from_shared_memory(array):
            address = array.__array_interface__["data"][0]
            for line in open("/proc/self/maps"):
                start, end = (int(part, 16) for part in line.split()[0].split("-"))
                if start <= address < end:
                    return "(deleted)" in line
        def make(array): return array + 1
        array = numpy.ones(1_000_000)
        print(delayed(from_shared_memory)(array).compute(scheduler="processes"))
        print(from_shared_memory(delayed(make)(array).compute(scheduler="processes")))
    """
    assert script(text, tmp_path) == "True\nTrue\n"


def test_a_result_that_only_the_next_task_needs_does_not_travel(tmp_path: Path) -> None:
    text = """
        class Bound:
            def __init__(self): self.pid = os.getpid()
            def __reduce__(self): raise RuntimeError("this does not travel")
        def make(): return Bound()
        def pid(bound): return bound.pid == os.getpid()
        print(delayed(pid)(delayed(make)()).compute(scheduler="processes", num_workers=2))
    """
    assert script(text, tmp_path) == "True\n"


def test_a_fan_in_of_a_million() -> None:
    one = delayed(operator.add)
    total = delayed(sum)([one(i, 1) for i in range(1_000_000)])
    assert tureen.compute(total, scheduler="processes", num_workers=2) == (500_000_500_000,)


def test_a_chain_stays_on_one_worker() -> None:
    promise = delayed(operator.add)([0], [1])
    for _ in range(300):
        promise = delayed(operator.add)(promise, [1])
    assert len(both(promise)[0]) == 302


@pytest.mark.parametrize(
    "numbers",
    [
        [0, 1, -1, 2**63 - 1, -(2**63)],
        [1, 2**63, 3],
        [1, True, 2, False],
        [1, 2.0, None, "3", b"4", 5],
        ["first", 1, 2],
        [-(2**200)],
    ],
)
def test_whole_numbers_come_as_they_are(numbers: list[Any]) -> None:
    """They travel apart from all else, as far as eight bytes can hold them."""
    same = delayed(_same)
    results = tureen.compute([same(n) for n in numbers * 50], scheduler="processes", num_workers=2)[0]
    assert list(map(type, results)) == list(map(type, numbers * 50))
    assert results == numbers * 50


def _same(value: Any) -> Any:
    return value


def test_who_fails_among_whole_numbers_is_named() -> None:
    inverse = [delayed(_invert)(n) for n in (5, 4, 0, 3)]
    with pytest.raises(ZeroDivisionError) as raised:
        tureen.compute(inverse, scheduler="processes", num_workers=1)
    assert "_invert(0)" in "".join(getattr(raised.value, "__notes__", []))


def _invert(n: int) -> float:
    return 1 / n
