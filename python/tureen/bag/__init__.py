"""Bags: collections of Python objects, worked on in parallel. A drop-in for `dask.bag` 2026.8.

>>> import tureen.bag as db
>>> words = db.from_sequence(["mary", "had", "a", "little", "lamb"])
>>> words.filter(lambda word: "a" in word).map(len).sum().compute()
12

A bag is a source and a chain of steps, kept as data: `source.py`, `text.py` -> `steps.py` -> `layers.py` ->
`plan.py` -> promises (`computing.py`), each of which runs one partition's chain (`chain.py`, `loop.py`).

The user's functions run in worker processes by default, as dask.bag's do (`where.py`).
"""

from . import random
from .avro import read_avro, to_avro
from .bag import Bag
from .checks import assert_eq
from .computing import compute
from .elementwise import bag_map as map
from .elementwise import map_partitions
from .item import Item
from .source import bag_range as range
from .source import bag_zip as zip
from .source import concat, from_delayed, from_sequence, from_url
from .text import read_text
from .write import to_textfiles

__all__ = [
    "Bag",
    "Item",
    "assert_eq",
    "compute",
    "concat",
    "from_delayed",
    "from_sequence",
    "from_url",
    "map",
    "map_partitions",
    "random",
    "range",
    "read_avro",
    "read_text",
    "to_avro",
    "to_textfiles",
    "zip",
]
