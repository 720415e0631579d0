"""Exceptions as data: the user's frames only."""

import linecache
import os
import sys
import traceback

from _tureen.finder import FOLDER
from _tureen.wire import clean


def describe(error):
    """Give class, message, the user's frames, and the place of a syntax error."""
    kind = type(error)
    name = (
        kind.__name__
        if kind.__module__ in ("builtins", "__main__", "snakemake.exceptions")
        else (f"{kind.__module__}.{kind.__qualname__}")
    )
    if isinstance(error, KeyError) and error.args:
        message = repr(error.args[0])
    else:
        message = str(error)
    data = {
        "class": clean(name),
        "message": clean(message),
        "frames": frames(error),
        "syntax": None,
        "place": None,
    }
    if isinstance(error, SyntaxError) and error.filename:
        data["message"] = clean(error.msg or "")
        data["syntax"] = [clean(error.filename), error.lineno or 1, error.offset or 1]
    data["place"] = getattr(error, "place", None)
    return data


def frames(error):
    """Give the user's frames, outermost first: neither ours nor the standard library's."""
    library = os.path.dirname(os.__file__)
    out = []
    for frame, line in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        path = code.co_filename
        if path.startswith(("<", library, FOLDER)):
            continue
        name = code.co_name
        if name.startswith("__tureen_"):
            name = "<module>"
        text = linecache.getline(path, line).strip()
        out.append({"file": clean(path), "line": line, "function": clean(name), "text": clean(text)})
    return out


def is_missing_file(error, paths):
    """Whether a file is missing that the function was given as input."""
    while error is not None:
        if isinstance(error, FileNotFoundError) and error.filename in paths:
            return True
        error = error.__cause__ or error.__context__
    return False


def interpreter():
    return ".".join(map(str, sys.version_info[:3]))
