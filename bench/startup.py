"""Time what a user waits for before anything runs: an import, `--version`, a workflow with nothing to do.

tureen beside dask in a fresh interpreter, and beside Snakemake, each as a whole process; turn by turn, so
that a busy machine slows both:

    python bench/startup.py [--snakemake PATH] [--runs N]
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent

FIRST_PROMISE = """
from time import perf_counter
def add(a, b): return a + b
start = perf_counter()
from {module} import delayed
imported = perf_counter()
assert delayed(add)(1, 2).compute() == 3
print(imported - start, perf_counter() - start)
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tureen", default=str(Path(sys.executable).parent / "tureen"))
    parser.add_argument("--snakemake", default=str(PROJECT / ".venv-peers" / "bin" / "snakemake"))
    parser.add_argument("--runs", type=int, default=20, help="of tureen; Snakemake has a quarter")
    options = parser.parse_args()
    for program in (options.tureen, options.snakemake):
        if shutil.which(program) is None:
            print(f"error: there is no `{program}`\nhint: `make bench` installs both", file=sys.stderr)
            return 1
    # Where Python may not keep what it compiled, it compiles at every start: unfair to a peer in Python.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    first_promises(options.runs, environment)
    print(f"\n{'':34} {'tureen':>12} {'snakemake':>12} {'ratio':>8}   (median ms)")
    with tempfile.TemporaryDirectory() as scratch:
        for what, snakefile, arguments in (
            ("--version", None, ["--version"]),
            ("nothing to do, hello (shell:)", "Snakefile", ["-c", "1"]),
            ("dry run of nothing, hello (shell:)", "Snakefile", ["-n"]),
            ("nothing to do, hello (run:)", "run.smk", ["-c", "1", "-s", "run.smk"]),
        ):
            folder = Path(scratch) / what.replace(" ", "-")
            shutil.copytree(PROJECT / "examples" / "hello", folder)
            times: dict[str, list[float]] = {options.tureen: [], options.snakemake: []}
            for program in times:
                if snakefile:
                    once([program, "-c", "1", "-s", snakefile], folder, environment)
            for run in range(options.runs):
                for program, own in times.items():
                    if program == options.tureen or run % 4 == 0:
                        own.append(once([program, *arguments], folder, environment))
            ours, theirs = (statistics.median(own) * 1e3 for own in times.values())
            print(f"{what:34} {ours:12.1f} {theirs:12.1f} {theirs / ours:7.0f}x")
    return 0


def first_promises(n_runs: int, environment: dict[str, str]) -> None:
    """Print the time to import, and until the first promise is kept, import included."""
    times: dict[str, list[list[float]]] = {"tureen": [], "dask": []}
    for run in range(-1, n_runs):
        for module, own in times.items():
            command = [sys.executable, "-c", FIRST_PROMISE.format(module=module)]
            ran = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
            if run >= 0:  # The one before compiled what was not compiled yet.
                own.append([float(seconds) for seconds in ran.stdout.split()])
    print(f"{'':34} {'tureen':>12} {'dask':>12} {'ratio':>8}   (median ms)")
    for place, what in enumerate(("import", "import, first promise computed")):
        ours, theirs = (statistics.median(row[place] for row in own) * 1e3 for own in times.values())
        print(f"{what:34} {ours:12.1f} {theirs:12.1f} {theirs / ours:7.0f}x")


def once(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    """Return the seconds that one run took; stop if it failed."""
    start = time.perf_counter()
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if ran.returncode != 0:
        sys.exit(f"error: `{' '.join(command)}` ended with exit status {ran.returncode}\n{ran.stderr}")
    return seconds


if __name__ == "__main__":
    sys.exit(main())
