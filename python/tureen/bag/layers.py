"""What a bag is made of: layers of partitions, each layer made from others by data that says how.

A source layer holds where partitions come from; a step layer adds one step to each partition of another
layer; a gather layer makes each of its partitions from some partitions of others. `plan.py` turns layers into
tasks. Layers know nothing of promises, threads or pictures, and run nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from .naming import token
from .steps import Step

Ref: TypeAlias = "tuple[Layer, int] | Outside"
"""What a task needs: a partition of a layer, or a promise made outside of bags."""


class Outside:
    """A promise (a `tureen.delayed.Delayed`) that a bag needs."""

    __slots__ = ("promise",)

    def __init__(self, promise: Any) -> None:
        self.promise = promise

    def __tureen_token__(self) -> str:
        return f"promise {self.promise.key}"


class Layer:
    """Partitions that are made alike. `word` is its kind in words, `token` equal only for the same work."""

    __slots__ = ("__weakref__", "_name", "n_partitions", "token", "word")

    def __init__(self, word: str, n_partitions: int, its_token: str, name: str | None = None) -> None:
        self.word = word
        self.n_partitions = n_partitions
        self.token = its_token
        self._name = name

    @property
    def name(self) -> str:
        """The unique name, as `inc-5f0c...`."""
        return self._name if self._name is not None else f"{self.word}-{self.token}"

    def set_name(self, name: str) -> None:
        """Give the layer a name that the user chose."""
        self._name = name

    def __tureen_token__(self) -> str:
        return self.token

    def parents(self) -> Sequence[Layer]:
        """Return the layers that this one is made from."""
        return ()


class SourceLayer(Layer):
    """Partitions that come from outside: each part is called, with the promises it needs, for its
    elements."""

    __slots__ = ("needs", "parts")

    def __init__(
        self,
        word: str,
        parts: Sequence[Callable[..., Any]],
        its_token: str,
        needs: Sequence[Sequence[Ref]] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(word, len(parts), its_token, name)
        self.parts = parts
        self.needs = needs


class StepLayer(Layer):
    """One more step for each of the first partitions of `base`; `extras` are what its arguments need."""

    __slots__ = ("base", "extras", "step")

    def __init__(
        self,
        word: str,
        base: Layer,
        step: Step,
        extras: Sequence[Layer | Ref] = (),
        n_partitions: int | None = None,
    ) -> None:
        n = base.n_partitions if n_partitions is None else n_partitions
        its_token = token(
            word, base, step.kind, step.function, step.args, dict(step.kwargs), list(extras), n, step.word
        )
        super().__init__(word, n, its_token)
        self.base = base
        self.step = step
        self.extras = tuple(extras)

    def parents(self) -> Sequence[Layer]:
        return (self.base, *_layers_of(self.extras))

    def extras_of(self, partition: int) -> list[Ref]:
        """Return what the step's arguments need in a partition: a bag's own partition, an item, a promise."""
        return [(extra, partition) if isinstance(extra, Layer) else extra for extra in self.extras]


class GatherLayer(Layer):
    """Partitions made of others': partition `i` is `function(values, *own(i))`, or the one value if None."""

    __slots__ = ("_needs", "_own", "_parents", "function")

    def __init__(
        self,
        word: str,
        its_token: str,
        n_partitions: int,
        parents: Sequence[Layer],
        needs: Callable[[GatherLayer, int], Sequence[Ref]],
        function: Callable[..., Any] | None = None,
        own: Callable[[int], tuple[Any, ...]] | None = None,
    ) -> None:
        super().__init__(word, n_partitions, its_token)
        self._parents = parents
        self._needs = needs
        self.function = function
        self._own = own

    def parents(self) -> Sequence[Layer]:
        return self._parents

    def needs_of(self, partition: int) -> Sequence[Ref]:
        """Return the partitions that make this one."""
        return self._needs(self, partition)

    def own_of(self, partition: int) -> tuple[Any, ...]:
        """Return the arguments of the function that are this partition's own."""
        return self._own(partition) if self._own is not None else ()


def _layers_of(refs: Sequence[Layer | Ref]) -> list[Layer]:
    layers = []
    for ref in refs:
        if isinstance(ref, Layer):
            layers.append(ref)
        elif not isinstance(ref, Outside):
            layers.append(ref[0])
    return layers
