"""Functions of Snakefiles that look at the disk or at names: `choose_file` and its kin, `as_py_module`."""

import os
import re
from pathlib import Path

from _tureen.ready_made import ItemProxy, _item_of
from snakemake.io import call_with, is_callable


def choose_file(file_list, read=True, write=True, execute=None, creatable=None):
    """Give the first file that is there and may be used so, or could be made."""
    return _choose(file_list, (read, write, execute), creatable, is_folder=False)


def choose_folder(folder_list, read=True, write=True, open=True, creatable=None):
    """Give the first folder that is there and may be used so, or could be made."""
    return _choose(folder_list, (read, write, open), creatable, is_folder=True)


def choose_tmp(tmp_list, read=True, write=True, open=True, creatable=True):
    """As `choose_folder`; without one, the system's folder for temporary files."""
    found = _choose(tmp_list, (read, write, open), creatable, is_folder=True)
    return "system_tmpdir" if found is None else found


def _choose(paths, wanted, creatable, is_folder):
    for path in paths:
        path = Path(path).expanduser()
        if _may(path, wanted) and path.is_dir() == is_folder:
            return path
        if creatable and _can_be_made(path):
            return path
    return None


def _may(path, wanted):
    modes = zip((os.R_OK, os.W_OK, os.X_OK), wanted, strict=True)
    return all(os.access(path, mode) for mode, is_wanted in modes if is_wanted is not None)


def _can_be_made(path):
    while path != Path(path.root):
        path = path.parent
        if path.is_dir() and _may(path, (True, True, True)):
            return True
    return False


def as_py_module(path_or_func=None):
    """Give the name under which `python -m` finds a file; without an argument, that of `input.script`."""
    if path_or_func is None:
        path_or_func = ItemProxy("input").script
    if isinstance(path_or_func, ItemProxy):
        return _item_of(path_or_func._kind, lambda items: _module_name(*items))
    if not is_callable(path_or_func):
        return _module_name(path_or_func)

    def later(wildcards, **details):
        return as_py_module(call_with(path_or_func, wildcards, details))

    return later


def _module_name(path):
    path = Path(path)
    if path.suffix != ".py":
        raise ValueError("Only .py files may be run as Python modules.")
    parts = path.with_suffix("").parts
    if not all(re.match(r"[A-Za-z_][A-Za-z0-9_]*$", part) for part in parts):
        raise ValueError(f"{path} does not translate to a valid Python name")
    return ".".join(parts)
