"""Run the peers' own tests against tureen and print the scores: python3 conformance/run.py [dask] [snakemake]

Makes a virtual environment of its own in .cache/conformance, because the tests want dask and much else,
installs tureen there from this checkout, and fetches Snakemake's source package from the package index: the
tests are in it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
PLACE = PROJECT / ".cache" / "conformance"
PYTHON = PLACE / "venv" / "bin" / "python"
SNAKEMAKE = "snakemake-9.27.1"
SNAKEMAKE_SHA256 = "f772714bb4133f836f0b5c3124ed70ef954c223aa034d6fcaf0282a4bbb98a5e"


def main() -> int:
    peers = sys.argv[1:] or ["dask", "snakemake"]
    if not set(peers) <= {"dask", "snakemake"}:
        print(f"error: the peers are `dask` and `snakemake`, not {' '.join(peers)}", file=sys.stderr)
        return 2
    try:
        make_venv()
        if "dask" in peers:
            dask()
        if "snakemake" in peers:
            snakemake()
    except subprocess.CalledProcessError as failed:
        print(
            f"error: `{' '.join(map(str, failed.cmd))}` ended with exit status {failed.returncode}",
            file=sys.stderr,
        )
        return 1
    return 0


def make_venv() -> None:
    if not PYTHON.exists():
        run(sys.executable, "-m", "venv", PLACE / "venv")
    # The second part of the list is for the benchmarks, and large.
    wanted = (HERE / "dask" / "requirements-conformance.txt").read_text().partition("# bench only")[0]
    requirements = PLACE / "requirements.txt"
    requirements.write_text(wanted)
    run(PYTHON, "-m", "pip", "install", "--quiet", "--requirement", requirements)
    run(PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", "--force-reinstall", PROJECT)


def dask() -> None:
    """Ours in the place of dask's promises and bags; then dask itself on `tureen.get`, which takes long."""
    for suite in ("delayed", "bag"):
        dask_suite(suite, *f"swap --pkg tureen --set public --suite {suite} -v".split())
    for suite in ("core", "array", "bag", "dataframe"):
        dask_suite(f"get-{suite}", *f"sched --get tureen:get --suite {suite} -v".split())


def dask_suite(name: str, *wanted: str) -> None:
    out = PLACE / "dask" / name
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    run(PYTHON, HERE / "dask/run.py", *wanted, "--python", PYTHON, "--out", out, may_fail=True)


def snakemake() -> None:
    archive = PLACE / f"{SNAKEMAKE}.tar.gz"
    if not archive.exists():
        requirement = PLACE / "snakemake.txt"
        requirement.write_text(f"{SNAKEMAKE.replace('-', '==')} --hash=sha256:{SNAKEMAKE_SHA256}\n")
        download = "-m pip download --quiet --no-deps --no-binary=snakemake".split()
        run(PYTHON, *download, "--dest", PLACE, "--requirement", requirement)
    # What Snakemake itself would bring along (and pandas): its cases use it.
    run(PYTHON, *"-m pip install --quiet pandas".split(), SNAKEMAKE.replace("-", "=="))
    if not (PLACE / SNAKEMAKE).exists():
        with tarfile.open(archive) as members:
            members.extractall(PLACE, filter="data")
    tested = ["--cmd", PYTHON.parent / "tureen", "--python", PYTHON, "--sdist-dir", PLACE / SNAKEMAKE]
    cases = ["--cases", HERE / "snakemake/public.txt", "-j", "2", "--json", PLACE / "snakemake.json"]
    run(PYTHON, HERE / "snakemake/run.py", *tested, *cases, may_fail=True)


def run(*command: str | Path, may_fail: bool = False) -> None:
    print(f"$ {' '.join(map(str, command))}", flush=True)
    subprocess.run(command, check=not may_fail)


if __name__ == "__main__":
    sys.exit(main())
