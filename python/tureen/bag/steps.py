"""The steps of a bag, as data: what is done to each partition, with which function and arguments.

A step runs nothing. `loop.py` makes loops of steps, `chain.py` runs them, pictures and explanations read
them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .naming import function_name

Kind = Literal["map", "starmap", "filter", "remove", "flatten", "partition"]
"""What a step does. All but `partition` are element-wise: they see one element at a time."""


class Marker:
    """A place in a step's arguments that is filled when the step runs."""

    __slots__ = ("place",)

    def __init__(self, place: str) -> None:
        self.place = place

    def __repr__(self) -> str:
        return f"<{self.place}>"

    def __reduce__(self) -> str:
        return self.place.upper()

    def __tureen_token__(self) -> str:
        return f"marker {self.place}"


HERE = Marker("here")
"""The element (or, in a `partition` step, the whole partition) that the step before hands on."""

PARTITION = Marker("partition")
"""The number of the partition. In `partition` steps only."""


@dataclass(frozen=True)
class Need:
    """An argument that another task makes: the value of an `Item` or a promise, the same for all elements."""

    index: int

    def __tureen_token__(self) -> str:
        return f"need {self.index}"


@dataclass(frozen=True)
class Aligned(Need):
    """An argument that another bag gives: its element in the same place of the same partition."""

    def __tureen_token__(self) -> str:
        return f"aligned {self.index}"


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a chain: a function and the template of its arguments.

    `streams` says that a `partition` step may be handed an iterator that can be read once; a step with a
    user's function gets a list instead, which may be measured, indexed and read again.
    """

    kind: Kind
    function: Callable[..., Any] | None = None
    args: tuple[Any, ...] = (HERE,)
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    streams: bool = False
    word: str = ""

    @property
    def is_elementwise(self) -> bool:
        """Whether the step sees one element at a time."""
        return self.kind != "partition"

    @property
    def is_aligned(self) -> bool:
        """Whether the step walks along other bags."""
        return any(isinstance(value, Aligned) for value in (*self.args, *self.kwargs.values()))

    def describe(self) -> str:
        """Return the step as the user wrote it, say ``map(clean_word)``."""
        word = self.word or self.kind
        if self.word or self.function is None:
            return word
        return f"{word}({function_name(self.function)})"
