"""`--report`: which files are marked with `report(...)`, and what their marks say, worked out for jobs.

Knows no page: it gives plain data.
"""

import functools
import hashlib
import numbers
import os
import types

from _tureen.containers import Wildcards
from _tureen.jobs import names_of
from _tureen.sources import local, located
from snakemake import io
from snakemake.exceptions import WorkflowError
from snakemake.script import Snakemake

#: How much of a file's identity is in its folder's name, as under Snakemake: `report_href` counts on it.
ID_LENGTH = 16


def rules(session):
    """The names of the rules that have a marked file."""
    return [name for name, declared in session.by_name.items() if declared.reported]


def made(session, content):
    """All that marks and templates say: the results, the description and the metadata."""
    found = list(results(session, content["jobs"]))
    environment = jinja()
    categories = {}
    for result in found:
        shown = categories.setdefault(result["category"] or "Other", {})
        shown.setdefault(result["subcategory"] or "Other", []).append(types.SimpleNamespace(**result))
    files = [result for parts in categories.values() for part in parts.values() for result in part]
    # As under Snakemake, templates find files by name.
    known = {"categories": categories, "files": files}
    for result in found:
        caption, snakemake = result.pop("caption"), result.pop("snakemake")
        text = caption and rendered(environment, caption, snakemake=snakemake, **known)
        result["caption"] = text
    description = None
    if session.report_text:
        config = types.SimpleNamespace(config=session.main.globals["config"])
        description = rendered(environment, session.report_text, snakemake=config, **known)
    return {
        "results": found,
        "description": description,
        "metadata": metadata(content["metadata"]) if content["metadata"] else [],
    }


def results(session, jobs):
    """Every marked file once, with what the mark of its first job says."""
    seen = set()
    for job in jobs:
        names = names_of(job)
        declared = session.by_name[job["rule"]]
        for pattern, details in declared.reported:
            path = io.apply_wildcards(pattern, names["wildcards"])
            if path in seen:
                continue
            seen.add(path)
            if not os.path.exists(path):
                raise WorkflowError(f"file {path} is marked for the report but does not exist")
            yield from of_file(path, details, job["rule"], names, declared)


def of_file(path, details, rule, names, declared):
    """The results of a marked file: itself, or some of what is in a folder."""
    if os.path.isfile(path):
        yield result(path, path, details, rule, names, declared, names["wildcards"])
        return
    index, patterns = details["htmlindex"], details["patterns"]
    if index:
        files = [os.path.join(root, name) for root, _, here in os.walk(path) for name in sorted(here)]
        files = [file for file in files if os.path.basename(file) != ".snakemake_timestamp"]
        page = os.path.normpath(os.path.join(path, index))
        if page not in files:
            raise WorkflowError(
                f"there is no {index} (htmlindex) in the folder {path} that is marked for the report"
            )
        one = result(page, page, details, rule, names, declared, names["wildcards"])
        one["name"] = f"{os.path.basename(path)}.html"
        one["filename"], one["output"] = os.path.relpath(page, path), path
        one["beside"] = [[file, os.path.relpath(file, path)] for file in files if file != page]
        one["is_folder"] = True
        yield one
    elif patterns:
        if not isinstance(patterns, list):
            raise WorkflowError(f"rule {rule}: the patterns of report() are a list")
        for pattern in patterns:
            pattern = os.path.join(path, pattern)
            values = io.glob_wildcards(pattern)._asdict()
            for each in zip(*values.values(), strict=True):
                own = Wildcards(
                    fromdict={**dict(zip(values, each, strict=True)), **dict(names["wildcards"].items())}
                )
                yield result(io.apply_wildcards(pattern, own), path, details, rule, names, declared, own)
    else:
        raise WorkflowError(
            f"the folder {path} is marked for the report, but neither patterns=[...] nor htmlindex= "
            "says what of it"
        )


def result(path, parent, details, rule, names, declared, wildcards):
    """One file, and what its mark says."""

    def value(item):
        if io.is_callable(item):
            item = io.call_with(
                item, wildcards, {name: names[name] for name in ("input", "output", "params")}
            )
        return io.apply_wildcards(item, wildcards) if isinstance(item, str) else item

    def text(item):
        item = value(item)
        return None if item is None else str(item)

    labels = value(details["labels"])
    if labels is not None and not (
        isinstance(labels, dict) and all(isinstance(item, (str, numbers.Number)) for item in labels.values())
    ):
        raise WorkflowError(
            f"rule {rule}: the labels of report() are a dict of strings or numbers, not {labels!r}"
        )
    job = Snakemake(
        names["input"],
        names["output"],
        names["params"],
        wildcards,
        names["threads"],
        names["resources"],
        names["log"],
        declared.space.globals["config"],
        rule,
        None,
    )
    caption = details["caption"]
    return {
        "path": path,
        "name": os.path.basename(path),
        "target": os.path.basename(path),
        "id": hashlib.sha256(parent.encode()).hexdigest()[:ID_LENGTH],
        "filename": os.path.basename(path) if parent == path else os.path.relpath(path, parent),
        "output": parent,
        "is_folder": False,
        "beside": [],
        "rule": rule,
        "category": text(details["category"]),
        "subcategory": text(details["subcategory"]),
        "labels": [[str(name), text(item)] for name, item in (labels or {}).items()],
        "wildcards": [[name, str(item)] for name, item in wildcards.items()],
        "caption": located(os.fspath(caption), declared.basedir) if caption is not None else None,
        "snakemake": job,
    }


def jinja():
    """What renders templates, if it is installed."""
    try:
        import jinja2
    except ImportError:
        return None
    return jinja2.Environment(trim_blocks=True, lstrip_blocks=True)


@functools.cache
def template(environment, place):
    """A caption's or description's file, which many results may share, as something to fill."""
    with open(local(place), encoding="utf-8") as file:
        text = file.read()
    return text if environment is None else environment.from_string(text)


def rendered(environment, place, **known):
    """A caption or description as text: its template filled, if there is jinja2, else as it stands."""
    if environment is None:
        return template(None, place)
    import jinja2

    try:
        return template(environment, place).render(**known)
    except jinja2.TemplateError as error:
        raise WorkflowError(f"{place} can't be rendered: {error}") from None


def metadata(path):
    """`--report-metadata`: names with values, from a template of yte's."""
    try:
        import yte
    except ImportError:
        raise WorkflowError(
            "`--report-metadata` needs the package yte: pip install yte (or tureen[workflows])"
        ) from None
    with open(path, encoding="utf-8") as file:
        values = yte.process_yaml(file)
    single = (str, int, float)

    def is_flat(value):
        return isinstance(value, single) or (
            isinstance(value, list) and all(isinstance(item, single) for item in value)
        )

    if not isinstance(values, dict) or not all(
        isinstance(name, str) and is_flat(value) for name, value in values.items()
    ):
        raise WorkflowError(f"{path} is not a single level of names with strings, numbers or lists of these")
    return [
        [name, ", ".join(map(str, value)) if isinstance(value, list) else str(value)]
        for name, value in values.items()
    ]
