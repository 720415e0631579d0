"""Pictures of promises: what is drawn, in which file, and how it shows itself."""

from __future__ import annotations

import os
import re
import sys
import warnings
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

import tureen
from tureen import delayed, visualize


@delayed
def add(a: Any, b: Any) -> Any:
    return a + b


def workshop() -> Any:
    x_p = add(1, 2)
    return add(x_p, add(x_p, 3))


@pytest.fixture(autouse=True)
def no_ipython(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "IPython.display", raising=False)


def test_the_default_file_is_a_png(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    picture = workshop().visualize()
    assert [path.name for path in tmp_path.iterdir()] == ["mydask.png"]
    data = (tmp_path / "mydask.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    assert picture._repr_png_() == data
    assert picture._repr_svg_() is None


@pytest.mark.parametrize(
    ("filename", "format", "written"),
    [
        ("soup.svg", None, "soup.svg"),
        ("soup", "svg", "soup.svg"),
        ("soup.dot", None, "soup.dot"),
        ("a.b", None, "a.b.png"),
        (Path("soup.png"), "png", "soup.png"),
    ],
)
def test_names_of_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, filename: Any, format: Any, written: str
) -> None:
    monkeypatch.chdir(tmp_path)
    visualize(workshop(), filename=filename, format=format)
    assert [path.name for path in tmp_path.iterdir()] == [written]


def test_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    svg = workshop().visualize(filename=None)._repr_svg_()
    assert list(tmp_path.iterdir()) == []
    assert ElementTree.fromstring(svg).tag == "{http://www.w3.org/2000/svg}svg"


def dot(*args: Any, **kwargs: Any) -> str:
    return visualize(*args, filename=None, format="dot", **kwargs).data.decode()


def test_circles_are_calls_and_boxes_are_results() -> None:
    text = dot(workshop())
    assert text.count("->") == 6, "three calls with a result each, of which three are used"
    assert text.count('label = "add"') == 3
    assert "rankdir=BT" in text


def test_values_and_names_are_written_in_boxes() -> None:
    text = dot(add(delayed([1, 2]), delayed(3, name="three")), add(1, 2, dask_key_name="sum"))
    for label in ("[1, 2]", "three", "sum"):
        assert f'label = "{label}"' in text


def test_a_shared_promise_is_drawn_once() -> None:
    a = delayed([1, 2, 3])
    assert dot(a[0] + a[0]).count('label = "getitem"') == 1


def test_colors_by_order_differ() -> None:
    assert len(set(workshop_colors(color="order"))) > len(set(workshop_colors()))


def workshop_colors(**kwargs: Any) -> list[str]:
    svg = workshop().visualize(filename=None, **kwargs)._repr_svg_()
    return [
        element.attrib["fill"] for element in ElementTree.fromstring(svg).iter() if "fill" in element.attrib
    ]


def test_rankdir_is_heeded() -> None:
    assert dot(workshop(), rankdir="LR") != dot(workshop())
    with pytest.raises(ValueError, match="`rankdir` is `TB`, `BT`, `LR` or `RL`, not `up`"):
        dot(workshop(), rankdir="up")


def test_formats_that_are_not_there() -> None:
    with pytest.raises(ValueError) as error:
        workshop().visualize("soup.pdf")
    assert str(error.value) == "tureen draws no `pdf`\nhint: choose one of `png`, `svg`, `dot`"


COLORINGS = ["order", "ages", "freed", "memoryincreases", "memorydecreases", "memorypressure"]


def pyramid() -> Any:
    """Calls only: what dask counts as a task is one here, too."""
    level = [add(i, dask_key_name=f"leaf {i}", b=1) for i in range(16)]
    while len(level) > 1:
        level = [
            add(*level[i : i + 2], dask_key_name=f"{len(level)}: {i}") for i in range(0, len(level) - 1, 2)
        ]
    return add(level[0], add(level[0], 1, dask_key_name="beside"), dask_key_name="top")


def test_what_colours_tell_is_what_dask_counts() -> None:
    import dask.order

    from tureen._coloring import figures
    from tureen._tureen import dask_graph_of, run_order

    top = pyramid()
    order = run_order((top,), True)
    told, _ = dask.order.diagnostics(dask_graph_of([top]), {key: n for n, (key, _) in enumerate(order)})
    assert len(order) == len(told) > 20
    for (key, _), counted in zip(order, figures(order), strict=True):
        info = told[key]
        assert counted == (
            info.age,
            info.num_data_when_run,
            info.num_data_when_released,
            info.num_dependencies_freed,
        ), key


@pytest.mark.parametrize("color", [*COLORINGS, "age", "order-ages", "order-memorypressure"])
def test_colourings_are_numbers_in_circles(color: str) -> None:
    text = dot(pyramid(), color=color)
    labels = set(re.findall(r'label = "([0-9-]+)"', text))
    assert len(set(re.findall(r'fillcolor = "(#......)"', text))) > 1
    assert all(re.fullmatch(r"[0-9]+-[0-9]+" if "-" in color else r"[0-9]+", label) for label in labels)
    if color == "order":
        assert labels == {str(n) for n in range(text.count("shape = circle"))}


def test_maps_of_colours_have_names_or_are_functions() -> None:
    def fills(**kwargs: Any) -> list[str]:
        return re.findall(r'fillcolor = "(#......)"', dot(add(1, add(2, 3)), color="order", **kwargs))

    assert set(fills(cmap="autumn")) == {"#ff0000", "#ffff00"}
    assert set(fills(cmap="autumn_r")) == {"#ff0000", "#ffff00"}
    assert fills(cmap="autumn") != fills(cmap="autumn_r")
    assert set(fills(cmap="autumn", maxval=2)) == {"#ff0000", "#ff8000"}
    assert set(fills(cmap=lambda share, bytes: (255 * share, 0, 0, 255))) == {"#000000", "#ff0000"}
    with pytest.raises(ValueError, match="there is no map of colours `jett`\nhint: choose one of `plasma`"):
        fills(cmap="jett")


def test_colorings_that_are_not_there() -> None:
    for color in ("red", "order-order", "cpath"):
        with pytest.raises(ValueError, match='`color` is None or one of "order", "ages"'):
            dot(workshop(), color=color)


def test_boxes_and_circles_look_as_told() -> None:
    x = add(1, 2, dask_key_name="x")
    look = {"label": "soup", "color": "#112233", "shape": "box"}
    text = dot(x, function_attributes={"x": look}, data_attributes={"x": {"fillcolor": "#445566"}})
    assert 'label = "soup", color = "#112233"' in text and 'fillcolor = "#445566"' in text
    assert "shape = circle" not in text
    with pytest.raises(ValueError, match="a colour is written as `#rrggbb`, not `red`"):
        dot(x, function_attributes={"x": {"color": "red"}})
    with pytest.warns(UserWarning, match="no use of `penwidth` in `data_attributes`"):
        dot(x, data_attributes={"x": {"penwidth": 3}})


def test_outputs_may_be_collapsed_and_boxes_may_be_verbose() -> None:
    x = add(1, add(2, delayed(3, name="three"), dask_key_name="inner"), dask_key_name="outer")
    assert dot(x, collapse_outputs=True).count("->") == 2
    assert dot(x).count("->") == 4
    promise = add(1, 2)
    assert f'label = "{promise.key}"' in dot(promise, verbose=True)
    assert f'label = "{promise.key}"' not in dot(promise)


def test_engines() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dot(workshop(), engine="graphviz", optimize_graph=True)
    with pytest.raises(NotImplementedError, match="no engine `cytoscape`\nhint: leave `engine` out"):
        dot(workshop(), engine="cytoscape")
    with pytest.raises(ValueError, match="there is no engine `crayons`"):
        dot(workshop(), engine="crayons")
    with tureen.config.set({"visualization.engine": "ipycytoscape"}):
        with pytest.raises(NotImplementedError, match="no engine `ipycytoscape`"):
            dot(workshop())


def test_attributes_for_graphviz_are_named_and_ignored() -> None:
    with pytest.warns(UserWarning, match="no use of `edge_attr`, `node_attr`"):
        dot(workshop(), node_attr={"penwidth": "6"}, edge_attr={"color": "red"})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "rankdir=LR" in dot(workshop(), graph_attr={"rankdir": "LR"}, node_attr={})


def test_nothing_and_very_much_can_be_drawn() -> None:
    assert "<svg" in visualize(filename=None)._repr_svg_()
    many = delayed(sum)([add(i, 1) for i in range(20_000)])
    assert len(visualize(many, filename=None).data) < 1_000_000


@pytest.mark.parametrize(
    ("arguments", "kind", "file"),
    [
        ({}, "SVG", "mydask.png"),
        ({"filename": "picture"}, "SVG", "picture.png"),
        ({"filename": None}, "SVG", None),
        ({"filename": "picture.svg"}, "SVG", "picture.svg"),
        ({"format": "svg"}, "SVG", "mydask.svg"),
        ({"filename": "picture.png"}, "Image", "picture.png"),
        ({"filename": None, "format": "png"}, "Image", None),
        ({"format": "dot"}, "Picture", "mydask.dot"),
    ],
)
def test_ipython_is_given_what_it_shows(
    arguments: dict[str, Any], kind: str, file: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from IPython import display

    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    picture = workshop().visualize(rankdir="LR", **arguments)
    assert type(picture).__name__ == kind
    assert os.listdir() == ([] if file is None else [file])
    if kind == "SVG":
        assert ElementTree.fromstring(picture.data).tag.endswith("svg")
    if kind == "Image":
        assert picture.width == int.from_bytes(picture.data[16:20], "big") // 2


def test_the_file_may_be_any_kind_of_path(tmp_path: Path) -> None:
    x = delayed(max)(1, 2)
    x.visualize(filename=tmp_path / "a.svg")
    tureen.visualize(x, filename=tmp_path / "b.svg")
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
    with pytest.raises(TypeError, match=r"os\.PathLike object, not int"):
        x.visualize(filename=3)
