"""Worker processes in scripts, one-liners and notebooks: results, output, and what is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

START = "import os, sys, tureen\nfrom tureen import delayed\n"


def python(*arguments: str, folder: Path, status: int = 0) -> tuple[str, str]:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == status, done.stderr
    return done.stdout, done.stderr


def script(text: str, folder: Path, status: int = 0) -> str:
    """Run a script; give what it printed."""
    (folder / "script.py").write_text(START + textwrap.dedent(text))
    return python("script.py", folder=folder, status=status)[0]


def processes_under(folder: Path) -> list[str]:
    """The processes that work in this folder: zombies have no folder any more."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.path.samefile(f"/proc/{entry}/cwd", folder):
                    found.append(entry)
            except OSError:
                continue
    return found


def test_a_script_needs_no_guard_and_is_not_run_again(tmp_path: Path) -> None:
    text = """
        print("once")
        offset = 10
        class Point:
            def __init__(self, x): self.x = x
        @delayed
        def shift(point): return Point(point.x + offset)
        made = shift(Point(1)).compute(scheduler="processes")
        print(made.x, type(made) is Point, os.getpid() != delayed(os.getpid)().compute(scheduler="processes"))
    """
    assert script(text, tmp_path) == "once\n11 True True\n"


def test_one_liners_and_notebooks_work(tmp_path: Path) -> None:
    line = START + "print(delayed(lambda x: x + 1)(1).compute(scheduler='processes'))"
    assert python("-c", line, folder=tmp_path)[0] == "2\n"
    cells = """
        import types
        notebook = types.ModuleType("__main__")
        sys.modules["__main__"] = notebook
        exec("from tureen import delayed\\ndef double(x): return [x, x]", notebook.__dict__)
        exec("print(delayed(double)(1).compute(scheduler='processes'))", notebook.__dict__)
    """
    assert script(cells, tmp_path) == "[1, 1]\n"


def test_functions_of_modules_beside_the_script_are_imported_by_workers(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text(
        "import os\nhome = os.getpid()\ndef where(): return home, os.getpid()\n"
    )
    text = """
        import beside
        home, here = delayed(beside.where)().compute(scheduler="processes")
        print(home == here, home != beside.home)
    """
    assert script(text, tmp_path) == "True True\n"


def test_workers_stay_warm_and_see_globals_as_they_are_now(tmp_path: Path) -> None:
    text = """
        value = 1
        def look(i): return os.getpid(), value, os.getcwd()
        calls = [delayed(look)(i) for i in range(50)]
        def run(): return tureen.compute(calls, scheduler="processes", num_workers=2)[0]
        first = run()
        value = 2
        os.mkdir("sub"); os.chdir("sub")
        second = run()
        pids = {pid for pid, _, _ in first + second}
        print(len(pids) <= 2, {v for _, v, _ in first}, {v for _, v, _ in second})
        print({os.path.basename(folder) for _, _, folder in second})
    """
    assert script(text, tmp_path) == "True {1} {2}\n{'sub'}\n"


def test_hashes_of_text_are_equal_in_all_workers(tmp_path: Path) -> None:
    text = """
        def look(i): return os.getpid(), hash("soup")
        import time
        def slow(i): time.sleep(0.2); return look(i)
        found = tureen.compute([delayed(slow)(i) for i in range(4)], scheduler="processes", num_workers=2)[0]
        print(len({pid for pid, _ in found}), len({value for _, value in found}))
    """
    assert script(text, tmp_path) == "2 1\n"


def test_output_and_warnings_reach_the_objects_of_the_caller(tmp_path: Path) -> None:
    text = """
        import contextlib, io, warnings
        @delayed
        def talk(x):
            print("said", x)
            warnings.warn("careful")
            print("no end of line", end="")
            return x
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            talk(1).compute(scheduler="processes")
        print(repr(out.getvalue()), "UserWarning: careful" in err.getvalue(), flush=True)
        delayed(os.system)("echo by the shell").compute(scheduler="processes")
    """
    assert script(text, tmp_path) == "'said 1\\nno end of line' True\nby the shell\n"


def test_nested_compute_runs_in_the_worker(tmp_path: Path) -> None:
    text = """
        @delayed
        def inner(x): return x, os.getpid()
        @delayed
        def outer(x):
            found = tureen.compute(*[inner(i) for i in range(x)], scheduler="processes")
            return [value for value, _ in found], {pid for _, pid in found} == {os.getpid()}
        print(outer(4).compute(scheduler="processes"))
    """
    assert script(text, tmp_path) == "([0, 1, 2, 3], True)\n"


def test_an_initializer_is_called_once_in_each_worker(tmp_path: Path) -> None:
    text = """
        def begin(): os.environ["BEGUN"] = os.environ.get("BEGUN", "") + "x"
        def look(i): return os.environ.get("BEGUN")
        with tureen.config.set({"multiprocessing.initializer": begin}):
            for _ in range(2):
                print(set(tureen.compute(*[delayed(look)(i) for i in range(20)], scheduler="processes")))
        print(delayed(look)(1).compute(scheduler="processes"))
        def fail(): raise ValueError("no")
        with tureen.config.set({"multiprocessing.initializer": fail}):
            try: delayed(look)(1).compute(scheduler="processes")
            except ValueError as error: print(repr(error))
    """
    assert script(text, tmp_path) == "{'x'}\n{'x'}\nNone\nValueError('no')\n"


def test_threads_of_the_caller_and_forked_children_each_have_their_runs(tmp_path: Path) -> None:
    text = """
        import threading
        def inc(x): return x + 1
        calls = [delayed(inc)(i) for i in range(100)]
        def run(): return tureen.compute(*calls, scheduler="processes", num_workers=2)
        found = [run()]
        threads = [threading.Thread(target=lambda: found.append(run())) for _ in range(3)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        print(len(found), all(values == found[0] for values in found), flush=True)
        child = os.fork()
        if child == 0:
            print("child", run() == found[0], flush=True)
            sys.exit()
        os.waitpid(child, 0)
        print("parent", run() == found[0])
    """
    assert script(text, tmp_path) == "4 True\nchild True\nparent True\n"
    assert processes_under(tmp_path) == []


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    text = """
        import numpy
        before = len(os.listdir("/proc/self/fd")), sorted(os.listdir("/dev/shm"))
        def make(i): return numpy.full(100_000, i)
        def use(array): return array + 1
        def total(parts): return sum(int(part[0]) for part in parts)
        from tureen._processes import pool
        for _ in range(3):
            parts = [delayed(use)(delayed(make)(i)) for i in range(40)]
            print(delayed(total)(parts).compute(scheduler="processes", num_workers=2))
            arrays = tureen.compute(*parts, scheduler="processes", num_workers=2)
            del arrays
        delayed(len)([]).compute(scheduler="processes", num_workers=2)
        pool.end_all()
        print(before == (len(os.listdir("/proc/self/fd")), sorted(os.listdir("/dev/shm"))))
        delayed(use)(1).compute(scheduler="processes")
    """
    assert script(text, tmp_path) == "820\n" * 3 + "True\n"
    assert processes_under(tmp_path) == []


def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    text = """
        import time
        def wait(i): time.sleep(60)
        def kill(i): time.sleep(0.5); os.kill(os.getppid(), 9); time.sleep(60)
        tureen.compute(delayed(wait)(1), delayed(kill)(2), scheduler="processes", num_workers=2)
    """
    script(text, tmp_path, status=-9)
    for _ in range(300):
        if not processes_under(tmp_path):
            break
        subprocess.run(["sleep", "0.01"], check=True)
    assert processes_under(tmp_path) == []


def test_ctrl_c_ends_tasks_and_the_session_goes_on(tmp_path: Path) -> None:
    text = """
        import signal, threading, time
        def sleep(i):
            try: time.sleep(60)
            finally: open(f"ended-{i}", "w").close()
        def spin(i):
            while True: pass
        for function in (sleep, spin):
            threading.Timer(1.0, os.kill, (os.getpid(), signal.SIGINT)).start()
            start = time.monotonic()
            calls = [delayed(function)(i) for i in range(4)]
            try: tureen.compute(*calls, scheduler="processes", num_workers=2)
            except KeyboardInterrupt: print("interrupted", time.monotonic() - start < 3)
            print(delayed(len)("abc").compute(scheduler="processes"))
        print(sorted(name for name in os.listdir() if name.startswith("ended")))
    """
    assert script(text, tmp_path) == "interrupted True\n3\n" * 2 + "['ended-0', 'ended-1']\n"
    assert processes_under(tmp_path) == []
