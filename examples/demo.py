"""Walk through the examples, for real: python examples/demo.py (or: make demo)

Copies the examples to demo-output/, runs each step there, shows what was asked and what came of it, checks
it, and ends with the names of the pictures and files that were made. Stops with exit status 1 at the first
step that fails.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent
PROJECT = EXAMPLES.parent
OUTPUT = PROJECT / "demo-output"
MARK = OUTPUT / ".made-by-make-demo"
BOOKS_CACHE = PROJECT / ".cache" / "books"

PROGRAMS = Path(sys.executable).parent
ENVIRONMENT = os.environ | {"PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}", "VIRTUAL_ENV": sys.prefix}

N_LINES_SHOWN = 16
N_COLUMNS_SHOWN = 100


class StepFailed(Exception):
    """A step ended badly, or did not do what it is there to show."""


def main() -> int:
    start = time.perf_counter()
    try:
        fresh_output()
        for part in (peasoup, hello, promises, stems):
            part()
        closing(time.perf_counter() - start)
    except StepFailed as failure:
        print(f"\nthe demo stopped: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nthe demo was interrupted", file=sys.stderr)
        return 130
    return 0


def fresh_output() -> None:
    """Make demo-output/ anew; a folder of that name that is not ours is left alone."""
    if OUTPUT.exists() and not MARK.exists():
        raise StepFailed(f"`{OUTPUT}` was not made by this demo; move it away first")
    shutil.rmtree(OUTPUT, ignore_errors=True)
    OUTPUT.mkdir()
    MARK.touch()
    for name in ("peasoup", "hello", "stems"):
        shutil.copytree(EXAMPLES / name, OUTPUT / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    shutil.copy(EXAMPLES / "promises.py", OUTPUT)


def peasoup() -> None:
    heading("Pea soup: a workflow with Python functions and run: rules")
    kitchen = OUTPUT / "peasoup"
    soup = kitchen / "pea_soup.txt"

    step("cook it, four pots at a time", "tureen -c 4", kitchen)
    check("boiled boiled peas" in soup.read_text(), "there are no peas in the soup")
    show_file(soup)

    cooked_at = soup.stat().st_mtime_ns
    step("cook it again: nothing is left to do", "tureen -c 4", kitchen)
    check(soup.stat().st_mtime_ns == cooked_at, "the soup was cooked again, though nothing had changed")

    (kitchen / "boiled_peas.txt").unlink()
    step("throw the boiled peas away, and ask for them by name", "tureen -c 4 boiled_peas.txt", kitchen)
    check((kitchen / "boiled_peas.txt").exists(), "the boiled peas were not made again")

    (kitchen / "ingredients" / "peas.txt").touch()
    step("touch the peas, which are the same peas still, and see what would be done", "tureen -n", kitchen)

    with (kitchen / "ingredients" / "vegetables.txt").open("a") as vegetables:
        vegetables.write("potatoes\n")
    step("add potatoes to the vegetables, and see what would be done, and why", "tureen -n", kitchen)
    check("potatoes" not in soup.read_text(), "a dry run has changed the soup")
    step("then do it", "tureen -c 4", kitchen)
    check("boiled chopped potatoes" in soup.read_text(), "there are no potatoes in the soup")

    picture("draw it", "tureen --dag svg", kitchen, "peasoup.svg")


def hello() -> None:
    heading("Hello: the same workflow as shell commands and as Python")
    folder = OUTPUT / "hello"
    step("shell: rules, for which no Python is started", "tureen -c 4", folder)
    check((folder / "hello_world.txt").read_text() == "hello\nworld\n", "hello_world.txt is wrong")
    step("run: rules", "tureen -s run.smk -c 4", folder)
    check((folder / "run/hello_world.txt").read_text() == "hello, world!\n", "run/hello_world.txt is wrong")
    picture("draw it", "tureen --dag svg", folder, "hello.svg")


def promises() -> None:
    heading("Promises: calls that are made when their results are wanted")
    said = step("sums and an estimate of pi", "python promises.py", OUTPUT)
    check(said.count("1 + 2") == 1, "x = add(1, 2) was not computed just once")


def stems() -> None:
    heading("Stems: how many distinct word stems books have, counted in three ways")
    folder = OUTPUT / "stems"
    step("get the books", f"python books.py --to books --cache {shlex.quote(str(BOOKS_CACHE))}", folder)
    books = " ".join(str(path.relative_to(folder)) for path in sorted(folder.glob("books/*.txt")))
    check(bool(books), "there are no books")

    for name, way, command in (
        ("promises.tsv", "as promises", "python stems_promises.py"),
        ("bags.tsv", "as bags", "python stems_bag.py"),
    ):
        counts = step(
            way, f"{command} {books}", folder, shown=f"{command} books/*.txt", stdout_to=folder / name
        )
        show(last_line(counts))
    step("as a workflow, one job a book", "tureen -c 2", folder)
    show(last_line((folder / "counts.tsv").read_text(encoding="utf-8")))
    step("and again: nothing to do", "tureen -c 2", folder)

    ways = [
        (folder / name).read_text(encoding="utf-8") for name in ("promises.tsv", "bags.tsv", "counts.tsv")
    ]
    check(
        ways[0] == ways[1] == ways[2],
        "the three ways do not give the same counts; see *.tsv in demo-output/stems",
    )
    print(
        f"\n  the three agree on each of the {ways[0].count(chr(10)) - 1} books and on all of them together"
    )


def closing(seconds: float) -> None:
    print(f"\nDone in {seconds:.1f} s. What was made, in {OUTPUT.relative_to(PROJECT)}/:")
    for title, pattern in (
        ("pictures", "**/*.svg"),
        ("files", "**/pea_soup.txt"),
        ("", "**/*_world.txt"),
        ("", "**/*.tsv"),
    ):
        for path in sorted(OUTPUT.glob(pattern)):
            check(path.stat().st_size > 0, f"`{path}` is empty")
            print(f"  {title:9}{path.relative_to(OUTPUT)}")
            title = ""


def picture(what: str, command: str, folder: Path, name: str) -> None:
    drawn = step(what, command, folder, shown=f"{command} > {name}", stdout_to=folder / name)
    check("<svg" in drawn, f"{name} is no picture")


def step(what: str, command: str, folder: Path, *, shown: str = "", stdout_to: Path | None = None) -> str:
    """Run one command, show it with its last lines and its time, and return what it wrote to stdout."""
    print(f"\n  {what}\n  $ {shown or command}", flush=True)
    start = time.perf_counter()
    try:
        ran = subprocess.run(
            [str(PROGRAMS / program(command)), *shlex.split(command)[1:]],
            cwd=folder,
            env=ENVIRONMENT,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if stdout_to else subprocess.STDOUT,
        )
    except OSError as error:
        raise StepFailed(f"`{command}` could not be started: {error}") from error
    seconds = time.perf_counter() - start
    if stdout_to:
        stdout_to.write_text(ran.stdout, encoding="utf-8")
    said = ran.stderr if stdout_to else ran.stdout
    if ran.returncode != 0:
        show(said, keep_all=True)
        raise StepFailed(f"`{shown or command}` ended with exit status {ran.returncode}")
    show(said)
    print(f"  {seconds:.2f} s")
    return ran.stdout


def program(command: str) -> str:
    name = command.split()[0]
    return Path(sys.executable).name if name == "python" else name


def show(text: str, *, keep_all: bool = False) -> None:
    lines = text.strip("\n").splitlines()
    if len(lines) > N_LINES_SHOWN and not keep_all:
        n_left_out = len(lines) - N_LINES_SHOWN
        lines = [*lines[: N_LINES_SHOWN // 2], f"... {n_left_out} more lines", *lines[-N_LINES_SHOWN // 2 :]]
    for line in lines:
        is_long = len(line) > N_COLUMNS_SHOWN and not keep_all
        print(f"    {line[:N_COLUMNS_SHOWN]}…" if is_long else f"    {line}".rstrip())


def show_file(path: Path) -> None:
    print(f"  {path.name}: {', '.join(path.read_text().splitlines())}")


def last_line(text: str) -> str:
    return text.splitlines()[-1].replace("\t", ": ")


def heading(text: str) -> None:
    print(f"\n{text}\n{'=' * len(text)}")


def check(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise StepFailed(otherwise)


if __name__ == "__main__":
    sys.exit(main())
