"""Avro files and tables: what goes out comes back, however it is cut, and dask reads it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import tureen.bag as db

fastavro = pytest.importorskip("fastavro")
pandas = pytest.importorskip("pandas")

SCHEMA = {
    "name": "Person",
    "type": "record",
    "fields": [{"name": "name", "type": "string"}, {"name": "age", "type": "int"}],
}
PEOPLE = [{"name": f"person {number}", "age": number} for number in range(1000)]


@pytest.mark.parametrize("codec", ["null", "deflate"])
@pytest.mark.parametrize("blocksize", [None, 1, 700, 10**9])
def test_avro_comes_back(tmp_path: Path, codec: str, blocksize: int | None) -> None:
    bag = db.from_sequence(PEOPLE, npartitions=3)
    paths = bag.to_avro(tmp_path / "*.avro", SCHEMA, codec=codec, sync_interval=100)
    assert len(paths) == bag.npartitions
    assert db.read_avro(str(tmp_path / "*.avro"), blocksize=blocksize).compute(scheduler="sync") == PEOPLE


def test_an_empty_partition_is_a_file_without_records(tmp_path: Path) -> None:
    bag = db.from_sequence(PEOPLE, npartitions=2).filter(lambda person: person["age"] > 600)
    paths = bag.to_avro(tmp_path / "*.avro", SCHEMA)
    assert [len(db.read_avro(path).compute(scheduler="sync")) for path in paths] == [0, 399]


def test_dask_reads_what_we_write(tmp_path: Path) -> None:
    dask_bag = pytest.importorskip("dask.bag")
    pytest.importorskip("fsspec")
    db.from_sequence(PEOPLE, npartitions=2).to_avro(tmp_path / "*.avro", SCHEMA)
    assert dask_bag.read_avro(str(tmp_path / "*.avro"), blocksize=2000).compute(scheduler="sync") == PEOPLE


def test_what_is_no_avro_file_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.avro").write_text("name,age\n")
    with pytest.raises(ValueError, match=r"a\.avro` is no Avro file"):
        db.read_avro(tmp_path / "a.avro")
    with pytest.raises(FileNotFoundError):
        db.read_avro(tmp_path / "b.avro")


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({}, "needs a `name`"),
        ([], "must be a dict"),
        ({**SCHEMA, "type": "enum"}, "type `record`"),
        ({**SCHEMA, "fields": [{"name": "age"}]}, "field 0"),
    ],
)
def test_a_schema_that_is_none(tmp_path: Path, schema: Any, message: str) -> None:
    for kind in (ValueError, AssertionError):
        with pytest.raises(kind, match=message):
            db.from_sequence(PEOPLE).to_avro(tmp_path / "*.avro", schema)
    assert list(tmp_path.iterdir()) == []


def test_without_fastavro_the_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastavro", None)
    with pytest.raises(ImportError, match="pip install fastavro"):
        db.read_avro("a.avro")


def test_a_table_of_dicts_tuples_and_scalars() -> None:
    dicts = db.from_sequence(PEOPLE, npartitions=3).to_dataframe()
    tuples = db.from_sequence([(p["name"], p["age"]) for p in PEOPLE], npartitions=3)
    for frame in (dicts, tuples.to_dataframe(columns=["name", "age"])):
        computed = frame.compute() if hasattr(frame, "compute") else frame
        assert computed.to_dict("records") == PEOPLE
    scalars = db.from_sequence([1, 2, 3]).to_dataframe(meta={"n": "float64"})
    computed = scalars.compute() if hasattr(scalars, "compute") else scalars
    assert computed["n"].tolist() == [1.0, 2.0, 3.0]


def test_a_table_needs_its_columns_told_once() -> None:
    bag = db.from_sequence(PEOPLE)
    with pytest.raises(ValueError, match="both `meta` and `columns`"):
        bag.to_dataframe(meta={"n": "int64"}, columns=["n"])
    with pytest.raises(ValueError, match="hint: give an empty DataFrame"):
        db.from_sequence([]).to_dataframe()


def test_without_dask_the_table_is_one_of_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dask.dataframe", None)
    frame = db.from_sequence(PEOPLE, npartitions=2).to_dataframe()
    assert isinstance(frame, pandas.DataFrame) and frame.to_dict("records") == PEOPLE


def test_assert_eq() -> None:
    db.assert_eq(db.from_sequence([1, 2]), [1, 2])
    with pytest.raises(AssertionError, match="is not"):
        db.assert_eq(db.from_sequence([1, 2]).sum(), 4)
