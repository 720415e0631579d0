"""Many small jobs on a one-machine Slurm: tureen's pilots beside `tureen -c2` and Snakemake.

Brings up a cluster of two nodes with one core each (tests/cluster), as root; says so if it can't.
Snakemake is given a tenth of the jobs, since each costs it seconds; all of them at once, asked after as often
as it can be, without its arrays, which take it longer (10 jobs: 41 s instead of 28). `calls` are those of
Slurm's commands.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
SCRIPTS = ROOT / "tests/cluster"
N_JOBS = int(os.environ.get("N_JOBS", "1000"))

SNAKEFILE = """
rule all:
    input: expand("out/{i}.txt", i=range(%d))

rule one:
    output: "out/{i}.txt"
    shell: "sleep 0.1; echo {wildcards.i} > {output}"
"""


def counted(folder: Path) -> Path:
    """Write programs that count calls of Slurm's commands and make them; give where they count."""
    log = folder / "calls"
    for name in ("sbatch", "squeue", "sacct", "scancel", "sinfo", "scontrol", "sacctmgr"):
        real = shutil.which(name)
        if real:
            (folder / name).write_text(f'#!/bin/sh\necho {name} >> {log}\nexec {real} "$@"\n')
            (folder / name).chmod(0o755)
    return log


def calls(log: Path) -> str:
    """Give the number of calls since the last time, and of what."""
    names = Counter(log.read_text().split()) if log.exists() else Counter()
    log.unlink(missing_ok=True)
    return f"{names.total()} calls (" + ", ".join(f"{n} {name}" for name, n in names.items()) + ")"


def timed(command: list[str], n_jobs: int, environment: dict[str, str]) -> float:
    """Run a workflow of so many jobs in a new folder; give the seconds."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "Snakefile").write_text(SNAKEFILE % n_jobs)
        began = time.perf_counter()
        subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
        seconds = time.perf_counter() - began
        assert len(list((Path(folder) / "out").iterdir())) == n_jobs
        return seconds


def main() -> None:
    """Print a line for each program."""
    if os.geteuid() != 0 or shutil.which("slurmctld") is None:
        print("no Slurm here (apt-get install slurm-wlm munge, as root): nothing is timed")
        return
    tureen = os.environ.get("TUREEN", str(Path(sys.executable).parent / "tureen"))
    snakemake = Path(os.environ.get("SNAKEMAKE", ROOT / ".venv-peers/bin/snakemake"))
    cluster = f"/tmp/tureen-bench-{os.getpid()}"
    up = ["--nodes", "2", "--cpus", "1", "--default"]
    subprocess.run([str(SCRIPTS / "slurm-up.sh"), cluster, *up], check=True, capture_output=True)
    programs = Path(tempfile.mkdtemp())
    log = counted(programs)
    environment = {**os.environ, "SLURM_CONF": f"{cluster}/slurm.conf"}
    environment["PATH"] = f"{programs}{os.pathsep}{environment['PATH']}"
    # Without compiled modules each job of Snakemake's would compile them anew.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    try:
        here = timed([tureen, "--quiet", "all", "-c2"], N_JOBS, environment)
        print(f"tureen -c2: {here:.1f} s for {N_JOBS} jobs of 0.1 s")
        pilots = timed([tureen, "--quiet", "all", "--executor", "slurm", "-j2"], N_JOBS, environment)
        times = f"{pilots / here:.2f} times as long, {calls(log)}"
        print(f"tureen --executor slurm (pilots): {pilots:.1f} s, {times}")
        if not snakemake.exists():
            print("no snakemake in .venv-peers, and $SNAKEMAKE names none: it is not timed")
            return
        n_jobs = N_JOBS // 10
        options = [
            "--executor",
            "slurm",
            f"-j{n_jobs}",
            "--slurm-no-account",
            "--slurm-status-command",
            "squeue",
        ]
        options += ["--default-resources", "slurm_partition=main", "runtime=5", "mem_mb=500"]
        options += ["--slurm-init-seconds-before-status-checks", "1"]
        peer = timed([str(snakemake), *options], n_jobs, environment)
        print(f"snakemake with its slurm plugin: {peer:.1f} s for {n_jobs} jobs, {calls(log)}")
    finally:
        subprocess.run([str(SCRIPTS / "slurm-down.sh"), cluster, "--purge"], check=False)
        shutil.rmtree(programs)


if __name__ == "__main__":
    main()
