"""`snakemake.script`: the object that scripts find under the name `snakemake`."""

import os
import urllib.parse

from _tureen.containers import Params


class Snakemake:
    """What a script, notebook or wrapper knows of its job."""

    def __init__(
        self,
        input_,
        output,
        params,
        wildcards,
        threads,
        resources,
        log,
        config,
        rulename,
        bench_iteration,
        scriptdir=None,
    ):
        self.input = input_
        self.output = output
        self._params_store, self._params_types = _plain(params)
        self.wildcards = wildcards
        self.threads = threads
        self.resources = resources
        self.log = log
        self.config = config
        self.rule = rulename
        self.bench_iteration = bench_iteration
        self.scriptdir = scriptdir

    @property
    def params(self):
        """The params; tables and arrays are made again from the plain data they travelled as."""
        store = self._params_store
        if not self._params_types:
            return store
        params = Params(list(store))
        for index, kind in self._params_types.items():
            params[index] = _again(kind, store[index])
        for name, (start, end) in store._names.items():
            params._set_name(name, start, end)
        return params

    def log_fmt_shell(self, stdout=True, stderr=True, append=False):
        """Give a redirection into the log file for a shell command; nothing if the rule has no log."""
        log = str(self.log)
        if not log:
            return ""
        arrow = ">>" if append else ">"
        if stdout:
            # To append both, the stream for errors follows the other one.
            return f" {arrow} {log}" + (" 2>&1" if stderr else "")
        return f" 2{arrow} {log}"

    def report_href(self, path):
        """Give a link to another file of the report."""
        return ReportHref(path)


class ReportHref:
    """A link inside a report, to be put into a text with `str`."""

    def __init__(self, path, parent=None, url_args=None, anchor=None):
        import hashlib

        self._parent = parent
        self._path = os.fspath(path)
        self._id = parent._id if parent else hashlib.sha256(self._path.encode()).hexdigest()
        self._url_args = dict(url_args or {})
        self._anchor = anchor

    def child_path(self, path):
        return ReportHref(path, self)

    def url_args(self, **args):
        return ReportHref(self._path, self._parent, args)

    def anchor(self, anchor):
        return ReportHref(self._path, self._parent, self._url_args, anchor)

    def __str__(self):
        path = self._path if self._parent else os.path.basename(self._path)
        args = "&".join(f"{key}={urllib.parse.quote(str(value))}" for key, value in self._url_args.items())
        anchor = f"#{urllib.parse.quote(self._anchor)}" if self._anchor else ""
        return f"../{self._id[:16]}/{path}{'?' if args else ''}{args}{anchor}"


def _plain(params):
    """Tables and arrays as plain data, so that another environment can read them; and what they were."""
    import sys

    store = Params(list(params))
    types = {}
    for index, value in enumerate(params):
        kind = type(value)
        library = kind.__module__.partition(".")[0]
        # What is of a library's type was made by it, so it is imported already.
        if library not in ("pandas", "numpy", "polars") or library not in sys.modules:
            continue
        name = f"{library}.{kind.__name__}"
        if name in ("pandas.DataFrame", "pandas.Series"):
            store[index] = value.to_dict()
        elif name == "numpy.ndarray":
            store[index] = value.tolist()
        elif name == "polars.LazyFrame":
            store[index] = value.collect().to_dict(as_series=False)
        elif name == "polars.DataFrame":
            store[index] = value.to_dict(as_series=False)
        elif name == "polars.Series":
            store[index] = {"name": value.name, "values": value.to_list()}
        else:
            continue
        types[index] = name
    for name, (start, end) in params._names.items():
        store._set_name(name, start, end)
    return store, types


def _again(kind, value):
    import importlib

    library, _, name = kind.partition(".")
    module = importlib.import_module(library)
    if kind == "pandas.DataFrame":
        return module.DataFrame.from_dict(value)
    if kind == "numpy.ndarray":
        return module.array(value)
    if kind == "polars.Series":
        return module.Series(**value)
    if kind == "polars.LazyFrame":
        return module.from_dict(value).lazy()
    if kind == "polars.DataFrame":
        return module.from_dict(value)
    return getattr(module, name)(value)
