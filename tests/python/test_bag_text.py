"""Reading and writing text: no line is lost, doubled or changed, however the files are cut."""

from __future__ import annotations

import bz2
import functools
import gzip
import http.server
import io
import lzma
import os
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tureen.bag as db

WORDS = st.sampled_from(
    ["", "a", "é", "汉字", "🍲", "\r", "\n", "\r\n", "\n\n", "$", "$$", "$$$", "x y", "\x85", "\u2028"]
)
texts = st.lists(WORDS, max_size=30).map("".join)


@settings(max_examples=300, deadline=None)
@given(
    texts,
    st.integers(1, 40),
    st.sampled_from([None, "", "\n", "\r\n", "$", "$$", "$$$", "a$", "汉"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-32-be"]),
)
def test_blocks_hold_every_line_once(
    tmp_path_factory: Any, text: str, blocksize: int, delimiter: str | None, encoding: str
) -> None:
    path = tmp_path_factory.mktemp("text") / "a.txt"
    path.write_bytes(text.encode(encoding))
    if delimiter in (None, "", "\n", "\r\n"):
        expected = list(io.TextIOWrapper(io.BytesIO(text.encode()), "utf-8", newline=delimiter))
    else:
        pieces = text.split(str(delimiter))
        expected = [piece + str(delimiter) for piece in pieces[:-1]] + [pieces[-1]] * bool(pieces[-1])
    options = {"encoding": encoding, "linedelimiter": delimiter}
    assert db.read_text(path, **options).compute(scheduler="sync") == expected
    assert db.read_text(path, blocksize=blocksize, **options).compute(scheduler="sync") == expected


def test_lines_longer_than_what_is_read_at_a_time(tmp_path: Path) -> None:
    lines = ["x" * n + "||" for n in (0, 65534, 65535, 65536, 200_000, 3)]
    (tmp_path / "long.txt").write_text("".join(lines))
    for blocksize in (None, 1000, 70_000):
        assert db.read_text(tmp_path / "long.txt", linedelimiter="||", blocksize=blocksize).compute() == lines


def test_blocks_of_encodings_with_more_bytes(tmp_path: Path) -> None:
    lines = ["你好！\n"] * 100
    (tmp_path / "a.txt").write_bytes("".join(lines).encode("gb18030"))
    bag = db.read_text(tmp_path / "a.txt", blocksize=100, encoding="gb18030")
    assert bag.npartitions == 7
    assert bag.compute() == lines
    for encoding, delimiter in (("utf-16", None), ("gb18030", "0"), ("iso2022_jp", None)):
        with pytest.raises(ValueError, match=r"read in blocks\nhint|to of bytes|order of bytes"):
            db.read_text(tmp_path / "a.txt", blocksize=100, encoding=encoding, linedelimiter=delimiter)


def _zip(data: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a.txt", data)
    return held.getvalue()


@pytest.mark.parametrize(
    ("ending", "pack"),
    [("", bytes), (".gz", gzip.compress), (".bz2", bz2.compress), (".xz", lzma.compress), (".zip", _zip)],
)
def test_packed_files(tmp_path: Path, ending: str, pack: Callable[[bytes], bytes]) -> None:
    for name in "ab":
        (tmp_path / f"{name}.txt{ending}").write_bytes(pack(f"one {name}\ntwo\n".encode()))
    expected = ["one a\n", "two\n", "one b\n", "two\n"]
    bag = db.read_text(str(tmp_path / f"*.txt{ending}"))
    assert bag.npartitions == 2
    assert bag.compute() == bag.compute() == expected
    together = db.read_text(tmp_path / f"*.txt{ending}", files_per_partition=2, include_path=True)
    assert together.npartitions == 1
    assert together.pluck(0).compute() == expected
    assert together.pluck(1).map(os.path.basename).distinct().compute() == [
        f"a.txt{ending}",
        f"b.txt{ending}",
    ]
    if ending:
        with pytest.raises(ValueError, match="is packed with"):
            db.read_text(tmp_path / f"a.txt{ending}", blocksize=10)


def test_what_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"no such file: .*none\.txt"):
        db.read_text(tmp_path / "none.txt")
    with pytest.raises(ValueError, match=r"no file matches `.*/\*\.txt`\nhint: "):
        db.read_text(str(tmp_path / "*.txt"))
    with pytest.raises(IsADirectoryError, match="is a folder\nhint: name its files with a pattern"):
        db.read_text(tmp_path)
    with pytest.raises(ValueError, match="`s3://"):
        db.read_text("s3://bucket/key")
    with pytest.raises(LookupError, match="unknown encoding `klingon`"):
        db.read_text(__file__, encoding="klingon")
    with pytest.raises(ValueError, match="unknown compression `rar`"):
        db.read_text(__file__, compression="rar")
    with pytest.raises(ValueError, match="is no size in bytes\nhint"):
        db.read_text(__file__, blocksize="much")


@pytest.mark.parametrize("blocksize", [None, 1000])
def test_a_wrong_encoding_names_file_and_byte(tmp_path: Path, blocksize: int | None) -> None:
    path = tmp_path / "latin.txt"
    path.write_bytes(b"abc\n" * 50_000 + b"Jos\xe9\n")
    bag = db.read_text(path, blocksize=blocksize)
    with pytest.raises(
        UnicodeDecodeError, match=rf"byte 200003 \(0xe9\) of `{path}` is no utf-8 text\nhint: "
    ):
        bag.count().compute()
    assert db.read_text(path, blocksize=blocksize, errors="ignore").count().compute() == 50_001
    assert db.read_text(path, blocksize=blocksize, encoding="latin-1").compute()[-1] == "José\n"


def test_empty_files(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    for blocksize in (None, 10):
        bag = db.read_text(tmp_path / "empty.txt", blocksize=blocksize)
        assert bag.npartitions == 1 and bag.compute() == []


def test_addresses(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\ntwo\n")
    handler = functools.partial(_Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            address = f"http://127.0.0.1:{server.server_port}/a.txt"
            assert db.read_text(address).compute() == ["one\n", "two\n"]
            assert db.from_url([address]).compute() == [b"one\n", b"two\n"]
            with pytest.raises(OSError, match="can't be fetched"):
                db.read_text(address + ".none").compute()
        finally:
            server.shutdown()
    assert db.read_text(f"file://{tmp_path}/a.txt").count().compute() == 2


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))), st.integers(1, 5)
)
def test_what_was_written_is_read_back(tmp_path_factory: Any, lines: list[str], n: int) -> None:
    folder = tmp_path_factory.mktemp("out")
    bag = db.from_sequence(lines, npartitions=n)
    for ending in ("", ".gz"):
        paths = bag.to_textfiles(str(folder / f"part-*.txt{ending}"), last_endline=True)
        assert len(paths) == bag.npartitions
        read = db.read_text(paths, linedelimiter="\n").map(lambda line: line[:-1]).compute()
        assert read == (lines or [""])  # an empty partition has a line end, as in dask.bag


def test_a_failure_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "0.txt").write_text("before")
    with pytest.raises(TypeError):
        db.from_sequence(["a", 1], npartitions=1).to_textfiles(str(tmp_path / "*.txt"))
    assert [path.name for path in tmp_path.iterdir()] == ["0.txt"]
    assert (tmp_path / "0.txt").read_text() == "before"


def test_where_to_write(tmp_path: Path) -> None:
    bag = db.from_sequence("abcdefghijk", npartitions=11)
    names = [os.path.basename(path) for path in bag.to_textfiles(str(tmp_path / "new" / "folder"))]
    assert names == sorted(names) == [f"{n:02}.part" for n in range(11)]
    with pytest.raises(TypeError, match="`int`"):
        bag.to_textfiles(5)
    with pytest.raises(ValueError, match="11 partitions, and there are 1"):
        bag.to_textfiles([tmp_path / "a"])
