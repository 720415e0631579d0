"""Native programs read lines as Python's text files do, whatever ends them and wherever the bytes are cut."""

from __future__ import annotations

import io
import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tureen._tureen import TextDeclined, TextProgram

COLLECT = TextProgram([], ("collect",))
PIECES = [
    "",
    "a",
    "é",
    "汉字",
    "🍲",
    "\r",
    "\n",
    "\r\n",
    "\n\r",
    "\n\n",
    "$",
    "$$",
    "x y",
    "\x85",
    "\u2028",
    "\0",
]
texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)


def lines_of(data: bytes, newline: str | None) -> list[str]:
    if newline in (None, "", "\n", "\r", "\r\n"):
        return list(io.TextIOWrapper(io.BytesIO(data), "utf-8", newline=newline))
    pieces = data.decode().split(str(newline))
    return [piece + str(newline) for piece in pieces[:-1]] + [pieces[-1]] * bool(pieces[-1])


@settings(max_examples=400, deadline=None)
@given(texts, st.sampled_from([None, "", "\n", "\r", "\r\n", "$", "$$", "汉"]))
def test_lines_end_where_python_ends_them(tmp_path_factory: Any, text: str, newline: str | None) -> None:
    path = tmp_path_factory.mktemp("text") / "a.txt"
    data = text.encode()
    path.write_bytes(data)
    expected = lines_of(data, newline)
    assert COLLECT.run_file(path, 0, len(data), newline).to_list() == expected


@pytest.mark.parametrize("newline", [None, "", "\n", "\r\n", "||"])
def test_lines_and_files_longer_than_what_is_read_at_a_time(tmp_path: Path, newline: str | None) -> None:
    ends = {None: ["\n", "\r\n", "\r"], "": ["\n", "\r\n", "\r"]}.get(newline, [str(newline)])
    lengths = [0, 262_143, 262_144, 262_145, 1, 900_000, *range(0, 4000, 7)] * 3
    data = "".join("x" * n + ends[i % len(ends)] for i, n in enumerate(lengths)).encode() + "é end".encode()
    path = tmp_path / "long.txt"
    path.write_bytes(data)
    expected = lines_of(data, newline)
    for n_threads in (1, 3):
        assert COLLECT.run_file(path, 0, len(data), newline, n_threads).to_list() == expected


def test_ranges_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\ntwo\nthree\n")
    assert COLLECT.run_file(path, 4, 8).to_list() == ["two\n"]
    assert COLLECT.run_file(path, 8, 99).to_list() == ["three\n"]
    assert COLLECT.run_file(path, 9, 3).to_list() == COLLECT.run_file(path, 14, 14).to_list() == []


def test_threads_count_what_one_counts(tmp_path: Path) -> None:
    lines = [f"Word{n % 977} été {n % 31} Σίσυφος\r\n" for n in range(150_000)]
    path = tmp_path / "many.txt"
    path.write_bytes("".join(lines).encode())
    words = [word for line in lines for word in line.lower().split()]
    program = TextProgram([("lower",), ("split",), ("flatten",)], ("frequencies",))
    for n_threads in (1, 2, 5):
        counts = program.run_file(path, 0, path.stat().st_size, n_threads=n_threads)
        assert counts.items() == list(Counter(words).items())


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize(
    "bad", [b"\xe9\n", b"\xed\xa0\x80\n", b"\xc0\xaf\n", b"\xf5\x80\x80\x80\n", b"\xe6\xb1"]
)
def test_what_is_no_utf8_is_declined_and_the_byte_told(tmp_path: Path, bad: bytes, n_threads: int) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(b"abc\r\n" * 1_000_000 + b"Jos" + bad)
    with pytest.raises(
        TextDeclined, match=r"no UTF-8 text" if n_threads > 1 else r"byte 5000003 is no UTF-8"
    ):
        COLLECT.run_file(path, 0, path.stat().st_size, n_threads=n_threads)


def test_what_cannot_be_read_is_declined(tmp_path: Path) -> None:
    with pytest.raises(TextDeclined, match="No such file"):
        COLLECT.run_file(tmp_path / "none.txt", 0, 9)
    with pytest.raises(TextDeclined):
        TextProgram([], ("count",), "int").run_file(__file__, 0, 9)


def test_control_c_stops_a_program_and_other_threads_go_on_meanwhile() -> None:
    def interrupt() -> None:
        # Python code runs while a program does; were it not so, this would come at the program's end only.
        time.sleep(0.2)
        os.kill(os.getpid(), signal.SIGINT)

    lines = ["a b c\n" * 2_000] * 5_000_000  # They take minutes.
    program = TextProgram([("split",), ("flatten",)], ("frequencies",))
    other = threading.Thread(target=interrupt)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        other.start()
        program.run(lines)
    assert time.monotonic() - began < 60
    other.join()
