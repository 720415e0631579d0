"""``tureen.get`` as a scheduler of dask: the same answers as ``dask.threaded.get``, and the same errors."""

from __future__ import annotations

import contextvars
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from operator import add
from typing import Any

import dask
import dask.array
import dask.threaded
import numpy
import pytest
from dask._task_spec import Alias, DataNode, Dict, List, Set, Task, TaskRef, Tuple
from dask.callbacks import Callback
from hypothesis import given
from hypothesis import strategies as st

import tureen
import tureen.dask


def inc(x: int) -> int:
    return x + 1


GRAPHS: dict[str, tuple[dict[Any, Any], Any]] = {
    "a value": ({"x": 1}, "x"),
    "old tuples": ({"x": 1, "y": 2, "z": (inc, "x"), "w": (add, "z", "y")}, ["w", ["z", "x"]]),
    "tasks in tasks": ({"x": 1, "y": (add, (inc, "x"), (inc, (inc, "x")))}, "y"),
    "keys in lists": ({("x", 0): 1, ("x", 1): 2, "s": (sum, [("x", 0), ("x", 1)])}, "s"),
    "an alias of an alias": ({"x": (inc, 1), "y": "x", "z": "y"}, ["z", "y"]),
    "a list as a task": ({"x": 1, "y": [(inc, "x"), ["x", 5]]}, "y"),
    "keys of several types": ({1: 5, 0.25: (inc, 1), ("t", 0.5): (inc, 0.25)}, ("t", 0.5)),
    "nothing wanted": ({"x": (inc, 1)}, []),
    "what is no key is text": ({"x": (add, "a", "b")}, "x"),
    "a key wanted twice": ({"x": (inc, 1)}, ["x", "x"]),
    "nodes": (
        {
            "x": DataNode("x", 10),
            "a": Alias("a", "x"),
            "l": Task("l", sorted, List(TaskRef("x"), 3, DataNode(None, 7)), reverse=True),
            "t": Task("t", tuple, Tuple(TaskRef("x"), List(1, TaskRef("a")))),
            "s": Set(TaskRef("x"), 1),
            "d": Dict({"k": TaskRef("x"), "m": List([1, 2])}),
            "n": Task("n", add, Task(None, inc, TaskRef("x")), TaskRef("a")),
            "w": Task("w", dict, one=TaskRef("x"), two=2),
        },
        ["a", "l", "t", "s", "d", "n", "w"],
    ),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_gives_what_dask_gives(name: str) -> None:
    graph, keys = GRAPHS[name]
    assert tureen.get(dict(graph), keys) == dask.threaded.get(dict(graph), keys)


@given(st.data())
def test_any_graph_gives_what_dask_gives(data: st.DataObject) -> None:
    graph: dict[Any, Any] = {}
    for key in range(data.draw(st.integers(1, 12))):
        arguments = st.one_of(st.sampled_from([("k", k) for k in range(key)] or [0.5]), st.integers(0, 9))
        nested = st.recursive(arguments, lambda inner: st.lists(inner, max_size=3), max_leaves=4)
        graph["k", key] = (lambda *args: ("made", args), *data.draw(st.lists(nested, max_size=3)))
    wanted = data.draw(st.lists(st.sampled_from(list(graph)), max_size=4))
    assert tureen.get(graph, wanted) == dask.threaded.get(graph, wanted)


def test_arrays_run_on_it() -> None:
    x = dask.array.arange(10_000, chunks=100)
    expected = numpy.arange(10_000)
    total, mean = dask.compute((x * 2).sum(), x[::3].mean(), scheduler=tureen.get)
    assert total == 2 * expected.sum() and mean == expected[::3].mean()
    with dask.config.set(scheduler="tureen"):
        assert numpy.array_equal((x + 1).compute(), expected + 1)


def test_only_what_is_needed_is_computed() -> None:
    graph = {"x": (inc, 1), "never": (lambda: 1 / 0,)}
    assert tureen.get(graph, "x") == 2


def test_a_long_chain_needs_no_stack() -> None:
    graph: dict[int, Any] = {0: (int,)}
    graph.update((n, (inc, n - 1)) for n in range(1, 20_001))
    assert tureen.get(graph, 20_000) == 20_000


@pytest.mark.parametrize("keys", ["nothing", ["x", "nothing"], [["nothing"]]])
def test_an_unknown_key_is_a_key_error(keys: Any) -> None:
    with pytest.raises(KeyError, match="nothing"):
        tureen.get({"x": 1}, keys)


def test_a_missing_need_is_named() -> None:
    with pytest.raises(ValueError, match=r"Missing dependency 'gone'"):
        tureen.get({"x": Task("x", inc, TaskRef("gone"))}, "x")


def test_a_cycle_is_shown() -> None:
    graph = {"a": (inc, "b"), "b": (inc, "c"), "c": (inc, "b")}
    with pytest.raises(RuntimeError) as caught:
        tureen.get(graph, "a")
    assert str(caught.value) == "Cycle detected between the following keys:\n  -> b\n  -> c\n  -> b"


def test_errors_keep_their_type_and_the_frames_of_the_user() -> None:
    def fail(x: int) -> None:
        raise LookupError(f"nothing at {x}")

    with pytest.raises(LookupError, match="nothing at 2") as caught:
        tureen.get({"x": (inc, 1), "y": (fail, "x")}, "y")
    assert caught.traceback[-1].name == "fail"


@pytest.mark.parametrize("pooled", [False, True])
def test_callbacks_are_called_as_dask_calls_them(pooled: bool) -> None:
    def record(get: Any, **kwargs: Any) -> list[Any]:
        told: list[Any] = []
        callback = Callback(
            start=lambda graph: told.append(("start", sorted(graph))),
            start_state=lambda graph, state: told.append(("state", sorted(state["dependencies"]["z"]))),
            pretask=lambda key, graph, state: told.append(("pre", key, sorted(state["running"]))),
            posttask=lambda key, result, graph, state, thread: told.append(
                ("post", key, result, key in state["finished"], len(state["running"]))
            ),
            finish=lambda graph, state, failed: told.append(("finish", failed, len(state["finished"]))),
        )
        with callback:
            assert get({"x": 1, "y": (inc, "x"), "z": (add, "y", 10)}, "z", **kwargs) == 12
        return told

    with ThreadPoolExecutor(1) as pool:
        kwargs = {"pool": pool} if pooled else {"num_workers": 1}
        assert record(tureen.get, **kwargs) == record(dask.threaded.get, **kwargs)


def test_callbacks_hear_of_failures() -> None:
    failed: list[bool] = []
    with Callback(finish=lambda graph, state, has_failed: failed.append(has_failed)):
        with pytest.raises(ZeroDivisionError):
            tureen.get({"x": (lambda: 1 / 0,)}, "x")
        with pytest.raises(KeyError):
            tureen.get({"x": 1}, "y")
    assert failed == [True, True]


def test_a_callback_that_fails_ends_the_run() -> None:
    def broken(*_: Any) -> None:
        raise ValueError("broken")

    with Callback(posttask=broken), pytest.raises(ValueError, match="broken"):
        tureen.get({"x": (inc, 1)}, "x")
    assert tureen.get({"x": (inc, 1)}, "x") == 2


def test_results_are_kept_in_the_cache_while_they_are_needed() -> None:
    cache: dict[str, Any] = {"given": 5}
    seen: list[list[str]] = []

    def look(x: int) -> int:
        seen.append(sorted(cache))
        return x

    graph = {"a": (inc, "given"), "b": (look, "a"), "c": (look, "b")}
    graph = {key: (task[0], TaskRef(task[1])) for key, task in graph.items()}
    graph = {key: Task(key, *task) for key, task in graph.items()}
    assert tureen.get(graph, "c", cache=cache) == 6
    assert seen == [["a", "given"], ["b", "given"]]
    assert cache == {"given": 5, "c": 6}


def test_no_more_than_so_many_run_at_a_time() -> None:
    running = 0
    most = 0
    lock = threading.Lock()
    pause = threading.Event()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        pause.wait(0.002)
        with lock:
            running -= 1

    graph: dict[Any, Any] = {("w", n): (work,) for n in range(20)}
    tureen.get(graph, list(graph), num_workers=3)
    assert most == 3


def test_tasks_see_the_context_of_who_computes() -> None:
    salt = contextvars.ContextVar("salt", default="none")
    salt.set("sea")
    graph = {("s", n): (salt.get,) for n in range(5)}
    assert set(tureen.get(graph, list(graph), num_workers=2)) == {"sea"}


def test_a_task_may_compute() -> None:
    def inner(n: int) -> int:
        graph = {("i", k): (inc, k) for k in range(n)}
        return int(sum(tureen.get(graph, list(graph), num_workers=2)))

    graph = {("o", n): (inner, n) for n in range(8)}
    assert tureen.get(graph, list(graph), num_workers=2) == tuple(sum(range(1, n + 1)) for n in range(8))


def test_an_error_is_raised_again_in_this_thread_when_asked_for() -> None:
    threads: list[int] = []

    def fail() -> None:
        threads.append(threading.get_ident())
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        tureen.get({"x": (fail,)}, "x", rerun_exceptions_locally=True)
    assert len(threads) == 2 and threads[1] == threading.get_ident()


def test_ctrl_c_stops_it() -> None:
    started = threading.Event()
    let_go = threading.Event()
    begun: list[int] = []

    def wait(n: int) -> None:
        begun.append(n)
        started.set()
        let_go.wait(20)

    def interrupt() -> None:
        started.wait(20)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    graph: dict[Any, Any] = {("w", n): (wait, n) for n in range(50)}
    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        tureen.get(graph, list(graph), num_workers=2)
    let_go.set()
    assert tureen.get({"x": (inc, 1)}, "x") == 2
    assert len(begun) <= 3
