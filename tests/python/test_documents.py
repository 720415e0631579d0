"""The documents tell the truth: their examples run, and their maps name what is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8")

DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "imp", "manager", "stuff"}
TAKEN_IN = {"conformance"}
"""Folders whose files were written elsewhere and are kept as they came."""


def code_blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.DOTALL | re.MULTILINE)


def committed_files() -> list[Path]:
    if shutil.which("git") is None or not (PROJECT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, check=True, text=True
    ).stdout
    return [Path(name) for name in listed.split("\0") if name and (PROJECT / name).exists()]


@pytest.mark.parametrize("number", range(2))
def test_python_examples_of_the_readme_run(number: int, tmp_path: Path) -> None:
    examples = code_blocks("python")
    assert len(examples) == 2
    assert "assert " in examples[number], "an example that checks nothing proves nothing"
    ran = subprocess.run(
        [sys.executable, "-c", examples[number]], cwd=tmp_path, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_workflow_of_the_readme_runs(tmp_path: Path) -> None:
    [snakefile] = code_blocks("snakemake")
    (tmp_path / "Snakefile").write_text(snakefile)
    command = [str(Path(sys.executable).parent / "tureen"), "-c", "4"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "soup.txt").read_text() == "peas\nwater\n"


def test_links_and_pictures_of_the_readme_exist() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", README)
    assert targets
    assert [target for target in targets if not (PROJECT / target).exists()] == []
    assert ElementTree.parse(PROJECT / "docs/peasoup.svg").getroot().tag.endswith("svg")


def test_readme_fits_on_a_screen() -> None:
    assert len(README.splitlines()) <= 80


def test_architecture_names_every_crate() -> None:
    crates = [path.name for path in (PROJECT / "crates").iterdir() if (path / "Cargo.toml").exists()]
    assert crates
    assert [crate for crate in crates if f"`{crate}`" not in ARCHITECTURE] == []


def test_architecture_names_every_file_of_the_engine() -> None:
    source = PROJECT / "crates/tureen-engine/src"
    files = [path.relative_to(source).as_posix() for path in source.rglob("*.rs")]
    assert files
    assert [file for file in files if f"`{file}`" not in ARCHITECTURE] == []


def test_no_committed_file_is_a_drawer() -> None:
    files = [path for path in committed_files() if path.parts[0] not in TAKEN_IN]
    assert files
    assert [
        str(path) for path in files if DRAWERS & {part.partition(".")[0].lower() for part in path.parts}
    ] == []


def test_source_files_fit_in_a_head() -> None:
    sources = [
        path for path in committed_files() if path.suffix in {".rs", ".py"} and path.parts[0] not in TAKEN_IN
    ]
    lengths = {str(path): len((PROJECT / path).read_text(encoding="utf-8").splitlines()) for path in sources}
    assert lengths
    assert {path: length for path, length in lengths.items() if length > 500} == {}


@pytest.mark.parametrize("module", ["stems/words.py", "stems/books.py"])
def test_docstrings_of_the_examples_are_true(module: str) -> None:
    path = PROJECT / "examples" / module
    ran = subprocess.run(
        [sys.executable, "-m", "doctest", path.name], cwd=path.parent, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
