"""What the tests of this folder share: each runs one rule on known files, and compares what it makes.

Made once by `tureen --generate-unit-tests`, and yours from then on: change `same` for files that may differ.
"""

import bz2
import gzip
import lzma
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent

#: How to open files that are compressed: what is in them counts, not how it was packed.
OPENERS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


def check_rule(rule, targets, root, snakefile, options=(), program="tureen"):
    """Make the targets of one rule from `RULE/config` and `RULE/data`; compare them with `RULE/expected`."""
    expected = HERE / rule / "expected"
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for part in ("config", "data"):
            shutil.copytree(HERE / rule / part, folder, dirs_exist_ok=True)
        command = [
            shutil.which("tureen") or program,
            *targets,
            *("--snakefile", root / snakefile),
            *("--directory", folder),
            *("--allowed-rules", rule),
            *("--cores", "1"),
            *("--force", "--notemp", "--show-failed-logs"),
            *options,
        ]
        done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == 0, done.stdout.decode(errors="replace")
        for name in files_of(expected):
            made = folder / name
            assert made.exists(), f"rule {rule} did not make {name}"
            assert same(expected / name, made), f"{name} is not what rule {rule} made before"


def files_of(folder):
    """Yield the files of a folder, seen from it."""
    for path, _, names in os.walk(folder):
        for name in names:
            if name not in (".gitempty", ".snakemake_timestamp"):
                yield (Path(path) / name).relative_to(folder)


def same(expected, made):
    """Whether two files have the same content."""
    opener = OPENERS.get(expected.suffix, open)
    with opener(expected, "rb") as one, opener(made, "rb") as other:
        return one.read() == other.read()
