"""Builds the wheel: the extension module and the command `tureen`, in one.

maturin packs either a module or a program. So this backend builds the program first and puts it where
maturin looks for scripts (`tureen.data/scripts`); all else is maturin's.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import maturin
from maturin import (  # noqa: F401 - the rest of PEP 517 and 660, as they are
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = ROOT / "tureen.data" / "scripts"
# maturin insists on the folder, whatever it is asked to do.
SCRIPTS.mkdir(parents=True, exist_ok=True)


def build_wheel(directory: str, settings: dict[str, Any] | None = None, metadata: str | None = None) -> str:
    """Build the wheel that `pip install` installs."""
    _build_command()
    return maturin.build_wheel(directory, settings, metadata)


def build_editable(
    directory: str, settings: dict[str, Any] | None = None, metadata: str | None = None
) -> str:
    """Build the wheel that `pip install -e` installs."""
    _build_command()
    return maturin.build_editable(directory, settings, metadata)


def _build_command() -> None:
    """Build the program and put it where maturin packs it from."""
    command = ["cargo", "build", "--release", "--locked", "--package", "tureen", "--bin", "tureen"]
    command.append("--message-format=json-render-diagnostics")
    # The program is built without Python: what maturin set for the module would build things twice.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYO3_")}
    built = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, env=environment, check=False)
    if built.returncode != 0:
        sys.exit("error: the command `tureen` could not be built; cargo says why above")
    program = _executable(built.stdout)
    shutil.copy2(program, SCRIPTS / program.name)


def _executable(output: bytes) -> Path:
    """The program, as cargo names it."""
    for line in output.splitlines():
        artifact = json.loads(line)
        if artifact.get("executable") and artifact.get("target", {}).get("name") == "tureen":
            return Path(artifact["executable"])
    sys.exit("error: cargo built no program `tureen`")
