"""Names that Snakefiles may use and that are not supported yet: using one is refused in plain words."""

from __future__ import annotations

from typing import NoReturn

from _tureen.refusal import Refusal

#: What Snakemake puts into a Snakefile's namespace, but we do not.
NAMES = "github gitlab gitfile storage".split()


class Missing:
    """Stands for a name; to be bound to something else by a Snakefile's own assignment."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def _refuse(self) -> NoReturn:
        raise Refusal(f"`{self._name}` is not supported yet", None)

    def __call__(self, *_args: object, **_kwargs: object) -> NoReturn:
        self._refuse()

    def __getattr__(self, part: str) -> NoReturn:
        if part.startswith("__"):
            raise AttributeError(part)
        self._refuse()
