"""What a user is told when something goes wrong."""

from __future__ import annotations

import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

import tureen
from tureen import delayed


def run(tmp_path: Path, script: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "script.py").write_text(script)
    return subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )


@pytest.mark.skipif(sys.version_info < (3, 11), reason="notes are printed from Python 3.11 on")
@pytest.mark.parametrize("call", ["z.compute()", "tureen.compute(z)", 'z.compute(scheduler="sync")'])
def test_the_whole_text_of_an_exception_in_a_task(tmp_path: Path, call: str) -> None:
    done = run(
        tmp_path,
        "import tureen\n"
        "def divide(a, b):\n"
        "    return a / b\n"
        "x = tureen.delayed(divide)(4, 2)\n"
        "z = tureen.delayed(divide)(\n"
        "    x, b=0\n"
        ")\n"
        f"{call}\n",
    )
    lines = [line for line in done.stderr.splitlines() if set(line) - set(" ^~")]
    assert lines == [
        "Traceback (most recent call last):",
        f'  File "{tmp_path}/script.py", line 8, in <module>',
        f"    {call}",
        f'  File "{tmp_path}/script.py", line 3, in divide',
        "    return a / b",
        "ZeroDivisionError: float division by zero",
        "in divide(2.0, b=0), a promise made at script.py:5",
    ]


def test_the_exception_is_the_one_that_was_raised() -> None:
    mine = KeyError("salt")

    def fail() -> None:
        raise mine

    with pytest.raises(KeyError) as error:
        delayed(fail)().compute()
    assert error.value is mine
    frames = [frame.name for frame in traceback.extract_tb(error.value.__traceback__)]
    assert frames == ["test_the_exception_is_the_one_that_was_raised", "fail"]


def notes_of(promise: Any) -> list[str]:
    with pytest.raises(Exception) as error:
        promise.compute()
    return list(error.value.__notes__)


def test_long_and_broken_arguments_are_told_in_short() -> None:
    class Broken:
        def __repr__(self) -> str:
            raise RuntimeError("no repr")

    def fail(*args: Any) -> None:
        raise ValueError("no")

    (note,) = notes_of(delayed(fail)("x" * 1000, list(range(1000)), Broken()))
    assert note.startswith("in fail('xxx")
    assert "[0, 1, 2, 3, 4, 5, ...], <Broken instance at 0x" in note
    assert len(note) < 300
    (note,) = notes_of(delayed(fail)(*range(100)))
    assert note.startswith("in fail(0, 1, 2, 3, 4, ... 95 more), a promise made at ")


def test_one_exception_for_two_tasks_is_told_once_for_each() -> None:
    error = ValueError("the same")

    def fail(x: int) -> None:
        raise error

    promise = delayed(fail)(1)
    assert len(notes_of(promise)) == 1
    assert len(notes_of(promise)) == 1


def test_a_missing_method_is_told_when_it_is_called() -> None:
    (note,) = notes_of(delayed([1]).no_such_method())
    assert note.startswith("in no_such_method([1]), a promise made at ")


@pytest.mark.parametrize("scheduler", ["threads", "sync"])
@pytest.mark.parametrize("kind", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_what_is_no_failure_comes_out_as_it_is(kind: type[BaseException], scheduler: str) -> None:
    def leave() -> None:
        raise kind(7)

    with pytest.raises(kind) as error:
        delayed(leave)().compute(scheduler=scheduler)
    assert not hasattr(error.value, "__notes__")
    assert delayed(1).compute() == 1


def test_nothing_starts_after_a_failure() -> None:
    started: list[int] = []

    def fail() -> None:
        raise ValueError("no")

    chain = delayed(fail)()
    for i in range(5):
        chain = delayed(lambda _, i: started.append(i))(chain, i)
    with pytest.raises(ValueError):
        chain.compute()
    assert started == []


def test_a_scheduler_that_nobody_has() -> None:
    with pytest.raises(ValueError) as error:
        tureen.compute(delayed(1), scheduler="thread")
    assert str(error.value) == (
        "there is no scheduler `thread`\n"
        "hint: choose one of `threads`, `threading`, `processes`, `multiprocessing`, `sync`, `synchronous`, "
        "`single-threaded`, `auto`"
    )


def test_get_is_gone() -> None:
    with pytest.raises(TypeError, match="use `scheduler=` instead"):
        delayed(1).compute(get=lambda dsk, keys: None)


@pytest.mark.parametrize("n", [0, -1, 1.5, "2", True])
def test_a_number_of_workers_that_is_none(n: Any) -> None:
    with pytest.raises(ValueError, match="`num_workers` is a number from 1"):
        delayed(1).compute(num_workers=n)
