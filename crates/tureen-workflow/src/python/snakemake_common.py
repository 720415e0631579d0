"""`snakemake.common`: the small helpers of it that Snakefiles import."""

import asyncio
import os

from snakemake import __version__

__all__ = [
    "SNAKEFILE_CHOICES",
    "__version__",
    "async_run",
    "is_local_file",
    "num_if_possible",
    "parse_key_value_arg",
    "strip_prefix",
]

#: Where a Snakefile is looked for.
SNAKEFILE_CHOICES = ["Snakefile", "snakefile", "workflow/Snakefile", "workflow/snakefile"]


def async_run(coroutine):
    """Run a coroutine to its end and give its result."""
    return asyncio.run(coroutine)


def is_local_file(path_or_uri):
    """Tell whether something is a path, and no address on the network."""
    scheme, found, _rest = os.fspath(path_or_uri).partition("://")
    return not found or scheme == "file"


def num_if_possible(text):
    """Give a number where a text is one."""
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            pass
    return text


def parse_key_value_arg(arg, errmsg, strip_quotes=True):
    """Divide `key=value`."""
    key, found, value = arg.partition("=")
    if not found:
        raise ValueError(f"{errmsg} Unparseable value: {arg!r}.")
    return key, value.strip("'\"") if strip_quotes else value


def strip_prefix(text, prefix):
    """Take a prefix away, if it is there."""
    return text.removeprefix(prefix)
