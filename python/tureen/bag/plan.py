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
from .layers import GatherLayer, Layer, Outside, Ref, SourceLayer, StepLayer
from .steps import Need, Step

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


class Work:
    """What a task does: make the value that a partition starts from, then run the chain of steps on it.

    The first `n_head` needs are the head's; without a head, the first need is the value. The other needs go
    to the arguments of the steps.
    """

    __slots__ = ("head", "n_head", "own", "partition", "procedure")

    def __init__(
        self,
        procedure: Procedure,
        partition: int,
        n_head: int,
        head: Callable[..., Any] | None,
        own: tuple[Any, ...] = (),
    ) -> None:
        self.procedure = procedure
        self.partition = partition
        self.n_head = n_head
        self.head = head
        self.own = own

    def __reduce__(self) -> tuple[Any, ...]:
        return Work, (self.procedure, self.partition, self.n_head, self.head, self.own)

    @property
    def __name__(self) -> str:
        return self.procedure.name

    def __call__(self, *needs: Any) -> Any:
        value = needs[0] if self.n_head else None
        chain = self.procedure.chain
        if self.head is not None:
            given = needs[: self.n_head]
            gathers = self.procedure.gathers
            given = (list(given), *self.own) if gathers else given
            value = chain.start(self.head, given, self.partition, gathers)
        return chain.run(value, needs[self.n_head :], self.partition)

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
        tasks.append((recipe.work(partition, n_head), needs))
    return tasks, [places[ref[0]][ref[1]] for ref in wanted if not isinstance(ref, Outside)]


class _Recipe:
    """How the partitions of one layer are made: a head, and the steps of all layers fused into it.

    `bottom` is the layer below the steps; `has_head` says that its work is part of the same task.
    """

    __slots__ = ("bottom", "has_head", "is_leaf", "procedure", "steps")

    def __init__(self, layer: Layer, bottom: Layer, has_head: bool, steps: list[StepLayer]) -> None:
        self.bottom = bottom
        self.has_head = has_head
        self.steps = steps
        chain = Chain(_renumbered(steps), f"tureen.bag<{bottom.word}, npartitions={bottom.n_partitions}>")
        gathers = has_head and isinstance(bottom, GatherLayer) and bottom.function is not None
        self.procedure = Procedure(layer.word, chain, gathers)
        needs_nothing = has_head and isinstance(bottom, SourceLayer) and bottom.needs is None
        self.is_leaf = needs_nothing and not any(layer.extras for layer in steps)

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

    def work(self, partition: int, n_head: int) -> Work:
        """Return what the task of a partition does."""
        bottom = self.bottom
        if self.has_head and isinstance(bottom, SourceLayer):
            return Work(self.procedure, partition, n_head, bottom.parts[partition])
        if isinstance(bottom, GatherLayer) and self.procedure.gathers:
            return Work(self.procedure, partition, n_head, bottom.function, bottom.own_of(partition))
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
