"""Promises on their way through pickle: a graph of them as one flat list, so that none is too deep.

Promises that are pickled together share what they share: what was put into a list once is not put into
another by the same pickle. Which pickle it is nobody tells us; but a pickle holds on to all it has written,
so a list that is still there belongs to one that is still going on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from operator import getitem
from typing import Any
from weakref import WeakValueDictionary

from tureen._tureen import Delayed, needs_of, promise_from, recipe_of

Recipe = tuple[Any, ...]


class Bundle:
    """Promises of calls, each after those that it needs. What is loaded is a list of them."""

    __slots__ = ("__weakref__", "places", "promises")

    def __init__(self, promises: list[Delayed]) -> None:
        self.promises = promises
        self.places = {id(promise): place for place, promise in enumerate(promises)}

    def __getitem__(self, place: int) -> Delayed:
        return self.promises[place]

    def __reduce__(self) -> tuple[Any, ...]:
        given: list[Delayed] = []
        """What is pickled by itself: values, and promises that are in other bundles."""
        places: dict[int, int] = {}

        def place_of(need: Delayed) -> int:
            place = self.places.get(id(need))
            if place is not None:
                return place
            if id(need) not in places:
                given.append(need)
                places[id(need)] = -len(given)
            return places[id(need)]

        return loaded, ([recipe_of(promise, place_of) for promise in self.promises], given)


class _Ongoing(threading.local):
    """The bundles that pickles of this thread hold, by the identity of each promise in them."""

    def __init__(self) -> None:
        self.bundles: WeakValueDictionary[int, Bundle] = WeakValueDictionary()


_ongoing = _Ongoing()


def reduced(promise: Delayed) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Give what pickle wants to have for a promise.

    >>> import pickle
    >>> from tureen import delayed
    >>> promise = delayed(max)(1, delayed(abs)(-2))
    >>> copy = pickle.loads(pickle.dumps(promise))
    >>> copy.compute(), copy.key == promise.key
    (2, True)
    """
    if needs_of(promise) is None:
        return promise_from, (recipe_of(promise, id), [], [])
    bundle = _ongoing.bundles.get(id(promise))
    if bundle is None:
        bundle = Bundle(_calls_for(promise))
        for part in bundle.promises:
            _ongoing.bundles[id(part)] = bundle
    return getitem, (bundle, bundle.places[id(promise)])


def loaded(recipes: list[Recipe], given: list[Delayed]) -> list[Delayed]:
    """Make the promises of a bundle."""
    promises: list[Delayed] = []
    for recipe in recipes:
        promises.append(promise_from(recipe, promises, given))
    return promises


def _calls_for(promise: Delayed) -> list[Delayed]:
    """The promise and all calls that it needs, needs first, without those that are on their way already."""
    calls: list[Delayed] = []
    seen: set[int] = set()
    stack: list[tuple[Delayed, bool]] = [(promise, False)]
    while stack:
        part, needs_are_there = stack.pop()
        if needs_are_there:
            calls.append(part)
        elif id(part) not in seen and id(part) not in _ongoing.bundles:
            seen.add(id(part))
            stack.append((part, True))
            stack.extend((need, False) for need in reversed(needs_of(part) or ()))
    return calls
