"""Settings of this session: ``config.set(scheduler="sync")``, for good or in a ``with`` block.

Names are dask's (2026.8): ``scheduler``, ``num_workers``, ``delayed_pure``, ... Dots part levels,
two underscores in a keyword stand for a dot, and ``-`` and ``_`` are one.

``lock_hint`` is ours: ``config.set(lock_hint=False)`` silences the line that says, once a session, that
Python's lock held a run on threads back and what ``scheduler="processes"`` would gain.

``fallback`` is ours, too: ``config.set(fallback=True)`` has promises sent to a cluster (``scheduler=client``)
call by call, as dask does, where its workers lack tureen.
"""

from __future__ import annotations

from tureen._tureen import set_pure_by_default

# The module `typing` takes longer to import than all of this package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Any

_settings: dict[str, Any] = {}
"""By the first part of the name; where a name has several, in dicts of dicts."""
_NOTHING: Any = object()


def get(key: str, default: Any = _NOTHING, override_with: Any = None) -> Any:
    """Look up a setting. For the first parts of longer names, this is a dict of all that begin with them.

    What is given as ``override_with``, if anything is, is taken instead.

    Raises:
        KeyError: it was never set, and there is no default.

    >>> get("a.setting.nobody.made", 1)
    1
    """
    if override_with is not None:
        return override_with
    found: Any = _settings
    for part in _parts(key):
        found = found.get(part, _NOTHING) if isinstance(found, dict) else _NOTHING
    if found is not _NOTHING:
        return found
    if default is _NOTHING:
        raise KeyError(key)
    return default


class set:
    """Change settings: until the end of the ``with`` block, or for good without one.

    >>> with set(num_workers=3):
    ...     get("num_workers")
    3
    >>> get("num_workers", None) is None
    True
    """

    __slots__ = ("_before",)

    def __init__(self, arg: Mapping[str, Any] | None = None, /, **kwargs: Any) -> None:
        changes = dict(arg or {})
        changes.update((key.replace("__", "."), value) for key, value in kwargs.items())
        self._before = [_put(_parts(key), value) for key, value in changes.items()]
        _heed()

    def __enter__(self) -> set:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for parts, value in reversed(self._before):
            _put(parts, value)
        _heed()


def _parts(key: str) -> tuple[str, ...]:
    return tuple(key.replace("-", "_").split("."))


def _put(parts: tuple[str, ...], value: Any) -> tuple[tuple[str, ...], Any]:
    """Put a value in its place; give the place and the value that undo it."""
    place = _settings
    for depth, part in enumerate(parts[:-1], 1):
        inner = place.get(part, _NOTHING)
        if not isinstance(inner, dict):
            # What is in the way is taken out, and put back in the end.
            place[part] = {}
            _put(parts, value)
            return parts[:depth], inner
        place = inner
    before = place.get(parts[-1], _NOTHING)
    if value is _NOTHING:
        place.pop(parts[-1], None)
    else:
        place[parts[-1]] = value
    return parts, before


def _heed() -> None:
    # Every call of a delayed function asks for this one.
    set_pure_by_default(bool(get("delayed_pure", False)))
