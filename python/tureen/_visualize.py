"""``visualize``: pictures of promises, in files and notebooks, with no graphviz installed."""

from __future__ import annotations

import os
import sys
import warnings

from tureen._tureen import draw

# The module `typing` takes longer to import than all of this package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FORMATS = ("png", "svg", "dot")
_COLORS_NOT_YET = {"ages", "freed", "memoryincreases", "memorydecreases", "memorypressure"}


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
        maxval: Taken as dask takes it; has no use here.
        engine: Taken as dask takes it: ``"graphviz"`` or None. No engine is needed.
        format: ``"png"``, ``"svg"`` or ``"dot"``. By default what ``filename`` says, else PNG
            (SVG if no file is written).
        rankdir: Where arrows point: up (``"BT"``), down (``"TB"``), ``"LR"`` or ``"RL"``.
        color: ``"order"`` colours by the order in which calls are made.
        kwargs: Attributes for graphviz have no use here, and a warning says so.

    Raises:
        ValueError: there is no such format, direction or colouring.
        NotImplementedError: the colouring is one of dask's that tureen does not have yet.
        OSError: the file can't be written.

    >>> from tureen import delayed
    >>> visualize(delayed(max)([delayed(1), delayed(2)]), filename=None, format="dot").data[:7]
    b'digraph'
    """
    if color in _COLORS_NOT_YET:
        raise NotImplementedError(
            f'tureen can\'t colour by `{color}` yet\nhint: use `color="order"`, or leave it out'
        )
    if color not in (None, "order"):
        raise ValueError(f'`color` is None or "order", not {color!r}')
    ignored = sorted(kwargs) + (["engine"] if engine not in (None, "graphviz") else [])
    if ignored:
        names = ", ".join(f"`{name}`" for name in ignored)
        warnings.warn(f"visualize draws without graphviz and makes no use of {names}", stacklevel=2)
    path, format_of_file = _file_and_format(filename, format)
    shown = tuple(map(_drawn, args))
    data = draw(shown, traverse, format_of_file, rankdir, color == "order")
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
        return display.SVG(draw(shown, traverse, "svg", rankdir, color == "order"))
    return display.Image(data, format="png", retina=True)


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
