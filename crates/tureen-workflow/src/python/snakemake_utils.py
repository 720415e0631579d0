"""What Snakefiles use of `snakemake.utils`: formatting with names, merging configs, small helpers."""

import json
import os
import re
import shlex
import string
import sys
import textwrap

from _tureen.containers import Wildcards
from snakemake.exceptions import WorkflowError


class QuotedFormatter(string.Formatter):
    """Quotes for the shell what ends in `:q`."""

    def __init__(self, quote_func=None, always=False):
        super().__init__()
        self.quote_func = quote_func or shlex.quote
        self.always = always

    def format_field(self, value, format_spec):
        is_quoted = self.always
        if format_spec.endswith(("q", "u")):
            is_quoted = format_spec[-1] == "q"
            format_spec = format_spec[:-1]
        text = super().format_field(value, format_spec)
        return self.quote_func(text) if is_quoted and text else text


class SequenceFormatter(string.Formatter):
    """Formats each element of a list and joins them with spaces."""

    def __init__(self, separator=" ", element_formatter=None):
        super().__init__()
        self.separator = separator
        self.element_formatter = element_formatter or string.Formatter()

    def format_field(self, value, format_spec):
        if isinstance(value, Wildcards):
            return ",".join(f"{name}={item}" for name, item in sorted(value.items()))
        if isinstance(value, (list, tuple, set, frozenset)):
            return self.separator.join(
                self.element_formatter.format_field(item, format_spec) for item in value
            )
        return self.element_formatter.format_field(value, format_spec)


def format_with(pattern, args, variables, quote_func=None, quote_all=False):
    """Fill the `{fields}` of a text from a dict of names."""
    formatter = SequenceFormatter(element_formatter=QuotedFormatter(quote_func, quote_all))
    try:
        return formatter.vformat(pattern, args, variables)
    except KeyError as error:
        name = str(error).strip("'")
        if name in getattr(variables.get("wildcards"), "_names", ()):
            raise NameError(f"there is no name `{name}` here; did you mean `wildcards.{name}`?") from None
        raise NameError(
            f"there is no name {error} here; other braces are doubled, as in {{{{print $1}}}}"
        ) from None


def format(_pattern, *args, stepout=1, _quote_all=False, quote_func=None, **kwargs):
    """Fill the `{fields}` of a text from the names that the caller sees."""
    frame = sys._getframe(stepout)
    variables = {**frame.f_globals, **frame.f_locals, **kwargs}
    return format_with(_pattern, args, variables, quote_func, _quote_all)


def update_config(config, overwrite_config):
    """Merge a config into another, dict by dict."""
    from collections.abc import Mapping

    def merged(into, new):
        for key, value in new.items():
            if not isinstance(into, Mapping):
                into = {}
            into[key] = merged(into.get(key, {}), value) if isinstance(value, Mapping) else value
        return into

    merged(config, overwrite_config)


def min_version(version):
    """Check a wanted Snakemake version against the one we behave as (9.27)."""
    wanted = [int(part) for part in re.findall(r"\d+", version)[:3]]
    if wanted > [9, 27, 1]:
        raise WorkflowError(f"Expecting Snakemake version {version} or higher (tureen behaves as 9.27.1).")


def simplify_path(path):
    return os.path.relpath(path)


def linecount(filename):
    with open(filename) as lines:
        return sum(1 for _ in lines)


def makedirs(dirnames):
    for name in [dirnames] if isinstance(dirnames, str) else dirnames:
        os.makedirs(name, exist_ok=True)


def listfiles(pattern, restriction=None, omit_value=None):
    """Yield (path, wildcards) for all files that match a pattern."""
    from snakemake.io import regex_from_filepattern

    pattern = os.path.normpath(pattern)
    first = re.search("{[^{]", pattern)
    folder = os.path.dirname(pattern[: first.start()] if first else pattern) or "."
    regex = re.compile(regex_from_filepattern(pattern))
    for path, folders, names in os.walk(folder):
        for name in [*names, *folders]:
            found = os.path.normpath(os.path.join(path, name))
            match = regex.match(found)
            if match:
                wildcards = Wildcards(fromdict=match.groupdict())
                if restriction is None or all(
                    omit_value == value or value in restriction.get(key, [value])
                    for key, value in wildcards.items()
                ):
                    yield found, wildcards


def available_cpu_count():
    return len(os.sched_getaffinity(0))


def validate(data, schema, set_default=True):
    """Check a config dict or a data frame against a JSON schema; the path is relative to the Snakefile."""
    from _tureen.sources import local, located
    from _tureen.validation import validate_data

    workflow = sys._getframe(1).f_globals.get("workflow")
    folder = workflow.current_basedir if workflow is not None else os.getcwd()
    if workflow is None or not workflow._session.skips_validation:
        validate_data(data, local(located(schema, folder)), set_default, workflow)


def read_job_properties(jobscript, prefix="# properties", pattern=None):
    """Give what a job script says of its job, for programs that submit it; None if it says nothing."""
    pattern = pattern or re.compile(re.escape(prefix) + " = (.*)")
    with open(jobscript) as lines:
        found = next(filter(None, map(pattern.match, lines)), None)
    return json.loads(found.group(1)) if found else None


def os_sync():
    """Write what the system still holds back to the disk."""
    os.sync()


class AlwaysQuotedFormatter(QuotedFormatter):
    """Quotes every field for the shell."""

    def __init__(self, quote_func=None):
        super().__init__(quote_func, always=True)


def R(code):
    """Run R code with the caller's names filled in; needs the package rpy2."""
    try:
        from rpy2 import robjects
    except ImportError as error:
        raise ValueError("`R()` needs the Python package rpy2; `script:` runs R files without it") from error
    robjects.r(format(textwrap.dedent(code), stepout=2))


class Unformattable:
    """Stands for something that may not be used in a text."""

    def __init__(self, errormsg="This cannot be used for formatting"):
        self.errormsg = errormsg

    def __str__(self):
        raise ValueError(self.errormsg)


def __getattr__(name):
    if name == "Paramspace":
        from _tureen.paramspace import Paramspace

        return Paramspace
    if name == "logger":
        from snakemake.logging import logger

        return logger
    if name in ("argvquote", "cmd_exe_quote", "find_bash_on_windows", "report"):
        raise ImportError(f"`snakemake.utils.{name}` is not supported yet")
    raise AttributeError(f"module 'snakemake.utils' has no attribute {name!r}")
