"""What `docs/dask.md` says of dask's API is tried here, beside dask itself."""

from __future__ import annotations

import inspect
import operator
import os
import pickle
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import dask
import dask.bag
import dask.bag.random
import dask.config
import dask.threaded
import pytest

import tureen
import tureen.bag

BOXES = (Path(__file__).resolve().parents[2] / "docs" / "dask.md").read_text(encoding="utf-8")


class Pair(NamedTuple):
    a: Any
    b: Any


@dataclass
class Point:
    x: Any
    y: Any = 0


def inc(x: int) -> int:
    return x + 1


def parameters(function: Any) -> dict[str, inspect.Parameter]:
    found = dict(inspect.signature(function).parameters)
    found.pop("self", None)
    return found


def shown_default(parameter: inspect.Parameter) -> str:
    """The default as text: what stands for "nothing", and the class `Item`, are each module's own."""
    default = parameter.default
    return default.__name__ if isinstance(default, type) else repr(default).strip("<>")


def public(thing: Any) -> set[str]:
    return {name for name in dir(thing) if not name.startswith("_")}


FUNCTIONS: list[tuple[str, Any, Any]] = [
    (name, getattr(dask, name), getattr(tureen, name))
    for name in ("compute", "persist", "optimize", "visualize", "is_dask_collection", "delayed", "annotate")
] + [
    ("get", dask.threaded.get, tureen.get),
    ("Delayed", type(dask.delayed(inc)(1)), tureen.Delayed),
    ("Delayed.visualize", type(dask.delayed(inc)(1)).visualize, tureen.Delayed.visualize),
    ("Delayed.compute", type(dask.delayed(inc)(1)).compute, tureen.Delayed.compute),
]

BAG_FUNCTIONS: list[tuple[str, Any, Any]] = [
    (f"{of}.{name}", getattr(theirs, name), getattr(ours, name))
    for of, theirs, ours in (
        ("bag", dask.bag, tureen.bag),
        ("random", dask.bag.random, tureen.bag.random),
        ("Bag", dask.bag.Bag, tureen.bag.Bag),
        ("Item", dask.bag.Item, tureen.bag.Item),
    )
    for name in sorted(public(theirs) & public(ours))
    if inspect.isroutine(getattr(theirs, name)) and name != "str"
]


@pytest.mark.parametrize(("name", "theirs", "ours"), FUNCTIONS, ids=[name for name, _, _ in FUNCTIONS])
def test_arguments_are_dasks(name: str, theirs: Any, ours: Any) -> None:
    taken = parameters(ours)
    takes_any = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in taken.values())
    for argument, parameter in parameters(theirs).items():
        if parameter.kind in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL):
            continue
        if argument not in taken:
            assert takes_any, f"{name} does not take `{argument}`"
        elif name != "delayed" or argument != "obj":  # there, what stands for "nothing" differs
            assert repr(taken[argument].default) == repr(parameter.default), argument


@pytest.mark.parametrize(
    ("name", "theirs", "ours"), BAG_FUNCTIONS, ids=[name for name, _, _ in BAG_FUNCTIONS]
)
def test_arguments_of_bags_are_dasks(name: str, theirs: Any, ours: Any) -> None:
    """The same arguments in the same places, with the same defaults."""
    wanted, taken = list(inspect.signature(theirs).parameters.values()), parameters(ours)
    if name.startswith(("Bag.", "Item.")) and wanted[0].name in ("self", "b"):
        del wanted[0]
    if name == "bag.compute":  # passes them on to `tureen.compute`, which was compared above
        assert list(taken) == ["args", "kwargs"]
        return
    assert [(parameter.name, parameter.kind, shown_default(parameter)) for parameter in wanted] == [
        (parameter.name, parameter.kind, shown_default(parameter)) for parameter in taken.values()
    ]


def test_bags_have_all_of_dasks() -> None:
    modules = {"annotations", "chunk", "core", "utils"}
    assert public(dask.bag) - public(tureen.bag) == modules
    assert public(dask.bag.Bag) <= public(tureen.bag.Bag)
    assert public(dask.bag.Item) <= public(tureen.bag.Item)
    for theirs, ours in ((dask.bag.Bag, tureen.bag.Bag), (dask.bag.Item, tureen.bag.Item)):
        assert {f"__dask_{name}__" for name in PROTOCOL} <= set(dir(theirs)) & set(dir(ours))
    assert public(dask.bag.range(1, 1).str) == public(tureen.bag.range(1, 1).str)
    compared = {name for name, _, _ in BAG_FUNCTIONS}
    assert {"bag.read_text", "random.sample", "Bag.foldby", "Item.visualize"} <= compared


def once(module: Any) -> Any:
    calls: list[int] = []
    x = module.delayed(lambda: calls.append(1))()
    module.delayed(list)([x, [x], {"k": x}]).compute(scheduler="sync")
    return calls


def with_cache(module: Any) -> Any:
    cache: dict[Any, Any] = {}
    values = module.compute(module.delayed(inc)(1, dask_key_name="k"), cache=cache)
    return values, dict(cache)


def told(module: Any) -> Any:
    keys: list[Any] = []
    hooks = (None, None, lambda key, dsk, state: keys.append(key), None, None)
    module.compute(module.delayed(inc)(1, dask_key_name="k"), callbacks=[hooks])
    return keys


def mine(error: BaseException, traceback: Any) -> None:
    raise KeyError("mine")


def settings(module: Any) -> Any:
    with module.config.set({"soup.peas": 1, "soup": {"peas": 2, "beans": 3}}, soup__water=4):
        inner = module.config.get("soup"), module.config.get("soup.water"), module.config.get("soup.salt", 5)
    instead = [module.config.get("soup", 1, override_with=other) for other in (2, None)]
    return inner, module.config.get("soup", None), instead


def layered() -> Any:
    return dask.delayed(inc)(1, dask_key_name="k").dask


def nothing(module: Any) -> Any:
    with module.annotate(retries=2), module.annotate(priority=1):
        here = module.get_annotations()

    @module.annotate(retries=3)
    def annotated() -> Any:
        return module.get_annotations()

    return here, annotated(), module.get_annotations()


PROTOCOL = "graph keys layers tokenize optimize scheduler postcompute postpersist".split()

SAME: dict[str, Callable[[Any], Any]] = {
    "curried": lambda m: m.delayed(pure=True)(inc)(1).compute(),
    "nothing to compute": lambda m: m.compute(1, "a", [1, 2]),
    "no arguments": lambda m: m.compute(),
    "containers": lambda m: m.compute(
        {"a": [m.delayed(inc)(1), (m.delayed(inc)(2),)], "b": {m.delayed(3)}},
        Pair(m.delayed(1), 2),
        Point(m.delayed(4)),
    ),
    "an iterator": lambda m: m.compute(iter([m.delayed(inc)(1)])),
    "a generator": lambda m: m.compute(m.delayed(inc)(i) for i in range(3)),
    "a map in a list": lambda m: m.compute([map(m.delayed(inc), range(3))]),
    "an ordered dict": lambda m: m.compute(OrderedDict(b=m.delayed(inc)(1), a=[m.delayed(2)])),
    "not a deque": lambda m: m.is_dask_collection(m.compute(deque([m.delayed(1)]))[0][0]),
    "traverse=False": lambda m: m.is_dask_collection(m.compute([m.delayed(1)], traverse=False)[0][0]),
    "an unknown keyword": lambda m: m.compute(m.delayed(inc)(1), soup=False, chunksize=2, num_workers=2),
    "cache": with_cache,
    "callbacks": told,
    "raise_exception": lambda m: m.compute(m.delayed(inc)("a"), raise_exception=mine, scheduler="threads"),
    "persist": lambda m: m.persist({"a": m.delayed(inc)(1)}, 5)[0]["a"].compute(),
    "optimize": lambda m: m.optimize(m.delayed(inc)(1), 5)[0].compute(),
    "collections": lambda m: [m.is_dask_collection(x) for x in (m.delayed(1), 1, m.delayed, [m.delayed(1)])],
    "settings": settings,
    "annotations": nothing,
    "names": lambda m: [
        m.delayed(f)(1).key.split("-")[0] for f in (inc, lambda x: x, int, str.upper, type("A" * 60, (), {}))
    ],
    "more names": lambda m: [
        x.key.split("-")[0]
        for x in (
            m.delayed(1) + 1,
            m.delayed(1).real,
            m.delayed("a").upper(),
            m.delayed([1])[0],
            m.delayed(inc)(1)(2),
            m.delayed([m.delayed(1)]),
            -m.delayed(1),
            m.delayed({"a": m.delayed(1)}),
            m.delayed(lambda: 1),
        )
    ],
    "chosen keys": lambda m: (m.delayed(inc)(1, dask_key_name="k").key, m.delayed(1, name=("a", 1)).key),
    "pure keys": lambda m: m.delayed(inc, pure=True)(1).key == m.delayed(inc, pure=True)(1).key,
    "each once": once,
    "slices": lambda m: m.delayed([1, 2, 3])[m.delayed(1) :].compute(),
    "set iterators": lambda m: m.delayed(list)(iter({m.delayed(1)})).compute(),
    "operators": lambda m: [
        f(m.delayed(7), 2).compute()
        for f in (
            operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod,
            operator.pow, operator.lshift, operator.rshift, operator.and_, operator.xor, operator.or_,
            operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge,
        )
    ],
    "reflected operators": lambda m: [
        f(2, m.delayed(7)).compute()
        for f in (
            operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod,
            operator.pow, operator.lshift, operator.rshift, operator.and_, operator.xor, operator.or_,
        )
    ],
    "signs": lambda m: [f(m.delayed(7)).compute() for f in (operator.inv, abs, operator.neg, operator.pos)],
    "repr": lambda m: repr(m.delayed(inc)(1, dask_key_name="x")),
    "graphs": lambda m: len(m.delayed(inc)(m.delayed(inc)(m.delayed(1))).dask),
    "keys of values in graphs": lambda m: (lambda a: a.key in m.delayed(inc)(a).dask)(m.delayed(1)),
    "made from a graph": lambda m: type(m.delayed(inc)(1))("x", {"x": (inc, "y"), "y": 1}).compute(),
    "made to unpack": lambda m: len(type(m.delayed(inc)(1))("x", {"x": (inc, 1)}, 2)),
    "no such layer": lambda m: type(m.delayed(inc)(1))("x", layered(), layer="nope"),
    "_attribute": lambda m: m.delayed(1)._soup,
    "bool": lambda m: bool(m.delayed(1)),
    "list": lambda m: list(m.delayed(1)),
    "len": lambda m: len(m.delayed(1)),
    "x[i] = v": lambda m: operator.setitem(m.delayed([1]), 0, 1),
    "x.a = v": lambda m: setattr(m.delayed(1), "a", 1),
    "nout": lambda m: [x.compute() for x in m.delayed(lambda: (1, 2), nout=2)()],
    "nout=-1": lambda m: m.delayed(inc, nout=-1),
    "nout=True": lambda m: m.delayed(inc, nout=True),
    "nout=0": lambda m: list(m.delayed(inc, nout=0)(1)),
    "names of functions": lambda m: (m.delayed(inc).__name__, m.delayed(inc).__wrapped__ is inc),
    "hash": lambda m: hash(m.delayed(1, name="a")) == hash("a"),
    "pickle": lambda m: (lambda x: pickle.loads(pickle.dumps(x)).key == x.key)(m.delayed(inc)(1)),
    "dir": lambda m: {"compute", "persist", "visualize", "key", "dask"} <= set(dir(m.delayed(1))),
    "protocol": lambda m: [name for name in PROTOCOL if not hasattr(m.delayed(1), f"__dask_{name}__")],
    "keys of one": lambda m: m.delayed(1, name="a").__dask_keys__(),
    "layers of one": lambda m: m.delayed(1, name="a").__dask_layers__(),
    "equal keys": lambda m: m.compute(*(m.delayed(inc)(n, dask_key_name="a") for n in (1, 2))),
    "subclasses are not looked into": lambda m: m.is_dask_collection(
        m.delayed(lambda x: x)(type("L", (list,), {})([m.delayed(1)])).compute()[0]
    ),
}  # fmt: skip


def outcome(case: Callable[[Any], Any], module: Any) -> Any:
    try:
        return case(module)
    except Exception as error:
        return type(error), str(error).split("\n")[0]


@pytest.mark.parametrize("case", SAME.values(), ids=SAME)
def test_the_same_as_dask(case: Callable[[Any], Any]) -> None:
    with dask.config.set(scheduler="sync"), tureen.config.set(scheduler="sync"):
        assert outcome(case, tureen) == outcome(case, dask)


@pytest.mark.parametrize("name", ["threads", "threading", "sync", "synchronous", "single-threaded", "SYNC"])
def test_schedulers_by_name(name: str) -> None:
    for module in (dask, tureen):
        with module.config.set(scheduler=name):
            assert module.delayed(inc)(1).compute() == 2


REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "compute(get=...)": (
        lambda: tureen.compute(get=dask.get),
        TypeError,
        "the `get=` keyword is gone, as in dask",
    ),
    '`scheduler="distributed"`': (
        lambda: tureen.compute(1, scheduler="distributed"),
        RuntimeError,
        '`scheduler="distributed"` asks for the client of a cluster, and there is none\nhint: make one',
    ),
    "`pdf`, `jpg`, `jpeg`": (
        lambda: tureen.visualize(tureen.delayed(1), filename=None, format="jpg"),
        ValueError,
        "tureen draws no `jpg`\nhint: choose one of `png`, `svg`, `dot`",
    ),
    "another `color=`": (
        lambda: tureen.visualize(tureen.delayed(1), filename=None, color="red"),
        ValueError,
        "`color` is None or one of",
    ),
    '`engine="cytoscape"`': (
        lambda: tureen.visualize(tureen.delayed(1), filename=None, engine="cytoscape"),
        NotImplementedError,
        "tureen has no engine `cytoscape`",
    ),
    "`num_workers=0`": (
        lambda: tureen.compute(tureen.delayed(inc)(1), num_workers=0),
        ValueError,
        "`num_workers` is a number from 1 to 100000, not 0",
    ),
    "`.groupby(method=...)`": (
        lambda: tureen.bag.range(1, 1).groupby(inc, method="disk"),
        TypeError,
        "groupby has no `method=` any more\nhint: write `shuffle=`",
    ),
}


@pytest.mark.parametrize("box", REFUSED)
def test_what_is_refused_is_told(box: str) -> None:
    refused = [line for line in BOXES.splitlines() if line.strip().startswith("- [-]")]
    named = [line for line in refused if box in line]
    call, error, text = REFUSED[box]
    assert len(named) == 1 and error.__name__ in named[0]
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value).startswith(text)


def test_every_refused_box_is_tried() -> None:
    refused = [line for line in BOXES.splitlines() if line.strip().startswith("- [-]")]
    assert len(refused) == len(REFUSED)


def process_of(_: Any) -> int:
    return os.getpid()


def test_bags_inside_containers_keep_their_default() -> None:
    bag = tureen.bag.range(2, npartitions=2).map(process_of)
    for found in (
        tureen.compute([bag])[0][0],
        tureen.compute({"a": (bag, 1)})[0]["a"][0],
        tureen.bag.compute({"a": bag})[0]["a"],
    ):
        assert os.getpid() not in found
    assert tureen.compute([tureen.bag.range(2, npartitions=2).map(str)]) == ([["0", "1"]],)


def test_an_item_of_a_graph() -> None:
    item = tureen.bag.Item({"x": (sum, "y"), "y": [1, 2]}, "x")
    assert (item.key, item.compute()) == ("x", 3)
    with pytest.raises(TypeError, match="a graph and a key"):
        tureen.bag.Item({"x": 1})


def test_no_box_is_open() -> None:
    assert [line for line in BOXES.splitlines() if line.strip().startswith("- [ ]")] == []


def test_a_client_is_a_scheduler_by_its_get() -> None:
    """As `distributed.Client`, which has a `submit`, too."""

    class Client:
        def get(self, dsk: Any, keys: Any, **kwargs: Any) -> Any:
            return dask.get(dsk, keys)

        def submit(self, function: Any) -> Any:
            raise AssertionError

    assert tureen.delayed(inc)(1).compute(scheduler=Client()) == 2


def test_xarray_runs_on_get() -> None:
    xarray = pytest.importorskip("xarray")
    numpy = pytest.importorskip("numpy")
    data = numpy.arange(24.0).reshape(4, 6)
    array = xarray.DataArray(data, dims=("x", "y"), coords={"x": range(4)}).chunk({"x": 2, "y": 3})
    calls: list[int] = []

    def get(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        return tureen.get(*args, **kwargs)

    with dask.config.set(scheduler=get):
        assert float(array.mean().compute()) == 11.5
        grouped = (array * 2).groupby("x").sum().compute()
        assert numpy.array_equal(grouped, (data * 2).sum(axis=1))
        assert array.rolling(y=2).mean().isel(x=0).compute()[1] == 0.5
    assert calls
