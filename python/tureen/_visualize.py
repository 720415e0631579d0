"""``visualize``: pictures of promises, in files and notebooks, with no graphviz installed."""

from __future__ import annotations

import os
import sys
import warnings

from tureen import config
from tureen._tureen import draw, run_order

# The module `typing` takes longer to import than all of this package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_FORMATS = ("png", "svg", "dot")
_HEEDED = {"label", "color", "fillcolor", "shape"}


class Picture:
    """A picture, as it is given where IPython is not in use.

    ``data`` holds its bytes, ``format`` what they are, ``filename`` where it was written, if so.
    """

    __slots__ = ("data", "filename", "format")

    def __init__(self, data: bytes, format: str, filename: str | None) -> None:
        self.data = data
        self.format = format
        self.filename = filename

    def __repr__(self) -> str:
        place = f" in {self.filename!r}" if self.filename else ""
        return f"<picture: {len(self.data)} bytes of {self.format}{place}>"

    def _repr_svg_(self) -> str | None:
        return self.data.decode() if self.format == "svg" else None

    def _repr_png_(self) -> bytes | None:
        return self.data if self.format == "png" else None


def visualize(
    *args: Any,
    filename: str | os.PathLike[str] | None = "mydask",
    traverse: bool = True,
    optimize_graph: bool = False,
    maxval: float | None = None,
    engine: str | None = None,
    format: str | None = None,
    rankdir: str = "BT",
    color: str | None = None,
    cmap: Any = None,
    collapse_outputs: bool = False,
    verbose: bool = False,
    data_attributes: Mapping[Any, Mapping[str, Any]] | None = None,
    function_attributes: Mapping[Any, Mapping[str, Any]] | None = None,
    **kwargs: Any,
) -> Any:
    """Draw what promises are made of: circles are calls, boxes are values and results.

    In IPython and in notebooks the picture shows itself: as SVG, unless another format was asked for. There
    it is an object of ``IPython.display``, as dask gives it, and elsewhere a ``Picture``.

    Args:
        args: Promises, or lists and the like that hold some.
        filename: Where to write the picture; its extension tells the format. None writes no file.
        traverse: Whether to look for promises inside ``args``.
        optimize_graph: Taken as dask takes it; the picture is the same.
        maxval: The number that gets the last colour; by default the greatest there is.
        engine: Taken as dask takes it: ``"graphviz"`` or None. No engine is needed.
        format: ``"png"``, ``"svg"`` or ``"dot"``. By default what ``filename`` says, else PNG
            (SVG if no file is written).
        rankdir: Where arrows point: up (``"BT"``), down (``"TB"``), ``"LR"`` or ``"RL"``.
        color: What colours and numbers tell, if calls are made one after the other: ``"order"``, when each is
            made; ``"ages"``, for how many calls its result is held; ``"freed"``, how many results go with it;
            ``"memoryincreases"`` and ``"memorydecreases"``, by how many results more or fewer are held when
            its own goes; ``"memorypressure"``, how many are held when it begins (circles) and when its result
            goes (boxes). With ``"order-"`` before it, the order is written, too.
        cmap: The colours: a name as matplotlib has them, or one of matplotlib's maps.
        collapse_outputs: Whether a call and its result are one circle.
        verbose: Whether boxes that would be empty have their key.
        data_attributes: How boxes look, by key: ``label``, ``color``, ``fillcolor``, ``shape``.
        function_attributes: The same for circles.
        kwargs: Other attributes for graphviz have no use here, and a warning says so.

    Raises:
        ValueError: there is no such format, direction, engine, colouring or map of colours, or a colour is
            not written as ``#rrggbb``.
        NotImplementedError: the engine is one that draws in notebooks only, which tureen does not have.
        OSError: the file can't be written.

    >>> from tureen import delayed
    >>> visualize(delayed(max)([delayed(1), delayed(2)]), filename=None, format="dot").data[:7]
    b'digraph'
    """
    _check_engine(engine)
    rankdir = (kwargs.get("graph_attr") or {}).get("rankdir", rankdir)
    ignored = [f"`{name}`" for name, value in sorted(kwargs.items()) if not _is_heeded(name, value)]
    boxes, of_boxes = _looks("data_attributes", data_attributes)
    circles, of_circles = _looks("function_attributes", function_attributes)
    ignored += of_boxes + of_circles
    if ignored:
        text = f"visualize draws without graphviz and makes no use of {', '.join(ignored)}"
        warnings.warn(text, stacklevel=2)
    path, format_of_file = _file_and_format(filename, format)
    drawn = tuple(map(_drawn, args))
    if color is not None:
        from tureen._coloring import looks

        circles, boxes = looks(run_order(drawn, traverse), color, cmap, maxval)

    def drawn_as(kind: str) -> bytes:
        return draw(drawn, traverse, kind, rankdir, collapse_outputs, verbose, circles, boxes)

    data = drawn_as(format_of_file)
    if path is not None:
        with open(path, "wb") as file:
            file.write(data)
    display = sys.modules.get("IPython.display")
    if display is None or format_of_file == "dot":
        return Picture(data, format_of_file, path)
    if format_of_file == "svg":
        return display.SVG(data)
    if format is None and path != filename:
        # Nobody has asked for the PNG, which dask's default is: on a page lines are sharper.
        return display.SVG(drawn_as("svg"))
    return display.Image(data, format="png", retina=True)


def _check_engine(engine: str | None) -> None:
    engine = engine or config.get("visualization.engine", None)
    if engine in ("cytoscape", "ipycytoscape"):
        raise NotImplementedError(
            f"tureen has no engine `{engine}`\n"
            "hint: leave `engine` out: pictures show themselves in notebooks"
        )
    if engine not in (None, "graphviz"):
        raise ValueError(f"there is no engine `{engine}` for pictures\nhint: leave `engine` out")


def _is_heeded(name: str, value: Any) -> bool:
    return not value or (name == "graph_attr" and set(value) <= {"rankdir"})


def _looks(name: str, attributes: Any) -> tuple[dict[Any, dict[str, Any]], list[str]]:
    """What we make use of, and the names of what we don't."""
    looks = {
        key: {attribute: value for attribute, value in look.items() if attribute in _HEEDED}
        for key, look in (attributes or {}).items()
    }
    others = {attribute for look in (attributes or {}).values() for attribute in look} - _HEEDED
    return looks, [f"`{attribute}` in `{name}`" for attribute in sorted(others)]


def _drawn(arg: Any) -> Any:
    """What is drawn for an argument: collections of ours may show more than what they run."""
    shown = getattr(type(arg), "__tureen_picture__", None)
    return arg if shown is None else shown(arg)


def _file_and_format(filename: str | os.PathLike[str] | None, format: str | None) -> tuple[str | None, str]:
    """The path of the file, with its extension, and the format."""
    path = None if filename is None else os.fspath(filename)
    extension = os.path.splitext(path)[1][1:].lower() if path is not None else ""
    if format is None:
        format = extension if extension in (*_FORMATS, "pdf", "jpg", "jpeg") else ""
        if not format:
            format = "svg" if path is None else "png"
    format = format.lower()
    if format not in _FORMATS:
        raise ValueError(
            f"tureen draws no `{format}`\nhint: choose one of {', '.join(f'`{f}`' for f in _FORMATS)}"
        )
    if path is not None and extension != format:
        path = f"{path}.{format}"
    return path, format
