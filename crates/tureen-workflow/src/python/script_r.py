"""R scripts and R Markdown: the job's facts are the slots of an object `snakemake`."""

import math
import os
import re

from _tureen import scripts
from snakemake.exceptions import WorkflowError

SLOTS = {
    "input": "list",
    "output": "list",
    "params": "list",
    "wildcards": "list",
    "threads": "numeric",
    "log": "list",
    "resources": "list",
    "config": "list",
    "rule": "character",
    "bench_iteration": "numeric",
    "scriptdir": "character",
    "source": "function",
}

#: `snakemake@source("other.R")`: reads a file from the script's own folder.
SOURCE = """function(...) {
        if (grepl("^https?://", snakemake@scriptdir)) return(source(file.path(snakemake@scriptdir, ...)))
        before <- setwd(snakemake@scriptdir)
        on.exit(setwd(before), add = TRUE)
        source(...)
    }"""


def run(job):
    job.write(preamble(job) + job.source())
    job.call(f"Rscript --vanilla {scripts.quoted(job.name)}")


def run_markdown(job):
    if len(job.snakemake.output) != 1:
        raise WorkflowError("an R Markdown script has exactly one output file")
    source = job.source()
    bounds = list(re.finditer(r"---\n", source))
    if len(bounds) < 2:
        raise WorkflowError(f"{job.place} has no header between two lines of `---`")
    position = bounds[1].start() + 3
    chunk = f"\n```{{r, echo=FALSE, message=FALSE, warning=FALSE}}\n{preamble(job)}```\n"
    job.write(source[:position] + chunk + source[position:])
    name, out, here = (
        value(text) for text in (job.name, os.path.abspath(job.snakemake.output[0]), os.getcwd())
    )
    arguments = f"output_file={out}, quiet=TRUE, knit_root_dir={here}, params=list(rmd={name})"
    render = f"rmarkdown::render({name}, {arguments})"
    job.call(f"Rscript --vanilla -e {scripts.quoted(render)}")


def preamble(job):
    snakemake = job.snakemake
    resources = {name: item for name, item in snakemake.resources.items() if name not in ("_cores", "_nodes")}
    values = {
        "input": named(snakemake.input),
        "output": named(snakemake.output),
        "params": named(snakemake.params),
        "wildcards": named(snakemake.wildcards),
        "threads": str(snakemake.threads),
        "log": named(snakemake.log),
        "resources": f"list({', '.join([*map(value, resources), pairs(resources)] if resources else [])})",
        "config": value(snakemake.config),
        "rule": value(snakemake.rule),
        "bench_iteration": number(snakemake.bench_iteration),
        "scriptdir": value(snakemake.scriptdir),
        "source": SOURCE,
    }
    slots = ", ".join(f'{name} = "{kind}"' for name, kind in SLOTS.items())
    filled = ",\n    ".join(f"{name} = {text}" for name, text in values.items())
    return (
        "library(methods)\n"
        f'Snakemake <- setClass("Snakemake", slots = c({slots}))\n'
        f"snakemake <- Snakemake(\n    {filled}\n)\n"
    )


def named(items):
    """Every entry by position, then those with names by name."""
    by_name = [pairs(dict(items.items()))] if items._names else []
    return f"list({', '.join([*map(value, items), *by_name])})"


def pairs(content):
    return ", ".join(f'"{key}" = {value(item)}' for key, item in content.items())


def value(item):
    """A Python value in R's words."""
    if item is None:
        return "NULL"
    if hasattr(item, "item") and type(item).__module__ == "numpy":
        item = item.item()
    if isinstance(item, bool):
        return "TRUE" if item else "FALSE"
    if isinstance(item, (int, float, complex)):
        return number(item)
    if isinstance(item, os.PathLike):
        item = os.fspath(item)
    if isinstance(item, str):
        return repr(str(item))
    if isinstance(item, dict):
        return f"list({pairs(item)})"
    if hasattr(item, "__iter__"):
        items = list(item)
        numbers = (int, float, complex)
        is_vector = any(all(isinstance(part, kind) for part in items) for kind in (numbers, str))
        return f"{'c' if is_vector else 'list'}({', '.join(map(value, items))})"
    raise WorkflowError(f"{item!r} can't be given to an R script")


def number(item):
    if item is None:
        return "as.numeric(NA)"
    if isinstance(item, bool):
        return "TRUE" if item else "FALSE"
    if isinstance(item, int):
        return f"{item}L"
    if isinstance(item, complex):
        return f"{number(item.real)}+{number(item.imag)}i"
    if math.isnan(item):
        return "NaN"
    if math.isinf(item):
        return "Inf" if item > 0 else "-Inf"
    return repr(item)
