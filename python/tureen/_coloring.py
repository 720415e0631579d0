"""Colours that tell how a run would go, call by call: dask's colourings of ``visualize`` (2026.8).

Knows calls by their keys, in the order in which they are made. Values that are there from the start are no
calls: nothing is held or freed for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from tureen._tureen import ramp_color

Looks = dict[Any, dict[str, Any]]
Order = Sequence[tuple[Any, list[int]]]
"""For each call: its key, and the places of the calls that it needs."""

COLORINGS = ("order", "ages", "freed", "memoryincreases", "memorydecreases", "memorypressure")


class Figures(NamedTuple):
    """What becomes of a call in a run."""

    age: int
    """For how many calls its result is held."""
    n_held_at_start: int
    """How many results are held when it begins."""
    n_held_at_release: int
    """How many results are held when its own goes."""
    n_freed: int
    """How many results go when it has ended."""


def looks(order: Order, color: str, cmap: Any, maxval: float | None) -> tuple[Looks, Looks]:
    """Give the looks of circles and boxes, by key.

    Raises:
        ValueError: there is no such colouring, or no such map of colours.

    >>> circles, boxes = looks([("a", []), ("b", [0])], "order", None, None)
    >>> [circles[key]["label"] for key in "ab"], circles["a"] == boxes["a"]
    (['0', '1'], False)
    """
    is_order_first = color.startswith("order-")
    name = color.removeprefix("order-")
    # dask documents the one and takes the other.
    name = "ages" if name == "age" else name
    if name not in COLORINGS or (is_order_first and name == "order"):
        known = ", ".join(f'"{known}"' for known in COLORINGS)
        raise ValueError(f"`color` is None or one of {known}, not {color!r}")
    places = list(range(len(order)))
    of_circles, of_boxes = (places, places) if name == "order" else _numbers(name, figures(order))
    most = max(1, *of_circles, *of_boxes) if maxval is None else maxval
    color_of = _map_of(cmap)
    circles, boxes = {}, {}
    for place, (key, _), circle, box in zip(places, order, of_circles, of_boxes, strict=True):
        label = f"{place}-{circle}" if is_order_first else str(circle)
        circles[key] = {"label": label, "fillcolor": color_of(circle / most)}
        boxes[key] = {"fillcolor": color_of(box / most)}
    return circles, boxes


def figures(order: Order) -> list[Figures]:
    """Count what is held while calls are made in this order.

    >>> figures([("a", []), ("b", [0]), ("c", [0, 1])])[1]
    Figures(age=1, n_held_at_start=1, n_held_at_release=2, n_freed=0)
    """
    n_users = [0] * len(order)
    for _, needs in order:
        for need in needs:
            n_users[need] += 1
    left = list(n_users)
    n_held = 0
    ages, starts, releases, freed = ([0] * len(order) for _ in range(4))
    for place, (_, needs) in enumerate(order):
        starts[place] = n_held
        for need in needs:
            left[need] -= 1
            if left[need] == 0:
                ages[need] = place - need
                releases[need] = n_held
                freed[place] += 1
        n_held -= freed[place]
        if n_users[place]:
            n_held += 1
        else:
            # As dask counts: what nobody needs is gone at once.
            releases[place] = n_held + freed[place]
    return [Figures(*row) for row in zip(ages, starts, releases, freed, strict=True)]


def _numbers(name: str, rows: list[Figures]) -> tuple[list[int], list[int]]:
    """The numbers for circles and for boxes."""
    if name == "memorypressure":
        return [row.n_held_at_start for row in rows], [row.n_held_at_release for row in rows]
    of: dict[str, Callable[[Figures], int]] = {
        "ages": lambda row: row.age,
        "freed": lambda row: row.n_freed,
        "memoryincreases": lambda row: max(0, row.n_held_at_release - row.n_held_at_start),
        "memorydecreases": lambda row: max(0, row.n_held_at_start - row.n_held_at_release),
    }
    numbers = [of[name](row) for row in rows]
    return numbers, numbers


def _map_of(cmap: Any) -> Callable[[float], str]:
    """A function from a number to a colour: ours, a callable as matplotlib's, or one by its name."""
    if cmap is None:
        return ramp_color
    if callable(cmap):
        return lambda share: "#{:02x}{:02x}{:02x}".format(*map(int, cmap(share, bytes=True)[:3]))
    stops = _STOPS.get(str(cmap).removesuffix("_r"))
    if stops is None:
        names = ", ".join(f"`{name}`" for name in _STOPS)
        raise ValueError(
            f"there is no map of colours `{cmap}`\n"
            f"hint: choose one of {names} (with `_r` the other way round), or give one of matplotlib's"
        )
    colors = [_channels(stop) for stop in stops.split()]
    if str(cmap).endswith("_r"):
        colors.reverse()
    return lambda share: _between(colors, min(max(share, 0), 1))


def _channels(color: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(color))


def _between(colors: list[tuple[int, ...]], share: float) -> str:
    place = share * (len(colors) - 1)
    lower = min(int(place), len(colors) - 2)
    part = place - lower
    mixed = (round(a + (b - a) * part) for a, b in zip(colors[lower], colors[lower + 1], strict=True))
    return "#{:02x}{:02x}{:02x}".format(*mixed)


_STOPS = {
    "plasma": "0d0887 4c02a1 7e03a8 aa2395 cc4778 e66c5c f89540 fdc527 f0f921",
    "viridis": "440154 472d7b 3b528b 2c728e 21918c 28ae80 5ec962 addc30 fde725",
    "inferno": "000004 210c4a 57106e 8a226a bc3754 e45a31 f98e09 f9cb35 fcffa4",
    "magma": "000004 1d1147 51127c 832681 b73779 e75263 fc8961 fec488 fcfdbf",
    "autumn": "ff0000 ffff00",
    "coolwarm": "3b4cc0 6788ee 9abbff c9d7f0 edd1c2 f7a889 e26952 b40426",
    "RdBu": "67001f b2182b d6604d f4a582 fddbc7 f7f7f7 d1e5f0 92c5de 4393c3 2166ac 053061",
    "Blues": "f7fbff deebf7 c6dbef 9ecae1 6baed6 4292c6 2171b5 08519c 08306b",
    "Greens": "f7fcf5 e5f5e0 c7e9c0 a1d99b 74c476 41ab5d 238b45 006d2c 00441b",
    "Greys": "ffffff f0f0f0 d9d9d9 bdbdbd 969696 737373 525252 252525 000000",
    "Reds": "fff5f0 fee0d2 fcbba1 fc9272 fb6a4a ef3b2c cb181d a50f15 67000d",
}
"""By matplotlib's names: some colours of each map, at equal distances."""
