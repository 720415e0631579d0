"""Promises and bags on a real cluster of `distributed`: worker processes on this machine."""

from __future__ import annotations

import doctest
import importlib
import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from operator import add
from pathlib import Path
from typing import Any

import pytest
from distributed import Client, LocalCluster, get_client, get_worker
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tureen
import tureen.bag as db
from tureen import compute, delayed
from tureen._distributed import durations
from tureen._distributed.held import OnCluster
from tureen.diagnostics import ProgressBar
from tureen.errors import NotOnWorkers, NotPicklable, WorkerDied

# What distributed leaves open when it ends, and that its threads use `random`, is not ours.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A client of two workers with one thread each. It is nobody's default."""
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture
def keywords(client: Client) -> dict[str, Any]:
    return {"scheduler": client}


def inc(x: int) -> int:
    return x + 1


def worker_of(*_: Any) -> str:
    return str(get_worker().address)


def tasks_of(client: Client, of: str = "tureen") -> int:
    """How many tasks of dask's have been done since the cluster began."""

    def count(dask_scheduler: Any) -> int:
        return sum(prefix.state_counts["memory"] for prefix in dask_scheduler.task_prefixes.values())

    return int(client.run_on_scheduler(count))


def test_a_thousand_calls_are_few_tasks(client: Client) -> None:
    durations.learn(durations.key_of("inc", inc), 1e-6)
    one_more = delayed(inc)
    before = tasks_of(client)
    assert delayed(sum)([one_more(n) for n in range(1000)]).compute(scheduler=client) == 500500
    n_tasks = tasks_of(client) - before
    assert 1 <= n_tasks <= 100, n_tasks


def test_what_is_not_known_is_tried(client: Client) -> None:
    durations.forget()
    compute([delayed(inc)(n) for n in range(100)], scheduler=client)
    seconds = durations.known(durations.key_of("inc", inc))
    assert seconds is not None and 0 < seconds < durations.LONG


def test_calls_run_in_workers_and_on_all_of_them(client: Client) -> None:
    durations.forget()
    slowly = delayed(lambda n: (time.sleep(0.02), worker_of())[1])
    workers = set(compute([slowly(n) for n in range(40)], scheduler=client)[0])
    assert workers == set(client.nthreads())


def test_everything_a_promise_may_be(keywords: dict[str, Any]) -> None:
    three = delayed(add)(1, 2)
    words = delayed(str.split)("a b c")
    promises = {
        "operator": three * 2 + three,
        "attribute": three.real,
        "method": words.index("b"),
        "item": words[three - 2 :],
        "called": delayed(getattr)("x", "upper")(),
        "containers": delayed([{"k": three}, (three, {three}), [[1, 2]], [three]]),
        "keywords": delayed(dict)(a=three, b=[three, 1]),
        "value": delayed(17),
        "one list in a list": delayed(len)([[three, 3]]),
    }
    assert compute(promises, **keywords)[0] == compute(promises, scheduler="sync")[0]
    assert compute(promises, **keywords, fallback=True)[0] == compute(promises, scheduler="sync")[0]


@st.composite
def graphs(draw: st.DrawFn) -> list[Any]:
    """Promises that need each other at random, and give the same whoever computes them."""
    made: list[Any] = []
    for number in range(draw(st.integers(1, 40))):
        needs = draw(st.lists(st.integers(0, max(0, number - 1)), max_size=4)) if number else []
        chosen = [made[need] for need in needs]
        match draw(st.integers(0, 4)):
            case 0:
                made.append(delayed(sum)([number, *chosen]))
            case 1:
                made.append(delayed(max)(number, *chosen, 0))
            case 2:
                made.append(delayed({"n": number, "needs": chosen})["n"] + len(chosen))
            case 3:
                made.append(delayed(lambda *args, base: base - sum(args))(*chosen, base=number))
            case _:
                made.append(delayed(number) + sum(chosen))
    return [made[index] for index in draw(st.lists(st.integers(0, len(made) - 1), min_size=1, max_size=8))]


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
@given(wanted=graphs(), seconds=st.sampled_from([None, 1e-6, 0.004, 0.02]))
def test_random_graphs_have_the_same_values(client: Client, wanted: list[Any], seconds: float | None) -> None:
    """However long calls are thought to take, that is: however they are cut."""
    durations.forget()
    if seconds is not None:
        for label, function, _ in tureen._tureen.steps_of(tuple(wanted)).pieces(True, OnCluster).functions():
            durations.learn(durations.key_of(label, function), seconds)
    assert compute(wanted, scheduler=client) == compute(wanted, scheduler="sync")


def test_a_client_is_the_default_where_dask_permits(client: Client) -> None:
    promise = delayed(os.getpid)()
    assert promise.compute() == os.getpid()
    with client.as_current():
        assert promise.compute() != os.getpid()
        assert delayed(os.getpid)().compute(scheduler="threads") == os.getpid()
        assert promise.compute(scheduler="distributed") != os.getpid()
    with tureen.config.set(scheduler=client):
        assert promise.compute() != os.getpid()
    with pytest.raises(RuntimeError, match="asks for the client of a cluster, and there is none\nhint: make"):
        promise.compute(scheduler="distributed")


def test_errors_have_the_users_frames_and_our_note(keywords: dict[str, Any]) -> None:
    def salt(soup: str, spoons: int) -> str:
        raise ValueError(f"{spoons} is too salty")

    promise = delayed(salt)("peas", spoons=delayed(inc)(99))
    with pytest.raises(ValueError, match="100 is too salty") as caught:
        delayed(inc)(promise).compute(**keywords)
    [note] = caught.value.__notes__
    assert note.startswith("in salt('peas', spoons=100), a promise made at ")
    assert f"{Path(__file__).name}:" in note
    names = []
    frame = caught.value.__traceback__
    while frame is not None:
        names.append(frame.tb_frame.f_code.co_name)
        frame = frame.tb_next
    assert names == ["test_errors_have_the_users_frames_and_our_note", "salt"]
    assert delayed(add)(1, 1).compute(**keywords) == 2


def test_exceptions_that_cannot_be_sent(keywords: dict[str, Any]) -> None:
    class Odd(Exception):
        def __init__(self, a: int, b: int) -> None:
            super().__init__("odd")

    def fail() -> None:
        raise Odd(1, 2)

    with pytest.raises(tureen.errors.RemoteError, match="can't be sent from a worker process: odd"):
        delayed(fail)().compute(**keywords)


def test_what_cannot_be_sent_is_named(keywords: dict[str, Any]) -> None:
    lock = threading.Lock()
    with pytest.raises(NotPicklable, match=r"argument 2 of `max` can't be sent"):
        delayed(max)(1, lock).compute(**keywords)
    with pytest.raises(NotPicklable, match=r"the function `.*<lambda>` can't be sent"):
        delayed(lambda: lock)().compute(**keywords)


def test_prints_come_to_the_user(keywords: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    def loud(n: int) -> int:
        print("simmering", n)
        print("careful", n, file=sys.stderr)
        return n

    assert compute([delayed(loud)(n) for n in range(3)], **keywords) == ([0, 1, 2],)
    told = capsys.readouterr()
    assert sorted(told.out.splitlines()) == ["simmering 0", "simmering 1", "simmering 2"]
    assert sorted(told.err.splitlines()) == ["careful 0", "careful 1", "careful 2"]


def test_progress(keywords: dict[str, Any]) -> None:
    out = io.StringIO()
    with ProgressBar(out=out):
        delayed(sum)([delayed(inc)(n) for n in range(100)]).compute(**keywords)
    assert "100% Completed | 101 of 101" in out.getvalue()


def test_persisted_values_stay_on_the_cluster(client: Client) -> None:
    numbers = [delayed(inc)(n) for n in range(5)]
    kept = tureen.persist(*numbers, scheduler=client)
    assert [promise.key for promise in kept] == [promise.key for promise in numbers]
    assert compute(*kept, scheduler=client) == (1, 2, 3, 4, 5)
    assert delayed(sum)(list(kept)).compute(scheduler=client) == 15
    # Anywhere else, they are fetched.
    assert (kept[0] + kept[1]).compute(scheduler="sync") == 3
    again = kept[0].persist(scheduler=client)
    assert again.compute(scheduler=client) == 1


def test_persist_does_not_wait(client: Client, tmp_path: Path) -> None:
    mark = tmp_path / "persisted"

    def wait_for_mark() -> bool:
        deadline = time.monotonic() + 60
        while not mark.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        return mark.exists()

    kept = delayed(wait_for_mark)().persist(scheduler=client)
    mark.touch()
    assert kept.compute(scheduler=client) is True


def test_persisted_failures_come_when_they_are_asked_for(client: Client) -> None:
    kept = delayed(divmod)(1, 0).persist(scheduler=client)
    for scheduler in (client, "sync"):
        with pytest.raises(ZeroDivisionError):
            kept.compute(scheduler=scheduler)


def test_futures_are_arguments(client: Client) -> None:
    six, seven = client.submit(inc, 5), client.submit(inc, 6)
    assert delayed(inc)(six).compute(scheduler=client) == 7
    assert delayed(sum)([six, seven]).compute(scheduler=client) == 13
    assert delayed(sum)([six, seven]).compute(scheduler="threads") == 13


def test_large_values_are_sent_once(client: Client) -> None:
    content = delayed(bytes(1_000_000))
    sizes = [delayed(lambda content, n: len(content) + n)(content, n) for n in range(8)]
    assert compute(sizes, scheduler=client) == ([1_000_000 + n for n in range(8)],)


class Marked:
    """Leaves a note wherever it arrives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return arrived, (self.folder,)


def arrived(folder: Path) -> Marked:
    (folder / str(os.getpid())).touch()
    return Marked(folder)


def kind_of(thing: Any, _: int) -> str:
    time.sleep(0.05)
    return type(thing).__name__


def test_results_that_others_need_are_not_gathered(client: Client, tmp_path: Path) -> None:
    made = delayed(Marked)(tmp_path)
    kinds = [delayed(kind_of)(made, n) for n in range(40)]
    assert compute(kinds, scheduler=client) == (["Marked"] * 40,)
    notes = {int(note.name) for note in tmp_path.iterdir()}
    assert notes and os.getpid() not in notes, "it went to a worker, and never came here"


def test_values_of_an_inner_run_are_made_in_the_task(client: Client) -> None:
    def outer() -> tuple[str, list[str]]:
        return worker_of(), compute(*[delayed(worker_of)(n) for n in range(3)])

    worker, inner = delayed(outer)().compute(scheduler=client)
    assert set(inner) == {worker}


def test_a_task_may_use_the_cluster(client: Client) -> None:
    def outer() -> int:
        numbers = [delayed(inc)(n) for n in range(20)]
        return int(delayed(sum)(numbers).compute(scheduler=get_client()))

    assert compute([delayed(outer)() for _ in range(3)], scheduler=client) == ([210] * 3,)


def test_each_call_is_made_once(client: Client, tmp_path: Path) -> None:
    once = delayed(os.mkdir)(str(tmp_path / "made"))
    assert delayed(list)([once, once, once]).compute(scheduler=client) == [None] * 3


def test_a_killed_worker_costs_nothing_but_time(client: Client, tmp_path: Path) -> None:
    mark = tmp_path / "killed"

    def work(n: int) -> int:
        time.sleep(0.002)
        if n == 700 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return n

    numbers = [delayed(work)(n) for n in range(1000)]
    assert delayed(sum)(numbers).compute(scheduler=client) == 499500
    assert mark.exists()
    client.wait_for_workers(2, timeout=30)


def test_a_call_that_kills_every_worker(client: Client) -> None:
    def kill() -> None:
        os._exit(3)

    with pytest.raises(WorkerDied, match=r"a piece of 1 call \(`kill`\) could not be done: each worker"):
        delayed(kill)().compute(scheduler=client)
    client.wait_for_workers(2, timeout=30)
    assert delayed(inc)(1).compute(scheduler=client) == 2


def test_ctrl_c_ends_it_and_leaves_the_cluster_usable(client: Client, tmp_path: Path) -> None:
    def slow(n: int) -> None:
        (tmp_path / str(n)).touch()
        time.sleep(0.05)

    def interrupt() -> None:
        while not list(tmp_path.iterdir()):
            time.sleep(0.01)
        signal.raise_signal(signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        compute([delayed(slow)(n) for n in range(4000)], scheduler=client)
    thread.join()
    assert delayed(inc)(1).compute(scheduler=client) == 2
    # All of them would take 100 s; what runs ends before its next call.
    n_begun, deadline = -1, time.monotonic() + 60
    while n_begun != (n_begun := len(list(tmp_path.iterdir()))):
        assert time.monotonic() < deadline, "calls go on"
        time.sleep(1)
    assert n_begun < 4000


def test_workers_without_tureen_are_refused_and_fallback_needs_none(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tureen._distributed import finding

    monkeypatch.setattr(finding, "__version__", "0.0.1")
    monkeypatch.setattr(finding, "_checked", type(finding._checked)())
    with pytest.raises(NotOnWorkers, match=r"there is tureen .*; here is 0\.0\.1\nhint: install the same"):
        delayed(inc)(1).compute(scheduler=client)
    assert delayed(inc)(1).compute(scheduler=client, fallback=True) == 2
    with tureen.config.set(fallback=True):
        assert delayed(inc)(1).compute(scheduler=client) == 2


def test_a_worker_that_came_later_is_refused(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from tureen._distributed import sending

    monkeypatch.setattr(sending, "__version__", "0.0.1")
    with pytest.raises(NotOnWorkers, match=r"a worker could not do a piece: there is tureen .*, and here 0"):
        delayed(inc)(1).compute(scheduler=client)


def test_keywords_of_dasks(client: Client) -> None:
    [first, _] = client.nthreads()
    where = compute([delayed(worker_of)(n) for n in range(10)], scheduler=client, workers=[first])[0]
    assert set(where) == {first}


def test_retries(client: Client, tmp_path: Path) -> None:
    def once() -> str:
        mark = tmp_path / "tried"
        if not mark.exists():
            mark.touch()
            raise OSError("not yet")
        return "done"

    assert delayed(once)().compute(scheduler=client, retries=1) == "done"


def test_explain(client: Client) -> None:
    durations.forget()
    numbers = [delayed(inc)(n) for n in range(1000)]
    told = tureen.explain(*numbers, scheduler=client)
    assert told.scheduler == "distributed" and told.n_workers == 2
    [part] = told.parts
    assert part.where == f"the cluster at {client.scheduler.address}" and part.n_calls == 1000
    assert "some would be tried first" in told.notes[0]
    compute(numbers, scheduler=client)
    told = tureen.explain(*numbers, scheduler=client)
    assert "by what was seen in this session" in told.notes[0]
    assert told.notes[1] == "2 workers with 2 threads"
    bag = db.from_sequence(range(100), npartitions=4).map(inc)
    assert "4 pieces" in bag.explain(scheduler=client).notes[0]


def test_bags(client: Client, tmp_path: Path) -> None:
    numbers = db.from_sequence(range(1000), npartitions=7).map(inc).filter(lambda n: n % 3)
    assert numbers.compute(scheduler=client) == numbers.compute(scheduler="sync")
    pairs = numbers.groupby(lambda n: n % 5).map(lambda pair: (pair[0], sorted(pair[1])))
    assert sorted(pairs.compute(scheduler=client)) == sorted(pairs.compute(scheduler="sync"))
    assert numbers.sum().compute(scheduler=client) == numbers.sum().compute(scheduler="sync")
    kept = numbers.persist(scheduler=client)
    assert kept.npartitions == numbers.npartitions
    assert kept.map(inc).sum().compute(scheduler=client) == 334334
    assert kept.compute(scheduler="sync") == numbers.compute(scheduler="sync")
    assert int(numbers.count().persist(scheduler=client).compute()) == 667
    file = tmp_path / "words.txt"
    file.write_text("peas and peas and water\n" * 1000)
    words = db.read_text(str(file), blocksize=5000).str.split().flatten()
    assert dict(words.frequencies().compute(scheduler=client)) == {"peas": 2000, "and": 2000, "water": 1000}
    with client.as_current():
        assert words.map(lambda word: get_worker().address).distinct().count().compute() >= 1


def test_errors_in_bags(client: Client) -> None:
    bag = db.from_sequence([1, 0], npartitions=2).map(lambda n: 1 // n)
    with pytest.raises(ZeroDivisionError) as caught:
        bag.compute(scheduler=client)
    assert "for the element 0" in caught.value.__notes__[0]


def test_an_asynchronous_client_is_refused() -> None:
    class Asynchronous(Client):
        asynchronous = True

        def __init__(self) -> None:
            pass

        def __del__(self) -> None:
            pass

    with pytest.raises(TypeError, match="an asynchronous client can't be waited for\nhint: "):
        delayed(inc)(1).compute(scheduler=Asynchronous())


def test_workers_in_this_process() -> None:
    with (
        LocalCluster(n_workers=1, threads_per_worker=3, processes=False, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        numbers = [delayed(inc)(n) for n in range(200)]
        assert delayed(sum)(numbers).compute(scheduler=client) == 20100
        with client.as_current():
            assert delayed(lambda: compute(delayed(os.getpid)())[0])().compute() == os.getpid()


def test_the_example() -> None:
    example = Path(__file__).parents[2] / "examples" / "cluster.py"
    told = subprocess.run(
        [sys.executable, example, "--local"], capture_output=True, text=True, check=True, timeout=120
    ).stdout
    assert "pi is about 3.1" in told and "even squares: 50000" in told, told


@pytest.mark.parametrize("name", ["finding", "durations", "results", "explaining"])
def test_examples(name: str) -> None:
    failed, n_tried = doctest.testmod(importlib.import_module(f"tureen._distributed.{name}"))
    assert n_tried and not failed
