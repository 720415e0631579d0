"""What is said when a task in a worker fails, can't be sent, or takes its worker with it. Whole texts."""

from __future__ import annotations

import os
import signal
import socket
import struct
from pathlib import Path
from typing import Any

import pytest
from test_processes import processes_under, script

from tureen._processes import wire
from tureen._tureen import Wire

TELL = """
import traceback
def tell(promise):
    try: print("no error:", promise.compute(scheduler="processes", num_workers=2))
    except Exception as error: print("".join(traceback.format_exception_only(type(error), error)), end="")
    assert delayed(len)("abc").compute(scheduler="processes", num_workers=2) == 3
"""

HINT = 'hint: make it inside the task, or use `scheduler="threads"`, where nothing is sent\n'


def check(text: str, expected: str, folder: Path) -> None:
    assert script(TELL + text, folder) == expected
    assert processes_under(folder) == []


def test_an_exception_keeps_type_cause_and_the_lines_of_the_user(tmp_path: Path) -> None:
    text = """
class Spoiled(ValueError): pass
def inner(x):
    try: return 1 / x
    except ZeroDivisionError as error: raise Spoiled("soup") from error
def outer(x): return inner(x)
try: delayed(outer)(0).compute(scheduler="processes")
except Spoiled: traceback.print_exc(file=sys.stdout)
"""
    shown = script(TELL + text, tmp_path)
    lines = [line.strip() for line in shown.splitlines() if not set(line) <= set(" ^~")]
    file = tmp_path / "script.py"
    assert lines == [
        "Traceback (most recent call last):",
        f'File "{file}", line 12, in inner',
        "try: return 1 / x",
        "ZeroDivisionError: division by zero",
        "The above exception was the direct cause of the following exception:",
        "Traceback (most recent call last):",
        f'File "{file}", line 15, in <module>',
        'try: delayed(outer)(0).compute(scheduler="processes")',
        f'File "{file}", line 14, in outer',
        "def outer(x): return inner(x)",
        f'File "{file}", line 13, in inner',
        'except ZeroDivisionError as error: raise Spoiled("soup") from error',
        "Spoiled: soup",
        "in outer(0), a promise made at script.py:15",
    ]


def test_an_exception_that_cannot_travel_is_told_of(tmp_path: Path) -> None:
    text = """
class Odd(Exception):
    def __init__(self, a, b): super().__init__(f"{a} and {b}")
def fail(x): raise Odd(1, 2)
tell(delayed(fail)(0))
"""
    expected = (
        "tureen.errors.RemoteError: a task raised `__main__.Odd`, which can't be sent from a worker process: "
        f'1 and 2\nthere it was raised:\n  File "{tmp_path}/script.py", line 12, in fail\n'
        "    def fail(x): raise Odd(1, 2)\n"
        "hint: an exception travels if `pickle.loads(pickle.dumps(error))` works: "
        "give all arguments of its `__init__` to `super().__init__`\n"
        "in fail(0), a promise made at script.py:13\n"
    )
    check(text, expected, tmp_path)


def test_a_dead_worker_is_told_of_with_what_it_last_printed(tmp_path: Path) -> None:
    text = """
import contextlib, ctypes, io, signal
def fall(how):
    print("working", how); print("still", file=sys.stderr)
    if how == "exit": sys.exit("enough")
    if how == "_exit": os._exit(7)
    if how == "kill": os.kill(os.getpid(), signal.SIGKILL)
    ctypes.string_at(0)
quiet = contextlib.redirect_stderr(io.StringIO())
with quiet:
    for how in ("exit", "_exit", "kill", "crash"): tell(delayed(fall)(how))
"""
    said = "the last it printed:\n  working {0}\n  still\n"
    died = "working {0}\ntureen.errors.WorkerDied: a worker process ended while it ran `fall`: "
    note = "in fall('{0}'), a promise made at script.py:19\n"
    ended = "hint: something in the task ended the process, as `os._exit` does: raise an exception instead\n"
    memory = "hint: the system does so when memory runs out: "
    expected = [
        "working exit\ntureen.errors.WorkerDied: `fall` called `sys.exit('enough')`, "
        "which would end its worker\nhint: raise an exception instead, or return\n" + note.format("exit"),
        died.format("_exit") + "exit status 7\n" + said.format("_exit") + ended + note.format("_exit"),
        died.format("kill") + "killed by signal 9 (SIGKILL)\n" + said.format("kill") + memory
        + "try fewer workers (`num_workers=`) or smaller tasks\n" + note.format("kill"),
    ]  # fmt: skip
    shown = script(TELL + text, tmp_path)
    assert shown.startswith("".join(expected))
    crash = shown.removeprefix("".join(expected)).splitlines()
    # Between these, the line of ctypes where it crashed.
    assert crash[:3] == (died.format("crash") + "killed by signal 11 (SIGSEGV)\nwhere it was:").splitlines()
    assert crash[4:] == (
        f'  File "{tmp_path}/script.py", line 16 in fall\n' + said.format("crash")
        + "hint: compiled code that the task called has crashed; "
        + 'with `scheduler="sync"` a debugger can see it\n'
        + note.format("crash")
    ).splitlines()  # fmt: skip
    assert processes_under(tmp_path) == []


def test_what_cannot_be_sent_is_named_with_the_path_to_it(tmp_path: Path) -> None:
    text = """
import threading
LOCK = threading.Lock()
class Holder:
    def __init__(self): self.lock = LOCK
def same(x): return x
def make(): return [1, {"here": LOCK}]
def uses(x): return LOCK
tell(delayed(same)({"a": [0, Holder()]}))
tell(delayed(same)(x=LOCK))
tell(delayed(uses)(1))
"""
    kind = "`_thread.lock` (cannot pickle '_thread.lock' object)\n"
    shown = script(TELL + text, tmp_path)
    start = "tureen.errors.NotPicklable: "
    first, second, third = shown.split(start)[1:]
    sent = "can't be sent to another process: "
    assert first.startswith(
        f"argument 1 of `same` {sent}`argument['a'][1].lock` in it is a {kind}{HINT}in same("
    )
    assert second.startswith(f"argument `x` of `same` {sent}a {kind}{HINT}in same(x=<unlocked _thread")
    assert third == f"the function `uses` {sent}`uses -> LOCK` in it is a {kind}{HINT}" + (
        "in uses(1), a promise made at script.py:19\n"
    )


def test_a_result_that_cannot_be_sent_is_named(tmp_path: Path) -> None:
    text = """
def make():
    import threading
    return [1, {"here": threading.Lock()}]
def take(x): return len(x)
tell(delayed(make)())
tell(delayed(take)(delayed(make)()))
"""
    expected = (
        "tureen.errors.NotPicklable: its result can't be sent to another process: "
        "`result[1]['here']` in it is a `_thread.lock` (cannot pickle '_thread.lock' object)\n"
        f"{HINT}in make(), a promise made at script.py:14\n"
        "no error: 2\n"
    )
    check(text, expected, tmp_path)


def test_what_a_worker_cannot_load_fails_only_its_own_task(tmp_path: Path) -> None:
    text = """
def refuse(): raise ValueError("not here")
class Refuses:
    def __reduce__(self): return refuse, ()
def same(x): return x
def fails(x): return Refuses()
tell(delayed(same)(Refuses()))
tell(delayed(fails)(1))
"""
    refused, fails = script(TELL + text, tmp_path).split("in same(")
    assert refused == "ValueError: not here\n"
    assert fails.split("\n", 1)[1] == (
        "tureen.errors.NotPicklable: its result came back from a worker process, but can't be loaded here: "
        "ValueError: not here\nhint: see that `pickle.loads(pickle.dumps(result))` works\n"
        "in fails(1), a promise made at script.py:16\n"
    )


def test_a_failure_does_not_wait_for_the_others(tmp_path: Path) -> None:
    text = """
import time
def slow(): time.sleep(3); open("done", "w").close()
def fail(): raise ValueError("quick")
start = time.monotonic()
try: tureen.compute(delayed(slow)(), delayed(fail)(), scheduler="processes", num_workers=2)
except ValueError as error: print(error, os.path.exists("done"))
assert delayed(len)("abc").compute(scheduler="processes", num_workers=2) == 3
"""
    check(text, "quick False\n", tmp_path)


def test_an_interrupt_in_the_middle_of_a_frame_leaves_no_descriptor_open() -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    ours, theirs = socket.socketpair()
    end = Wire(ours.detach())
    before = signal.signal(signal.SIGALRM, interrupt)
    reads, writes = os.pipe()
    try:
        with theirs:
            header = struct.pack("<IIQ", wire.REPLY, 1, 100)  # of a body that does not come
            socket.send_fds(theirs, [header], [writes])
            os.close(writes)
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(KeyboardInterrupt):
                end.receive()
            os.set_blocking(reads, False)
            assert os.read(reads, 1) == b""  # which is a `BlockingIOError` while one is still open
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        os.close(reads)
        end.close()


def test_more_large_results_than_descriptors_are_an_error_and_no_wait(tmp_path: Path) -> None:
    text = """
import resource
import numpy
def arrays(): return [numpy.ones(20_000) for _ in range(60)]
delayed(arrays)().compute(scheduler="processes", num_workers=1)
resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 30, 4096))
try: delayed(arrays)().compute(scheduler="processes", num_workers=1)
except OSError as error: print(error.errno, "ulimit -n" in str(error))
"""
    check(text, "24 True\n", tmp_path)


def test_what_a_signal_raises_is_the_error_of_the_call_that_it_came_in(tmp_path: Path) -> None:
    text = """
import signal, time
def arm(seconds):
    def handler(*_): raise TimeoutError("alarm")
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, seconds)
both = [delayed(arm)(0.05), delayed(sum)(range(30_000_000))]
try: tureen.compute(*both, scheduler="processes", num_workers=1)
except TimeoutError as error: print(error)
"""
    check(text, "alarm\n", tmp_path)
