"""Small parts of layers that several methods use: elements at hand, promises as partitions, tables of
needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .layers import Layer, Outside, Ref, SourceLayer
from .naming import token


class Given:
    """A partition whose elements are at hand."""

    __slots__ = ("elements",)

    def __init__(self, elements: Any) -> None:
        self.elements = elements

    def __reduce__(self) -> tuple[Any, ...]:
        return Given, (self.elements,)

    def __call__(self) -> Any:
        return self.elements


class Slices(Sequence[Given]):
    """The partitions of a sequence, `size` elements each. The sequence is shared and never changed.

    A list for each partition would be looked at by Python's garbage collector again and again. Only a slice's
    own elements are pickled.
    """

    __slots__ = ("_bounds", "_sequence")

    def __init__(self, sequence: Sequence[Any], size: int, bounds: range | None = None) -> None:
        self._sequence = sequence
        self._bounds = range(0, len(sequence), size) if bounds is None else bounds

    def __len__(self) -> int:
        return len(self._bounds)

    def __getitem__(self, index: Any) -> Any:
        bounds = self._bounds[index]
        if isinstance(bounds, range):
            return Slices(self._sequence, bounds.step, bounds)
        return Given(self._sequence[bounds : bounds + self._bounds.step])

    def __iter__(self) -> Iterator[Given]:
        size = self._bounds.step
        for start in self._bounds:
            yield Given(self._sequence[start : start + size])

    def __reduce__(self) -> tuple[Any, ...]:
        bounds = self._bounds
        elements = self._sequence[bounds.start : bounds.stop] if bounds else []
        return Slices, (elements, bounds.step)


def promised(
    word: str, promises: Sequence[Any], name: str | None = None, its_token: str | None = None
) -> SourceLayer:
    """Return the layer whose partitions are what promises come to. By default its token is made of theirs."""
    needs: list[list[Ref]] = [[Outside(promise)] for promise in promises]
    if its_token is None:
        its_token = token([Outside(promise) for promise in promises])
    return SourceLayer(word, [_reread] * len(needs), its_token, needs, name)


def _reread(value: Any) -> Any:
    """Give what a promise came to as all who want it may read it: an iterator has only one end."""
    return list(value) if isinstance(value, Iterator) else value


class _Listed:
    """The needs of each partition of a gather, listed."""

    __slots__ = ("refs",)

    def __init__(self, refs: Sequence[Sequence[Ref]]) -> None:
        self.refs = refs

    def __call__(self, _layer: Layer, partition: int) -> Sequence[Ref]:
        return self.refs[partition]


def listed(refs: Sequence[Sequence[Ref]]) -> Callable[[Any, int], Sequence[Ref]]:
    """Return a gather's table of needs."""
    return _Listed(refs)
