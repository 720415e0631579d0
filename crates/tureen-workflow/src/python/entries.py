"""Entries of directives as data: files with their marks, params, and what other rules see of them."""

import os

from _tureen.containers import Namedlist
from _tureen.refusal import Refusal
from _tureen.wire import encode
from snakemake.io import Produced, call_with, is_callable, is_flagged, strip_wildcard_constraints

#: Flags that say something about a file, by the name that the other side knows.
MARKS = {
    "temp",
    "protected",
    "directory",
    "touch",
    "ancient",
    "pipe",
    "service",
    "update",
    "before_update",
}

#: Flags that change nothing here: where a file is shown, or that it is not remote.
SILENT = {"report", "local", "multiext", "unpack", "access_pattern", "sourcecache_entry"}


def plain_entries(args, kwargs):
    """Yield (name, number among those without a name, value), values as they are."""
    yield from ((None, number, value) for number, value in enumerate(args))
    yield from ((name, 0, value) for name, value in kwargs.items())


def entries(args, kwargs):
    """As `plain_entries`, for files: lists of functions and named extensions are taken apart."""
    for number, value in enumerate(args):
        if isinstance(value, list) and any(is_callable(item) for item in value):
            # Functions among paths, as in `rules.name.input`: entries of their own.
            yield from ((None, number, item) for item in value)
        else:
            yield from unfolded_multiext(None, number, value)
    for name, value in kwargs.items():
        yield name, 0, value


def unfolded_multiext(name, number, value):
    """`multiext` with named extensions gives named entries."""
    names = [getattr(item, "flags", {}).get("multiext") for item in value] if isinstance(value, list) else []
    if names and all(isinstance(item, str) for item in names):
        for item_name, item in zip(names, value, strict=True):
            yield item_name, number, item
    else:
        yield name, number, value


def file_entry(word, value, name, number, place, functions):
    """An entry of `input:`, `output:` or `log:` as data."""
    entry = {"name": name, "number": number, "place": place}
    if isinstance(value, (list, tuple)) and any(map(is_callable, value)):
        value = together(value)
    if is_callable(value):
        if word not in ("input", "log"):
            raise Refusal("only input and log files can be given by functions", place)
        kind = "unpack" if is_flagged(value, "unpack") else "function"
        return {**entry, kind: functions.add(value)}
    files = []
    add_files(value, files, word, place, functions)
    is_list = not isinstance(value, (str, os.PathLike))
    return {**entry, "files": files, "list": is_list}


def marked_for_report(values):
    """Yield the patterns that are marked with `report(...)`, with what the marks say."""
    for value in values:
        if isinstance(value, str):
            details = getattr(value, "flags", {}).get("report")
            if details:
                yield str(value), details
        elif isinstance(value, (list, tuple)):
            yield from marked_for_report(value)


def together(values):
    """One function for a list that holds functions."""

    def ask(wildcards, **details):
        out = []
        for value in values:
            if is_callable(value):
                value = call_with(getattr(value, "callable", None) or value, wildcards, details)
            out.extend([value] if isinstance(value, (str, os.PathLike)) else value)
        return out

    return ask


def add_files(value, files, word, place, functions):
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, str):
        producer = getattr(value, "producer", None)
        files.append([str(value), *marks_of(value), checksum_of(value, place, functions), producer])
        return
    try:
        items = iter(value)
    except TypeError:
        raise Refusal(
            f"`{word}:` takes strings or lists of strings, but this is {type(value).__name__}", place
        ) from None
    for item in items:
        add_files(item, files, word, place, functions)


def marks_of(value):
    """Give the marks, and the names of flags that are known but not honoured."""
    marks, others = [], []
    for name, detail in getattr(value, "flags", {}).items():
        if name in MARKS:
            marks.append(name)
        elif name == "ensure":
            if detail["non_empty"]:
                marks.append("non_empty")
        elif name == "extension":
            others.append(f"extension {detail}")
        elif name == "repeat":
            others.append(f"repeat({detail})")
        elif name not in SILENT:
            others.append(name)
    return marks, others


def checksum_of(value, place, functions):
    """Give what `ensure` says of a file's hash: the algorithm, and the hash or a function for it."""
    details = getattr(value, "flags", {}).get("ensure", {})
    given = [(name, details[name]) for name in ("sha256", "md5", "sha1") if details.get(name)]
    if not given:
        return None
    ((name, expected),) = given
    return [name, functions.add(expected) if is_callable(expected) else str(expected)]


def is_derived(value):
    """Whether a param is a function of the job's files, threads or resources."""
    if not is_callable(value):
        return False
    from inspect import signature

    try:
        names = signature(getattr(value, "callable", None) or value).parameters
    except ValueError:
        return False
    return any(name in names for name in ("input", "output", "threads", "resources"))


def param(value, functions):
    if is_callable(value):
        return {"function": functions.add(value)}
    return {"value": encode(value)}


def named(args, kwargs, flatten):
    out = Namedlist()
    for value in args:
        out._add(None, value, flatten)
    for name, value in kwargs.items():
        out._add(name, value, flatten)
    return out


def shown_files(args, kwargs, producer):
    """Files as other rules see them: without constraints; outputs know their rule."""

    def plain(value):
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        if isinstance(value, str) and not is_callable(value):
            bare = strip_wildcard_constraints(value)
            # A moved path stays one, so that it is not moved again where it is used.
            if hasattr(type(value), "of"):
                bare = type(value)(bare)
                bare.producer = producer
            return bare if producer is None or hasattr(bare, "producer") else Produced(bare, producer)
        if is_callable(value):
            return value
        return [item for part in value for item in flat(plain(part))]

    def flat(value):
        return value if isinstance(value, list) else [value]

    out = Namedlist()
    for name, _number, value in entries(args, kwargs):
        out._add(name, plain(value), True)
    return out
