"""Workflows whose jobs tell how often they ran."""

import os
import signal
import subprocess
from collections import Counter
from pathlib import Path

from conftest import Slurm, tureen


class Workflow:
    """A folder with a Snakefile; each of its jobs adds a line to `ran`."""

    def __init__(self, folder: Path, slurm: Slurm | None, text: str) -> None:
        self.folder = folder
        self.environment = slurm.environment if slurm else dict(os.environ)
        (folder / "Snakefile").write_text(text)

    def command(self, *options: str) -> list[str]:
        """Give the command line for a run on Slurm."""
        return [tureen(), "--executor", "slurm", *options]

    def start(self, *options: str) -> "subprocess.Popen[str]":
        """Start a run."""
        return subprocess.Popen(
            self.command(*options),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *options: str, seconds: float = 120, status: int = 0) -> str:
        """Run to the end; give what was said."""
        process = self.start(*options)
        try:
            said, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            said, _ = process.communicate()
            raise AssertionError(f"not done after {seconds} s:\n{said}") from None
        assert process.returncode == status, said
        return said

    def here(self, *options: str, status: int = 0) -> str:
        """Run on this machine."""
        done = subprocess.run(
            [tureen(), *options],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    def rewrite(self, text: str) -> None:
        """Change the Snakefile."""
        (self.folder / "Snakefile").write_text(text)

    def kill(self, process: "subprocess.Popen[str]") -> None:
        """End a run with no chance to clean up."""
        process.send_signal(signal.SIGKILL)
        process.communicate()

    def ran(self) -> Counter[str]:
        """Count how often each job ran."""
        path = self.folder / "ran"
        return Counter(path.read_text().split()) if path.exists() else Counter()

    def outputs(self) -> set[str]:
        """Give the names of the files that were made."""
        folder = self.folder / "out"
        return {path.name for path in folder.iterdir()} if folder.exists() else set()

    def calls(self) -> list[str]:
        """Give the calls of Slurm's commands, as far as the run's folder is kept."""
        logs = sorted(self.folder.glob(".tureen/cluster/*/calls"))
        return [line for log in logs for line in log.read_text().splitlines()]


def many(n_jobs: int, seconds: float, further: str = "") -> str:
    """Give a Snakefile of independent jobs that sleep."""
    return f"""
rule all:
    input: expand("out/{{i}}", i=range({n_jobs}))

rule one:
    output: "out/{{i}}"
{further}    shell: "echo {{wildcards.i}} >> ran; sleep {seconds}; echo {{wildcards.i}} > {{output}}"
"""
