"""Pictures of profiles: a page (HTML, with SVG in it) or an SVG, that needs nothing else to be looked at."""

from __future__ import annotations

import math
import os
import zlib
from collections.abc import Iterable
from html import escape
from typing import Any

from tureen.diagnostics._progress import format_seconds

_WIDTH = 960.0
_LEFT, _RIGHT = 70.0, 40.0
_ROW = 22.0
_CURVE_HEIGHT = 140.0
_TITLE = 24.0
_AXIS = 34.0

_COLORS = (
    "#3b7dd8",
    "#e8833a",
    "#4aa564",
    "#c94f4f",
    "#8a63c7",
    "#8c6d4f",
    "#d877b8",
    "#6f7782",
    "#b5a52b",
    "#2fa7b5",
)

# A page with more rectangles than this takes long to show: others are drawn as one.
_MOST_BARS = 5000


class Chart:
    """A picture that shows itself in a notebook; ``svg`` is its text, ``filename`` where it was written."""

    __slots__ = ("filename", "svg")

    def __init__(self, svg: str, filename: str | None) -> None:
        self.svg = svg
        self.filename = filename

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        place = f" in {self.filename!r}" if self.filename else ""
        return f"<chart: {len(self.svg)} characters of SVG{place}>"


def visualize(
    profilers: Any,
    filename: str | None = "profile.html",
    show: bool = False,
    save: bool = True,
    **kwargs: Any,
) -> Chart:
    """Draw what profilers noted, one below the other, over the same time.

    Args:
        profilers: A ``Profiler``, ``ResourceProfiler`` or ``CacheProfiler``, or a list of them.
        filename: Where to write it, as SVG if it ends in ``.svg``, else as HTML. None writes no file.
        show: Whether to open it in a browser.
        save: Whether to write a file at all.
        kwargs: What dask hands to bokeh has no use here.

    Raises:
        TypeError: something is no profiler.
        OSError: the file can't be written.

    >>> visualize([], filename=None)
    <chart: 189 characters of SVG>
    """
    if not isinstance(profilers, (list, tuple)):
        profilers = [profilers]
    panels = [_panel_of(profiler) for profiler in profilers]
    times = [at for panel in panels for at in panel.times()]
    begin, end = (min(times), max(times)) if times else (0.0, 0.0)
    svg = _svg(panels, begin, max(end - begin, 1e-6))
    path = os.fspath(filename) if filename is not None and save else None
    if path is not None:
        with open(path, "w", encoding="utf-8") as file:
            file.write(svg if path.endswith(".svg") else _page(svg))
        if show:
            import webbrowser

            webbrowser.open(f"file://{os.path.abspath(path)}")
    return Chart(svg, path)


class _Bars:
    """When tasks ran: a row for each worker."""

    def __init__(self, results: Iterable[Any]) -> None:
        self._results = sorted(results, key=lambda task: task.start_time)
        workers: dict[Any, int] = {}
        for task in self._results:
            workers.setdefault(task.worker_id, len(workers))
        self._rows = workers
        self.height = _TITLE + _ROW * max(len(workers), 1)

    def times(self) -> list[float]:
        return [at for task in self._results for at in (task.start_time, task.end_time)]

    def draw(self, x: Any) -> Iterable[str]:
        yield _text(_LEFT, _TITLE - 8, "tasks", "start")
        for worker, row in self._rows.items():
            yield _text(
                _LEFT - 8, _TITLE + row * _ROW + 14, f"thread {row + 1}" if worker else "workers", "end"
            )
        least = x.seconds / _MOST_BARS * 2 if len(self._results) > _MOST_BARS else 0.0
        drawn_to: dict[tuple[int, str], float] = {}
        for task in self._results:
            name = _name_of(task.key)
            row = self._rows[task.worker_id]
            if task.end_time < drawn_to.get((row, name), float("-inf")) + least:
                continue
            drawn_to[row, name] = task.end_time
            left, right = x(task.start_time), x(task.end_time)
            title = escape(f"{task.key}: {format_seconds(task.end_time - task.start_time)}")
            top, width = _TITLE + row * _ROW + 2, max(right - left, 0.5)
            yield (
                f'<rect x="{left:.2f}" y="{top:.0f}" width="{width:.2f}" '
                f'height="{_ROW - 4:.0f}" fill="{_color(name)}"><title>{title}</title></rect>'
            )
            if width > 7 * len(name) + 8:
                yield f'<g fill="white" pointer-events="none">{_text(left + 4, top + 13, name, "start")}</g>'


class _Curve:
    """A number over time."""

    height = _TITLE + _CURVE_HEIGHT + 10

    def __init__(self, title: str, points: list[tuple[float, float]], is_stepped: bool = False) -> None:
        self._title = title
        self._points = points
        self._is_stepped = is_stepped

    def times(self) -> list[float]:
        return [at for at, _ in self._points]

    def draw(self, x: Any) -> Iterable[str]:
        yield _text(_LEFT, _TITLE - 8, self._title, "start")
        most = max((value for _, value in self._points), default=0.0) or 1.0
        bottom = _TITLE + _CURVE_HEIGHT
        for value in (0.0, most / 2, most):
            y = bottom - value / most * _CURVE_HEIGHT
            ends = f'x1="{_LEFT:.0f}" x2="{_WIDTH - _RIGHT:.0f}" y1="{y:.1f}" y2="{y:.1f}"'
            yield f'<line {ends} stroke="#ddd"/>'
            yield _text(_LEFT - 8, y + 4, _short(value), "end")
        path: list[str] = []
        last = bottom
        for at, value in self._points:
            y = bottom - value / most * _CURVE_HEIGHT
            if self._is_stepped and path:
                path.append(f"{x(at):.2f},{last:.2f}")
            path.append(f"{x(at):.2f},{y:.2f}")
            last = y
        points = " ".join(path)
        yield f'<polyline points="{points}" fill="none" stroke="{_COLORS[0]}" stroke-width="1.5"/>'


class _Stack:
    """Several panels of one profiler."""

    def __init__(self, *panels: Any) -> None:
        self._panels = panels
        self.height = sum(panel.height for panel in panels)

    def times(self) -> list[float]:
        return [at for panel in self._panels for at in panel.times()]

    def draw(self, x: Any) -> Iterable[str]:
        y = 0.0
        for panel in self._panels:
            yield f'<g transform="translate(0 {y:.0f})">'
            yield from panel.draw(x)
            yield "</g>"
            y += panel.height


def _panel_of(profiler: Any) -> Any:
    from tureen.diagnostics._cache import CacheProfiler
    from tureen.diagnostics._profile import Profiler
    from tureen.diagnostics._resources import ResourceProfiler

    if isinstance(profiler, Profiler):
        return _Bars(profiler.results)
    if isinstance(profiler, ResourceProfiler):
        looks = profiler.results
        return _Stack(
            _Curve("memory (MB)", [(look.time, look.mem) for look in looks]),
            _Curve("processor (%)", [(look.time, look.cpu) for look in looks]),
        )
    if isinstance(profiler, CacheProfiler):
        changes = [(kept.cache_time, kept.metric) for kept in profiler.results]
        changes += [(kept.free_time, -kept.metric) for kept in profiler.results]
        points = []
        total = 0.0
        for at, change in sorted(changes):
            total += change
            points.append((at, max(total, 0.0)))
        return _Curve(f"kept ({profiler._metric_name})", points, is_stepped=True)
    raise TypeError(
        f"a `{type(profiler).__name__}` is no profiler\n"
        "hint: give a `Profiler`, `ResourceProfiler` or `CacheProfiler`, or a list of them"
    )


class _Scale:
    """From seconds to the place on the page."""

    def __init__(self, begin: float, seconds: float) -> None:
        self._begin = begin
        self.seconds = seconds

    def __call__(self, at: float) -> float:
        return _LEFT + (at - self._begin) / self.seconds * (_WIDTH - _LEFT - _RIGHT)


def _svg(panels: list[Any], begin: float, seconds: float) -> str:
    height = sum(panel.height for panel in panels) + _AXIS
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:.0f} {height:.0f}" '
        f'width="{_WIDTH:.0f}" height="{height:.0f}" font-family="sans-serif" font-size="11" fill="#333">',
        f'<rect width="{_WIDTH:.0f}" height="{height:.0f}" fill="white"/>',
    ]
    x = _Scale(begin, seconds)
    y = 0.0
    for panel in panels:
        parts.append(f'<g transform="translate(0 {y:.0f})">')
        parts += panel.draw(x)
        parts.append("</g>")
        y += panel.height
    if panels:
        for at in _ticks(seconds):
            parts.append(_text(x(begin + at), y + 20, f"{at:.10g} s", "middle"))
    parts.append("</svg>")
    return "\n".join(parts)


def _ticks(most: float) -> list[float]:
    """Round numbers from 0 up to ``most``, some five of them."""
    step = 10 ** math.floor(math.log10(most))
    step = next(part for part in (step * 2, step, step / 2, step / 5, step / 10) if most / part >= 4)
    return [step * n for n in range(int(most / step * (1 + 1e-9)) + 1)]


def _short(value: float) -> str:
    """A number of at most four digits, with a letter for thousands, millions, and so on."""
    for letter in ("", "k", "M", "G"):
        if abs(value) < 1000:
            return f"{value:.4g}{letter}"
        value /= 1000
    return f"{value:.4g}T"


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _page(svg: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>profile</title></head>\n'
        f'<body style="margin: 1em; background: white">\n{svg}\n</body>\n</html>\n'
    )


def _name_of(key: Any) -> str:
    """The part of a key that tasks of one kind share."""
    text = str(key[0]) if isinstance(key, tuple) and key else str(key)
    return text.split("-", 1)[0]


def _color(name: str) -> str:
    return _COLORS[zlib.crc32(name.encode()) % len(_COLORS)]
