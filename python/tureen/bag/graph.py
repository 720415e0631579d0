"""Bags made by hand from a graph of tasks, as dask writes them: `Bag({("x", 0): (range, 5)}, "x", 1)`.

A task is a tuple of a function and its arguments, in which other keys, lists and further tasks may stand; or
an object of dask's `dask._task_spec`. Knows nothing of dask itself.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from .layers import GatherLayer, Layer, Ref, SourceLayer
from .naming import unique_token

_Op = tuple[str, Any, int]


def layer_of_graph(graph: Mapping[Any, Any], name: str, n_partitions: int) -> Layer:
    """Return the layer of the partitions `(name, 0)`, `(name, 1)` ... of a graph.

    Raises `KeyError` for a partition that the graph has no task for, `ValueError` for a cycle.
    """
    keys = [(name, i) for i in range(n_partitions)]
    for key in keys:
        if key not in graph:
            raise KeyError(f"the graph has no task for partition {key!r}")
    order, recipes = _in_order(graph, keys)
    its_token = unique_token()
    if all(not recipes[key].needs for key in keys):
        return SourceLayer(name, [recipes[key] for key in keys], its_token, name=name)
    places = {key: place for place, key in enumerate(order)}
    needs = [[places[need] for need in recipes[key].needs] for key in order]
    tasks = GatherLayer(
        f"{name}-graph",
        unique_token(),
        len(order),
        (),
        _Earlier(needs),
        _evaluated,
        _Own([recipes[k] for k in order]),
    )
    layer = GatherLayer(name, its_token, n_partitions, [tasks], _Found(tasks, [places[key] for key in keys]))
    layer.set_name(name)
    return layer


class Recipe:
    """A task as a program for a stack machine, and the keys whose values it needs. Tasks may be nested to any
    depth."""

    __slots__ = ("needs", "ops")

    def __init__(self, needs: tuple[Any, ...], ops: list[_Op]) -> None:
        self.needs = needs
        self.ops = ops

    def __reduce__(self) -> tuple[Any, ...]:
        return Recipe, (self.needs, self.ops)

    def __call__(self, *values: Any) -> Any:
        stack: list[Any] = []
        for kind, what, n in self.ops:
            if kind == "value":
                stack.append(what)
            elif kind == "need":
                stack.append(values[n])
            elif kind == "node":
                stack.append(what(dict(zip(self.needs, values, strict=True))))
            else:
                arguments = stack[len(stack) - n :]
                del stack[len(stack) - n :]
                stack.append(what(*arguments) if kind == "call" else arguments)
        return stack[-1]


def _recipe(spec: Any, graph: Mapping[Any, Any]) -> Recipe:
    if _is_node(spec):
        return Recipe(tuple(sorted(spec.dependencies, key=repr)), [("node", spec, 0)])
    needs: dict[Any, int] = {}
    ops: list[_Op] = []
    waiting: list[tuple[bool, Any]] = [(False, spec)]
    while waiting:
        is_ready, part = waiting.pop()
        if is_ready:
            ops.append(part)
        elif _is_task(part):
            waiting.append((True, ("call", part[0], len(part) - 1)))
            waiting += [(False, argument) for argument in reversed(part[1:])]
        elif type(part) is list:
            waiting.append((True, ("list", None, len(part))))
            waiting += [(False, item) for item in reversed(part)]
        elif isinstance(part, (str, tuple, int)) and _is_key(part, graph):
            ops.append(("need", part, needs.setdefault(part, len(needs))))
        else:
            ops.append(("value", part, 0))
    return Recipe(tuple(needs), ops)


def _is_task(part: Any) -> bool:
    return type(part) is tuple and bool(part) and callable(part[0])


def _is_node(part: Any) -> bool:
    return callable(part) and isinstance(getattr(part, "dependencies", None), (set, frozenset))


def _is_key(part: Any, graph: Mapping[Any, Any]) -> bool:
    try:
        return isinstance(part, Hashable) and part in graph
    except TypeError:
        return False  # A tuple that holds a list.


def _in_order(graph: Mapping[Any, Any], wanted: Sequence[Any]) -> tuple[list[Any], dict[Any, Recipe]]:
    """Return the keys that are needed, each after those it needs, and their recipes."""
    recipes: dict[Any, Recipe] = {}
    order: list[Any] = []
    done: set[Any] = set()
    path: dict[Any, None] = {}
    waiting = list(reversed(wanted))
    while waiting:
        key = waiting[-1]
        if key in done:
            waiting.pop()
            continue
        recipe = recipes.get(key)
        if recipe is None:
            recipe = recipes[key] = _recipe(graph[key], graph)
        missing = [need for need in recipe.needs if need not in done]
        if not missing:
            waiting.pop()
            path.pop(key, None)
            done.add(key)
            order.append(key)
            continue
        path[key] = None
        for need in missing:
            if need in path:
                raise ValueError(f"the graph has a cycle: {_cycle(path, need)}")
        waiting += reversed(missing)
    return order, recipes


def _cycle(path: Iterable[Any], start: Any) -> str:
    keys = list(path)
    return " -> ".join(f"`{key}`" for key in [*keys[keys.index(start) :], start])


def _evaluated(values: Sequence[Any], recipe: Recipe) -> Any:
    return recipe(*values)


class _Earlier:
    """Needs other partitions of the same layer: tasks of the graph that stand before."""

    __slots__ = ("needs",)

    def __init__(self, needs: list[list[int]]) -> None:
        self.needs = needs

    def __call__(self, gather: Layer, partition: int) -> Sequence[Ref]:
        return [(gather, need) for need in self.needs[partition]]


class _Found:
    """Needs one partition of a layer, by a table."""

    __slots__ = ("layer", "places")

    def __init__(self, layer: Layer, places: list[int]) -> None:
        self.layer = layer
        self.places = places

    def __call__(self, _gather: Layer, partition: int) -> Sequence[Ref]:
        return [(self.layer, self.places[partition])]


class _Own:
    """Gives each partition its recipe."""

    __slots__ = ("recipes",)

    def __init__(self, recipes: list[Recipe]) -> None:
        self.recipes = recipes

    def __call__(self, partition: int) -> tuple[Recipe]:
        return (self.recipes[partition],)
