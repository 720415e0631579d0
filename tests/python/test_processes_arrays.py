"""Large buffers between worker processes: whole, everybody's own, without copies where that is possible, and
nothing left behind.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from test_processes import START, processes_under, script

import tureen
from tureen import delayed
from tureen._processes import arena, huge, pool

numpy = pytest.importorskip("numpy")

N = 5_000_000
"""Numbers of 8 bytes: enough that an array of them is born in shared memory."""

needs_huge = pytest.mark.skipif(huge.folder() is None, reason="the system gives us no huge pages to share")


@pytest.fixture(autouse=True)
def ended_workers() -> Iterator[None]:
    """Ends the workers after each test."""
    yield
    pool.end_all()


def compute(*promises: Any, **keywords: Any) -> tuple[Any, ...]:
    return tureen.compute(*promises, scheduler="processes", num_workers=2, **keywords)


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 60
    while not path.exists():
        assert time.monotonic() < deadline, path
        time.sleep(0.001)


def make(n: int = N) -> Any:
    return numpy.arange(n, dtype=float)


def same(value: Any) -> Any:
    return value


def is_born_shared(array: Any) -> bool:
    """Whether an array is in a file that others can have, and what is written to it goes there."""
    address = array.__array_interface__["data"][0]
    for line in Path("/proc/self/maps").read_text().splitlines():
        start, end = (int(part, 16) for part in line.split()[0].split("-"))
        if start <= address < end:
            return line.split()[1] == "rw-s"
    return False


def refuse_huge_pages() -> None:
    huge._was_tried, huge._folder = True, None


ARRAYS: dict[str, Callable[[], Any]] = {
    "plain": make,
    "small": partial(make, 3),
    "no element": partial(make, 0),
    "no dimension": lambda: numpy.array(3.5),
    "columns first": lambda: numpy.asfortranarray(make().reshape(1000, -1)),
    "transposed": lambda: make().reshape(1000, -1).T,
    "every second": lambda: make()[::2],
    "backwards": lambda: make()[::-1],
    "some columns": lambda: make().reshape(1000, -1)[:, 1:-1],
    "most of one": lambda: make()[1000:],
    "little of one": lambda: make()[1000:20_000],
    "two halves": lambda: (lambda whole: (whole[: N // 2], whole[N // 2 :], whole))(make()),
    "named fields": lambda: numpy.zeros(N // 2, dtype=[("x", "f8"), ("y", "i4")]),
    "masked": lambda: numpy.ma.masked_less(make(), 7),
    "objects": lambda: numpy.array([[1], "two", None], dtype=object),
    "made longer": lambda: (lambda a: (a.resize(2 * N, refcheck=False), a)[1])(make()),
    "made shorter": lambda: (lambda a: (a.resize(10, refcheck=False), a)[1])(make()),
    "zeros": lambda: numpy.zeros(N),
    "not to be written": lambda: (lambda a: (a.setflags(write=False), a)[1])(make()),
}


@pytest.mark.parametrize("refused", [False, True], ids=["huge pages", "none"])
def test_arrays_of_all_kinds_come_and_go_whole(refused: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    keywords = {"initializer": refuse_huge_pages} if refused else {}
    if refused:
        monkeypatch.setattr(huge, "_was_tried", True)
        monkeypatch.setattr(huge, "_folder", None)
    # The first ones bring NumPy into the workers: what they make later is born in shared memory.
    compute(*[delayed(same)(numpy.ones(3)) for _ in range(8)], **keywords)
    for name, made in ARRAYS.items():
        expected = pickle.loads(pickle.dumps(made(), protocol=5))
        there, back = compute(delayed(made)(), delayed(same)(made()), **keywords)
        for found in (there, back):
            for array, should in zip(*map(in_tuple, (found, expected)), strict=True):
                assert type(array) is type(should), name
                assert (array.dtype, array.shape) == (should.dtype, should.shape), name
                assert array.flags.writeable == should.flags.writeable, name
                assert (numpy.ma.getdata(array) == numpy.ma.getdata(should)).all(), name
                assert (numpy.ma.getmask(array) == numpy.ma.getmask(should)).all(), name


def in_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def test_a_call_may_take_any_number_of_large_arrays() -> None:
    arrays = [numpy.full(100_000 + n, n) for n in range(300)]
    (found,) = compute(delayed(same)(arrays))
    assert all((array == n).all() and len(array) == 100_000 + n for n, array in enumerate(found))


@needs_huge
def test_large_results_are_born_in_shared_memory() -> None:
    compute(delayed(same)(numpy.ones(3)))
    assert compute(delayed(is_born_shared)(delayed(make)())) == (True,)
    assert compute(delayed(is_born_shared)(delayed(make)(1000))) == (False,)


def change(array: Any, mine: Path, others: Path) -> float:
    """Write into an array that another task has at the same time; give the sum of what it was before."""
    mine.touch()
    wait_for(others)
    before = float(array.sum())
    array += 1
    mine.with_suffix(".changed").touch()
    wait_for(others.with_suffix(".changed"))
    return before if array.sum() == before + N else -1.0


def test_what_a_task_writes_into_a_result_is_seen_by_no_other_worker(tmp_path: Path) -> None:
    compute(delayed(same)(numpy.ones(3)))
    made = delayed(make)()
    a, b = tmp_path / "a", tmp_path / "b"
    assert compute(delayed(change)(made, a, b), delayed(change)(made, b, a)) == (make().sum(),) * 2


def test_what_a_forked_child_writes_into_an_array_is_its_own() -> None:
    def fork(array: Any) -> float:
        pid = os.fork()
        if pid == 0:
            array[:] = 5
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        array[0] = 7
        return array

    compute(delayed(same)(numpy.ones(3)))
    (found,) = compute(delayed(fork)(delayed(make)()))
    assert found[0] == 7 and (found[1:] == make()[1:]).all()


def test_an_array_that_the_machine_has_no_room_for_is_a_memory_error() -> None:
    compute(delayed(same)(numpy.ones(3)))
    with pytest.raises(MemoryError):
        compute(delayed(numpy.ones)(10**14))


def test_buffers_of_arrow_come_and_go_whole() -> None:
    arrow = pytest.importorskip("pyarrow")
    table = arrow.table({"n": arrow.array(range(100_000)), "text": arrow.array(map(str, range(100_000)))})
    for value in (table, table["n"].combine_chunks()[5:-5], arrow.py_buffer(b"x" * 1_000_000)):
        assert compute(delayed(same)(value))[0].equals(value)


def test_long_pickles_go_whole() -> None:
    words = [str(n) for n in range(500_000)]
    assert compute(delayed(sorted)(delayed(list)(words))) == (sorted(words),)


def test_a_worker_that_dies_with_a_wanted_array_is_told_of_and_the_next_run_works(tmp_path: Path) -> None:
    def die(mine: Path, others: Path) -> None:
        mine.touch()
        wait_for(others)
        os.kill(os.getpid(), signal.SIGKILL)

    def make_beside(mine: Path, others: Path) -> Any:
        mine.touch()
        wait_for(others)
        return make()

    a, b = tmp_path / "a", tmp_path / "b"
    both = [delayed(make_beside)(a, b), delayed(die)(b, a)]
    with pytest.raises(tureen.errors.WorkerDied, match="SIGKILL"):
        compute(delayed(len)([*both, *[delayed(make)() for _ in range(4)]]))
    assert compute(delayed(numpy.sum)(delayed(make)())) == (make().sum(),)


LEAVING = """
    import numpy
    def step(array): return array + 1
    def first(arrays): return sum(array[0] for array in arrays)
    def descriptors(): return sorted(os.listdir("/proc/self/fd"))
    def run():
        array = numpy.ones(5_000_000)
        steps = [delayed(step)(array) for _ in range(6)]
        total, *arrays = tureen.compute(delayed(first)(steps), *steps, scheduler="processes", num_workers=2)
        return total, [array.sum() for array in arrays]
"""


def test_no_descriptor_is_left_after_a_run(tmp_path: Path) -> None:
    text = """
    def count():
        of_worker = tureen.compute(delayed(descriptors)(), scheduler="processes", num_workers=2)[0]
        return len(descriptors()), len(of_worker)
    run()
    before = count()
    for _ in range(3): run()
    print(count() == before or (before, count()))
    """
    assert script(LEAVING + text, tmp_path) == "True\n"


def test_the_memory_of_copies_is_used_again_only_when_nobody_looks_at_them(tmp_path: Path) -> None:
    text = """
    import builtins, numpy
    N = 500_000
    def keep(array):
        builtins.__dict__.setdefault("kept", []).append(array[1:])
        return array[0]
    def look(number):
        return [(array[0], (array == array[0]).all()) for array in getattr(builtins, "kept", ())]
    def half(array):
        return array[::2]
    arrays = [numpy.full(N, float(number)) for number in range(24)]
    def each(function):
        return tureen.compute(*[delayed(function)(array) for array in arrays])
    with tureen.config.set(scheduler="processes", num_workers=2):
        assert each(keep) == tuple(range(24))
        assert each(numpy.sum) == tuple(N * number for number in range(24))
        assert all((part == number).all() for number, part in enumerate(each(half)))
        seen = {entry for part in tureen.compute(*map(delayed(look), range(100))) for entry in part}
    print(sorted(seen) == [(number, True) for number in range(24)] or seen)
    """
    assert script(text, tmp_path) == "True\n"


def noise(length: int) -> bytes:
    """Bytes that differ from one 64 bytes to the next."""
    return numpy.random.default_rng(length).bytes(length)


@pytest.fixture
def no_free_arenas() -> Iterator[None]:
    arena.forget_free()
    yield
    arena.forget_free()


def wrote_over(data: memoryview) -> tuple[bool, bytes]:
    """Whether an arena that held more was used again for these bytes, and what it holds now."""
    before = arena.write(memoryview(noise(len(data) + 5000)))
    arena.give_back(before, len(data) + 5000)
    descriptor = arena.write(data)
    held = os.pread(descriptor, len(data) + 1, 0)
    os.close(descriptor)
    return descriptor == before, held


@pytest.mark.usefixtures("no_free_arenas")
@pytest.mark.parametrize("start", [0, 1, 16, 4095])
@pytest.mark.parametrize("more", [0, 1, 63, 64, 100_000])
def test_what_is_written_over_other_bytes_is_whole(start: int, more: int) -> None:
    expected = noise(huge.PAGE + more)
    data = memoryview(bytearray(start) + expected)[start:]
    assert wrote_over(data) == (True, expected)
    assert wrote_over(data.toreadonly()) == (True, expected)


@pytest.mark.usefixtures("no_free_arenas")
def test_where_memory_can_not_be_mapped_files_are_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arena, "fill_mapped", lambda *arguments: False)
    expected = noise(2 * huge.PAGE)
    assert wrote_over(memoryview(bytearray(expected))) == (True, expected)


def test_memory_that_is_not_there_is_not_written() -> None:
    source = numpy.ones(2 * huge.PAGE, dtype="u1")
    start = source.__array_interface__["data"][0]
    descriptor = arena.new(2 * huge.PAGE)
    try:
        os.ftruncate(descriptor, huge.PAGE)
        assert not arena.fill_mapped(descriptor, start, 2 * huge.PAGE)
        os.ftruncate(descriptor, 2 * huge.PAGE)
        assert arena.fill_mapped(descriptor, start, 2 * huge.PAGE)
        assert os.pread(descriptor, 2 * huge.PAGE, 0) == source.tobytes()
    finally:
        os.close(descriptor)
    closed = os.open("/dev/null", os.O_RDONLY)
    assert not arena.fill_mapped(closed, start, huge.PAGE)
    os.close(closed)


def test_an_array_that_changes_between_two_runs_is_copied_anew() -> None:
    array = make()
    for number in range(3):
        array[:] = number
        others = [numpy.full(N, -1.0) for _ in range(4)]
        found = compute(*[delayed(numpy.sum)(part) for part in (array, *others, array)])
        assert found == (number * N, *[-N] * 4, number * N)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_is_left_of_a_program_that_is_killed(how: signal.Signals, tmp_path: Path) -> None:
    shared_before, mounts_before = os.listdir("/dev/shm"), Path("/proc/self/mounts").read_text()
    text = START + textwrap.dedent(LEAVING) + "while True:\n    run()\n    print('ran', flush=True)\n"
    (tmp_path / "script.py").write_text(text)
    with subprocess.Popen([sys.executable, "script.py"], cwd=tmp_path, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None and program.stdout.readline() == b"ran\n"
        program.send_signal(how)
    deadline = time.monotonic() + 30
    while processes_under(tmp_path):
        assert time.monotonic() < deadline, processes_under(tmp_path)
        time.sleep(0.01)
    assert os.listdir("/dev/shm") == shared_before
    assert Path("/proc/self/mounts").read_text() == mounts_before


def test_who_may_not_mount_gets_huge_pages_from_a_namespace() -> None:
    try:
        folder = huge._mounted_by_another()
    except OSError:
        pytest.skip("the system lets nobody make a user namespace")
    descriptor = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o600, dir_fd=folder)
    os.close(folder)
    arena._write_all(descriptor, memoryview(b"soup" * 1_000_000))
    assert bytes(arena.map_private(descriptor, 4096, 8, is_shared=True)) == b"soupsoup"


def test_without_a_place_for_huge_pages_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huge, "_mount", partial(os.stat, "/nowhere at all"))
    monkeypatch.setattr(huge, "_was_tried", False)
    monkeypatch.setattr(huge, "_folder", None)
    assert huge.folder() is None
    (back,) = compute(delayed(same)(make()))
    assert (back == make()).all()
