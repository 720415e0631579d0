"""Pieces as tasks of dask's: one for each, with what it needs of others as keys.

Knows what a piece is made of and what is sent; not how a graph is cut, nor who waits.
"""

from __future__ import annotations

from collections import Counter
from importlib import import_module
from operator import getitem
from typing import TYPE_CHECKING, Any

from tureen._distributed import piece as far
from tureen._distributed.held import OnCluster
from tureen._processes.failing import arguments_stay, function_stays
from tureen._processes.packing import dumps_by_value
from tureen._tureen import __version__

if TYPE_CHECKING:
    from tureen._tureen import Pieces

Key = tuple[Any, ...]

_MOST_BYTES = 4_000_000
_MOST_PIECES = 500
_LARGE = 65_536
"""A value of so many bytes is sent once, by itself."""

_NOWHERE = 2**64 - 1
_SMALL = (int, float, str, bool, type(None), complex)


class Sending:
    """Sends the pieces of one run.

    Args:
        client: The client.
        run: What the run is called.
        pieces: The pieces.
        keywords: What dask's ``Client.get`` is given for each.
        is_heard: Whether somebody listens until the last piece is done.
    """

    def __init__(
        self, client: Any, run: str, pieces: Pieces, keywords: dict[str, Any], *, is_heard: bool
    ) -> None:
        spec: Any = import_module("dask._task_spec")
        self._task, self._ref, self._data = spec.Task, spec.TaskRef, spec.DataNode
        self._sizeof: Any = import_module("dask.sizeof").sizeof
        self._client = client
        self._run = run
        self._pieces = pieces
        self._keywords = keywords
        self._sender = far.PROCESS if is_heard else far.NOBODY
        self._labels = [label for label, _, _ in pieces.functions()]
        self._keys: list[tuple[Key, int]] = []
        """For each piece that was sent, its key and the number of its groups."""
        self._graph: dict[Key, Any] = {}
        self._n_bytes = 0
        self._are_awaited = False
        self._large: dict[int, tuple[Key, Any]] = {}
        self._held: dict[int, OnCluster] = {}
        self.futures: dict[Key, Any] = {}
        """The futures of what was sent, as long as somebody may ask for them."""

    def send(self, are_awaited: bool = False) -> None:
        """Send all pieces that were made since the last time.

        If they are awaited, each tells when it begins.
        """
        self._are_awaited = are_awaited
        for number in range(len(self._keys), len(self._pieces)):
            self._add(number)
            if self._n_bytes >= _MOST_BYTES or len(self._graph) >= _MOST_PIECES:
                self._submit()
        self._submit()

    def key(self, number: int, group: int) -> Key:
        """Give the key of a group of a piece's results."""
        key, n_groups = self._keys[number]
        return key if n_groups == 1 else (*key, group)

    def release_all_but(self, keys: set[Key]) -> None:
        """Let dask drop what nobody will ask for: tasks that were sent hold on to what they need."""
        self.futures = {key: future for key, future in self.futures.items() if key in keys}
        self._large.clear()

    def _add(self, number: int) -> None:
        calls, functions, values, outside, groups = self._pieces.write(number)
        needed: dict[Key, int] = {}
        refs: list[Any] = []

        def place_of(key: Any) -> int:
            place = needed.setdefault(key, len(refs))
            if place == len(refs):
                refs.append(self._ref(key))
            return place

        for index, value in enumerate(values):
            if type(value) not in _SMALL and self._sizeof(value) >= _LARGE:
                values[index] = far.Needed(place_of(self._key_of_large(value)))
        reads = []
        for its_piece, group, part in outside:
            if its_piece == _NOWHERE:
                held = self._held[group]
                reads.append((place_of(held.future.key), held.place))
            else:
                reads.append((place_of(self.key(its_piece, group)), part))
        content = (calls, functions, values, reads, groups)
        try:
            packed = dumps_by_value(content)
        except Exception as error:  # whatever the user's objects raise when they are pickled
            raise self._blamed(number, calls, values, error) from None
        [(function, _)] = Counter(functions).most_common(1)
        label = self._labels[function]
        key = (f"{label}-{self._run}", number)
        header = (__version__, self._sender, self._run, number, self._are_awaited)
        self._graph[key] = self._task(key, far.do, *header, packed, *refs)
        self._keys.append((key, len(groups)))
        for group in range(len(groups) if len(groups) > 1 else 0):
            its_key = (*key, group)
            self._graph[its_key] = self._task(its_key, getitem, self._ref(key), group)
        self._n_bytes += len(packed)

    def set_held(self, held: dict[int, OnCluster]) -> None:
        """Say what stands for tasks whose results are on the cluster.

        Raises:
            ValueError: a future is of another client.
        """
        for thing in held.values():
            if thing.future.client is not self._client and (
                thing.future.client.scheduler.address != self._client.scheduler.address
            ):
                raise ValueError(
                    "a value is on another cluster than the one that is to compute\n"
                    "hint: compute it first (`future.result()`), and give the result"
                )
        self._held = held

    def _key_of_large(self, value: Any) -> Key:
        known = self._large.get(id(value))
        if known is None:
            key = (f"value-{self._run}", len(self._large))
            # The value is held, so that no other gets its address.
            known = self._large[id(value)] = key, value
            self._graph[key] = self._data(key, value)
            self._n_bytes += self._sizeof(value)
        return known[0]

    def _submit(self) -> None:
        if not self._graph:
            return
        keys = [key for number_key, n in self._keys for key in _keys_of(number_key, n) if key in self._graph]
        keys += [key for key, _ in self._large.values() if key in self._graph]
        sent = self._client.get(self._graph, keys, sync=False, **self._keywords)
        self.futures.update(zip(keys, sent, strict=True))
        self._graph, self._n_bytes = {}, 0

    def _blamed(self, number: int, calls: list[Any], values: list[Any], error: Exception) -> BaseException:
        """Find what of a piece can't be sent."""
        for place, (_, function, _, _, _) in enumerate(calls):
            try:
                dumps_by_value(function)
            except Exception as own_error:
                return function_stays(self._label(number, place), function, own_error)
        for place, call in enumerate(calls):
            try:
                dumps_by_value(call)
            except Exception as own_error:
                args, kwargs = _plain(call)
                label = self._label(number, place)
                return arguments_stay([(0, args, kwargs)], own_error, {0: label}.__getitem__, [0])[1]
        for value in values:
            try:
                dumps_by_value(value)
            except Exception as own_error:
                return function_stays("value", value, own_error)
        return error

    def _label(self, number: int, place: int) -> str:
        _, functions, *_ = self._pieces.write(number)
        return self._labels[functions[place]]


def _keys_of(key: Key, n_groups: int) -> list[Key]:
    return [key] if n_groups == 1 else [(*key, group) for group in range(n_groups)]


def _plain(call: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a written call, without those that are promises."""
    _, _, program, args, names = call
    if program is None:
        return args, names or {}
    return tuple(value for code, value in program if code == 0), {}
