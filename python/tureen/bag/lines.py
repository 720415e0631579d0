"""Reads the lines of files, or of a block of one, as they are used."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from .blocks import open_block
from .files import open_file
from .naming import token
from .stream import Stream

_CHUNK = 1 << 16
_LINE_ENDS = (None, "", "\n", "\r", "\r\n")


class Lines(Stream):
    """The lines of one partition: of some files, or of a range of bytes of one. May be read more than
    once."""

    __slots__ = ("block", "delimiter", "encoding", "errors", "files", "with_path")

    def __init__(
        self,
        files: tuple[tuple[str, str | None], ...],
        encoding: str,
        errors: str,
        delimiter: str | None,
        with_path: bool,
        block: tuple[int, int] | None,
    ) -> None:
        self.files = files
        self.encoding = encoding
        self.errors = errors
        self.delimiter = delimiter
        self.with_path = with_path
        self.block = block

    def within(self, start: int, end: int) -> Lines:
        """Return the lines that start in a range of bytes."""
        return Lines(self.files, self.encoding, self.errors, self.delimiter, self.with_path, (start, end))

    def _fields(self) -> tuple[Any, ...]:
        return (self.files, self.encoding, self.errors, self.delimiter, self.with_path, self.block)

    def __reduce__(self) -> tuple[Any, ...]:
        return Lines, self._fields()

    def __tureen_token__(self) -> str:
        return token(*self._fields())

    def __call__(self) -> Lines:
        return self

    def __iter__(self) -> Iterator[Any]:
        for path, compression in self.files:
            if self.with_path:
                for line in self._read(path, compression):
                    yield line, path
            else:
                yield from self._read(path, compression)

    def _read(self, path: str, compression: str | None) -> Iterator[str]:
        start, encoding = 0, self.encoding
        if self.block is None:
            raw: BinaryIO = open_file(path, compression)
        else:
            delimiter, width = cut_at(self.delimiter, encoding)
            source, start = open_block(path, *self.block, delimiter, width)
            raw = io.BufferedReader(source)
            if start and codecs.lookup(encoding).name == "utf-8-sig":
                encoding = "utf-8"  # Only the start of the file has a mark to leave out.
        with raw:
            newline = self.delimiter if self.delimiter in _LINE_ENDS else ""
            text = io.TextIOWrapper(raw, encoding=encoding, errors=self.errors, newline=newline)
            try:
                if self.delimiter in _LINE_ENDS:
                    yield from text
                else:
                    yield from _split(text, str(self.delimiter))
            except UnicodeDecodeError as error:
                _tell_byte(error, path, start, text.buffer)
                raise
            finally:
                # Whoever left off in the middle may have closed it already.
                if not raw.closed:
                    text.detach()


def cut_at(delimiter: str | None, encoding: str) -> tuple[bytes, int]:
    """Return the bytes to cut a file at, and the size of the units that text is made of."""
    name = codecs.lookup(encoding).name
    width = 2 if name.startswith("utf-16") else 4 if name.startswith("utf-32") else 1
    text = delimiter or "\n"
    return text.encode("utf-8" if name == "utf-8-sig" else encoding), width


def _split(text: Iterable[str], delimiter: str) -> Iterator[str]:
    """Yield the pieces of a text that end with a delimiter, and the rest, without holding the whole."""
    read = text.read  # type: ignore[attr-defined]
    held: list[str] = []
    tail = ""
    while chunk := read(_CHUNK):
        pieces = (tail + chunk).split(delimiter)
        for piece in pieces[:-1]:
            if held:
                held.append(piece)
                piece = "".join(held)
                held.clear()
            yield piece + delimiter
        # The delimiter may go on in the next chunk: as much is kept back as it can have.
        keep = len(delimiter) - 1
        rest = pieces[-1]
        if keep and len(rest) > keep:
            held.append(rest[:-keep])
            tail = rest[-keep:]
        elif keep:
            tail = rest
        else:
            held.append(rest)
            tail = ""
    last = "".join(held) + tail
    if last:
        yield last


def _tell_byte(error: UnicodeDecodeError, path: str, start: int, file: Any) -> None:
    """Add to a decoding error the file and the byte, counted from the file's start."""
    byte = error.object[error.start]
    try:
        number = f"byte {start + file.tell() - len(error.object) + error.start} (0x{byte:02x})"
    except OSError:  # A page from the web doesn't tell where it is.
        number = f"a byte 0x{byte:02x}"
    error.reason = (
        f"{error.reason}: {number} of `{path}` is no {error.encoding} text\n"
        'hint: give the file\'s `encoding=`, or `errors="replace"`'
    )
