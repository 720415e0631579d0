"""Progress bars, profiles, callbacks and traces, of promises, bags and dask's graphs on ``tureen.get``."""

from __future__ import annotations

import doctest
import importlib
import io
import json
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dask.diagnostics
import dask.threaded
import pytest

import tureen
import tureen.bag
from tureen import delayed
from tureen.diagnostics import (
    CacheProfiler,
    Callback,
    Profiler,
    ProgressBar,
    ResourceProfiler,
    active_callbacks,
    visualize,
)


def nap(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def promises() -> int:
    total: int = delayed(sum)([delayed(abs)(-n, dask_key_name=f"abs-{n}") for n in range(5)]).compute()
    return total


def bags() -> int:
    total: int = tureen.bag.from_sequence(range(5), npartitions=5).sum().compute(scheduler="threads")
    return total


def graphs() -> Any:
    graph: dict[Any, Any] = {("abs", n): (abs, -n) for n in range(5)}
    graph["total"] = (sum, list(graph))
    return tureen.get(graph, "total")


@pytest.mark.parametrize("work", [promises, bags, graphs])
def test_every_front_is_seen(work: Callable[[], int], tmp_path: Path) -> None:
    out = io.StringIO()
    keys: list[Any] = []
    with Profiler() as profiler, ProgressBar(out=out), tureen.trace(tmp_path / "trace.json"):
        assert work() == 10
    with Callback(posttask=lambda key, *_: keys.append(key)), CacheProfiler() as cache:
        assert work() == 10
    n_tasks = len(keys)
    assert n_tasks >= 5 and len(profiler.results) == len(cache.results) == n_tasks
    assert out.getvalue().startswith(f"[{'#' * 40}] | 100% Completed | {n_tasks} of {n_tasks} | ")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert sum(event["ph"] == "X" for event in events) == n_tasks


# Callbacks


def test_callbacks_of_promises_are_called_as_dask_calls_those_of_its_own() -> None:
    def told(front: Any, base: Any, **kwargs: Any) -> list[Any]:
        seen: list[Any] = []

        class Note(base):  # type: ignore[misc]
            def _start(self, dsk: Any) -> None:
                seen.append(("start", sorted(dsk)))

            def _pretask(self, key: Any, dsk: Any, state: Any) -> None:
                seen.append(("pre", key, sorted(state["waiting"])))

            def _posttask(self, key: Any, result: Any, dsk: Any, state: Any, worker_id: Any) -> None:
                seen.append(("post", key, result, sorted(state["finished"]), sorted(state["released"])))

            def _finish(self, dsk: Any, state: Any, failed: bool) -> None:
                seen.append(("finish", failed))

        one = front(abs)(-1, dask_key_name="one")
        two = front(sum)([one, 1], dask_key_name="two")
        with Note():
            assert front(sum)([two, 1], dask_key_name="three").compute(**kwargs) == 3
            with pytest.raises(ZeroDivisionError):
                front(divmod)(1, 0, dask_key_name="bad").compute(**kwargs)
        return seen

    kwargs = {"num_workers": 1}
    theirs = told(
        dask.delayed, dask.diagnostics.Callback, optimize_graph=False, scheduler="threads", **kwargs
    )
    assert told(delayed, Callback, **kwargs) == theirs
    assert told(delayed, Callback, scheduler="sync") == theirs


def test_callbacks_are_called_in_the_thread_that_computes_and_outermost_only() -> None:
    threads: set[int] = set()
    keys: list[Any] = []

    def note(key: Any, *_: Any) -> None:
        threads.add(threading.get_ident())
        keys.append(key)

    def outer() -> int:
        return promises()

    with Callback(pretask=note):
        assert delayed(outer)(dask_key_name="outer").compute() == 10
    assert threads == {threading.get_ident()} and keys == ["outer"]


def test_callbacks_are_registered_and_not() -> None:
    keys: list[Any] = []
    callback = Callback(posttask=lambda key, *_: keys.append(key))
    callback.register()
    promises()
    callback.unregister()
    promises()
    assert len(keys) == 6 and active_callbacks() == []
    with pytest.raises(KeyError):
        callback.unregister()


def test_a_callback_that_fails_fails_the_run() -> None:
    def broken(*_: Any) -> None:
        raise ValueError("broken")

    with Callback(pretask=broken), pytest.raises(ValueError, match="broken"):
        promises()
    assert promises() == 10 and active_callbacks() == []


# Profiles


def test_a_profile_tells_when_and_where() -> None:
    before = time.perf_counter()
    with Profiler() as profiler:
        tureen.compute([delayed(nap)(0.02, dask_key_name=("nap", n)) for n in range(4)], num_workers=2)
    after = time.perf_counter()
    assert sorted(task.key for task in profiler.results) == [("nap", n) for n in range(4)]
    for task in profiler.results:
        assert before <= task.start_time <= task.end_time - 0.019 and task.end_time <= after
    workers = {task.worker_id for task in profiler.results}
    assert 1 <= len(workers) <= 2 and 0 not in workers


def test_a_profile_has_what_was_done_before_a_failure() -> None:
    with Profiler() as profiler, pytest.raises(ZeroDivisionError):
        delayed(divmod)(1, delayed(abs)(0, dask_key_name="zero")).compute()
    assert [task.key for task in profiler.results] == ["zero"]


def test_a_profile_begins_anew_with_its_block() -> None:
    profiler = Profiler()
    for _ in range(2):
        with profiler:
            promises()
        assert len(profiler.results) == 6
    promises()
    assert len(profiler.results) == 6


def test_a_profile_of_somebody_elses_executor() -> None:
    with ThreadPoolExecutor(1) as executor, Profiler() as profiler:
        thread = delayed(threading.get_ident)().compute(scheduler=executor)
    assert [task.worker_id for task in profiler.results] == [thread]


def test_worker_processes_are_seen() -> None:
    out = io.StringIO()
    with Profiler() as profiler, ProgressBar(out=out):
        assert tureen.compute([delayed(abs)(-n) for n in range(20)], scheduler="processes") == (
            list(range(20)),
        )
    assert len(profiler.results) == 20
    assert "100% Completed | 20 of 20" in out.getvalue()


def test_resources() -> None:
    with ResourceProfiler(dt=0.01) as profiler:
        hold = delayed(bytearray)(50_000_000)
        delayed(lambda data: time.sleep(0.1))(hold).compute()
    assert len(profiler.results) >= 3
    times = [look.time for look in profiler.results]
    assert times == sorted(times)
    memory = [look.mem for look in profiler.results]
    assert max(memory) - memory[0] > 40
    assert all(look.cpu >= 0 for look in profiler.results)
    assert not any(thread.name == "tureen-resources" for thread in threading.enumerate())


def test_resources_when_registered_are_those_of_runs() -> None:
    profiler = ResourceProfiler(dt=10)
    profiler.register()
    assert profiler.results == []
    promises()
    profiler.unregister()
    assert len(profiler.results) == 2


def test_what_is_kept() -> None:
    with CacheProfiler(metric=len) as cache:
        made = delayed(bytes)(1000, dask_key_name="made")
        used = delayed(bytes.upper)(made, dask_key_name="used")
        delayed(bytes.split)(used, dask_key_name="end").compute()
    kept = {result.key: result for result in cache.results}
    assert [kept[key].metric for key in ("made", "used", "end")] == [1000, 1000, 1]
    assert kept["made"].free_time <= kept["end"].cache_time <= kept["end"].free_time


def test_pictures_stand_alone(tmp_path: Path) -> None:
    with Profiler() as profiler, ResourceProfiler(dt=0.01) as resources, CacheProfiler() as cache:
        delayed(nap)(0.03, dask_key_name="<nap> & nap").compute()
    page = tmp_path / "profile.html"
    chart = visualize([profiler, resources, cache], filename=str(page))
    root = ElementTree.fromstring(chart.svg)
    titles = [element.text for element in root.iter("{http://www.w3.org/2000/svg}title")]
    assert len(titles) == 1 and titles[0] is not None and titles[0].startswith("<nap> & nap: ")
    labels = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"tasks", "memory (MB)", "processor (%)", "kept (count)"} <= set(labels)
    text = page.read_text()
    assert chart.svg in text and "http" not in text.replace("http://www.w3.org/2000/svg", "")
    profiler.visualize(filename=str(tmp_path / "profile.svg"))
    ElementTree.parse(tmp_path / "profile.svg")
    for empty in (Profiler(), ResourceProfiler(), CacheProfiler()):
        ElementTree.fromstring(empty.visualize(filename=None).svg)
    with pytest.raises(TypeError, match="a `int` is no profiler"):
        visualize([5], filename=None)


# Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_has_one_line_that_changes() -> None:
    out = Terminal()
    with ProgressBar(out=out, dt=0.01) as bar:
        tureen.compute([delayed(nap)(0.03) for _ in range(4)], num_workers=1)
    text = out.getvalue()
    assert text.count("\n") == 1 and text.count("\r") > 3
    assert text.rstrip().split("\r")[-1].startswith(f"[{'#' * 40}] | 100% Completed | 4 of 4 | 1")
    assert bar.last_duration >= 0.12


def test_a_log_has_one_line() -> None:
    out = io.StringIO()
    with ProgressBar(out=out, dt=0.01):
        tureen.compute([delayed(nap)(0.03) for _ in range(4)], num_workers=1)
    assert out.getvalue().count("\n") == 1 and "\r" not in out.getvalue()


def test_short_runs_are_not_shown_if_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar(minimum=10) as bar:
        promises()
    assert capsys.readouterr().out == "" and bar.last_duration > 0
    with ProgressBar():
        promises()
    assert "100% Completed" in capsys.readouterr().out


def test_a_run_that_fails_shows_how_far_it_came() -> None:
    out = io.StringIO()
    with ProgressBar(out=out), pytest.raises(ZeroDivisionError):
        delayed(abs)(delayed(divmod)(1, 0)).compute()
    assert "| 0% Completed | 0 of 2 |" in out.getvalue()
    assert not any(thread.name == "tureen-progress" for thread in threading.enumerate())


def test_a_stream_that_is_closed_ends_no_run() -> None:
    out = io.StringIO()
    out.close()
    with ProgressBar(out=out):
        assert promises() == 10


def test_nothing_to_do_is_all_done() -> None:
    out = io.StringIO()
    with ProgressBar(out=out):
        assert delayed(3).compute() == 3
    assert "100% Completed | 0 of 0" in out.getvalue()


# Traces


def test_a_trace_can_be_read_by_perfetto(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    with tureen.trace(path):
        delayed(nap)(delayed(nap)(0.02, dask_key_name="first")).compute()
        with pytest.raises(ZeroDivisionError):
            delayed(divmod)(1, 0).compute()
    events = json.loads(path.read_text())["traceEvents"]
    tasks = [event for event in events if event["ph"] == "X"]
    assert [(event["name"], event["cat"]) for event in tasks] == [
        ("nap", "finished"),
        ("nap", "finished"),
        ("divmod", "failed"),
    ]
    assert tasks[0]["args"]["key"] == "first" and tasks[0]["dur"] >= 20_000
    assert tasks[1]["ts"] >= tasks[0]["ts"] + tasks[0]["dur"]
    named = {event["tid"] for event in events if event["name"] == "thread_name"}
    assert {event["tid"] for event in tasks} <= named


def test_a_trace_that_cannot_be_written_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), tureen.trace(tmp_path / "no" / "trace.json"):
        pytest.fail("nothing should run")


def test_who_watches_twice_or_never() -> None:
    profiler = Profiler()
    with pytest.raises(KeyError, match="this Profiler is not registered"):
        profiler.unregister()
    profiler.register()
    profiler.register()
    promises()
    profiler.unregister()
    assert len(profiler.results) == 6


def test_nothing_of_it_is_imported_unless_asked_for() -> None:
    import subprocess

    script = (
        "import sys, tureen; tureen.delayed(abs)(-1).compute(); "
        "print([name for name in sys.modules if 'diagnostics' in name or 'concurrent' in name])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


DOCUMENTED = ["", "._cache", "._callbacks", "._chart", "._line", "._profile", "._progress", "._resources"]


@pytest.mark.parametrize("name", [*(f"diagnostics{name}" for name in DOCUMENTED), "_trace"])
def test_examples_run(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(f"tureen.{name}"))
    assert outcome.attempted > 0 and outcome.failed == 0
