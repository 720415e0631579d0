"""`snakemake.iocontainers`: what scripts may import from there."""

from _tureen.containers import (
    AttributeGuard,
    InputFiles,
    Log,
    Namedlist,
    OutputFiles,
    Params,
    ResourceList,
    Wildcards,
)
from snakemake.script import ReportHref, Snakemake

__all__ = [
    "AttributeGuard",
    "InputFiles",
    "Log",
    "Namedlist",
    "OutputFiles",
    "Params",
    "ReportHref",
    "ResourceList",
    "Snakemake",
    "Wildcards",
]
