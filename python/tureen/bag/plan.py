"""Turns layers into tasks: what has one user only is fused into it, and only what is asked for becomes a
task.

All bags that are computed together are planned together, so that what they share is computed once. Pure:
layers in, a list of tasks out. Each walk is a loop with a stack of its own, so a bag may have a million
steps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from .chain import Chain
from .columns import as_objects
from .layers import GatherLayer, Layer, Outside, Ref, SourceLayer, StepLayer
from .steps import Need, Step

_MANY_LEAVES = 512
"""From so many partitions on, those that are gathered at once are made by one task."""

Task: TypeAlias = "tuple[Work, Sequence[int | Outside]]"
"""A piece of work, and the tasks (by their place in the plan) and promises that it needs."""


class Procedure:
    """What the works of all partitions of a layer have in common.

    `gathers` says that the head is given the list of all that it needs, and what is its partition's own.
    """

    __slots__ = ("chain", "gathers", "name")

    def __init__(self, name: str, chain: Chain, gathers: bool) -> None:
        self.name = name
        self.chain = chain
        self.gathers = gathers

    def __reduce__(self) -> tuple[Any, ...]:
        return Procedure, (self.name, self.chain, self.gathers)


class Leaves:
    """Neighbouring partitions that are made within the task that gathers them."""

    __slots__ = ("first", "parts", "procedure")

    def __init__(self, procedure: Procedure, parts: Sequence[Callable[[], Any]], first: int) -> None:
        self.procedure = procedure
        self.parts = parts
        self.first = first

    def __reduce__(self) -> tuple[Any, ...]:
        return Leaves, (self.procedure, self.parts, self.first)

    def __call__(self) -> list[Any]:
        chain = self.procedure.chain
        values = []
        for partition, part in enumerate(self.parts, self.first):
            values.append(chain.run(chain.start(part, (), partition, False), (), partition))
        return values


class Work:
    """What a task does: make the value that a partition starts from, then run the chain of steps on it.

    The first `n_head` needs are the head's, unless it gathers `leaves`; without a head, the first need is the
    value. The other needs go to the arguments of the steps.
    """

    __slots__ = ("head", "is_shown", "leaves", "n_head", "own", "partition", "procedure")

    def __init__(
        self,
        procedure: Procedure,
        partition: int,
        n_head: int,
        head: Callable[..., Any] | None,
        own: tuple[Any, ...] = (),
        leaves: Leaves | None = None,
        is_shown: bool = False,
    ) -> None:
        self.procedure = procedure
        self.partition = partition
        self.n_head = n_head
        self.head = head
        self.own = own
        self.leaves = leaves
        self.is_shown = is_shown
        """Whether somebody but us will look at the value: then it is a list, where it is elements."""

    def __reduce__(self) -> tuple[Any, ...]:
        shared = (self.procedure, self.partition, self.n_head, self.head, self.own, self.leaves)
        return Work, (*shared, self.is_shown)

    @property
    def __name__(self) -> str:
        return self.procedure.name

    def __call__(self, *needs: Any) -> Any:
        value = needs[0] if self.n_head else None
        chain = self.procedure.chain
        if self.head is not None:
            given = needs[: self.n_head]
            gathers = self.procedure.gathers
            if gathers:
                parts = list(given) if self.leaves is None else self.leaves()
                if not getattr(self.head, "takes_columns", False):
                    parts = [as_objects(part) for part in parts]
                given = (parts, *self.own)
            value = chain.start(self.head, given, self.partition, gathers)
        rest = [as_objects(need) for need in needs[self.n_head :]] if len(needs) > self.n_head else ()
        made = chain.run(value, rest, self.partition)
        return as_objects(made) if self.is_shown else made

    def __repr__(self) -> str:
        return f"{self.procedure.name}[{self.partition}]"


def plan(wanted: Sequence[Ref], *, fuse: bool = True) -> tuple[list[Task], list[int]]:
    """Return tasks, each after those it needs, and the place of the task that makes each wanted partition."""
    recipes = _Recipes([ref[0] for ref in wanted if not isinstance(ref, Outside)], fuse)
    places: dict[Layer, dict[int, int]] = {}
    tasks: list[Task] = []
    waiting: list[tuple[Layer, int]] = [ref for ref in reversed(wanted) if not isinstance(ref, Outside)]
    while waiting:
        layer, partition = waiting[-1]
        made = places.setdefault(layer, {})
        if partition in made:
            waiting.pop()
            continue
        recipe = recipes.of(layer)
        refs, n_head = recipe.needs(partition)
        leaves = recipes.leaves(recipe, refs[:n_head])
        if leaves is not None:
            refs, n_head = refs[n_head:], 0
        missing: list[tuple[Layer, int]] = []
        needs: list[int | Outside] = []
        for ref in refs:
            if isinstance(ref, Outside):
                needs.append(ref)
                continue
            its_layer, its_partition = ref
            its_made = places.setdefault(its_layer, {})
            place = its_made.get(its_partition)
            if place is None:
                its_recipe = recipes.of(its_layer)
                if not its_recipe.is_leaf:
                    missing.append(ref)
                    continue
                # Most partitions of most bags need nothing: they are not worth a turn of their own.
                place = its_made[its_partition] = len(tasks)
                tasks.append((its_recipe.work(its_partition, 0), ()))
            needs.append(place)
        if missing:
            waiting.extend(reversed(missing))
            continue
        waiting.pop()
        made[partition] = len(tasks)
        tasks.append((recipe.work(partition, n_head, leaves), needs))
    return tasks, [places[ref[0]][ref[1]] for ref in wanted if not isinstance(ref, Outside)]


class _Recipe:
    """How the partitions of one layer are made: a head, and the steps of all layers fused into it.

    `bottom` is the layer below the steps; `has_head` says that its work is part of the same task.
    """

    __slots__ = ("bottom", "has_head", "is_leaf", "parts", "procedure", "steps")

    def __init__(self, layer: Layer, bottom: Layer, has_head: bool, steps: list[StepLayer]) -> None:
        self.bottom = bottom
        self.has_head = has_head
        self.steps = steps
        label = f"tureen.bag<{bottom.word}, npartitions={bottom.n_partitions}>"
        chain = Chain(_renumbered(steps), label, layer.n_partitions)
        gathers = has_head and isinstance(bottom, GatherLayer) and bottom.function is not None
        self.procedure = Procedure(layer.word, chain, gathers)
        needs_nothing = has_head and isinstance(bottom, SourceLayer) and bottom.needs is None
        self.is_leaf = needs_nothing and not any(layer.extras for layer in steps)
        self.parts = bottom.parts if isinstance(bottom, SourceLayer) else ()

    def needs(self, partition: int) -> tuple[list[Ref], int]:
        """Return what a partition needs, and how many of these are the head's."""
        bottom = self.bottom
        refs: list[Ref]
        if not self.has_head:
            refs = [(bottom, partition)]
        elif isinstance(bottom, SourceLayer):
            refs = list(bottom.needs[partition]) if bottom.needs is not None else []
        else:
            assert isinstance(bottom, GatherLayer)
            refs = list(bottom.needs_of(partition))
        n_head = len(refs)
        for layer in self.steps:
            if layer.extras:
                refs += layer.extras_of(partition)
        return refs, n_head

    def work(self, partition: int, n_head: int, leaves: Leaves | None = None) -> Work:
        """Return what the task of a partition does."""
        bottom = self.bottom
        if self.has_head and isinstance(bottom, SourceLayer):
            return Work(self.procedure, partition, n_head, self.parts[partition])
        if isinstance(bottom, GatherLayer) and self.procedure.gathers:
            own = bottom.own_of(partition)
            return Work(self.procedure, partition, n_head, bottom.function, own, leaves)
        return Work(self.procedure, partition, n_head, None)


class _Recipes:
    """The recipe of each layer that isn't fused into another."""

    def __init__(self, wanted: Sequence[Layer], fuse: bool) -> None:
        self._n_users = _count_users(wanted)
        self._fuse = fuse
        self._made: dict[Layer, _Recipe] = {}

    def of(self, layer: Layer) -> _Recipe:
        """Return how a layer is made."""
        recipe = self._made.get(layer)
        if recipe is None:
            recipe = self._made[layer] = self._make(layer)
        return recipe

    def _make(self, layer: Layer) -> _Recipe:
        steps: list[StepLayer] = []
        bottom = layer
        while isinstance(bottom, StepLayer) and (bottom is layer or self._may_fuse(bottom)):
            steps.append(bottom)
            bottom = bottom.base
        steps.reverse()
        has_head = bottom is layer or (not isinstance(bottom, StepLayer) and self._may_fuse(bottom))
        return _Recipe(layer, bottom, has_head, steps)

    def leaves(self, recipe: _Recipe, refs: list[Ref]) -> Leaves | None:
        """Return what a gather can make itself, if there are so many of them that none needs a task of its
        own."""
        if not recipe.procedure.gathers or not refs or isinstance(refs[0], Outside):
            return None
        layer, first = refs[0]
        if layer.n_partitions < _MANY_LEAVES or not self._may_fuse(layer):
            return None
        its_recipe = self.of(layer)
        if not its_recipe.is_leaf or refs != [(layer, first + i) for i in range(len(refs))]:
            return None
        parts = its_recipe.parts[first : first + len(refs)]
        return Leaves(its_recipe.procedure, parts, first)

    def _may_fuse(self, layer: Layer) -> bool:
        return self._fuse and self._n_users[layer] == 1


def _count_users(wanted: Sequence[Layer]) -> dict[Layer, int]:
    n_users: dict[Layer, int] = {}
    waiting = list(dict.fromkeys(wanted))
    while waiting:
        layer = waiting.pop()
        seen = layer in n_users
        n_users[layer] = n_users.get(layer, 0) + 1
        if not seen:
            waiting.extend(layer.parents())
    return n_users


def _renumbered(layers: Sequence[StepLayer]) -> list[Step]:
    """Return the steps, their needs counted through the whole chain."""
    steps, n_before = [], 0
    for layer in layers:
        step = layer.step
        if layer.extras and n_before:
            step = replace(
                step,
                args=tuple(_moved(value, n_before) for value in step.args),
                kwargs={name: _moved(value, n_before) for name, value in step.kwargs.items()},
            )
        steps.append(step)
        n_before += len(layer.extras)
    return steps


def _moved(value: Any, by: int) -> Any:
    return type(value)(value.index + by) if isinstance(value, Need) else value
