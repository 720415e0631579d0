"""Makes bags of what is in memory already: sequences, ranges, promises."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.request import urlopen

from .arguments import Template
from .bag import Bag
from .checks import check_bags, check_count, check_same_partitions
from .item import is_promise, promise_for
from .layers import GatherLayer, Layer, Ref, SourceLayer
from .naming import token, unique_token
from .parts import Given, Slices, listed, promised
from .steps import HERE, Step

_ENDLESS = (itertools.count, itertools.cycle)
_MANY = 100
"""Up to so many elements, dask.bag gives each a partition of its own; beyond, 10 times the square root."""


def from_sequence(
    seq: Iterable[Any], partition_size: int | None = None, npartitions: int | None = None
) -> Bag:
    """Make a bag of the elements of a sequence, as dask.bag's.

    Give `partition_size` (elements in each partition) or `npartitions`, not both. By default up to 100
    elements get a partition each, and `n` elements about ``10 * sqrt(n)`` partitions. For bags of up to 100
    elements `npartitions` is the most there will be, for longer ones the least (as dask.bag).

    Raises `ValueError` for a sequence that never ends and for numbers below 1.

    >>> import tureen.bag as db
    >>> bag = db.from_sequence(["mary", "had", "a", "little", "lamb"], npartitions=2)
    >>> bag.map(str.upper).compute()
    ['MARY', 'HAD', 'A', 'LITTLE', 'LAMB']
    """
    check_count("partition_size", partition_size)
    check_count("npartitions", npartitions)
    if not isinstance(seq, range):
        _refuse_endless(seq)
        seq = list(seq)  # A list of the user's may change before the bag is computed.
    n = len(seq)
    if npartitions and not partition_size:
        partition_size = math.ceil(n / npartitions) if n <= _MANY else max(1, n // npartitions)
    elif partition_size is None:
        partition_size = 1 if n <= _MANY else math.ceil(math.sqrt(n) / math.sqrt(_MANY))
    size = max(1, partition_size or 1)
    parts = Slices(seq, size) if n else [Given([])]
    its_token = token(seq, size) if n <= _MANY or isinstance(seq, range) else unique_token()
    return Bag.of(SourceLayer("from_sequence", parts, its_token))


def bag_range(n: int, npartitions: int) -> Bag:
    """Make a bag of the numbers from 0 up to `n`, in exactly `npartitions` partitions.

    >>> import tureen.bag as db
    >>> db.range(5, npartitions=2).compute()
    [0, 1, 2, 3, 4]
    """
    check_count("npartitions", npartitions)
    # As dask.bag: equal partitions, the last one takes what is left.
    n = max(n, 0)
    size = n // npartitions
    starts = [i * size for i in range(npartitions)]
    ends = [*starts[1:], n]
    parts = [Given(range(start, end)) for start, end in zip(starts, ends, strict=True)]
    return Bag.of(SourceLayer("range", parts, token(n, npartitions)))


def from_delayed(values: Any) -> Bag:
    """Make a bag of promises, one for each partition; each must come to an iterable.

    Raises `TypeError` for anything that is not a promise (`tureen.delayed`).

    >>> import tureen, tureen.bag as db
    >>> db.from_delayed([tureen.delayed([1, 2]), tureen.delayed([3])]).compute()
    [1, 2, 3]
    """
    if promise_for(values) is not None:
        values = [values]
    promises = [_as_promise(value) for value in values]
    if not promises:
        raise ValueError("from_delayed needs at least one promise, and got an empty list")
    return Bag.of(promised("bag-from-delayed", promises))


def _as_promise(value: Any) -> Any:
    if is_promise(value):
        return value
    if hasattr(value, "__dask_graph__") or hasattr(value, "__tureen_promise__"):
        from tureen import delayed

        return delayed(value)
    raise TypeError(f"from_delayed takes promises, and got `{type(value).__name__}`")


def from_url(urls: str | Iterable[str]) -> Bag:
    """Make a bag of the lines (bytes) of web pages, one partition each.

    Nothing is fetched before the bag is computed. `read_text` gives lines of text, from addresses too.

    >>> import tureen.bag as db
    >>> db.from_url(["http://127.0.0.1/a", "http://127.0.0.1/b"]).npartitions
    2
    """
    addresses = [urls] if isinstance(urls, str) else list(urls)
    if not addresses:
        raise ValueError("from_url needs at least one address, and got an empty list")
    return Bag.of(SourceLayer("from_url", [_Page(address) for address in addresses], unique_token()))


class _Page:
    __slots__ = ("address",)

    def __init__(self, address: str) -> None:
        self.address = address

    def __reduce__(self) -> tuple[Any, ...]:
        return _Page, (self.address,)

    def __call__(self) -> list[bytes]:
        if not self.address.startswith(("http://", "https://", "file://")):
            raise ValueError(f"`{self.address}` is no address that starts with http:// or https://")
        with urlopen(self.address) as page:
            return list(page)


def concat(bags: Iterable[Bag]) -> Bag:
    """Put bags one after the other: the partitions of the first, then those of the next.

    >>> import tureen.bag as db
    >>> db.concat([db.from_sequence([1, 2]), db.from_sequence([3])]).compute()
    [1, 2, 3]
    """
    bags = list(bags)
    if not bags:
        raise ValueError("concat needs at least one bag, and got an empty list")
    check_bags(bags)
    layers: list[Layer] = []
    refs: list[Sequence[Ref]] = []
    for bag in bags:
        layer = bag.layer
        if isinstance(layer, GatherLayer) and layer.function is None:
            # What it is made of itself: bags that are put together one by one are no ladder of tasks.
            layers += layer.parents()
            refs += map(layer.needs_of, range(layer.n_partitions))
        else:
            layers.append(layer)
            refs += [[(layer, i)] for i in range(layer.n_partitions)]
    its_token = token([bag.layer for bag in bags])
    return Bag.of(GatherLayer("concat", its_token, len(refs), layers, listed(refs)))


def bag_zip(*bags: Bag) -> Bag:
    """Pair the elements of bags, partition by partition, as `zip`.

    The bags must have the same number of partitions (`ValueError`); where one partition is longer, what is
    over is dropped (as dask.bag).

    >>> import tureen.bag as db
    >>> db.zip(db.from_sequence([1, 2]), db.from_sequence(["a", "b"])).compute()
    [(1, 'a'), (2, 'b')]
    """
    if not bags:
        raise ValueError("zip needs at least one bag")
    first, *others = bags
    check_same_partitions(bags)
    template = Template()
    args = (HERE, *(template.bag_partition(bag) for bag in others))
    step = Step("partition", zip, args, streams=True, word="zip")
    return Bag.of(template.layer("zip", first.layer, step))


def _refuse_endless(seq: Iterable[Any]) -> None:
    endless = isinstance(seq, _ENDLESS)
    if isinstance(seq, itertools.repeat):
        try:
            count: Any = seq
            count.__length_hint__()
        except TypeError:
            endless = True
    if endless:
        raise ValueError(
            f"from_sequence needs a sequence that ends, and `{type(seq).__name__}` never does\n"
            "hint: take the first elements with `itertools.islice(sequence, n)`"
        )
