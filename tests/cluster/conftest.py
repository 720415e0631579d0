"""A real Slurm of one machine for these tests, brought up once; without it they are skipped, and say so."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent.parent

#: Asks for an error instead of skipped tests, where Slurm has to be.
MUST = "TUREEN_MUST_TEST_CLUSTER"


def tureen() -> str:
    """Give the program: `$TUREEN`, else the installed one, else that of a debug build."""
    named = os.environ.get("TUREEN")
    places = [named] if named else [ROOT / ".venv/bin/tureen", ROOT / "target/debug/tureen"]
    return next(str(place) for place in places if place and Path(place).exists())


def wait_until(is_true: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait until something is so, at most so long."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {what}"
        time.sleep(0.05)


class Slurm:
    """A cluster of two nodes with two CPUs each, wholly in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "SLURM_CONF": str(folder / "slurm.conf")}

    def script(self, name: str, *words: str) -> None:
        """Run one of the scripts beside this file."""
        words = (str(HERE / name), str(self.folder), *words)
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(words)}:\n{done.stdout}{done.stderr}"

    def up(self) -> None:
        """Bring it up, or what of it is down."""
        self.script("slurm-up.sh", "--nodes", "2", "--cpus", "2", "--node-timeout", "5")

    def node(self, action: str, name: str) -> None:
        """Make a node fail or recover: see slurm-node.sh."""
        self.script("slurm-node.sh", action, name)

    def call(self, *words: str) -> str:
        """Run a command of Slurm's."""
        done = subprocess.run(words, env=self.environment, check=True, capture_output=True, text=True)
        return done.stdout

    def pid(self, daemon: str) -> int:
        """Give the process of a daemon."""
        return int((self.folder / f"run/{daemon}.pid").read_text())

    def is_empty(self) -> bool:
        """Tell whether no job waits or runs."""
        return not self.call("squeue", "--noheader").strip()

    def clear(self) -> None:
        """Cancel what a test has left."""
        subprocess.run(["scancel", "--user=root"], env=self.environment, check=False)
        wait_until(self.is_empty, 30, "jobs end")


def missing() -> str | None:
    """Say why there can be no Slurm here."""
    if os.geteuid() != 0:
        return "not root"
    needed = ["slurmctld", "slurmd", "sbatch", "munged", "mungekey"]
    gone = [name for name in needed if shutil.which(name) is None]
    if not gone:
        return None
    if shutil.which("apt-get") is None:
        return f"no {', '.join(gone)} and no apt-get"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "-y", "--no-install-recommends", "slurm-wlm", "munge"]):
        done = subprocess.run(["apt-get", *words], env=environment, capture_output=True, check=False)
        if done.returncode:
            return f"no {', '.join(gone)}, and apt-get {words[0]} failed"
    return None


@pytest.fixture(scope="session")
def slurm_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    """Bring up Slurm, and take it down in the end."""
    why = missing()
    if why is not None:
        if os.environ.get(MUST):
            pytest.fail(f"Slurm can't be tested: {why}")
        pytest.skip(f"SLURM IS NOT TESTED HERE: {why}")
    # Unix sockets have short names only.
    folder = Path(f"/tmp/tureen-slurm-{os.getpid()}")
    cluster = Slurm(folder)
    cluster.up()
    try:
        yield cluster
    finally:
        cluster.script("slurm-down.sh", "--purge")


@pytest.fixture
def slurm(slurm_cluster: Slurm) -> Iterator[Slurm]:
    """Give the cluster to one test, with nothing running on it."""
    slurm_cluster.up()
    slurm_cluster.clear()
    yield slurm_cluster
    slurm_cluster.clear()
