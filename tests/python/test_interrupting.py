"""Ctrl-C in a script, in IPython and in a Jupyter kernel; terminals that hang up and parents that are killed.

Each session is interrupted in all ways one after the other, so that each finds the session as the one before
has left it. Tasks would take minutes: whoever waited for one would be noticed.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import jupyter_client
import pexpect
import pytest
from test_processes import processes_under

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals, terminals")

PATIENCE = 60

DEFINITIONS = """
import hashlib, os, time, tureen, tureen.diagnostics
from tureen import delayed

begun, ended = [], []

def spin(i):
    try:
        # Within, for it may be interrupted at any place: what has begun has ended.
        begun.append(i)
        print("began", flush=True)
        while True:
            pass
    finally:
        ended.append(i)

def nap(i):
    print("began", flush=True)
    time.sleep(600)

def grind(i):
    # In C, without the interpreter's lock.
    print("began", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"pass" * 100, b"salt", 2**31 - 1)

def hold(i):
    # In C, with it.
    print("began", flush=True)
    sum(range(10**12))

def outer(i):
    return tureen.compute(*(delayed(spin)(i) for i in range(4)), num_workers=2)

def run(function, scheduler):
    calls = [delayed(function)(i) for i in range(6)]
    if scheduler == "callbacks":
        with tureen.diagnostics.Callback(pretask=lambda *told: None):
            return tureen.compute(*calls, num_workers=2)
    return tureen.compute(*calls, scheduler=scheduler, num_workers=2)

def again(scheduler):
    total = delayed(sum)([delayed(abs)(-i) for i in range(10)])
    return total.compute(scheduler="threads" if scheduler == "callbacks" else scheduler, num_workers=2)

def children():
    pids = []
    for task in os.listdir("/proc/self/task"):
        with open(f"/proc/self/task/{task}/children") as file:
            pids += file.read().split()
    return set(pids)

def until(is_so):
    for _ in range(6000):
        if is_so():
            return True
        time.sleep(0.01)
    return False
"""

WAYS = [
    ("spin", "threads"),
    ("outer", "threads"),
    ("nap", "threads"),
    ("spin", "callbacks"),
    ("nap", "callbacks"),
    ("spin", "sync"),
    ("nap", "sync"),
    ("spin", "processes"),
    ("nap", "processes"),
    ("grind", "processes"),
    ("hold", "processes"),
    # The last, for its threads compute on.
    ("grind", "threads"),
]


def check_all_ways(
    interrupted: Callable[[str], str], said: Callable[[str], str], ways: list[tuple[str, str]]
) -> None:
    """Go through a session.

    Args:
        interrupted: Executes a statement that prints ``began`` and does not end, interrupts it, and gives
            what is told.
        said: Executes a statement, and gives what it prints.
        ways: What is interrupted.
    """
    for function, scheduler in ways:
        assert said("begun.clear(); ended.clear(); was = children(); print('ready')") == "ready"
        told = interrupted(f"run({function}, {scheduler!r})")
        assert "KeyboardInterrupt" in told
        assert "tureen/_processes" not in told, "frames that are not the user's"
        assert said(f"print(again({scheduler!r}))") == "45"
        if scheduler in ("threads", "callbacks") and function in ("spin", "outer"):
            assert said("print(until(lambda: len(ended) == len(begun) > 0))") == "True", "threads spin on"
        if scheduler == "processes":
            assert said("print(until(lambda: not was & children()))") == "True", "workers of then are there"


@pytest.fixture
def ipython(tmp_path: Path) -> Iterator[pexpect.spawn]:
    arguments = ["-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor", "--no-confirm-exit"]
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython"), "TERM": "dumb"}
    child = pexpect.spawn(
        sys.executable, arguments, cwd=str(tmp_path), env=environment, encoding="utf-8", timeout=PATIENCE
    )
    yield child
    child.close(force=True)


def test_ipython(ipython: pexpect.spawn, tmp_path: Path) -> None:
    (tmp_path / "definitions.py").write_text(DEFINITIONS)
    prompt = r"In \[\d+\]: "

    def said(statement: str) -> str:
        ipython.sendline(statement)
        ipython.expect(prompt)
        return str(ipython.before).replace(statement, "").strip()

    def interrupted(statement: str) -> str:
        ipython.sendline(statement)
        ipython.expect("began\r\n")
        ipython.send("\x03")
        ipython.expect(prompt)
        return str(ipython.before)

    ipython.expect(prompt)
    assert said("%run -i definitions.py") == ""
    check_all_ways(interrupted, said, WAYS)
    ipython.sendline("exit()")
    ipython.expect(pexpect.EOF)
    assert "Traceback" not in ipython.before
    assert processes_under(tmp_path) == []


def test_a_jupyter_kernel(tmp_path: Path) -> None:
    manager, client = jupyter_client.manager.start_new_kernel(
        kernel_name="python3", startup_timeout=PATIENCE, cwd=str(tmp_path)
    )

    def ask(statement: str, is_interrupted: bool = False) -> str:
        told = ""
        asked = client.execute(statement)
        while True:
            try:
                message = client.get_iopub_msg(timeout=PATIENCE)
            except queue.Empty:
                pytest.fail(f"`{statement}` goes on; so far it said {told!r}")
            if message["parent_header"].get("msg_id") != asked:
                continue
            content = message["content"]
            if message["msg_type"] == "stream":
                told += content["text"]
                if is_interrupted and "began" in told:
                    is_interrupted = False
                    manager.interrupt_kernel()
            elif message["msg_type"] == "error":
                told += "\n".join(content["traceback"])
            elif message["msg_type"] == "status" and content["execution_state"] == "idle":
                return told.strip()

    try:
        assert ask(DEFINITIONS) == ""
        check_all_ways(lambda statement: ask(statement, True), ask, WAYS)
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    assert processes_under(tmp_path) == []


@pytest.mark.parametrize(("function", "scheduler"), WAYS)
def test_a_script(function: str, scheduler: str, tmp_path: Path) -> None:
    end = f"""
        try:
            run({function}, {scheduler!r})
        except KeyboardInterrupt:
            # In one piece: a task may be about to print, too.
            print(f"total {{again({scheduler!r})}}\\n", end="", flush=True)
            raise
    """
    (tmp_path / "script.py").write_text(DEFINITIONS + textwrap.dedent(end))
    child = pexpect.spawn(
        sys.executable, ["script.py"], cwd=str(tmp_path), encoding="utf-8", timeout=PATIENCE
    )
    child.expect("began\r\n")
    child.send("\x03")
    child.expect("total 45\r\n")
    child.expect(pexpect.EOF)
    child.close()
    assert child.signalstatus == signal.SIGINT
    assert "tureen/_processes" not in child.before
    assert child.before.endswith("KeyboardInterrupt\r\n")
    assert processes_under(tmp_path) == []


@pytest.mark.parametrize("function", ["spin", "hold"])
@pytest.mark.parametrize("how", ["SIGTERM", "SIGKILL", "hang up"])
def test_workers_end_with_their_parent(how: str, function: str, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(f"{DEFINITIONS}\nrun({function}, 'processes')\n")
    child = pexpect.spawn(
        sys.executable, ["script.py"], cwd=str(tmp_path), encoding="utf-8", timeout=PATIENCE
    )
    child.expect("began\r\n")
    child.expect("began\r\n")
    if how == "hang up":
        os.close(child.child_fd)
    else:
        os.kill(child.pid, signal.Signals[how])
    os.waitpid(child.pid, 0)
    deadline = time.monotonic() + PATIENCE
    while processes_under(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert processes_under(tmp_path) == []
