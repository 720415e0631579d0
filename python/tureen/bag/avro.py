"""Avro files: `read_avro` makes bags of their records, `to_avro` writes a bag's.

Needs the package fastavro, which knows the format. Here is only what makes the files a bag: a file is cut at
its sync markers, as text is at line ends (`blocks.py`), and each piece is read as if it stood behind the
file's header.
"""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from . import computing
from .bag import Bag
from .blocks import open_block
from .checks import check_count
from .files import compression_of, find_files, open_file
from .layers import SourceLayer, StepLayer
from .naming import token
from .steps import HERE, PARTITION, Step
from .write import numbered_paths, written_whole

if TYPE_CHECKING:
    from types import ModuleType

_SYNC_SIZE = 16
_RECORD = {
    "name": str,
    "type": str,
    "fields": list,
}


def read_avro(
    urlpath: Any,
    blocksize: int | None = 100_000_000,
    storage_options: dict[str, Any] | None = None,
    compression: str | None = None,
) -> Bag:
    """Make a bag of the records of Avro files, as dask.bag 2026.8's.

    Args:
        urlpath: A path, a pattern such as ``people/*.avro``, an address (http, https), or a list of them.
        blocksize: About how many bytes each partition reads; None: one partition for each file.
        storage_options: Not used yet; must be empty.
        compression: How the whole file is packed ("gzip", "bz2" ...; only with ``blocksize=None``), beside
            what Avro itself packs.

    Raises:
        ImportError: fastavro is not installed.
        FileNotFoundError, ValueError: at once, for a file or pattern that finds nothing, or that is no Avro
            file.

    >>> import tempfile, tureen.bag as db
    >>> schema = {"name": "N", "type": "record", "fields": [{"name": "n", "type": "int"}]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = db.from_sequence([{"n": 1}, {"n": 2}], npartitions=1).to_avro(folder + "/*.avro", schema)
    ...     db.read_avro(paths).pluck("n").sum().compute()
    3
    """
    _fastavro("read_avro")
    if storage_options:
        raise ValueError("`storage_options` are for kinds of storage that can't be read yet")
    check_count("blocksize", blocksize)
    paths = find_files(urlpath)
    packed = [compression_of(path, compression) for path in paths]
    parts: list[Records] = []
    for path, its_compression in zip(paths, packed, strict=True):
        if blocksize is None or not os.path.isfile(path):
            parts.append(Records(path, its_compression, None, b""))
            continue
        if its_compression is not None:
            raise ValueError(
                f"`{path}` is packed with {its_compression}, and can't be read in blocks\n"
                "hint: `blocksize=None` reads it whole"
            )
        header = _header(path)
        bounds = [*range(0, os.path.getsize(path), blocksize), os.path.getsize(path)]
        parts += [Records(path, None, block, header) for block in itertools.pairwise(bounds)]
    stamps = [(path, os.stat(path).st_mtime_ns if os.path.exists(path) else 0) for path in paths]
    return Bag.of(SourceLayer("read_avro", parts, token(stamps, blocksize, packed)))


class SchemaError(ValueError, AssertionError):
    """A schema that is not one of a record. (An `AssertionError`, because dask.bag raises that.)"""


class Records:
    """The records of one partition: of a file, or of those of its blocks that start in a range of bytes."""

    __slots__ = ("block", "compression", "header", "path")

    def __init__(
        self, path: str, compression: str | None, block: tuple[int, int] | None, header: bytes
    ) -> None:
        self.path = path
        self.compression = compression
        self.block = block
        self.header = header

    def __reduce__(self) -> tuple[Any, ...]:
        return Records, (self.path, self.compression, self.block, self.header)

    def __call__(self) -> list[Any]:
        reader = _fastavro("read_avro").reader
        if self.block is None:
            with open_file(self.path, self.compression) as file:
                return list(reader(file))
        raw, start = open_block(self.path, *self.block, self.header[-_SYNC_SIZE:])
        with raw:
            content = raw.read()
        # The header ends with the marker too, so it is the first block of the file.
        return list(reader(io.BytesIO(content if start == 0 else self.header + content))) if content else []


def _header(path: str) -> bytes:
    """Return the bytes before the first block. The last 16 are the marker that ends each block."""
    with open(path, "rb") as file:
        try:
            _fastavro("read_avro").block_reader(file)
        except (EOFError, ValueError) as error:
            raise ValueError(f"`{path}` is no Avro file: {error}") from error
        size = file.tell()
        file.seek(0)
        return file.read(size)


def to_avro(
    b: Bag,
    filename: Any,
    schema: Mapping[str, Any],
    name_function: Callable[[int], str] | None = None,
    storage_options: dict[str, Any] | None = None,
    codec: str = "null",
    sync_interval: int = 16000,
    metadata: dict[str, str] | None = None,
    compute: bool = True,
    **kwargs: Any,
) -> list[Any]:
    """Write each partition to an Avro file, one record per element (a dict), and return the paths.

    Args:
        b: The bag.
        filename: A pattern, whose ``*`` becomes the number of the partition (or what `name_function` makes of
            it), or a list of paths, one for each partition.
        schema: That of a record: a dict with "name", "type": "record" and "fields".
        name_function: From the number of a partition to its name.
        storage_options: Not used yet; must be empty.
        codec: How blocks are packed: "null", "deflate", "snappy" ...
        sync_interval: About how many bytes a block of records has.
        metadata: For the header of each file.
        compute: Whether to write now. Otherwise promises are returned, which write when computed.
        kwargs: As `Bag.compute`.

    A file appears under its name when it is complete.

    Raises:
        ImportError: fastavro is not installed.
        SchemaError: the schema is not one of a record. It is a `ValueError`, and an `AssertionError` as in
            dask.bag.

    >>> import tempfile, tureen.bag as db
    >>> schema = {"name": "N", "type": "record", "fields": [{"name": "n", "type": "int"}]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = db.from_sequence([{"n": 1}, {"n": 2}]).to_avro(folder + "/*.avro", schema)
    >>> [path[-6:] for path in paths]
    ['0.avro', '1.avro']
    """
    _fastavro("to_avro")
    _check_schema(schema)
    if storage_options:
        raise ValueError("`storage_options` are for kinds of storage that can't be written yet")
    paths = numbered_paths(filename, b.npartitions, name_function)
    args = (HERE, PARTITION, paths, schema, codec, sync_interval, metadata)
    step = Step("partition", _write, args, streams=True, word="to_avro")
    layer = StepLayer("to-avro", b.layer, step)
    if not compute:
        return computing.promises(computing.all_of(layer))
    computing.run_all(layer, **kwargs)
    return paths


def _check_schema(schema: Any) -> None:
    hint = '\nhint: {"name": "Person", "type": "record", "fields": [{"name": "age", "type": "int"}]}'
    if not isinstance(schema, Mapping):
        raise SchemaError(f"the schema must be a dict, not a `{type(schema).__name__}`{hint}")
    for field, kind in _RECORD.items():
        if not isinstance(schema.get(field), kind):
            raise SchemaError(f"the schema needs a `{field}` that is a {kind.__name__}{hint}")
    if schema["type"] != "record":
        raise SchemaError(f"the schema must be of type `record`, not `{schema['type']}`{hint}")
    for number, field in enumerate(schema["fields"]):
        if not isinstance(field, Mapping) or not {"name", "type"} <= field.keys():
            raise SchemaError(f"field {number} of the schema needs a `name` and a `type`{hint}")


def _write(
    elements: Iterable[Any],
    partition: int,
    paths: list[str],
    schema: Any,
    codec: str,
    sync_interval: int,
    metadata: dict[str, str] | None,
) -> None:
    with written_whole(paths[partition]) as file:
        _fastavro("to_avro").writer(file, schema, elements, codec, sync_interval, metadata)


def _fastavro(word: str) -> ModuleType:
    try:
        import fastavro  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise ImportError(f"`{word}` needs the package fastavro\nhint: `pip install fastavro`") from None
    module: ModuleType = fastavro
    return module
