"""Build tureen and install it into .venv: python3 tools/make_venv.py [--dev]

Installs the wheel with pip. On a machine without pip (Debian's python3 without python3-venv), or where pip
can't reach a package index, cargo builds and the package, the extension and the command are copied into
place: the same files.

Does nothing when no source has changed since the last time. With --dev the tools of requirements-dev.txt come
along.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "built-from"
REQUIREMENTS = PROJECT / "requirements-dev.txt"

SOURCES = ("Cargo.toml", "Cargo.lock", "pyproject.toml", "README.md", "build_backend", "crates", "python")


def main() -> int:
    parser = argparse.ArgumentParser(description="build tureen and install it into .venv")
    parser.add_argument("--dev", action="store_true", help="also install the tools of requirements-dev.txt")
    dev = parser.parse_args().dev

    if sys.version_info < (3, 10):  # noqa: UP036 (this script is what tells the user)
        print(
            f"error: tureen needs Python 3.10 or newer, and this is {sys.version.split()[0]}", file=sys.stderr
        )
        return 1
    if shutil.which("cargo") is None:
        print("error: there is no `cargo` here\nhint: Rust comes from https://rustup.rs", file=sys.stderr)
        return 1
    try:
        make_venv()
        if dev:
            install_tools()
        install_tureen()
    except subprocess.CalledProcessError as failed:
        print(
            f"error: `{' '.join(map(str, failed.cmd))}` ended with exit status {failed.returncode}",
            file=sys.stderr,
        )
        return 1
    return 0


def make_venv() -> None:
    """Make .venv if there is none that works, with pip where this Python has it."""
    if PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], capture_output=True).returncode == 0:
        return
    has_pip = subprocess.run([sys.executable, "-c", "import ensurepip"], capture_output=True).returncode == 0
    run(sys.executable, "-m", "venv", "--clear", *([] if has_pip else ["--without-pip"]), VENV)


def install_tools() -> None:
    built_from = digest([REQUIREMENTS])
    if up_to_date("tools", built_from):
        return
    pip = pip_command()
    if pip is None:
        print(
            "error: the tests need pip\nhint: on Debian, `apt install python3-venv`, then remove .venv",
            file=sys.stderr,
        )
        sys.exit(1)
    run(*pip, "install", "--quiet", "--requirement", REQUIREMENTS)
    set_up_to_date("tools", built_from)


def install_tureen() -> None:
    built_from = digest(sources())
    if up_to_date("tureen", built_from):
        return
    pip = pip_command()
    if pip is None:
        install_by_copying()
    else:
        try:
            run(*pip, "install", "--quiet", "--no-deps", "--force-reinstall", PROJECT)
        except subprocess.CalledProcessError:
            print("pip could not do it (see above); trying with cargo alone", file=sys.stderr)
            install_by_copying()
    set_up_to_date("tureen", built_from)


def install_by_copying() -> None:
    """Put into .venv what the wheel would put there."""
    # PyO3 links an extension module to no libpython when this is set; maturin sets it too.
    environment = os.environ | {"PYO3_BUILD_EXTENSION_MODULE": "1", "PYO3_PYTHON": str(PYTHON)}
    run(
        "cargo",
        "build",
        "--release",
        "--locked",
        "--package=tureen",
        "--package=tureen-python",
        env=environment,
    )
    built = Path(os.environ.get("CARGO_TARGET_DIR", PROJECT / "target")) / "release"

    package = site_packages() / "tureen"
    shutil.rmtree(package, ignore_errors=True)
    shutil.copytree(
        PROJECT / "python" / "tureen", package, ignore=shutil.ignore_patterns("__pycache__", "*.so")
    )
    shutil.copy(built / "lib_tureen.so", package / "_tureen.abi3.so")
    shutil.copy(built / "tureen", VENV / "bin")


def pip_command() -> list[str | Path] | None:
    """Return the start of a pip command that installs into .venv: its own pip, or this Python's."""
    for start in ([PYTHON, "-m", "pip"], [sys.executable, "-m", "pip", "--python", PYTHON]):
        if subprocess.run([*start, "--version"], capture_output=True).returncode == 0:
            return [*start, "--disable-pip-version-check"]
    return None


def site_packages() -> Path:
    return Path(
        sysconfig.get_path(
            "purelib",
            "venv" if "venv" in sysconfig.get_scheme_names() else "posix_prefix",
            {"base": str(VENV), "platbase": str(VENV)},
        )
    )


def sources() -> list[Path]:
    """Return every file that the wheel is made of."""
    files = []
    for source in SOURCES:
        path = PROJECT / source
        within = path.rglob("*") if path.is_dir() else [path]
        files += [file for file in within if file.is_file() and "__pycache__" not in file.parts]
    return sorted(files)


def digest(files: list[Path]) -> str:
    """Return one number for the names and contents of files."""
    total = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        total.update(f"{file.relative_to(PROJECT)}\0{len(content)}\0".encode() + content)
    return total.hexdigest()


def up_to_date(part: str, built_from: str) -> bool:
    stamp = STAMP / part
    return stamp.exists() and stamp.read_text() == built_from


def set_up_to_date(part: str, built_from: str) -> None:
    STAMP.mkdir(exist_ok=True)
    (STAMP / part).write_text(built_from)


def run(*command: str | Path, env: dict[str, str] | None = None) -> None:
    print(f"$ {' '.join(map(str, command))}", flush=True)
    subprocess.run(command, cwd=PROJECT, env=env, check=True)


if __name__ == "__main__":
    sys.exit(main())
