"""Hands the tasks of bags to promises, which run and draw them. The one file here that makes promises.

Where it runs when nobody says is decided in `where.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tureen._tureen import put_off

from .blame import users_frames
from .chain import as_elements
from .garbage import searched_seldom
from .layers import Layer, Ref, SourceLayer
from .naming import unique_token
from .parts import Given, promised
from .plan import plan
from .where import is_cluster, with_default

if TYPE_CHECKING:
    from .bag import Bag
    from .item import Item


def promises(
    wanted: Sequence[Ref], *, fuse: bool = True, are_shown: Sequence[bool] | None = None
) -> list[Any]:
    """Return the promise of each wanted partition. What they share is one promise.

    `are_shown` says whose values others than we will look at (all by default): the others may be columns.
    """
    tasks, places = plan(wanted, fuse=fuse)
    for place, is_shown in zip(places, are_shown or [True] * len(places), strict=True):
        tasks[place][0].is_shown |= is_shown
    made: list[Any] = []
    for work, needs in tasks:
        needed = [made[need] if type(need) is int else need.promise for need in needs]  # type: ignore[union-attr]
        made.append(put_off(work, *needed))
    return [made[place] for place in places]


def all_of(layer: Layer) -> list[Ref]:
    """Return all partitions of a layer."""
    return [(layer, partition) for partition in range(layer.n_partitions)]


def promise_of(collection: Bag | Item, *, fuse: bool = True) -> Any:
    """Return the promise of a bag's list of elements, or of an item's value."""
    return promises_of([collection], fuse=fuse)[0]


def promises_of(collections: Sequence[Bag | Item], *, fuse: bool = True) -> list[Any]:
    """Return the promises of several bags and items, planned together."""
    from .item import Item

    wanted: list[Ref] = []
    are_shown: list[bool] = []
    for collection in collections:
        is_item = isinstance(collection, Item)
        wanted += [(collection.layer, 0)] if is_item else all_of(collection.layer)
        are_shown += [is_item] * (len(wanted) - len(are_shown))
    parts = iter(promises(wanted, fuse=fuse, are_shown=are_shown))
    results = []
    for collection in collections:
        if isinstance(collection, Item):
            results.append(next(parts))
        else:
            its_parts = [next(parts) for _ in range(collection.layer.n_partitions)]
            results.append(put_off(_gathered, *its_parts))
    return results


def _gathered(*parts: Any) -> list[Any]:
    return as_elements(parts)


# Where partitions are made elsewhere: it is done by whoever wants the list.
_gathered.__tureen_gathers__ = True  # type: ignore[attr-defined]


def run(collection: Bag | Item, **kwargs: Any) -> Any:
    """Return a collection's value. An exception comes out with the user's frames only."""
    try:
        with searched_seldom():
            return promise_of(collection).compute(**with_default(kwargs, [collection.layer]))
    except Exception as error:
        raise error.with_traceback(users_frames(error.__traceback__))  # noqa: B904  # the same


def run_all(layer: Layer, **kwargs: Any) -> tuple[Any, ...]:
    """Return the values of all partitions of a layer."""
    import tureen

    with searched_seldom():
        return tureen.compute(*promises(all_of(layer)), **with_default(kwargs, [layer]))


def compute(*args: Any, **kwargs: Any) -> tuple[Any, ...]:
    """Compute bags and items together, so that what they share is computed once.

    Arguments that are neither are dealt with as by `tureen.compute`, and so are the keywords.

    >>> import tureen.bag as db
    >>> bag = db.from_sequence([3, 1, 2])
    >>> db.compute(bag.min(), bag.max())
    (1, 3)
    """
    import tureen

    from .bag import Bag
    from .item import Item

    ours = [arg for arg in args if isinstance(arg, (Bag, Item))]
    planned = iter(promises_of(ours))
    if ours:  # Others, inside lists and the like, are found by `tureen.compute`.
        kwargs = with_default(kwargs, [collection.layer for collection in ours])
    with searched_seldom():
        return tureen.compute(
            *(next(planned) if isinstance(arg, (Bag, Item)) else arg for arg in args), **kwargs
        )


def persist(collections: Sequence[Bag | Item], **kwargs: Any) -> list[Any]:
    """Compute bags and items together, and return those that hold what came of it."""
    import tureen

    from .item import Item

    layers = [collection.layer for collection in collections]
    asked = with_default(kwargs, layers)
    stays = is_cluster(asked)
    planned = promises([ref for layer in layers for ref in all_of(layer)])
    with searched_seldom():
        made = iter(tureen.persist(*planned, **asked) if stays else tureen.compute(*planned, **asked))
    results: list[Any] = []
    for collection, layer in zip(collections, layers, strict=True):
        its_own = [next(made) for _ in range(layer.n_partitions)]
        kept: Layer
        if stays:
            kept = promised(layer.word, its_own, its_token=unique_token())
        else:
            kept = SourceLayer(layer.word, [Given(value) for value in its_own], unique_token())
        results.append(Item(kept) if isinstance(collection, Item) else type(collection).of(kept))
    return results


def picture(
    collections: Sequence[Bag | Item],
    filename: str | None,
    format: str | None,
    optimize_graph: bool,
    **kwargs: Any,
) -> Any:
    """Draw every step of every partition, as they were written (not as they are fused)."""
    import tureen

    from .item import Item

    wanted: list[Ref] = []
    for collection in collections:
        wanted += [(collection.layer, 0)] if isinstance(collection, Item) else all_of(collection.layer)
    drawn = promises(wanted, fuse=optimize_graph)
    return tureen.visualize(*drawn, filename=filename, format=format, **kwargs)
