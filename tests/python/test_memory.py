"""What a run holds: results only while somebody still needs them, and little of a graph."""

from __future__ import annotations

import gc
import subprocess
import sys
import textwrap
import threading
import time
import weakref
from typing import Any

import pytest

from tureen import compute, delayed

SCHEDULERS = ["threads", "sync", "processes"]

_lock = threading.Lock()
_alive = 0
_most = 0


class Pot:
    """Counted in the process where it is: `most` is how many there were at a time."""

    load: bytes

    def __new__(cls) -> Pot:  # also called for one that comes from another process
        global _alive, _most
        pot = super().__new__(cls)
        pot.load = bytes(100_000)
        with _lock:
            _alive += 1
            _most = max(_most, _alive)
        return pot

    def __del__(self) -> None:
        global _alive
        with _lock:
            _alive -= 1


def fresh() -> None:
    """Begin to count."""
    global _alive, _most
    gc.collect()
    assert _alive == 0
    _most = 0


def cook(*pots: Any) -> Pot:
    return Pot()


def most(*pots: Any) -> int:
    """How many pots there were at a time in this process."""
    return _most


def taste(pot: Pot) -> int:
    return len(pot.load)


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_a_chain_holds_two_results(scheduler: str) -> None:
    fresh()
    pot = delayed(cook)()
    for _ in range(50):
        pot = delayed(cook)(pot)
    # That which is made, and that of which it is made.
    assert 2 <= delayed(most)(pot).compute(scheduler=scheduler, num_workers=2) <= 3
    assert _alive == 0


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_what_is_used_up_branch_by_branch_is_not_gathered(scheduler: str) -> None:
    fresh()
    tastes = [delayed(taste)(delayed(cook)(i)) for i in range(100)]
    total = delayed(sum)(tastes)
    found, at_most = compute(total, delayed(most)(total), scheduler=scheduler, num_workers=2)
    assert found == 100 * 100_000
    if scheduler == "processes":
        # Batches are made ahead of time, so some pots wait for their turn; how many is a matter of time.
        assert at_most <= 100
    else:
        assert at_most <= 4
    assert _alive == 0


@pytest.mark.parametrize("scheduler", ["threads", "sync"])
def test_the_last_user_of_a_result_is_the_last_to_hold_it(scheduler: str) -> None:
    seen: list[weakref.ref[Pot]] = []
    alive_then: list[bool] = []

    def make() -> Pot:
        pot = Pot()
        seen.append(weakref.ref(pot))
        return pot

    def use(pot: Pot) -> int:
        return 1

    def later(*ones: int) -> None:
        alive_then.append(seen[0]() is not None)

    pot = delayed(make)()
    delayed(later)(delayed(use)(pot), delayed(use)(pot)).compute(scheduler=scheduler)
    assert alive_then == [False]


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_nothing_of_a_run_stays_with_its_promises(scheduler: str) -> None:
    fresh()
    promises = [delayed(cook)(i) for i in range(10)]
    results = compute(*promises, scheduler=scheduler)
    assert _alive == 10
    del results
    assert _alive == 0
    assert len(promises) == 10


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_nothing_of_a_failed_run_stays_when_its_exception_is_gone(scheduler: str) -> None:
    fresh()
    pots = [delayed(cook)(i) for i in range(10)]
    with pytest.raises(ZeroDivisionError):
        compute(delayed(divmod)(delayed(taste)(pots[0]), 0), *pots, scheduler=scheduler, num_workers=1)
    gc.collect()
    # Nobody waits for the threads of a run that failed.
    until = time.monotonic() + 10
    while _alive and time.monotonic() < until:
        time.sleep(0.01)
    assert _alive == 0


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.skipif(sys.flags.dev_mode, reason="Python's own checks of memory take memory")
def test_a_million_promises_take_less_than_400_megabytes() -> None:
    script = """
        import re, tureen
        def peak():
            with open("/proc/self/status") as status:
                return int(re.search(r"VmHWM:\\s+(\\d+)", status.read())[1]) / 1024
        before = peak()
        inc = tureen.delayed(lambda x: x + 1)
        assert tureen.delayed(sum)([inc(i) for i in range(1_000_000)]).compute() == 500000500000
        print(peak() - before)
    """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    ran = subprocess.run(command, check=True, capture_output=True)
    assert float(ran.stdout) < 400
