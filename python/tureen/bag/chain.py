"""Runs the whole chain of steps of one partition, as one task.

The one place where a bag's work is done, whoever calls it: a thread, the calling thread, or a worker process.
Knows nothing of bags, promises and graphs: values come in, one value goes out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from tureen._tureen import TextDeclined

from .blame import blame_partition, blame_start
from .calls import quick
from .columns import as_objects
from .lines import Lines
from .loop import Loop, longest, loop_for
from .native import Native, native_of
from .steps import HERE, PARTITION, Aligned, Need, Step
from .stream import Stream
from .stretch import pieces_of

# A generator within a generator costs a level of CPython's stack, so long chains are cut by lists.
_MOST_NESTED_STREAMS = 40


class Segment:
    """Steps that run as one loop, or one `partition` step."""

    __slots__ = ("aligned", "bindings", "first", "loop", "needs_values", "steps")

    def __init__(self, first: int, steps: Sequence[Step]) -> None:
        self.first = first
        self.steps = steps
        self.loop: Loop | None = None
        self.bindings: tuple[Any, ...] = ()
        self.aligned: tuple[int, ...] = ()
        if steps[0].is_elementwise:
            self.loop, self.bindings = loop_for(
                [replace(step, function=quick(step.function)) for step in steps]
            )
            given = (*steps[0].args, *steps[0].kwargs.values())
            self.aligned = tuple(value.index for value in given if isinstance(value, Aligned))
        self.needs_values = any(isinstance(value, Need) for value in self.bindings)


class Chain:
    """The steps between a partition's source and its end. One chain serves all partitions of a bag."""

    __slots__ = ("_native", "_rest", "_segments", "label", "n_partitions", "steps")

    def __init__(self, steps: Sequence[Step], label: str, n_partitions: int) -> None:
        self.steps = tuple(steps)
        self.label = label
        self.n_partitions = n_partitions
        self._segments: list[Segment] | None = None
        self._native: Native | None = None
        self._rest: list[Segment] = []

    def __reduce__(self) -> tuple[Any, ...]:
        return Chain, (self.steps, self.label, self.n_partitions)

    @property
    def segments(self) -> list[Segment]:
        """The loops and partition steps that the chain runs, made once."""
        if self._segments is None:
            self._prepare()
        return self._segments or []

    @property
    def native(self) -> Native | None:
        """The program that the first steps are, where the partition is text; the rest are Python's."""
        if self._segments is None:
            self._prepare()
        return self._native

    @property
    def rest(self) -> list[Segment]:
        """The segments of the steps behind the native ones."""
        if self._segments is None:
            self._prepare()
        return self._rest

    def _prepare(self) -> None:
        native = native_of(self.steps)
        if native is not None:
            self._rest = list(_cut(self.steps, native.n_steps))
        self._native = native
        self._segments = list(_cut(self.steps))

    def start(self, head: Callable[..., Any], given: Sequence[Any], partition: int, gathers: bool) -> Any:
        """Return what a partition starts from, as its source or the partitions it needs make it."""
        try:
            return head(*given)
        except Exception as error:
            blame_start(error, head, self, partition, gathers=gathers)
            raise

    def run(self, value: Any, needs: Sequence[Any], partition: int) -> Any:
        """Return what the steps make of a partition: a list or columns, where it is elements."""
        segments, native = self.segments, self.native
        if native is not None:
            try:
                value = self._begin(native, value)
                segments = self.rest
            except TextDeclined:
                pass  # Python does it, or says what is wrong with it.
        last = len(segments) - 1
        n_streams = 0
        try:
            for position, segment in enumerate(segments):
                if segment.loop is None:
                    value = _run_partition_step(segment.steps[0], value, needs, partition)
                    continue
                source = value
                if segment.aligned:
                    source = zip(value, *(needs[index] for index in segment.aligned), strict=True)
                bindings = segment.bindings
                if segment.needs_values:
                    bindings = tuple(needs[b.index] if isinstance(b, Need) else b for b in bindings)
                n_streams = 0 if position == last else n_streams + 1
                if position == last or n_streams > _MOST_NESTED_STREAMS:
                    value = segment.loop.as_list(source, *bindings)
                    n_streams = 0
                else:
                    value = segment.loop.as_stream(source, *bindings)
            return concrete(value)
        except Exception as error:
            blame_partition(error, self, partition)
            raise

    def _begin(self, native: Native, value: Any) -> Any:
        """Return what the native steps make of a partition."""
        if not self.rest or native.ends or not isinstance(value, Lines):
            return native.run(value, self.n_partitions)
        # Python will walk through the elements: there is no need for all of them to be there at once.
        return Pieces(native, value, list(_cut(self.steps[: native.n_steps])))


class Pieces(Stream):
    """What native steps make of the lines of a file, piece by piece."""

    __slots__ = ("_instead", "_lines", "_native")

    def __init__(self, native: Native, lines: Lines, instead: list[Segment]) -> None:
        self._native = native
        self._lines = lines
        self._instead = instead

    def __iter__(self) -> Iterator[Any]:
        for lines in pieces_of(self._lines):
            try:
                made: Iterable[Any] = self._native.run(lines, 1)
            except TextDeclined:
                made = lines
                for segment in self._instead:
                    assert segment.loop is not None, "native steps that give elements are no partition steps"
                    made = segment.loop.as_stream(made, *segment.bindings)
            yield from made


def _cut(steps: Sequence[Step], first: int = 0) -> Iterator[Segment]:
    while first < len(steps):
        end = longest(steps, first) if steps[first].is_elementwise else first + 1
        yield Segment(first, steps[first:end])
        first = end


def _run_partition_step(step: Step, value: Any, needs: Sequence[Any], partition: int) -> Any:
    if not step.streams:
        value = as_given(value)
    if step.args == _ONLY_HERE and not step.kwargs:
        return step.function(value)  # type: ignore[misc]  # partition steps always have one

    def filled(given: Any) -> Any:
        if given is HERE:
            return value
        if isinstance(given, Need):
            return needs[given.index]
        return partition if given is PARTITION else given

    function: Callable[..., Any] = step.function  # type: ignore[assignment]  # partition steps always have one
    args = [filled(given) for given in step.args]
    return function(*args, **{name: filled(given) for name, given in step.kwargs.items()})


def as_given(value: Any) -> Any:
    """Return a partition as a user's function gets it: our own loops and ranges become lists."""
    if isinstance(value, (range, Stream)) or _is_ours(value):
        return list(value)
    return as_objects(value)


def _is_ours(value: Any) -> bool:
    code = getattr(value, "gi_code", None)
    return code is not None and (
        code.co_filename.startswith("<tureen.bag loop ") or code.co_filename.startswith(_PACKAGE)
    )


def concrete(value: Any) -> Any:
    """Return the value of a task as others may read it more than once: iterators become lists.

    So do iterators inside, as in dask.bag: a generator function given to `map` makes a bag of lists.
    """
    if type(value) in _PLAIN or (type(value) is list and value and type(value[0]) in _PLAIN):
        return value
    if isinstance(value, (Iterator, Stream, range)):
        value = list(value)
    if type(value) is list and value and isinstance(value[0], Iterator):
        return [list(item) if isinstance(item, Iterator) else item for item in value]
    return value


def as_elements(values: Sequence[Any]) -> list[Any]:
    """Return the elements of all partitions as one list.

    As dask.bag's: where the partitions are no sequences (after `map_partitions(len)`), they are the elements.
    """
    values = [as_objects(value) for value in values]
    if not values:
        return []
    if not isinstance(values[0], Iterable) or isinstance(values[0], str):
        return list(values)
    elements: list[Any] = []
    for value in values:
        elements.extend(value)
    return elements


_ONLY_HERE = (HERE,)

_PLAIN = frozenset((int, float, str, bytes, bool, type(None), tuple, dict))
"""Types that are no iterators, which is costly to ask."""

_PACKAGE = __file__.rpartition("/")[0] + "/"
