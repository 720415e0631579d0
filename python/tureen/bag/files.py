"""Finds the files that paths, patterns and addresses mean, and opens them, packed or not.

Knows names, compression and where bytes come from; nothing of lines or encodings.
"""

from __future__ import annotations

import bz2
import glob
import gzip
import io
import lzma
import os
import zipfile
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO, cast
from urllib.error import URLError
from urllib.parse import unquote, urlsplit
from urllib.request import urlopen

_PACKED = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zip": "zip", ".lzma": "lzma", ".zst": "zstd"}
_KNOWN = (None, "infer", "gzip", "bz2", "xz", "lzma", "zip", "zstd")
_WEB = ("http://", "https://")


def find_files(urlpath: Any) -> list[str]:
    """Return the files that a path, a pattern, an address, or a list of them means; patterns in sorted order.

    Paths are absolute: files are read later, when another folder may be the current one.

    Raises `FileNotFoundError` for a file that isn't there, `ValueError` for a pattern that nothing matches
    and for kinds of address we can't read, `IsADirectoryError` for a folder, `TypeError` for what is no path.
    """
    if isinstance(urlpath, (str, os.PathLike)):
        return _find(os.fspath(urlpath))
    if not isinstance(urlpath, Iterable) or isinstance(urlpath, (bytes, bytearray)):
        raise TypeError(f"a path, or a list of them, is needed, not `{type(urlpath).__name__}`")
    found = []
    for path in urlpath:
        if not isinstance(path, (str, os.PathLike)):
            raise TypeError(f"a list of paths is needed, and this one holds a `{type(path).__name__}`")
        found += _find(os.fspath(path))
    if not found:
        raise ValueError("no files: the list of paths is empty")
    return found


def _find(path: Any) -> list[str]:
    if not isinstance(path, str):
        path = os.fsdecode(path)
    if path.startswith(_WEB):
        return [path]
    local = local_path(path)
    if glob.has_magic(local) and not os.path.exists(local):
        matches = sorted(
            os.path.abspath(match) for match in glob.glob(local, recursive=True) if not os.path.isdir(match)
        )
        if not matches:
            raise ValueError(f"no file matches `{path}`\nhint: the pattern was looked for in `{os.getcwd()}`")
        return matches
    if os.path.isdir(local):
        raise IsADirectoryError(
            f"`{path}` is a folder\nhint: name its files with a pattern, as `{path}/*.txt`"
        )
    if not os.path.exists(local):
        raise FileNotFoundError(2, "no such file", path)
    return [os.path.abspath(local)]


def local_path(path: str) -> str:
    """Return the path on this machine that a name means: `~` and `file://` are understood.

    Raises `ValueError` for other kinds of address.
    """
    if path.startswith("file://"):
        return unquote(urlsplit(path).path)
    head, mark, _ = path.partition("://")
    if mark and head.replace("+", "").isalnum():
        raise ValueError(
            f"`{path}`: addresses that start with `{head}://` can't be read or written; http(s) and files can"
        )
    return os.path.expanduser(path)


def compression_of(path: str, compression: str | None) -> str | None:
    """Return how a file is packed: as said, or by the end of its name if "infer". `ValueError` for unknown
    kinds."""
    if compression not in _KNOWN:
        kinds = ", ".join(f"`{kind}`" for kind in _KNOWN if kind)
        raise ValueError(f"unknown compression `{compression}`\nhint: there are {kinds} and None")
    if compression != "infer":
        return compression
    name = urlsplit(path).path if path.startswith(_WEB) else path
    return _PACKED.get(os.path.splitext(name)[1].lower())


def open_file(path: str, compression: str | None) -> BinaryIO:
    """Open a file or address for reading its unpacked bytes."""
    if not path.startswith(_WEB):
        return open(path, "rb") if compression is None else _unpacked(path, compression, path)
    try:
        raw = cast(BinaryIO, urlopen(path))
    except URLError as error:
        raise OSError(f"`{path}` can't be fetched: {error.reason}") from error
    if compression is None:
        return raw
    try:
        # A zip file is read from its end.
        return _unpacked(io.BytesIO(raw.read()) if compression == "zip" else raw, compression, path)
    except BaseException:
        raw.close()
        raise


def _unpacked(packed: str | BinaryIO, compression: str, path: str) -> BinaryIO:
    """Open what is packed. A file given by its path is closed with what is returned."""
    if compression == "zip":
        with zipfile.ZipFile(packed) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if not members:
                raise ValueError(f"`{path}` is a zip file with nothing in it")
            # The archive is only closed with its last open member.
            return cast(BinaryIO, archive.open(members[0]))
    if compression == "zstd":
        return _zstd(packed, path)
    opened: dict[str, Callable[[Any], Any]] = {
        "gzip": gzip.open,
        "bz2": bz2.open,
        "xz": lzma.open,
        "lzma": lzma.open,
    }
    return cast(BinaryIO, opened[compression](packed))


def _zstd(packed: str | BinaryIO, path: str) -> BinaryIO:
    try:
        from compression import zstd  # type: ignore[import-not-found, unused-ignore]  # Python 3.14
    except ImportError:
        try:
            import zstandard  # type: ignore[import-not-found, unused-ignore]
        except ImportError:
            raise ImportError(f"`{path}` is packed with zstd\nhint: `pip install zstandard`") from None
        raw = open(packed, "rb") if isinstance(packed, str) else packed
        return io.BufferedReader(zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True))
    return cast(BinaryIO, zstd.open(packed))
