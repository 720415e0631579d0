"""Settings of this session: ``config.set(scheduler="sync")``, for good or in a ``with`` block.

Names are dask's (2026.8): ``scheduler``, ``num_workers``, ``delayed_pure``, ... Dots part levels,
two underscores in a keyword stand for a dot, and ``-`` and ``_`` are one.
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
_NOTHING: Any = object()


def get(key: str, default: Any = _NOTHING) -> Any:
    """Look up a setting.

    Raises:
        KeyError: it was never set, and there is no default.

    >>> get("a.setting.nobody.made", 1)
    1
    """
    value = _settings.get(_canonical(key), default)
    if value is _NOTHING:
        raise KeyError(key)
    return value


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
        changes = {_canonical(key): value for key, value in (arg or {}).items()}
        changes.update((_canonical(key.replace("__", ".")), value) for key, value in kwargs.items())
        self._before = {key: _settings.get(key, _NOTHING) for key in changes}
        _apply(changes)

    def __enter__(self) -> set:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _apply(self._before)


def _canonical(key: str) -> str:
    return key.replace("-", "_")


def _apply(changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if value is _NOTHING:
            _settings.pop(key, None)
        else:
            _settings[key] = value
    # Every call of a delayed function asks for this one.
    set_pure_by_default(bool(_settings.get("delayed_pure", False)))
