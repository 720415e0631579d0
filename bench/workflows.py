"""Time planning, nothing to do, and trivial jobs, beside Snakemake and ninja.

Each program does the same graph in a folder of its own, as a whole process, turn by turn, so that a busy
machine slows all of them. Times are medians of wall seconds; memory is the process's peak.

    python bench/workflows.py [--tureen PATH] [--snakemake PATH] [--ninja PATH] [--only WORD] [--large]

Snakemake gets smaller graphs where it would take minutes (the table says which); `--large` adds 60,001 and
1,000,000 jobs.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent

# The rules of a chain, after the one that gathers its ends.
FIRST = """
rule {name}:
    output: "{name}/{{i}}"
    shell: "touch {{output}}"
"""
NEXT = """
rule {name}:
    input: {before}
    output: "{name}/{{i}}"
    shell: "touch {{output}}"
"""

MANY_TO_MANY = """
rule all:
    input: expand("b/{{i}}", i=range({n}))
rule a:
    output: "a/{{i}}"
    shell: "touch {{output}}"
rule b:
    input: expand("a/{{i}}", i=range({n}))
    output: "b/{{i}}"
    shell: "touch {{output}}"
"""

HELLO = """
rule hello:
    output: "hello.txt"
    shell: "echo hello > {{output}}"
"""


def chains(n: int, names: str = "ab", *, by_function: bool = False) -> str:
    """Return a Snakefile of n chains, with a rule for each letter; Python may say what each job reads."""
    if by_function:
        ends = f'[f"{names[-1]}/{{i}}" for i in range({n})]'
        source = "def before(name):\n    return lambda wildcards: f'{name}/{wildcards.i}'\n"
    else:
        ends = f'expand("{names[-1]}/{{i}}", i=range({n}))'
        source = ""
    return f"{source}rule all:\n    input: {ends}\n" + rules(names, by_function=by_function)


def rules(names: str | list[str], *, by_function: bool = False) -> str:
    """Return the rules of a chain."""
    text = FIRST.format(name=names[0])
    for before, name in itertools.pairwise(names):
        source = f'before("{before}")' if by_function else f'"{before}/{{i}}"'
        text += NEXT.format(name=name, before=source)
    return text


def many_rules(n_rules: int, n: int) -> str:
    """Return a Snakefile of so many rules, in chains of five, each of which n samples go through."""
    groups = [[f"r{group}_{step}" for step in range(5)] for group in range(n_rules // 5)]
    ends = ", ".join(f'expand("{group[-1]}/{{i}}", i=range({n}))' for group in groups)
    return f"rule all:\n    input: {ends}\n" + "".join(rules(group) for group in groups)


@dataclass
class Run:
    """What one process took."""

    seconds: float
    megabytes: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    peers = PROJECT / ".venv-peers" / "bin"
    parser.add_argument("--tureen", default=str(Path(sys.executable).parent / "tureen"))
    parser.add_argument("--snakemake", default=str(peers / "snakemake"))
    parser.add_argument("--ninja", default=str(peers / "ninja"))
    parser.add_argument("--only", default="", help="only measurements whose name has this word")
    parser.add_argument("--large", action="store_true", help="60,001 and 1,000,000 jobs, too (minutes)")
    options = parser.parse_args()
    for program in (options.tureen, options.snakemake, options.ninja):
        if shutil.which(program) is None:
            print(f"error: there is no `{program}`\nhint: `make bench` installs them", file=sys.stderr)
            return 1
    bench = Bench(*map(found, (options.tureen, options.snakemake, options.ninja)))
    for name, measure in (
        ("start", bench.start),
        ("plan", lambda: bench.plan(large=options.large)),
        ("functions", bench.functions),
        ("many", bench.many_to_many),
        ("rules", bench.many_rules),
        ("samples", lambda: bench.samples(large=options.large)),
        ("jobs", bench.jobs),
        ("nothing", lambda: bench.nothing(large=options.large)),
        ("touched", lambda: bench.touched(large=options.large)),
    ):
        if options.only in name:
            measure()
    return 0


def found(program: str) -> str:
    """Return a program's absolute path: it is run in other folders."""
    return str(Path(shutil.which(program) or program).absolute())


class Bench:
    """The programs, and what they are given to do."""

    def __init__(self, tureen: str, snakemake: str, ninja: str) -> None:
        self.tureen, self.snakemake, self.ninja = tureen, snakemake, ninja

    def start(self) -> None:
        """`--version`, and a workflow with nothing to do."""
        with Folder(HELLO.format()) as folder:
            folder.run([self.tureen, "-c1"])
            folder.run([self.snakemake, "-c1"])
            for what, words in (("--version", ["--version"]), ("hello, nothing to do", ["-c1"])):
                ours = folder.median([self.tureen, *words], 20)
                theirs = folder.median([self.snakemake, *words], 3)
                show(what, ours, snakemake=theirs)

    def plan(self, *, large: bool) -> None:
        """Dry runs of chains of two."""
        for n_chains, n_theirs in ((10_000, 10_000), (30_000, 0), (500_000, 0)):
            if n_chains > 10_000 and not large:
                continue
            with Folder(chains(n_chains)) as folder:
                ours = folder.median([self.tureen, "-n", "-q", "rules"], 3 if n_chains < 500_000 else 1)
                theirs = folder.median([self.snakemake, "-n", "-q", "rules"], 1) if n_theirs else None
            show(f"plan {2 * n_chains + 1:,} jobs", ours, snakemake=theirs)

    def functions(self) -> None:
        """Dry runs of chains whose inputs Python says."""
        with Folder(chains(10_000, by_function=True)) as folder:
            ours = folder.median([self.tureen, "-n", "-q", "rules"], 3)
            theirs = folder.median([self.snakemake, "-n", "-q", "rules"], 1)
        show("plan 20,001 jobs, inputs by functions", ours, snakemake=theirs)

    def many_to_many(self) -> None:
        """Each of n files read by each of n jobs."""
        with Folder(MANY_TO_MANY.format(n=3000)) as folder:
            show("plan 3,000 x 3,000", folder.median([self.tureen, "-n", "-q", "rules"], 3))
        with Folder(MANY_TO_MANY.format(n=300)) as folder:
            ours = folder.median([self.tureen, "-n", "-q", "rules"], 3)
            theirs = folder.median([self.snakemake, "-n", "-q", "rules"], 1)
        show("plan 300 x 300", ours, snakemake=theirs)

    def many_rules(self) -> None:
        """Dry runs of a workflow with 500 rules."""
        for n, is_their_turn in ((4, True), (40, False)):
            with Folder(many_rules(500, n)) as folder:
                ours = folder.median([self.tureen, "-n", "-q", "rules"], 3)
                theirs = folder.median([self.snakemake, "-n", "-q", "rules"], 1) if is_their_turn else None
            show(f"plan 500 rules, {500 * n + 1:,} jobs", ours, snakemake=theirs)

    def samples(self, *, large: bool) -> None:
        """Dry runs of many samples that go through five rules."""
        for n, is_their_turn in ((2000, True), (100_000, False)):
            if not is_their_turn and not large:
                continue
            with Folder(chains(n, "abcde")) as folder:
                ours = folder.median([self.tureen, "-n", "-q", "rules"], 3 if is_their_turn else 1)
                theirs = folder.median([self.snakemake, "-n", "-q", "rules"], 1) if is_their_turn else None
            show(f"plan {n:,} samples x 5 rules", ours, snakemake=theirs)

    def jobs(self) -> None:
        """Trivial shell jobs on two cores."""
        per_job = {}
        for n_jobs, n_runs in ((200, 1), (2000, 3), (20_000, 1)):
            with Folder(chains(n_jobs // 2)) as folder:
                folder.write_ninja(n_jobs // 2)
                ours, ninjas = [], []
                for _ in range(n_runs):
                    ninjas.append(folder.run([self.ninja, "--quiet", "-j2"]))
                    folder.clear()
                    ours.append(folder.run([self.tureen, "-c2", "-q"]))
                    folder.clear()
                theirs = folder.run([self.snakemake, "-c2", "-q"]) if n_jobs == 200 else None
            our, ninja = median(ours), median(ninjas)
            per_job[n_jobs] = our.seconds / n_jobs
            more = (our.seconds - ninja.seconds) / n_jobs * 1e3
            show(f"{n_jobs:,} trivial jobs, -c2", our, snakemake=theirs, ninja=ninja)
            print(f"    {per_job[n_jobs] * 1e3:.2f} ms a job, {more:+.2f} ms over ninja's")
        print(f"    per job at 20,000 : at 2,000 = {per_job[20_000] / per_job[2000]:.2f}")

    def nothing(self, *, large: bool) -> None:
        """Everything is made: how soon is that known?"""
        for n_chains in (10_000, 30_000):
            if n_chains > 10_000 and not large:
                continue
            with Folder(chains(n_chains)) as folder:
                folder.write_ninja(n_chains)
                folder.run([self.ninja, "--quiet", "-j2"])
                folder.run([self.tureen, "-c2", "-q", "--touch", "-F"])
                ninjas, ours = [], []
                for _ in range(5):
                    ninjas.append(folder.run([self.ninja, "--quiet"]))
                    ours.append(folder.run([self.tureen, "-c1", "-q"]))
                theirs = folder.run([self.snakemake, "-c1", "-q"]) if n_chains == 10_000 else None
            show(f"nothing to do, {2 * n_chains + 1:,} jobs", median(ours), theirs, median(ninjas))

    def touched(self, *, large: bool) -> None:
        """All inputs get a new time and keep their content: it is looked at once. (To ninja they are new.)"""
        n_chains = 30_000 if large else 10_000
        with Folder(chains(n_chains)) as folder:
            folder.write_ninja(n_chains)
            folder.run([self.ninja, "--quiet", "-j2"])
            folder.run([self.tureen, "-c2", "-q", "--touch", "-F"])
            ninja = folder.median([self.ninja, "--quiet"], 3)
            # Long enough ago to be believed.
            moment = time.time() - 60
            for i in range(n_chains):
                os.utime(folder.path / "a" / str(i), (moment, moment))
            for what in ("touched", "touched, and seen once"):
                ours = folder.run([self.tureen, "-c1", "-q"])
                show(f"nothing to do, {what}, {2 * n_chains + 1:,} jobs", ours, ninja=ninja)


class Folder:
    """A folder for one workflow, and processes that run in it."""

    def __init__(self, snakefile: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.path = Path(self._folder.name)
        (self.path / "Snakefile").write_text(snakefile)
        # Where Python may not keep what it compiled, it compiles at every start: unfair to a peer in Python.
        self._environment = {n: v for n, v in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}

    def __enter__(self) -> Folder:
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def write_ninja(self, n_chains: int) -> None:
        """Write the same graph for ninja."""
        lines = ["rule touch", "  command = touch $out"]
        for i in range(n_chains):
            lines += [f"build a/{i}: touch", f"build b/{i}: touch a/{i}"]
        lines += ["build all: phony " + " ".join(f"b/{i}" for i in range(n_chains)), "default all", ""]
        (self.path / "build.ninja").write_text("\n".join(lines))

    def clear(self) -> None:
        """Remove all that was made, records included."""
        for name in ("a", "b", ".tureen", ".snakemake"):
            shutil.rmtree(self.path / name, ignore_errors=True)
        (self.path / ".ninja_log").unlink(missing_ok=True)

    def median(self, command: list[str], n_runs: int) -> Run:
        """Return the median of some runs."""
        return median([self.run(command) for _ in range(n_runs)])

    def run(self, command: list[str]) -> Run:
        """Return what one run took; stop if it failed."""
        with tempfile.TemporaryFile() as said:
            start = time.perf_counter()
            process = subprocess.Popen(
                command, cwd=self.path, env=self._environment, stdout=subprocess.DEVNULL, stderr=said
            )
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode != 0:
                said.seek(0)
                sys.exit(
                    f"error: `{' '.join(command)}` ended with {process.returncode}\n"
                    f"{said.read().decode(errors='replace')}"
                )
        return Run(seconds, usage.ru_maxrss / 1024)


def median(runs: list[Run]) -> Run:
    """Return the median of times and the highest memory."""
    return Run(statistics.median(run.seconds for run in runs), max(run.megabytes for run in runs))


def show(what: str, ours: Run, snakemake: Run | None = None, ninja: Run | None = None) -> None:
    """Print one row."""
    row = f"{what:40} tureen {ours.seconds * 1e3:9.1f} ms {ours.megabytes:7.0f} MB"
    for name, theirs in (("snakemake", snakemake), ("ninja", ninja)):
        if theirs is not None:
            row += f" | {name} {theirs.seconds * 1e3:9.1f} ms {theirs.megabytes:6.0f} MB"
            row += f" ({theirs.seconds / ours.seconds:.1f}x)"
    print(row, flush=True)


if __name__ == "__main__":
    sys.exit(main())
