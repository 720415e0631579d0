"""Promises as a user of ``dask.delayed`` knows them: calls, operators, attributes, keys, unpacking."""

from __future__ import annotations

import functools
import gc
import operator
import pickle
import types
import weakref
from fractions import Fraction
from typing import Any

import pytest

import tureen
from tureen import Delayed, compute, delayed, persist


@delayed
def add(a: Any, b: Any) -> Any:
    """Add two things."""
    return a + b


def counting() -> tuple[Delayed, list[Any]]:
    """A delayed identity, and a list of what it was called with."""
    calls: list[Any] = []

    def identity(x: Any) -> Any:
        calls.append(x)
        return x

    return delayed(identity), calls


def test_the_workshop_adds() -> None:
    x_p = add(1, 2)
    assert str(type(x_p)) == "<class 'tureen.delayed.Delayed'>"
    assert repr(x_p).startswith("Delayed('add-")
    assert x_p.compute() == 3
    y_p = add(x_p, 3)
    z_p = add(x_p, y_p)
    assert z_p.compute() == 9


def test_the_workshop_gathers_and_averages() -> None:
    @delayed
    def gather(*args: Any) -> list[Any]:
        return list(args)

    @delayed
    def mean(*args: float) -> float:
        return sum(args) / len(args)

    assert gather(*(add(n, n) for n in range(10))).compute() == list(range(0, 20, 2))
    assert mean(*(add(i, 4) for i in range(1, 11))).compute() == 9.5


def test_the_workshop_computes_pi() -> None:
    import random

    def calc_pi(n: int) -> float:
        inside = sum(random.random() ** 2 + random.random() ** 2 < 1 for _ in range(n))
        return 4 * inside / n

    parts = [delayed(calc_pi)(20_000) for _ in range(10)]
    values = compute(*parts)
    assert len(set(values)) > 1, "ten impure calls are ten calls"
    assert abs(sum(values) / 10 - 3.14159) < 0.05


def test_a_promise_is_evaluated_once_however_often_it_is_used() -> None:
    identity, calls = counting()
    x_p = identity(1)
    assert add(add(x_p, x_p), add(x_p, 2)).compute() == 5
    assert calls == [1]


def test_each_compute_evaluates_again() -> None:
    identity, calls = counting()
    x_p = identity(1)
    x_p.compute()
    x_p.compute()
    assert calls == [1, 1]


def test_compute_of_several_shares_what_they_share() -> None:
    identity, calls = counting()
    x_p = identity(1)
    assert compute(x_p, [x_p, {"x": x_p + 1}], 5, "text") == (1, [1, {"x": 2}], 5, "text")
    assert calls == [1]


def test_compute_without_traverse_looks_at_its_arguments_only() -> None:
    x_p = add(1, 2)
    value, kept = compute(x_p, [x_p], traverse=False)
    assert value == 3
    assert kept[0] is x_p


def test_nothing_to_compute() -> None:
    assert compute() == ()
    assert compute(1, []) == (1, [])
    assert delayed(5).compute() == 5
    assert delayed([]).compute() == []


def test_persist_keeps_the_key_and_computes_no_more() -> None:
    identity, calls = counting()
    x_p = identity(3)
    y_p = x_p.persist()
    (again,) = persist([x_p])
    assert isinstance(y_p, Delayed)
    assert y_p.key == x_p.key == again[0].key
    calls.clear()
    assert (y_p.compute(), (again[0] + 1).compute(), calls) == (3, 4, [])


def test_persist_leaves_a_bag_a_bag() -> None:
    import tureen.bag as db

    identity, calls = counting()
    bag = db.from_sequence([1, 2], npartitions=2).map(identity.__wrapped__)
    kept, three = persist(bag, add(1, 2))
    assert type(kept) is type(bag)
    calls.clear()
    assert (kept.compute(), three.compute(), calls) == ([1, 2], 3, [])


@pytest.mark.parametrize(
    "name", "add sub mul truediv floordiv mod pow lshift rshift and_ or_ xor eq ne lt le gt ge".split()
)
def test_operators_either_way_round(name: str) -> None:
    function = getattr(operator, name)
    assert function(delayed(13), 2).compute() == function(13, 2)
    assert function(13, delayed(2)).compute() == function(13, 2)
    assert function(delayed(13), delayed(2)).compute() == function(13, 2)


@pytest.mark.parametrize("name", ["neg", "pos", "abs", "invert"])
def test_operators_of_one_operand(name: str) -> None:
    assert getattr(operator, name)(delayed(-3)).compute() == getattr(operator, name)(-3)


def test_power_with_a_modulus() -> None:
    assert pow(delayed(7), 3, 5).compute() == pow(7, 3, 5)


def test_items_slices_attributes_and_methods() -> None:
    a = delayed([1, 2, 3])
    assert a[0].compute() == 1
    assert a[: delayed(2)].compute() == [1, 2]
    assert delayed(2 + 1j).imag.compute() == 1
    assert delayed("a b").upper().split().index("B").compute() == 1


def test_equal_operators_and_attributes_are_one_promise() -> None:
    x_p = add(1, 2)
    assert (x_p + 1).key == (x_p + 1).key
    assert x_p.real.key == x_p.real.key
    assert (x_p + 1).key != (x_p + 2).key
    assert (x_p + 1).key != (x_p + 1.0).key


def test_pure_calls_are_made_once() -> None:
    identity, calls = counting()
    pure = delayed(identity.__wrapped__, pure=True)
    assert compute(pure(1), pure(1), pure(2)) == (1, 1, 2)
    assert sorted(calls) == [1, 2]
    assert pure([1, {"a": 2}]).key == pure([1, {"a": 2}]).key
    assert pure([1]).key != pure((1,)).key


def test_purity_can_be_configured() -> None:
    assert add(1, 2).key != add(1, 2).key
    with tureen.config.set(delayed_pure=True):
        assert add(1, 2).key == add(1, 2).key
        assert add(1, 2, pure=False).key != add(1, 2, pure=False).key
    assert add(1, 2).key != add(1, 2).key


def test_objects_with_one_repr_are_not_taken_for_each_other() -> None:
    class Box:
        def __init__(self, value: int) -> None:
            self.value = value

        def __repr__(self) -> str:
            return "Box()"

    value_of = delayed(lambda box: box.value, pure=True)
    assert compute(value_of(Box(1)), value_of(Box(2))) == (1, 2)


def test_keys_of_ones_own() -> None:
    three = add(1, 2, dask_key_name="three")
    assert (three.key, repr(three)) == ("three", "Delayed('three')")
    assert delayed(1, name="one").key == "one"
    with pytest.raises(TypeError):
        add(1, 2, dask_key_name=[])


def test_unpacking() -> None:
    quotient, rest = delayed(divmod, nout=2)(17, 5)
    assert compute(quotient, rest) == (3, 2)
    assert len(delayed(divmod, nout=2)(17, 5)) == 2
    for wrong in (-1, True, 1.5, "2"):
        with pytest.raises(ValueError, match="nout must be None or a non-negative integer"):
            delayed(divmod, nout=wrong)


def test_what_is_refused() -> None:
    x: Any = delayed([1, 2, 3])
    with pytest.raises(TypeError, match="Truth of Delayed objects is not supported"):
        bool(x)
    with pytest.raises(TypeError, match="not iterable"):
        list(x)
    with pytest.raises(TypeError, match="no len"):
        len(x)
    with pytest.raises(TypeError, match="immutable"):
        x[0] = 1
    with pytest.raises(TypeError, match="immutable"):
        x.name = 1
    with pytest.raises(TypeError):
        1 in x  # noqa: B015
    with pytest.raises(AttributeError, match="_hidden"):
        x._hidden  # noqa: B018


def test_a_delayed_function_looks_like_the_function() -> None:
    assert (add.__name__, add.__doc__, add.__wrapped__(1, 2)) == ("add", "Add two things.", 3)


def test_methods() -> None:
    class Pot:
        litres = 5

        @delayed
        def pour(self, cups: int) -> int:
            return self.litres - cups

        @classmethod
        @delayed
        def size(cls) -> int:
            return cls.litres

    assert isinstance(Pot().pour, types.MethodType)
    assert Pot().pour(2).compute() == 3
    assert Pot.size().compute() == 5


def test_a_promised_function_can_be_called() -> None:
    make_adder = delayed(lambda n: functools.partial(operator.add, n))
    assert make_adder(3)(delayed(4)).compute() == 7


def test_keyword_arguments_hold_promises() -> None:
    def total(a: int, *, others: list[int], **more: int) -> int:
        return a + sum(others) + sum(more.values())

    assert delayed(total)(1, others=[add(1, 1), 3], x=add(2, 2)).compute() == 10


def test_visualise_is_a_likely_slip() -> None:
    with pytest.warns(UserWarning, match="no `visualise` method"):
        _ = add(1, 2).visualise


def test_a_million_in_a_chain_and_a_million_into_one() -> None:
    n = 1_000_000
    one_more = delayed(operator.add)
    x: Any = 0
    for _ in range(n):
        x = one_more(x, 1)
    assert x.compute() == n
    del x
    ones = [one_more(0, 1) for _ in range(n)]
    assert delayed(sum)(ones).compute() == n


def test_results_are_dropped_when_nobody_needs_them_any_more() -> None:
    class Pan:
        alive = 0
        most = 0

        def __init__(self) -> None:
            Pan.alive += 1
            Pan.most = max(Pan.most, Pan.alive)

        def __del__(self) -> None:
            Pan.alive -= 1

    x: Any = delayed(lambda _: Pan())(None)
    for _ in range(50):
        x = delayed(lambda _: Pan())(x)
    last = x.compute(scheduler="sync")
    # The one that is being made, and the one that it is made from.
    assert Pan.most <= 3
    del last


def test_promises_in_a_cycle_are_collected() -> None:
    class Kitchen:
        def cook(self) -> None: ...

    kitchen: Any = Kitchen()
    kitchen.soup = delayed(kitchen.cook)()
    gone = weakref.ref(kitchen)
    del kitchen
    gc.collect()
    assert gone() is None


def test_promises_of_module_level_functions_cost_the_collector_nothing() -> None:
    assert not gc.is_tracked(delayed(operator.add)(1, 2))
    assert gc.is_tracked(delayed(operator.add)(1, [2]))
    here: list[Any] = []
    assert gc.is_tracked(delayed(lambda: here)())


def test_unknown_keywords_are_ignored_as_dask_ignores_them() -> None:
    assert add(1, 2).compute(bogus_keyword=10) == 3


def test_annotations_are_told_in_their_block() -> None:
    with tureen.annotate(retries=2):
        with tureen.annotate(priority=1):
            assert tureen.get_annotations() == {"retries": 2, "priority": 1}
        assert tureen.get_annotations() == {"retries": 2}
    assert tureen.get_annotations() == {}
    with pytest.raises(TypeError, match="retries"):
        tureen.annotate(retries="two")
    # As dask has it, each may be a function, and a number any kind of number.
    tureen.annotate(retries=2.0, priority=Fraction(1, 2), allow_other_workers=lambda key: True, resources=len)


def test_what_is_a_collection() -> None:
    assert tureen.is_dask_collection(add(1, 2))
    assert not tureen.is_dask_collection([add(1, 2)])
    assert not tureen.is_dask_collection(Delayed)


def test_a_promise_of_a_value_pickles() -> None:
    back = pickle.loads(pickle.dumps(delayed(divmod, name="half", nout=2)))
    assert back(7, 2).compute() == (3, 1) and back.key == "half" and len(back(7, 2)) == 2
