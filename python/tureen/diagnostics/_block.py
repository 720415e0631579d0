"""What is there in a ``with`` block, or for good: bars, profiles, callbacks."""

from __future__ import annotations

from types import TracebackType
from typing import TypeVar

B = TypeVar("B", bound="Block")


class Block:
    """Something that is registered in a ``with`` block, or from ``register()`` to ``unregister()``."""

    def register(self) -> None:
        """From now on."""
        raise NotImplementedError

    def unregister(self) -> None:
        """No more.

        Raises:
            KeyError: it was not registered.
        """
        raise NotImplementedError

    def __enter__(self: B) -> B:
        self.register()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.unregister()
        except KeyError:
            pass  # That was done inside the block.
