"""`notebook:`: a Jupyter notebook whose first cell makes `snakemake`, executed by papermill or nbconvert."""

import json
import os
import shutil
import tempfile

from _tureen import script_python, script_r, scripts
from snakemake.exceptions import WorkflowError

#: The tag that Snakemake knows its cell by.
TAG = "snakemake-job-properties"


def run(job):
    notebook = json.loads(job.source())
    language = notebook.get("metadata", {}).get("language_info", {}).get("name")
    if language is None:
        raise WorkflowError(
            f"the notebook {job.place} does not say its language (metadata.language_info.name)"
        )
    here = os.getcwd()
    if language.lower() == "python":
        code = script_python.preamble(job, last=f"import os; os.chdir({here!r})")
    elif language.lower() == "r":
        code = script_r.preamble(job) + f"setwd({script_r.value(here)})\n"
    else:
        raise WorkflowError(f"the notebook {job.place} is in {language}; tureen runs Python and R")
    cells = [cell for cell in notebook["cells"] if TAG not in cell.get("metadata", {}).get("tags", [])]
    cell = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {"tags": [TAG]},
        "outputs": [],
        "source": code,
    }
    if notebook.get("nbformat_minor", 0) >= 5:
        cell["id"] = "snakemake-job"
    job.write(json.dumps({**notebook, "cells": [cell, *cells]}))
    with tempfile.TemporaryDirectory() as folder:
        job.call(command(job, folder), additional_envvars={"IPYTHONDIR": folder})


def command(job, folder):
    """The log named `notebook` gets the executed notebook."""
    wanted = job.snakemake.log.get("notebook", None)
    name = scripts.quoted(job.name)
    if shutil.which("papermill"):
        return f"papermill --log-level ERROR {name} {scripts.quoted(wanted or job.name)}"
    if not shutil.which("jupyter-nbconvert"):
        raise WorkflowError(
            "a notebook needs papermill or jupyter-nbconvert: pip install papermill ipykernel"
        )
    out = scripts.quoted(os.path.abspath(wanted or os.path.join(folder, "notebook.ipynb")))
    return (
        f"jupyter-nbconvert --log-level ERROR --execute --output {out} --to notebook "
        f"--ExecutePreprocessor.timeout=-1 {name}"
    )
