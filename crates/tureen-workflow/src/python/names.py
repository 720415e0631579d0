"""The names that a Snakefile finds although it never imported them."""

from _tureen import choosing, missing, ready_made
from _tureen.checkpoints import Checkpoints
from _tureen.default_flags import access
from snakemake import io
from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

#: Modules and names that are bound only when a file mentions them.
LATE = {
    "re": "re",
    "os": "os",
    "sys": "sys",
    "copy": "copy",
    "subprocess": "subprocess",
    "threading": "threading",
    "platform": "platform",
    "hashlib": "hashlib",
    "tempfile": "tempfile",
    "tarfile": "tarfile",
    "linecache": "linecache",
    "snakemake": "snakemake",
    "Path": "pathlib:Path",
    "OrderedDict": "collections:OrderedDict",
    "namedtuple": "collections:namedtuple",
    "Iterator": "collections.abc:Iterator",
    "Mapping": "collections.abc:Mapping",
    "filterfalse": "itertools:filterfalse",
    "chain": "itertools:chain",
    "partial": "functools:partial",
    "datetime": "datetime:datetime",
    "dataclass": "dataclasses:dataclass",
    "field": "dataclasses:field",
    "Callable": "typing:Callable",
    "Dict": "typing:Dict",
    "Iterable": "typing:Iterable",
    "List": "typing:List",
    "Optional": "typing:Optional",
    "Set": "typing:Set",
    "Union": "typing:Union",
    "logger": "snakemake.logging:logger",
    "shell": "snakemake.shell:shell",
    "ThreadPoolExecutor": "concurrent.futures:ThreadPoolExecutor",
    "script": None,
    "wrapper": None,
}

#: Taken from `snakemake.io` and `ready_made` as they are.
FROM_IO = (
    "protected temp temporary ancient directory expand collect glob_wildcards flag touch unpack local pipe "
    "service repeat report multiext ensure update before_update from_queue"
).split()
FROM_HELPERS = (
    "branch lookup evaluate exists subpath parse_input flatten prepend_param extract_checksum threads".split()
)
FROM_CHOOSING = "choose_file choose_folder choose_tmp as_py_module".split()


class Scatter:
    """`scatter.name(...)`, `gather.name(...)`"""


def fill(names, session, rules):
    """Put the names that Snakefiles find into a new namespace."""
    names.update(
        {
            "__tureen__": session,
            "rules": rules,
            "workflow": session.workflow,
            "checkpoints": Checkpoints(session, rules),
            "WorkflowError": WorkflowError,
            "update_config": update_config,
            "scatter": Scatter(),
            "gather": Scatter(),
            "access": access,
        }
    )
    for name in missing.NAMES:
        names[name] = missing.Missing(name)
    for name in FROM_IO:
        names[name] = getattr(io, name)
    for name in FROM_HELPERS:
        names[name] = getattr(ready_made, name)
    for name in FROM_CHOOSING:
        names[name] = getattr(choosing, name)
    for kind in ("input", "output", "params", "resources"):
        names[kind] = ready_made.ItemProxy(kind)


def bind_late(text, names):
    """Bind those of `LATE` that a file's text mentions."""
    for name, origin in LATE.items():
        if name in text and name not in names and origin:
            module, _, part = origin.partition(":")
            value = __import__(module, fromlist=["_"] if part else [])
            names[name] = getattr(value, part) if part else value
