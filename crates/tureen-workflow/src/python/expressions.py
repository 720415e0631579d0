"""Expressions typed on the command line for resources and threads: functions like those of a Snakefile."""

import os
import re
import shutil
import tempfile

from _tureen import ready_made
from snakemake.exceptions import WorkflowError
from snakemake.io import collect

#: What expressions may name besides the job's own.
HELPERS = {
    "collect": collect,
    **{
        name: getattr(ready_made, name)
        for name in (
            "branch lookup evaluate exists subpath parse_input flatten prepend_param extract_checksum".split()
        )
    },
}


def function(text, has_threads):
    """Give a function of a job that works the expression out; a text that is none stands for itself."""
    text = os.path.expanduser(os.path.expandvars(text))

    def value(wildcards, input, attempt, threads=None):
        names = {
            **HELPERS,
            "wildcards": wildcards,
            "input": input,
            "attempt": attempt,
            "system_tmpdir": tempfile.gettempdir(),
            "shutil": shutil,
        }
        if threads is not None:
            names["threads"] = threads
        try:
            return eval(text, names)
        except (NameError, SyntaxError):
            return text
        except FileNotFoundError:
            raise
        except Exception as error:
            if is_ordinary(text):
                return text
            raise WorkflowError(
                f"Failed to evaluate resources value '{text}': {error}. To give a text, quote it twice: "
                "--default-resources \"tmpdir='/home/user/tmp'\""
            ) from error

    def without_threads(wildcards, input, attempt):
        return value(wildcards, input, attempt)

    return value if has_threads else without_threads


def is_ordinary(text):
    """Whether a text that can't be evaluated stands for itself (as Snakemake 9.27 judges it).

    It does not if it is a call, a dict or a lambda, or holds operators or attributes.
    """
    return not re.match(r"[a-zA-Z_]\w*\(.*\)$|\{.*\}$|lambda\s.*:|.*[-+*/%]|.*\.\w", text)
