"""Time trivial jobs in Python, two at once, beside Snakemake, and the start of a Snakefile's interpreter.

    python bench/run_blocks.py [--tureen PATH] [--snakemake PATH] [--jobs N] [--runs N]

A job's cost is the time of a run divided by its jobs, less what a run with nothing to do takes. Snakemake
starts itself anew for each `run:` job, so it gets a tenth of the jobs.
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

SNAKEFILE = """
rule all:
    input: expand("{kind}/{number}", kind=config["kind"], number=range(int(config["jobs"])))

rule block:
    output: "block/{number}"
    run:
        open(output[0], "w").close()

rule script:
    output: "script/{number}"
    script: "make.py"
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tureen", default=str(Path(sys.executable).parent / "tureen"))
    parser.add_argument("--snakemake", default=str(PROJECT / ".venv-peers" / "bin" / "snakemake"))
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--runs", type=int, default=5, help="of tureen; Snakemake has one")
    options = parser.parse_args()
    for program in (options.tureen, options.snakemake):
        if shutil.which(program) is None:
            print(f"error: there is no `{program}`\nhint: `make bench` installs both", file=sys.stderr)
            return 1
    print(f"{'':34} {'tureen':>12} {'snakemake':>12} {'ratio':>8}   (ms per job, median)")
    for kind in ("block", "script"):
        ours = per_job(options.tureen, kind, options.jobs, options.runs)
        theirs = per_job(options.snakemake, kind, max(options.jobs // 10, 1), 1)
        print(f"{f'trivial {kind}, -c2':34} {ours:12.1f} {theirs:12.1f} {theirs / ours:7.0f}x")
    dry, bare = starts(options.tureen, options.runs * 3)
    print(f"\ndry run of nothing, with Python: {dry:.1f} ms; `python3 -c pass`: {bare:.1f} ms")
    print(f"beyond it: {dry - bare:.1f} ms")
    return 0


def per_job(program: str, kind: str, n_jobs: int, n_runs: int) -> float:
    times = []
    for _ in range(n_runs):
        with folder() as place:
            command = [program, "-c2", "-q", "all", "--config", f"kind={kind}", f"jobs={n_jobs}"]
            work = once(command, place)
            times.append((work - once(command, place)) / n_jobs * 1e3)
    return statistics.median(times)


def starts(program: str, n_runs: int) -> tuple[float, float]:
    """Give the times in ms of a dry run of nothing and of an idle interpreter, turn by turn."""
    with folder() as place:
        command = [program, "-c1", "-q", "all", "--config", "kind=block", "jobs=1"]
        once(command, place)
        times = [
            (once([*command, "-n"], place), once(["python3", "-c", "pass"], place)) for _ in range(n_runs)
        ]
    dry, bare = zip(*times, strict=True)
    return statistics.median(dry) * 1e3, statistics.median(bare) * 1e3


def folder() -> tempfile.TemporaryDirectory[str]:
    place = tempfile.TemporaryDirectory()
    (Path(place.name) / "Snakefile").write_text(SNAKEFILE)
    (Path(place.name) / "make.py").write_text('open(snakemake.output[0], "w").close()\n')
    return place


def once(command: list[str], place: str) -> float:
    # Where Python may not keep what it compiled, it compiles at every start.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    subprocess.run(command, cwd=place, env=environment, check=True, capture_output=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.exit(main())
