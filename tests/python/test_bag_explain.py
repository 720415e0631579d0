"""``bag.explain()`` says what would happen, and what it says is what happens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import tureen
import tureen.bag as db


def shout(word: str) -> str:
    return word + "!"


def details(told: Any) -> dict[str, tuple[str, ...]]:
    return {part.name: part.details for part in told.parts}


def test_text_of_a_file_needs_no_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("one two\n")
    monkeypatch.setattr("tureen._settings.cpu_count", lambda: 4)
    bag = db.read_text(tmp_path / "a.txt")
    told = bag.str.split().flatten().map(shout).count().explain()
    assert (told.scheduler, told.n_workers) == ("processes", 4)
    assert details(told)["count-part"] == (
        "without the interpreter, 4 threads on each partition: map(split), flatten",
        "one Python loop: map(shout)",
        "on the whole partition: count",
    )
    native = bag.str.split().flatten().count().explain()
    assert native.scheduler == "threads"
    assert native.parts[0].why == "it calls no Python functions of the user's"
    packed = db.read_text(tmp_path / "a.txt", encoding="latin-1").str.split().flatten().explain()
    assert packed.parts[0].details == ("one Python loop: map(split), flatten",)


def test_what_was_asked_for_is_said() -> None:
    bag = db.from_sequence(["a"]).map(shout)
    assert bag.explain(scheduler="sync").parts[0].where == "this thread"
    with tureen.config.set(scheduler="threads"):
        told = bag.explain()
    assert (told.scheduler, told.parts[0].why) == ("threads", "it was asked for")


def test_many_small_partitions_are_told_together() -> None:
    told = db.from_sequence(range(10**6)).map(lambda n: n + 1).sum().explain()
    assert [(part.name, part.n_calls) for part in told.parts] == [
        ("sum-part", 10_000),
        ("sum-aggregate", 1431),
    ]
    assert told.parts[0].why == "made within the tasks that gather them"


def test_nothing_is_computed() -> None:
    called: list[int] = []
    db.from_sequence([1]).map(called.append).sum().explain()
    assert called == []
