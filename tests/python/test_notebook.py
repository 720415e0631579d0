"""The notebook of the workshop: every cell runs and checks itself, and shows what it promises."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).resolve().parents[2] / "examples" / "promises.ipynb"

PICTURES = [
    "workflow-picture",
    "apart-y",
    "apart-z",
    "direct-pi",
    "gather-picture",
    "mean-picture",
    "words-count",
]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The cells after they ran, by name. A cell that raises ends it."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    folder = str(tmp_path_factory.mktemp("notebook"))
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": folder}}).execute()
    return {cell.id: cell for cell in notebook.cells}


def printed(cell: Any) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def shown(cell: Any, kind: str = "text/plain") -> str:
    [output] = [output for output in cell.outputs if output.output_type == "execute_result"]
    return str(output.data[kind])


def test_it_is_kept_without_outputs() -> None:
    """Whoever reads it runs it: what is kept can't be out of date."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert cells
    assert [
        cell.id for cell in cells if cell.outputs or cell.execution_count is not None or cell.metadata
    ] == []
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.language_info == {"name": "python"}
    text = nbformat.writes(notebook)
    assert NOTEBOOK.read_text(encoding="utf-8") == text + "\n", "not as nbformat writes it"


def test_promises_show_their_keys_and_types(ran: dict[str, Any]) -> None:
    assert shown(ran["type"]) == "tureen.delayed.Delayed"
    assert shown(ran["repr"]).startswith("Delayed('add-")


def test_what_tasks_print_is_in_the_output_of_their_cell(ran: dict[str, Any]) -> None:
    assert (printed(ran["compute-x"]), shown(ran["compute-x"])) == ("1 + 2 = 3\n", "3")
    assert printed(ran["answer-compute"]).splitlines() == ["1 + 2 = 3", "3 + 3 = 6", "3 + 6 = 9"]
    assert shown(ran["answer-compute"]) == "(6, 9)"


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_shown_whole_as_svg(name: str, ran: dict[str, Any]) -> None:
    root = ElementTree.fromstring(shown(ran[name], "image/svg+xml"))
    width, height = (float(root.attrib[side]) for side in ("width", "height"))
    assert root.attrib["viewBox"] == f"0 0 {width:g} {height:g}"
    name_space = "{http://www.w3.org/2000/svg}"
    rectangles = list(root.iter(f"{name_space}rect"))
    assert rectangles
    for rectangle in rectangles:
        x, y, w, h = (float(rectangle.attrib[side]) for side in ("x", "y", "width", "height"))
        assert 0 <= x and x + w <= width and 0 <= y and y + h <= height


def test_every_picture_is_among_those(ran: dict[str, Any]) -> None:
    with_picture = [
        name
        for name, cell in ran.items()
        if any("image/svg+xml" in output.get("data", {}) for output in cell.get("outputs", []))
    ]
    assert with_picture == PICTURES


def test_the_progress_bar_is_one_output(ran: dict[str, Any]) -> None:
    [bar] = ran["progress-bar"].outputs
    assert "100% Completed | 100 of 100" in bar.data["text/plain"]
