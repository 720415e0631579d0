"""`Bag`: a collection of Python objects in partitions, with the methods of the files beside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .elementwise import Elementwise
from .keyed import Keyed
from .partitions import Partitions
from .totals import Totals


class Bag(Elementwise, Totals, Keyed, Partitions):
    """A lazy collection of Python objects, worked on in parallel, as `dask.bag.Bag` 2026.8.

    Made by `from_sequence`, `read_text` and their like. Nothing runs before `compute`, `take` or iteration;
    then the steps of each partition run as one task.

    >>> import tureen.bag as db
    >>> bag = db.from_sequence(range(5))
    >>> bag.filter(lambda n: n % 2 == 0).map(lambda n: n * 10).compute()
    [0, 20, 40]

    Made by hand, of a graph as dask writes it (for experts):

    >>> bag = db.Bag({("x", 0): (range, 3), ("x", 1): (range, 2)}, "x", npartitions=2)
    >>> bag.compute()
    [0, 1, 2, 0, 1]
    """

    __slots__ = ()

    def to_textfiles(
        self,
        path: Any,
        name_function: Callable[[int], str] | None = None,
        compression: str | None = "infer",
        encoding: str = "utf-8",
        compute: bool = True,
        storage_options: dict[str, Any] | None = None,
        last_endline: bool = False,
        **kwargs: Any,
    ) -> list[Any]:
        """Write each partition to a text file, one line per element. See `tureen.bag.to_textfiles`.

        >>> import tempfile, tureen.bag as db
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     paths = db.from_sequence(["a", "b"]).to_textfiles(folder + "/*.txt")
        ...     db.read_text(folder + "/*.txt").str.strip().compute()
        ['a', 'b']
        """
        from .write import to_textfiles

        return to_textfiles(
            self, path, name_function, compression, encoding, compute, storage_options, last_endline, **kwargs
        )
