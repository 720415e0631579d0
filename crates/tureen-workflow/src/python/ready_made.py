"""Functions that Snakefiles find ready: `branch`, `lookup`, `evaluate`, `subpath` and their kin."""

import os

from snakemake.exceptions import LookupError, WorkflowError
from snakemake.io import WILDCARD_REGEX, call_with, is_callable

_NOTHING = object()


def branch(condition, then=None, otherwise=None, cases=None):
    """Choose by a condition, now or when the wildcards are known."""
    if cases is not None and then is not None:
        raise ValueError("Cannot use 'cases' together with 'then' in 'branch' function.")

    def value_of(value, wildcards):
        if callable(value):
            value = value(wildcards)
        return value or []

    def choose(wildcards):
        result = value_of(condition, wildcards)
        if cases is None:
            return value_of(then if result else otherwise, wildcards)
        if not isinstance(result, list) and result in cases:
            return value_of(cases[result], wildcards)
        if otherwise is not None:
            return value_of(otherwise, wildcards)
        raise KeyError(f"Key {result} not found in given cases of branch function")

    choices = [condition, then, otherwise]
    return choose if any(map(callable, choices)) else choose(None)


def evaluate(expr):
    """Give a function that evaluates an expression with the wildcards' values as strings in it."""

    def inner(wildcards):
        formatted = expr.format(**{name: repr(value) for name, value in wildcards.items()})
        try:
            return eval(formatted, globals())
        except Exception as error:
            raise WorkflowError(f"Failed to evaluate expression {expr} ({formatted}): {error}") from error

    return inner


def exists(path):
    return os.path.exists(path)


def lookup(query=None, dpath=None, cols=None, is_nrows=None, within=None, default=_NOTHING, **namespace):
    """Look a value up in a dict (by path) or a data frame (by query), now or when the wildcards are known."""
    from collections.abc import Mapping

    if within is None:
        raise LookupError(msg="Must provide a dataframe, series, or mapping to search within.", query=query)
    if cols is not None and not isinstance(cols, (str, list)):
        raise LookupError(msg="The cols argument has to be either a str or a list of str.", query=query)
    if is_nrows is not None and not isinstance(is_nrows, int):
        raise LookupError(msg="The is_nrows argument has to be an int.", query=query)
    if query is not None and dpath is not None:
        raise LookupError(msg="Cannot provide both query and dpath arguments.", query=query)
    is_dict = isinstance(within, Mapping)
    expression = query if dpath is None else dpath
    if expression is None:
        raise LookupError(msg="Must provide either a query or dpath parameter.")
    if dpath is not None and not is_dict:
        raise LookupError(
            msg="Dpath parameter can only be used with python mapping (e.g. dict).", dpath=dpath
        )

    def find(expression, cols):
        if is_dict:
            return _in_dict(within, expression, default)
        return _in_frame(within, expression, cols, is_nrows, default)

    def is_open(text):
        return callable(text) or any(
            match["name"] not in namespace for match in WILDCARD_REGEX.finditer(text)
        )

    columns = [] if is_dict or cols is None else [cols] if isinstance(cols, str) else cols

    def filled(text, names):
        from snakemake.utils import format_with

        return format_with(text, (), names)

    def filled_columns(names):
        if cols is None or not names:
            return cols
        return filled(cols, names) if isinstance(cols, str) else [filled(col, names) for col in cols]

    def later(wildcards):
        names = {name: value(wildcards) if callable(value) else value for name, value in namespace.items()}
        for name, value in wildcards.items():
            names.setdefault(name, value)
        text = expression(wildcards) if callable(expression) else expression
        return find(filled(text, names), filled_columns(names))

    if any(map(is_open, [expression, *columns])) or any(map(callable, namespace.values())):
        return later
    text = filled(expression, namespace) if namespace else expression
    return find(text, filled_columns(namespace))


def _in_dict(within, path, default):
    """Find a value by its path; parts may be patterns as those of a shell, `**` stands for any parts."""
    parts = path.lstrip("/").split("/")
    found = [within] if path == "/" else _matches(within, parts)
    if len(found) > 1:
        return found
    if found:
        return found[0]
    if default is not _NOTHING:
        return default
    raise LookupError(msg="Dpath not found.", dpath=path)


def _matches(value, parts):
    if not parts:
        return [value]
    first, rest = parts[0], parts[1:]
    if isinstance(value, dict) or (hasattr(value, "items") and hasattr(value, "keys")):
        items = list(value.items())
    elif isinstance(value, (list, tuple)):
        items = list(enumerate(value))
    else:
        items = []
    if first == "**":
        deeper = [match for _, item in items for match in _matches(item, parts)]
        return _matches(value, rest) + deeper if rest else [value, *deeper]
    return [match for key, item in items if _is_meant(key, first) for match in _matches(item, rest)]


def _is_meant(key, part):
    from fnmatch import fnmatchcase

    return str(key) == part or fnmatchcase(str(key), part)


def _in_frame(within, query, cols, is_nrows, default):
    frame = within.to_frame() if hasattr(within, "to_frame") and not hasattr(within, "columns") else within
    try:
        rows = frame.query(query)
    except Exception as error:
        raise LookupError(query=query, exc=error) from error
    if is_nrows is not None:
        return is_nrows == len(rows)
    if len(rows) == 0 and default is not _NOTHING:
        return default
    if cols is not None:
        rows = rows[cols]
        if not isinstance(cols, list):
            return rows.to_list()
    found = list(rows.itertuples(index=cols is None))
    return found[0] if len(found) == 1 else found


def subpath(path_or_func, strip_suffix=None, with_suffix=None, basename=False, parent=False, ancestor=None):
    """Give a part of a path, now or when a function has given the path."""

    def part(path):
        if isinstance(path, os.PathLike):
            path = os.fspath(path)
        if not isinstance(path, str):
            raise ValueError(
                f"Value passed to subpath must be a single string or pathlib.Path. Obtained value: {path!r}"
            )
        if strip_suffix is not None:
            if not path.endswith(strip_suffix):
                raise ValueError(f"Path {path} does not end with the specified suffix {strip_suffix}")
            path = path[: len(path) - len(strip_suffix)]
        path += with_suffix or ""
        if basename:
            if parent or ancestor is not None:
                raise ValueError("basename cannot be used together with parent or ancestor")
            return os.path.basename(path)
        if parent and ancestor is not None:
            raise ValueError("parent cannot be used together with ancestor")
        if ancestor is not None and ancestor < 1:
            raise ValueError("ancestor must be greater than 0")
        for _ in range(1 if parent else ancestor or 0):
            path = os.path.dirname(path) or "."
            if path == ".":
                break
        return path

    if not is_callable(path_or_func):
        return part(path_or_func)

    def later(wildcards, **details):
        return part(call_with(path_or_func, wildcards, details))

    return later


def parse_input(infile, parser, **kwargs):
    """Give a function that reads something out of an input file."""

    def later(wildcards, input):
        path = call_with(infile, wildcards, {"input": input}) if callable(infile) else infile
        with open(path) as file:
            return parser(file, **kwargs) if parser else file.read().strip()

    return later


def prepend_param(prefix, paths_or_func, space=True):
    """Put a command-line option before each path."""

    def one(path):
        path = os.fspath(path)
        return f"{prefix}{' ' if space else ''}{path}"

    def every(paths):
        return " ".join(map(one, paths if isinstance(paths, list) else [paths]))

    if isinstance(paths_or_func, ItemProxy):
        return _item_of(paths_or_func._kind, every)
    if not is_callable(paths_or_func):
        return every(paths_or_func)

    def later(wildcards, **details):
        return every(call_with(paths_or_func, wildcards, details))

    return later


def extract_checksum(infile, **kwargs):
    """Give a file's checksum from a list of `checksum  path` lines."""
    wanted = kwargs["file"].removeprefix("./")
    with open(infile) if isinstance(infile, (str, os.PathLike)) else infile as lines:
        for line in lines:
            checksum, _, path = line.strip().partition("  ")
            if path.removeprefix("./") == wanted:
                return checksum
    raise KeyError(wanted)


def flatten(list_of_lists):
    """Give the texts of everything in nested lists, as one list."""
    out = []
    for item in list_of_lists:
        out.extend(flatten(item) if isinstance(item, list) else [str(item)])
    return out


def threads(_wildcards, threads):
    """`threads` used in a rule's directives."""
    return threads


class ItemProxy:
    """`output[0]` or `resources.mem` used in a rule's directives: asked of the job when it is known."""

    def __init__(self, kind):
        self._kind = kind

    def __getitem__(self, key):
        return _item_of(self._kind, lambda items: items[key])

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return _item_of(self._kind, lambda items: getattr(items, name))


def _item_of(kind, get):
    import inspect

    def inner(wildcards, **details):
        return get(details[kind])

    keyword = inspect.Parameter.KEYWORD_ONLY
    inner.__signature__ = inspect.Signature(
        [
            inspect.Parameter("wildcards", inspect.Parameter.POSITIONAL_OR_KEYWORD),
            inspect.Parameter(kind, keyword),
        ]
    )
    return inner
