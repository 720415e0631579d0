"""`snakemake.ioutils`: what Snakefiles find ready, for Python modules that want it too."""

from _tureen.choosing import as_py_module, choose_file, choose_folder, choose_tmp
from _tureen.ready_made import (
    branch,
    evaluate,
    exists,
    extract_checksum,
    flatten,
    lookup,
    parse_input,
    prepend_param,
    subpath,
)
from snakemake.io import expand as collect

__all__ = [
    "as_py_module",
    "branch",
    "choose_file",
    "choose_folder",
    "choose_tmp",
    "collect",
    "evaluate",
    "exists",
    "extract_checksum",
    "flatten",
    "lookup",
    "parse_input",
    "prepend_param",
    "subpath",
]
