"""When threads wait for each other for the sake of Python's lock, one line says so, and never otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy
import pytest

import tureen
from tureen import _lock, delayed
from tureen._tureen import last_run

START = """
    import time
    import numpy, tureen, tureen.bag
    from tureen import delayed
    from tureen._lock import gain
    from tureen._tureen import last_run

    def spin(seconds, *needs):
        n, end = 0, time.perf_counter() + seconds
        while time.perf_counter() < end:
            n += 1
        return n

    def both(function, *args):
        delayed(list)([delayed(function)(*args), delayed(function)(*args)]).compute(num_workers=2)

    def until_held_back(run):
        \"\"\"Run until it was seen that worker processes would gain: that takes an idle processor.\"\"\"
        for _ in range(8):
            run()
            if gain(last_run()["lock"]) > 1.4:
                return print("held back")
        print("busy")
"""


def script(text: str, folder: Path) -> tuple[str, str]:
    """Run a script; give what it said, and what it said of itself."""
    (folder / "script.py").write_text(textwrap.dedent(START) + textwrap.dedent(text))
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, done.stderr


needs_two = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one processor has nothing to gain")


@needs_two
def test_it_is_told_once_with_name_place_and_gain(tmp_path: Path) -> None:
    said, told = script("until_held_back(lambda: both(spin, 1.3)); both(spin, 1.3)", tmp_path)
    if said == "busy\n":
        pytest.skip("the machine had no idle processor")
    (line,) = told.splitlines()
    assert line.startswith("tureen: `spin` (script.py:8) ran on 2 threads that had to wait for each other")
    assert 1.25 <= float(line.partition(" should be about ")[2].split()[0]) <= 2.1
    assert 'scheduler="processes"' in line and "tureen.config.set(lock_hint=False)" in line


def test_it_is_told_once_whatever_the_machine_is_at(tmp_path: Path) -> None:
    text = """
        import tureen._lock
        tureen._lock.gain = lambda figures: 1.93
        for _ in range(3):
            both(spin, 1.3)
        both(time.sleep, 1.1)
    """
    said, told = script(text, tmp_path)
    assert said == ""
    (line,) = told.splitlines()
    assert line.startswith("tureen: `spin` (script.py:8) ran on 2 threads that had to wait for each other")
    assert "should be about 1.9 times as fast" in line


@needs_two
def test_of_a_bag_the_users_function_is_named(tmp_path: Path) -> None:
    text = """
        spins = tureen.bag.from_sequence([1.3, 1.3], npartitions=2).map(spin)
        until_held_back(lambda: spins.compute(scheduler="threads", num_workers=2))
    """
    said, told = script(text, tmp_path)
    if said == "busy\n":
        pytest.skip("the machine had no idle processor")
    (line,) = told.splitlines()
    assert line.startswith("tureen: `map(spin)` (script.py:8) ran on 2 threads")


@pytest.mark.parametrize(
    "text",
    [
        "both(spin, 0.3); both(spin, 0.3); both(spin, 0.3); both(spin, 0.3)",
        "both(time.sleep, 1.3)",
        "tureen.config.set(lock_hint=False); both(spin, 1.3)",
        "delayed(spin)(0.7, delayed(spin)(0.7)).compute(num_workers=2)",
        "both(spin, 1.3) if False else delayed(spin)(1.3).compute(num_workers=2)",
        "delayed(list)([delayed(spin)(0.7) for _ in range(2)]).compute(scheduler='processes', num_workers=2)",
        "delayed(list)([delayed(spin)(0.7) for _ in range(2)]).compute(scheduler='sync')",
        """
        def multiply(seconds):
            a, end = numpy.ones((700, 700)), time.perf_counter() + seconds
            while time.perf_counter() < end:
                a @ a
        both(multiply, 1.3)
        """,
        """
        import threading
        lock = threading.Lock()
        def behind_a_lock_of_the_users(seconds):
            while not lock.acquire(timeout=0.01):
                pass
            with open("/dev/null") as file:
                time.sleep(seconds)
            lock.release()
        both(behind_a_lock_of_the_users, 0.7)
        """,
        """
        def read(seconds):
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                with open("/dev/zero", "rb", buffering=0) as file:
                    file.read(100_000_000)
        both(read, 1.3)
        """,
    ],
)
def test_it_is_not_told(text: str, tmp_path: Path) -> None:
    assert script(text, tmp_path) == ("", "")


def spin(turns: int) -> int:
    total = 0
    for i in range(turns):
        total += i % 7
    return total


def add_up(turns: int) -> float:
    array = numpy.ones(1_000_000)
    return float(sum(float((array + 1).sum()) for _ in range(turns)))


def test_what_is_seen_tells_the_lock_from_work_without_it() -> None:
    for _ in range(30):
        tureen.compute(
            delayed(spin)(16_000_000), delayed(spin)(16_000_001), num_workers=2, scheduler="threads"
        )
        waiting = last_run()["lock"]  # type: ignore[index]
        if waiting and waiting["n_looks"] > 3 and waiting["waiting_share"] > 0.35:
            break
    else:
        pytest.fail(f"the lock was never seen: {waiting}")
    assert [function for function, _, _ in waiting["functions"]] == [spin]
    tureen.compute(delayed(add_up)(200), delayed(add_up)(201), num_workers=2, scheduler="threads")
    assert last_run()["lock"]["waiting_share"] < 0.35  # type: ignore[index]


def figures(**known: Any) -> Any:
    return {
        "seconds": 10.0,
        "n_done": 10,
        "n_looks": 200,
        "in_tasks": 2.0,
        "on_lock": 1.0,
        "spare": 1.0,
        "functions": [(spin, 200, 100)],
        **known,
    }


@pytest.mark.parametrize(
    ("known", "low", "high"),
    [
        ({}, 1.85, 2.0),
        ({"in_tasks": 4.0, "on_lock": 3.0}, 1.85, 2.0),
        ({"in_tasks": 4.0, "on_lock": 3.0, "spare": 3.0}, 3.5, 4.0),
        ({"spare": 0.0}, 0.9, 1.0),
        ({"spare": None}, 1.0, 1.0),
        ({"on_lock": 0.0}, 0.9, 1.0),
        ({"seconds": 1.0}, 1.4, 1.6),
        ({"n_done": 3_000_000}, 0.5, 0.7),
        ({"in_tasks": 2.0, "on_lock": 0.2}, 1.05, 1.12),
    ],
)
def test_the_gain_to_expect(known: dict[str, Any], low: float, high: float) -> None:
    assert low <= _lock.gain(figures(**known)) <= high


def test_nothing_is_said_without_gain(capsys: pytest.CaptureFixture[str]) -> None:
    assert not _lock.tell(figures(spare=0.0))
    assert not _lock.tell(figures(functions=[]))
    with tureen.config.set(lock_hint=False):
        assert not _lock.tell(figures())
    assert capsys.readouterr().err == ""
    assert _lock.tell(figures())
    assert capsys.readouterr().err.count("\n") == 1
