"""`Bag`: a collection of Python objects in partitions, with the methods of the files beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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

    def to_avro(
        self,
        filename: Any,
        schema: Mapping[str, Any],
        name_function: Callable[[int], str] | None = None,
        storage_options: dict[str, Any] | None = None,
        codec: str = "null",
        sync_interval: int = 16000,
        metadata: dict[str, str] | None = None,
        compute: bool = True,
        **kwargs: Any,
    ) -> list[Any]:
        """Write each partition to an Avro file. See `tureen.bag.to_avro`; needs fastavro."""
        from .avro import to_avro

        return to_avro(
            self,
            filename,
            schema,
            name_function,
            storage_options,
            codec,
            sync_interval,
            metadata,
            compute,
            **kwargs,
        )

    def to_dataframe(self, meta: Any = None, columns: Any = None, optimize_graph: bool = True) -> Any:
        """Return a table of the elements: tuples, dicts or scalars, one row each.

        A `dask.dataframe.DataFrame` (with this bag's partitions, nothing computed but its first element)
        where dask.dataframe is installed; else a `pandas.DataFrame`, computed.

        Args:
            meta: An empty DataFrame with the columns and types, or ``{column: dtype}``, or pairs of these. By
                default they are those of the first element, which is computed for it.
            columns: The names of the columns, or their order where elements have names. Not with `meta`.
            optimize_graph: Whether the steps of a partition become one task.

        Raises:
            ImportError: pandas is not installed.
            ValueError: both `meta` and `columns` are given, or the first partition is empty and neither is.

        >>> import tureen.bag as db
        >>> bag = db.from_sequence([{"name": "Alice", "age": 3}, {"name": "Bob", "age": 5}])
        >>> frame = bag.to_dataframe()  # doctest: +SKIP
        """
        from .frame import to_dataframe

        return to_dataframe(self, meta, columns, optimize_graph)
