"""The progress bar where people see it: in terminals of many widths, in pipes and logs, and in a kernel."""

from __future__ import annotations

import io
import subprocess
import sys
import textwrap
from pathlib import Path

import nbformat
import pexpect
import pytest
from nbclient import NotebookClient

from tureen.diagnostics._line import line_on

SCRIPT = """
import os, time
from tureen import compute, delayed
from tureen.diagnostics import ProgressBar

def wait_for(name):
    while not os.path.exists(name):
        time.sleep(0.01)

with ProgressBar(dt=0.01):
    compute(*(delayed(wait_for)(f"go-{i}") for i in range(3)), num_workers=1)
print("the end")
"""


def in_terminal(folder: Path, columns: int) -> pexpect.spawn:
    (folder / "script.py").write_text(SCRIPT)
    return pexpect.spawn(
        sys.executable,
        ["script.py"],
        cwd=str(folder),
        dimensions=(24, columns),
        encoding="utf-8",
        timeout=60,
    )


def frames(text: str) -> list[str]:
    """What the line said, one after the other."""
    return [frame for frame in text.replace("\r\n", "\n").split("\r") if frame]


@pytest.mark.parametrize("columns", [200, 80, 60, 45, 20])
def test_the_line_is_never_longer_than_the_terminal_is_wide(columns: int, tmp_path: Path) -> None:
    child = in_terminal(tmp_path, columns)
    said = ""
    for i in range(3):
        child.expect(f"{i} of 3" if columns > 30 else "%")
        said += child.before + child.after
        (tmp_path / f"go-{i}").touch()
    child.expect(pexpect.EOF)
    said += child.before
    shown, end = said.replace("\r\n", "\n").split("\n", 1)
    assert end == "the end\n"
    assert len(frames(shown)) > 3
    assert all(len(frame) < columns for frame in frames(shown))
    assert "\x1b" not in said
    whole_bar = f"[{'#' * 40}] | "
    last = frames(shown)[-1]
    assert last.startswith({200: whole_bar, 80: "[##", 60: "[##", 20: "100% Completed"}.get(columns, ""))


def test_a_terminal_may_become_narrower(tmp_path: Path) -> None:
    child = in_terminal(tmp_path, 100)
    child.expect("0 of 3")
    child.setwinsize(24, 50)
    (tmp_path / "go-0").touch()
    child.expect("1 of 3")
    (tmp_path / "go-1").touch()
    (tmp_path / "go-2").touch()
    child.expect(pexpect.EOF)
    shown = child.before.replace("\r\n", "\n").split("\n", 1)[0]
    later = [frame for frame in frames(shown) if "Completed" in frame]
    assert later and all(len(frame) < 50 for frame in later)


def test_a_pipe_has_one_line_and_no_control_characters(tmp_path: Path) -> None:
    for i in range(3):
        (tmp_path / f"go-{i}").touch()
    (tmp_path / "script.py").write_text(SCRIPT)
    said = subprocess.run([sys.executable, "script.py"], cwd=tmp_path, capture_output=True, check=True)
    bar, end = said.stdout.decode().splitlines()
    assert bar.startswith(f"[{'#' * 40}] | 100% Completed | 3 of 3 | ")
    assert end == "the end"
    assert all(character >= " " for character in bar)


def test_a_log_has_a_line_now_and_then() -> None:
    out = io.StringIO()
    line = line_on(out)
    for second in range(100):
        line.change(str(second), second)
    line.end("end")
    assert out.getvalue().split() == ["10", "20", "40", "80", "end"]


def test_without_standard_output_nothing_is_shown() -> None:
    script = (
        "import sys; sys.stdout = None\n"
        "from tureen import delayed\n"
        "from tureen.diagnostics import ProgressBar\n"
        "with ProgressBar() as bar: assert delayed(abs)(-1).compute() == 1\n"
        "assert bar.last_duration > 0\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_cell_of_a_notebook_has_one_output(tmp_path: Path) -> None:
    source = """
        import time
        from tureen import compute, delayed
        from tureen.diagnostics import ProgressBar
        with ProgressBar(dt=0.01):
            compute(*(delayed(time.sleep)(0.1) for _ in range(3)), num_workers=1)
        print("the end")
    """
    cell = nbformat.v4.new_code_cell(textwrap.dedent(source))
    notebook = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    bar, end = cell.outputs
    assert bar.output_type == "display_data"
    assert bar.data["text/plain"].startswith(f"[{'#' * 40}] | 100% Completed | 3 of 3 | ")
    assert (end.output_type, end.text) == ("stream", "the end\n")
