"""How long calls of a function take, as far as it was seen in this session; and what is guessed of others.

Knows functions, not graphs, nor who measured.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial
from typing import Any

LONG = 1.0
"""Seconds that a call takes of which nothing is known: as many as are worth being sent alone."""

_MOST_KNOWN = 10_000
_known: dict[Hashable, float] = {}


def key_of(label: str, function: Any) -> Hashable:
    """Give what stands for a function: the same for one that was written once and made twice.

    >>> key_of("abs", abs)
    ('builtins', 'abs')
    """
    while isinstance(function, partial):
        function = function.func
    if function is None:
        return label
    code = getattr(function, "__code__", None)
    if code is not None:
        return function.__module__, function.__qualname__, code.co_filename, code.co_firstlineno
    procedure = getattr(function, "procedure", None)
    if procedure is not None:  # The work of a partition: all of a bag's take about as long.
        return "bag", procedure.name, procedure.chain.label, len(procedure.chain.steps)
    name = getattr(function, "__qualname__", None)
    if isinstance(name, str):
        return getattr(function, "__module__", None), name
    return type(function).__module__, type(function).__qualname__


def learn(key: Hashable, seconds: float) -> None:
    """Note how long a call took."""
    before = _known.pop(key, None)
    if len(_known) >= _MOST_KNOWN:
        _known.pop(next(iter(_known)), None)
    # Data change while a session lasts: what was seen last counts most.
    _known[key] = seconds if before is None else (before + seconds) / 2


def known(key: Hashable) -> float | None:
    """Tell how long a call takes, if that was seen."""
    return _known.get(key)


def forget() -> None:
    """Forget all of it."""
    _known.clear()


def guessed(seen: Sequence[float | None], counts: Sequence[int]) -> list[float]:
    """Fill in what was not seen: as long as others of the same graph, or LONG if nothing was.

    >>> guessed([0.5, None], [10, 1]), guessed([None], [3])
    ([0.5, 0.5], [1.0])
    """
    pairs = [(seconds, n) for seconds, n in zip(seen, counts, strict=True) if seconds is not None]
    n_seen = sum(n for _, n in pairs)
    mean = sum(seconds * n for seconds, n in pairs) / n_seen if n_seen else LONG
    return [mean if seconds is None else seconds for seconds in seen]
