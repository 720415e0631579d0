"""Julia scripts: the job's facts are the fields of a struct `snakemake`."""

import json
import os

from _tureen import scripts
from snakemake.exceptions import WorkflowError


def run(job):
    job.write(preamble(job.snakemake) + job.source())
    job.call(f"julia {scripts.quoted(job.name)}")


def preamble(snakemake):
    resources = {name: item for name, item in snakemake.resources.items() if name not in ("_cores", "_nodes")}
    fields = {
        "input::Dict": numbered(snakemake.input),
        "output::Dict": numbered(snakemake.output),
        "params::Dict": numbered(snakemake.params),
        "wildcards::Dict": numbered(snakemake.wildcards),
        "threads::Int64": value(snakemake.threads),
        "log::Dict": numbered(snakemake.log),
        "resources::Dict": dictionary([*enumerate(resources, 1), *resources.items()]),
        "config::Dict": value(snakemake.config),
        "rule::String": value(snakemake.rule),
        "bench_iteration": value(snakemake.bench_iteration),
        "scriptdir::String": value(snakemake.scriptdir),
    }
    declared = "; ".join(fields)
    return f"struct Snakemake; {declared}; end\nsnakemake = Snakemake({', '.join(fields.values())})\n"


def numbered(items):
    return dictionary([*enumerate(items, 1), *items.items()])


def dictionary(pairs):
    return f"Dict({', '.join(f'{value(key)} => {value(item)}' for key, item in pairs)})"


def value(item):
    """A Python value in Julia's words."""
    if item is None:
        return "nothing"
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, os.PathLike):
        item = os.fspath(item)
    if isinstance(item, str):
        return json.dumps(str(item)).replace("$", "\\$")
    if isinstance(item, dict):
        return dictionary(item.items())
    if isinstance(item, (int, float)) or type(item).__module__ == "numpy":
        return str(item)
    if hasattr(item, "__iter__"):
        return f"[{', '.join(map(value, item))}]"
    raise WorkflowError(f"{item!r} can't be given to a Julia script")
