"""The methods of a bag that see one element, or one partition, at a time. They are fused into one task."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from .arguments import Template
from .checks import check_same_partitions
from .collection import Collection
from .layers import StepLayer
from .naming import function_name
from .pluck import plucker
from .steps import HERE, PARTITION, Step
from .strings import StringAccessor

if TYPE_CHECKING:
    from .bag import Bag

no_default: Any = type("no_default", (), {"__slots__": (), "__repr__": lambda self: "no_default"})()


class Elementwise(Collection):
    """Steps on each element."""

    __slots__ = ()

    def _step(self, word: str, step: Step) -> Bag:
        return type(self).of(StepLayer(word, self.layer, step))

    @property
    def str(self) -> StringAccessor:
        """The methods of `str`, each as a step: ``bag.str.upper()``."""
        return StringAccessor(self)  # type: ignore[arg-type]

    def map(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Bag:
        """Call a function on each element, as dask.bag's.

        Further arguments may be bags, which are walked along and must have partitions of the same lengths
        (`ValueError` when they are computed, if not), and items, promises and plain values, which are the
        same for all elements.

        >>> import tureen.bag as db
        >>> bag = db.from_sequence([1, 2, 3], npartitions=2)
        >>> bag.map(lambda a, b, c=0: a + b + c, bag, c=bag.max()).compute()
        [5, 7, 9]
        """
        return bag_map(func, self, *args, **kwargs)

    def starmap(self, func: Callable[..., Any], **kwargs: Any) -> Bag:
        """Call a function on each element unpacked: ``func(*element, **kwargs)``.

        >>> import tureen.bag as db
        >>> db.from_sequence([(1, 2), (3, 4)]).starmap(lambda a, b, c=0: a + b + c, c=10).compute()
        [13, 17]
        """
        template = Template()
        keywords = {name: template.value(value) for name, value in kwargs.items()}
        step = Step("starmap", func, (HERE,), keywords)
        return type(self).of(template.layer(function_name(func), self.layer, step))

    def filter(self, predicate: Callable[[Any], Any] | None) -> Bag:
        """Keep the elements of which the predicate is true; with None, those that are true themselves.

        >>> import tureen.bag as db
        >>> db.from_sequence(["mary", "had", "a"]).filter(lambda word: "a" in word).compute()
        ['mary', 'had', 'a']
        """
        return self._step(f"filter-{function_name(predicate)}", Step("filter", predicate))

    def remove(self, predicate: Callable[[Any], Any]) -> Bag:
        """Leave out the elements of which the predicate is true.

        >>> import tureen.bag as db
        >>> db.from_sequence(range(5)).remove(lambda n: n % 2 == 0).compute()
        [1, 3]
        """
        return self._step(f"remove-{function_name(predicate)}", Step("remove", predicate))

    def flatten(self) -> Bag:
        """Make the elements of the elements the elements.

        >>> import tureen.bag as db
        >>> db.from_sequence([[1], [2, 3]]).flatten().compute()
        [1, 2, 3]
        """
        return self._step("flatten", Step("flatten"))

    def pluck(self, key: Any, default: Any = no_default) -> Bag:
        """Take an item out of each element: by key, index, or a list of them (which gives tuples).

        Without a default, an element that has no such item raises `KeyError` or `IndexError` when computed.

        >>> import tureen.bag as db
        >>> bag = db.from_sequence([{"name": "mary", "animals": 1}, {"name": "joe"}])
        >>> bag.pluck("name").compute(), bag.pluck("animals", 0).compute()
        (['mary', 'joe'], [1, 0])
        """
        function = plucker(key) if default is no_default else plucker(key, default)
        return self._step("pluck", Step("map", function, word="pluck"))

    def unzip(self, n: int) -> tuple[Bag, ...]:
        """Return `n` bags, of the first, second ... items of each element.

        >>> import tureen.bag as db
        >>> a, b = db.from_sequence([(1, "x"), (2, "y")]).unzip(2)
        >>> b.compute()
        ['x', 'y']
        """
        return tuple(self.pluck(i) for i in range(n))

    def map_partitions(self, func: Callable[..., Any], *args: Any, **kwargs: Any) -> Bag:
        """Call a function on each partition: it gets a list and gives an iterable.

        Further arguments as for `map`; other bags give their partition in the same place. The keyword `token`
        is taken for the name (as in dask.bag). What is no iterable, such as a length, becomes an element.

        >>> import tureen.bag as db
        >>> db.from_sequence([1, 2, 3], npartitions=2).map_partitions(len).compute()
        [2, 1]
        """
        return map_partitions(func, self, *args, **kwargs)

    def random_sample(self, prob: float, random_state: int | random.Random | None = None) -> Bag:
        """Keep each element with probability `prob`.

        The same `random_state` (a seed, or a `random.Random`) keeps the same elements each time; they are not
        those that dask.bag would keep. Raises `ValueError` unless ``0 <= prob <= 1``.

        >>> import tureen.bag as db
        >>> bag = db.from_sequence(range(100))
        >>> bag.random_sample(0.5, 42).compute() == bag.random_sample(0.5, 42).compute()
        True
        """
        if not 0 <= prob <= 1:
            raise ValueError(f"`prob` must be a number from 0 to 1, not {prob!r}")
        state = random_state if isinstance(random_state, random.Random) else random.Random(random_state)
        args = (HERE, PARTITION, state.getrandbits(128), prob)
        return self._step(
            "random-sample", Step("partition", _sampled, args, streams=True, word="random_sample")
        )


def _sampled(elements: Iterable[Any], partition: int, seed: int, prob: float) -> Iterator[Any]:
    draw = random.Random(f"{seed} {partition}").random
    return (element for element in elements if draw() < prob)


def bag_map(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Bag:
    """Call a function on the elements of one or more bags, walked along side by side.

    See `Bag.map`. At least one argument must be a bag (`ValueError`), and all bags must have the same number
    of partitions (`ValueError`).

    >>> import tureen.bag as db
    >>> db.map(lambda a, b: a * b, 10, b=db.from_sequence([1, 2])).compute()
    [10, 20]
    """
    base, template, places, keywords = _places(args, kwargs, Template.element_of, "map")
    step = Step("map", func, places, keywords)
    return base.of(template.layer(function_name(func), base.layer, step))


def map_partitions(func: Callable[..., Any], *args: Any, **kwargs: Any) -> Bag:
    """Call a function on the partitions of one or more bags.

    See `Bag.map_partitions`; errors as `map`.

    >>> import tureen.bag as db
    >>> db.map_partitions(lambda a, b: [len(a) + len(b)], db.range(4, 2), db.range(6, 2)).compute()
    [5, 5]
    """
    name = kwargs.pop("token", None) or function_name(func)
    base, template, places, keywords = _places(args, kwargs, Template.bag_partition, "map_partitions")
    step = Step("partition", func, places, keywords, word=f"map_partitions({function_name(func)})")
    return base.of(template.layer(name, base.layer, step))


def _places(
    args: tuple[Any, ...], kwargs: dict[str, Any], place: Callable[[Template, Any], Any], word: str
) -> tuple[Bag, Template, tuple[Any, ...], dict[str, Any]]:
    """Return the first bag and the template of arguments in which it is HERE."""
    bags = [value for value in (*args, *kwargs.values()) if isinstance(value, Elementwise)]
    if not bags:
        raise ValueError(f"at least one argument of `{word}` must be a bag")
    check_same_partitions(bags)
    template = Template()
    base, is_seen = bags[0], False

    def place_of(value: Any) -> Any:
        nonlocal is_seen
        if not isinstance(value, Elementwise):
            return template.value(value)
        if value is base and not is_seen:
            is_seen = True
            return HERE
        return place(template, value)

    places = tuple(place_of(value) for value in args)
    keywords = {name: place_of(value) for name, value in kwargs.items()}
    # As dask.bag: bags of one class give a bag of that class, mixed ones a plain one.
    if len({type(bag) for bag in bags}) > 1:
        from .bag import Bag

        base = Bag.of(base.layer)
    return base, template, places, keywords  # type: ignore[return-value]  # an Elementwise is a Bag
