"""`read_text`: bags of the lines of text files."""

from __future__ import annotations

import codecs
import os
from collections.abc import Sequence
from typing import Any

from . import computing
from .bag import Bag
from .blocks import block_bounds
from .checks import check_count
from .files import compression_of, find_files
from .layers import SourceLayer
from .lines import Lines
from .naming import token
from .sizes import parse_size

_LINE_ENDS = (None, "", "\n", "\r", "\r\n")


def read_text(
    urlpath: Any,
    blocksize: int | str | None = None,
    compression: str | None = "infer",
    encoding: str = "utf-8",
    errors: str = "strict",
    linedelimiter: str | None = None,
    collection: bool = True,
    storage_options: dict[str, Any] | None = None,
    files_per_partition: int | None = None,
    include_path: bool = False,
) -> Any:
    r"""Make a bag of the lines of text files, as dask.bag's. Lines keep their ends.

    Args:
        urlpath: A path, a pattern such as ``books/*.txt``, an address (http, https), or a list of them.
        blocksize: About how many bytes each partition reads, as a number or "32k", "64MB"; files are cut at
            line
            ends. None: one partition for each file. Not for packed files and addresses.
        compression: "gzip", "bz2", "xz", "lzma", "zip", "zstd", None, or "infer": by the end of the name.
        encoding: Of the text.
        errors: What to do with bytes that are no text: "strict", "ignore", "replace" ...
        linedelimiter: What ends a line. None: ``\n``, ``\r\n`` and ``\r``, each read as ``\n``.
        collection: Whether to return a bag, or else a list of promises, one for each partition.
        storage_options: Not used yet; must be empty.
        files_per_partition: How many files to read in each partition.
        include_path: Whether elements are pairs of a line and its file's path.

    Raises:
        FileNotFoundError, ValueError: at once, for a file or pattern that finds nothing.
        UnicodeDecodeError: when computed, with the file and the byte.

    With a delimiter of its own, a file that ends with it has no empty line after it (dask.bag adds one, but
    only without a blocksize).

    >>> import pathlib, tempfile, tureen.bag as db
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     n = pathlib.Path(folder, "a.txt").write_text("one\ntwo\n")
    ...     db.read_text(folder + "/*.txt").compute()
    ['one\n', 'two\n']
    """
    if blocksize is not None and files_per_partition is not None:
        raise ValueError("only one of `blocksize` and `files_per_partition` can be given")
    if storage_options:
        raise ValueError("`storage_options` are for kinds of storage that can't be read yet")
    check_count("files_per_partition", files_per_partition)
    _check_codec(encoding, errors)
    paths = find_files(urlpath)
    packed = [compression_of(path, compression) for path in paths]
    parts: list[Lines] = []
    if blocksize is not None:
        size = parse_size(blocksize)
        for path, its_compression in zip(paths, packed, strict=True):
            _check_can_cut(path, its_compression, encoding, linedelimiter)
            for start, end in block_bounds(os.path.getsize(path), size):
                parts.append(
                    Lines(((path, None),), encoding, errors, linedelimiter, include_path, (start, end))
                )
    else:
        n = files_per_partition or 1
        files = list(zip(paths, packed, strict=True))
        for start in range(0, len(files), n):
            group = tuple(files[start : start + n])
            parts.append(Lines(group, encoding, errors, linedelimiter, include_path, None))
    layer = _layer(parts, paths)
    return Bag.of(layer) if collection else computing.promises(computing.all_of(layer))


def _layer(parts: Sequence[Lines], paths: Sequence[str]) -> SourceLayer:
    # As in dask, a file that has changed since is another bag.
    stamps = [(path, os.stat(path).st_mtime_ns if os.path.exists(path) else 0) for path in paths]
    return SourceLayer("read_text", parts, token(stamps, list(parts)))


def _check_codec(encoding: str, errors: str) -> None:
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise LookupError(f"unknown encoding `{encoding}`") from None
    try:
        codecs.lookup_error(errors)
    except LookupError:
        raise LookupError(
            f"unknown way to deal with errors `{errors}`\nhint: strict, ignore, replace ..."
        ) from None


def _check_can_cut(path: str, compression: str | None, encoding: str, delimiter: str | None) -> None:
    """Raise unless a file can be read in blocks."""
    hint = "hint: leave out `blocksize`"
    if compression is not None:
        raise ValueError(f"`{path}` is packed with {compression}, and can't be read in blocks\n{hint}")
    if not os.path.isfile(path):
        raise ValueError(f"`{path}` is not a plain file, and can't be read in blocks\n{hint}")
    name = codecs.lookup(encoding).name
    if name in ("utf-16", "utf-32"):
        raise ValueError(
            f"{name} text can't be read in blocks: only its start says the order of bytes\n"
            f"{hint}, or say `{name}-le` or `{name}-be`"
        )
    if name.startswith(("iso2022", "utf-7", "hz")) or not _is_safe(name, delimiter):
        raise ValueError(f"{name} text can't be cut safely at this delimiter, so not read in blocks\n{hint}")


def _is_safe(name: str, delimiter: str | None) -> bool:
    """Whether the delimiter's bytes can't be found within another character."""
    if delimiter in _LINE_ENDS or name.startswith(("utf-8", "utf-16", "utf-32", "ascii", "latin", "iso8859")):
        return True
    # In other encodings of one byte a character, every byte stands for itself.
    return name.startswith(("cp125", "cp437", "cp85", "cp86", "koi8", "mac"))
