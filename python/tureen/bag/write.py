"""`to_textfiles`: writes each partition of a bag to a file of its own, whole or not at all."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

from . import computing
from .files import compression_of, local_path
from .layers import StepLayer
from .steps import HERE, PARTITION, Step

if TYPE_CHECKING:
    from .bag import Bag

_OPENERS: dict[str, Callable[..., Any]] = {
    "gzip": gzip.open,
    "bz2": bz2.open,
    "xz": lzma.open,
    "lzma": lzma.open,
}


def to_textfiles(
    b: Bag,
    path: Any,
    name_function: Callable[[int], str] | None = None,
    compression: str | None = "infer",
    encoding: str | None = "utf-8",
    compute: bool = True,
    storage_options: dict[str, Any] | None = None,
    last_endline: bool = False,
    **kwargs: Any,
) -> list[Any]:
    """Write each partition to a text file, one line per element, and return the paths.

    Args:
        b: The bag, of text, or of bytes, which are taken for UTF-8; with `encoding=None`, as they are.
        path: A pattern, whose ``*`` becomes the number of the partition (or what `name_function` makes of
            it); a
            folder, where the files are called ``0.part``, ``1.part`` ...; or a list of paths, one each.
        name_function: From the number of a partition to its name. Names must keep the order of the numbers.
        compression: "gzip", "bz2", "xz", None, or "infer": by the end of the name.
        encoding: Of the text.
        compute: Whether to write now. Otherwise promises are returned, which write when computed.
        storage_options: Not used yet; must be empty.
        last_endline: Whether the last line of each file ends with a line end too.
        kwargs: As `Bag.compute`.

    A file appears under its name when it is complete; a failure leaves what was there before. Folders are
    made.

    >>> import tempfile, tureen.bag as db
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = db.to_textfiles(db.range(4, 2).map(str), folder + "/*.txt")
    >>> [path[-5:] for path in paths]
    ['0.txt', '1.txt']
    """
    if storage_options:
        raise ValueError("`storage_options` are for kinds of storage that can't be written yet")
    paths = numbered_paths(path, b.npartitions, name_function)
    packed = [compression_of(path, compression) for path in paths]
    for its_path, its_compression in zip(paths, packed, strict=True):
        if its_compression is not None and its_compression not in _OPENERS:
            raise ValueError(f"`{its_path}`: text can't be written packed with {its_compression}")
    targets = list(zip(paths, packed, strict=True))
    step = Step(
        "partition",
        _write,
        (HERE, PARTITION, targets, encoding, last_endline),
        streams=True,
        word="to_textfiles",
    )
    layer = StepLayer("to-textfiles", b.layer, step)
    if not compute:
        return computing.promises(computing.all_of(layer))
    computing.run_all(layer, **kwargs)
    return paths


def numbered_paths(path: Any, n: int, name_function: Callable[[int], str] | None) -> list[str]:
    """Return the path of each of `n` partitions: of a pattern or folder, numbered, or of a list as it is."""
    if isinstance(path, (str, os.PathLike)):
        pattern = os.path.abspath(local_path(os.fsdecode(os.fspath(path))))
        if "*" not in pattern:
            pattern = os.path.join(pattern, "*.part")
        if pattern.count("*") > 1:
            raise ValueError(
                f"`{path}` has more than one `*`: one is needed, for the number of the partition"
            )
        width = len(str(max(0, n - 1)))
        paths = [
            pattern.replace("*", name_function(i) if name_function else str(i).zfill(width)) for i in range(n)
        ]
        if paths != sorted(paths):
            import warnings

            warnings.warn("the names of the files are not in the order of the partitions", stacklevel=4)
    elif isinstance(path, (list, tuple, set)):
        paths = [os.path.abspath(local_path(os.fsdecode(os.fspath(one)))) for one in path]
    else:
        raise TypeError(f"a path, a pattern or a list of paths is needed, not `{type(path).__name__}`")
    if len(paths) != n:
        raise ValueError(f"the bag has {n} partitions, and there are {len(paths)} paths to write them to")
    if len(set(paths)) != n:
        raise ValueError(
            "two partitions would be written to one file\nhint: `name_function` must give each its name"
        )
    return paths


def _write(
    elements: Iterable[Any],
    partition: int,
    targets: list[tuple[str, str | None]],
    encoding: str | None,
    last_endline: bool,
) -> None:
    path, compression = targets[partition]
    with written_whole(path) as raw, _OPENERS[compression](raw, "wb") if compression else raw as packed:
        _write_lines(elements, packed, encoding, last_endline)


@contextlib.contextmanager
def written_whole(path: str) -> Iterator[BinaryIO]:
    """Give a file to write, which takes its name when all was written; its folder is made."""
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    # Not `tempfile`: its files are for their owner only, and who looks what others may do changes it for a
    # moment, for all threads.
    unfinished = os.path.join(folder, f".{os.path.basename(path)}.{os.urandom(8).hex()}.unfinished")
    try:
        with open(unfinished, "xb") as raw:
            yield raw
        os.replace(unfinished, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(unfinished)
        raise


def _write_lines(elements: Iterable[Any], file: Any, encoding: str | None, last_endline: bool) -> None:
    out = file if encoding is None else io.TextIOWrapper(file, encoding=encoding, newline="\n")
    end: Any = b"\n" if encoding is None else "\n"
    function: Callable[[Any], Any] = out.write
    is_first = True
    for element in elements:
        if not is_first:
            function(end)
        is_first = False
        try:
            function(element)
        except TypeError:
            function(_converted(element, encoding))
    if last_endline:
        function(end)
    if encoding is not None:
        out.flush()
        out.detach()


def _converted(element: Any, encoding: str | None) -> str | bytes:
    """Give bytes as text, and text as bytes where these are written."""
    if encoding is None and isinstance(element, str):
        return element.encode()
    if encoding is not None and isinstance(element, (bytes, bytearray, memoryview)):
        return bytes(element).decode()
    raise TypeError(
        f"an `{type(element).__name__}` is no line of text\n"
        "hint: make text of the elements first, as with `.map(str)`"
    )
