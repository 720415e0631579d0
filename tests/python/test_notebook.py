"""The notebooks of the workshop: every cell runs and checks itself, and shows what it promises."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

PICTURES = {
    "promises": [
        "workflow-picture",
        "apart-y",
        "apart-z",
        "direct-pi",
        "gather-picture",
        "mean-picture",
        "words-count",
    ],
    "bags": ["map-picture", "reduction-picture", "pi-picture", "stems-picture"],
}

Cells = dict[str, Any]


def executed(name: str, folder: Path) -> Cells:
    """The cells after they ran, by name. A cell that raises ends it."""
    notebook = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
    return {cell.id: cell for cell in notebook.cells}


@pytest.fixture(scope="module")
def promises(tmp_path_factory: pytest.TempPathFactory) -> Cells:
    return executed("promises", tmp_path_factory.mktemp("promises"))


@pytest.fixture(scope="module")
def bags(tmp_path_factory: pytest.TempPathFactory) -> Cells:
    return executed("bags", tmp_path_factory.mktemp("bags"))


@pytest.fixture(params=PICTURES)
def name_and_cells(request: pytest.FixtureRequest) -> tuple[str, Cells]:
    return request.param, request.getfixturevalue(request.param)


def printed(cell: Any) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def shown(cell: Any, kind: str = "text/plain") -> str:
    [output] = [output for output in cell.outputs if output.output_type == "execute_result"]
    return str(output.data[kind])


def test_every_notebook_is_run_here() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.ipynb")} == set(PICTURES)


@pytest.mark.parametrize("name", PICTURES)
def test_it_is_kept_without_outputs(name: str) -> None:
    """Whoever reads it runs it: what is kept can't be out of date."""
    path = EXAMPLES / f"{name}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert cells
    assert [
        cell.id for cell in cells if cell.outputs or cell.execution_count is not None or cell.metadata
    ] == []
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.language_info == {"name": "python"}
    text = nbformat.writes(notebook)
    assert path.read_text(encoding="utf-8") == text + "\n", "not as nbformat writes it"


def test_pictures_are_shown_whole_as_svg(name_and_cells: tuple[str, Cells]) -> None:
    name, cells = name_and_cells
    for picture in PICTURES[name]:
        root = ElementTree.fromstring(shown(cells[picture], "image/svg+xml"))
        width, height = (float(root.attrib[side]) for side in ("width", "height"))
        assert root.attrib["viewBox"] == f"0 0 {width:g} {height:g}", picture
        name_space = "{http://www.w3.org/2000/svg}"
        rectangles = list(root.iter(f"{name_space}rect"))
        assert rectangles, picture
        for rectangle in rectangles:
            x, y, w, h = (float(rectangle.attrib[side]) for side in ("x", "y", "width", "height"))
            assert 0 <= x and x + w <= width and 0 <= y and y + h <= height, picture


def test_every_picture_is_among_those(name_and_cells: tuple[str, Cells]) -> None:
    name, cells = name_and_cells
    with_picture = [
        key
        for key, cell in cells.items()
        if any("image/svg+xml" in output.get("data", {}) for output in cell.get("outputs", []))
    ]
    assert with_picture == PICTURES[name]


def test_promises_show_their_keys_and_types(promises: Cells) -> None:
    assert shown(promises["type"]) == "tureen.delayed.Delayed"
    assert shown(promises["repr"]).startswith("Delayed('add-")


def test_what_tasks_print_is_in_the_output_of_their_cell(promises: Cells) -> None:
    assert (printed(promises["compute-x"]), shown(promises["compute-x"])) == ("1 + 2 = 3\n", "3")
    assert printed(promises["answer-compute"]).splitlines() == ["1 + 2 = 3", "3 + 3 = 6", "3 + 6 = 9"]
    assert shown(promises["answer-compute"]) == "(6, 9)"


def test_the_progress_bar_is_one_output(promises: Cells) -> None:
    [bar] = promises["progress-bar"].outputs
    assert "100% Completed | 100 of 100" in bar.data["text/plain"]


def test_bags_show_their_source_and_partitions(bags: Cells) -> None:
    assert shown(bags["import"]) == "tureen.bag<from_sequence, npartitions=5>"


def test_an_error_names_its_element(bags: Cells) -> None:
    assert "for the element {'age': 42, 'name': 'John'} in partition 0" in printed(bags["pluck-partial"])


def test_stems_are_counted_from_files_and_addresses(bags: Cells) -> None:
    """The notebook compares them with plain Python; these are its figures."""
    counts = {"11-0": 40, "1342-0": 48, "1661-0": 51, "84-0": 40}
    assert printed(bags["stems-bag"]) == "This corpus contains 51 unique words.\n"
    assert shown(bags["books-each"]) == str({**counts, "all together": 140})
    for book, count in counts.items():
        assert f"/{book}.txt': {count}" in shown(bags["web-books"])


def test_a_bag_tells_what_runs_where(bags: Cells) -> None:
    assert "one Python loop: map(clean_word), filter(good_word), map(stem)" in shown(bags["explain-python"])
    assert "without the interpreter" in shown(bags["explain-native"])
