"""Sorts the further arguments of `map`, `starmap`, `map_partitions`: bags, items, promises, plain values.

Bags are walked along, items and promises become values that the tasks need, plain values stay as they are.
"""

from __future__ import annotations

from typing import Any

from .checks import check_no_foreign_bag
from .item import Item, promise_for
from .layers import Layer, Outside, Ref, StepLayer
from .steps import Aligned, Need, Step


class Template:
    """Collects what a step's arguments need, and gives the places where the values will be found."""

    __slots__ = ("extras",)

    def __init__(self) -> None:
        self.extras: list[Layer | Ref] = []

    def element_of(self, bag: Any) -> Aligned:
        """Return the place for a bag's element beside the step's own."""
        self.extras.append(bag.layer)
        return Aligned(len(self.extras) - 1)

    def bag_partition(self, bag: Any) -> Need:
        """Return the place for a bag's whole partition beside the step's own."""
        self.extras.append(bag.layer)
        return Need(len(self.extras) - 1)

    def value(self, value: Any) -> Any:
        """Return the place for an item or promise, or the plain value itself.

        A collection of dask's is a promise of its value, but a bag of dask's is refused: there it would be
        walked along. Lists, tuples and dicts that hold items or promises become promises themselves.
        """
        check_no_foreign_bag(value)
        if isinstance(value, Item):
            self.extras.append((value.layer, 0))
        elif (promise := promise_for(value)) is not None:
            self.extras.append(Outside(promise))
        elif _holds_promises(value):
            from tureen import delayed

            self.extras.append(Outside(delayed(value)))
        else:
            return value
        return Need(len(self.extras) - 1)

    def layer(self, word: str, base: Layer, step: Step) -> StepLayer:
        """Return the layer of a step with the needs that were collected."""
        return StepLayer(word, base, step, self.extras)


def _holds_promises(value: Any) -> bool:
    """Whether a container of plain types holds an item, bag or promise, however deep. No recursion."""
    if type(value) not in (list, tuple, set, dict):
        return False
    waiting, seen = [value], set()
    while waiting:
        held = waiting.pop()
        if isinstance(held, (list, tuple, set)):
            if id(held) not in seen:
                seen.add(id(held))
                waiting.extend(held)
        elif type(held) is dict:
            if id(held) not in seen:
                seen.add(id(held))
                waiting.extend(held)
                waiting.extend(held.values())
        elif hasattr(type(held), "__tureen_promise__") or hasattr(type(held), "__dask_graph__"):
            return True
    return False
