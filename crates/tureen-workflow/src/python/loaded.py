"""Everything that a workflow has declared, as data for the other side."""

import os
import sys

from _tureen import copies, late, log_file
from _tureen.wire import encode


def name_producers(session):
    """Rules whose outputs others have taken are named now, when all names are known."""
    for declared in session.by_name.values():
        for word in ("input", "output", "log"):
            for file in (file for entry in declared.data[word] for file in entry.get("files", ())):
                producer = file[4]
                is_known = producer is not None and session.by_name.get(producer.name) is producer
                file[4] = producer.name if is_known and word == "input" else None
        benchmark = declared.data["options"].get("benchmark")
        if benchmark:
            benchmark["files"][0][4] = None


def result(session):
    """Everything that was declared, as data."""
    shell = sys.modules.get("snakemake.shell")
    shell = shell and shell.shell
    now = dict(os.environ)
    changed = [[name, value] for name, value in now.items() if session.environment.get(name) != value]
    changed += [[name, None] for name in session.environment if name not in now]
    for declared in session.by_name.values():
        # What is said for all rules of a file holds for those that don't say.
        if declared.space.software and not declared.data["unsupported"]:
            declared.data["unsupported"].append(declared.space.software)
    name_producers(session)
    names = list(session.by_name)
    constraints = session.main.constraints
    if any(declared.space is not session.main for declared in session.by_name.values()):
        # What is said for all rules of the main file is not said for those of modules.
        for declared in session.by_name.values():
            if declared.space is session.main:
                known = dict(declared.data["constraints"])
                declared.data["constraints"] = [list(item) for item in {**constraints, **known}.items()]
        constraints = {}
    return {
        **session.data,
        "rules": [
            {**declared.data, "name": name, "late_command": late.is_late(declared)}
            for name, declared in session.by_name.items()
        ],
        "default": None if session.default is None else names.index(session.default),
        "constraints": [list(item) for item in constraints.items()],
        "config": encode(session.globals["config"]),
        "handlers": list(session.handlers),
        "source_folder": os.path.join(copies.folder, "file"),
        "listens": log_file.is_listened_to(),
        "environment": changed,
        "shell": [shell._executable, shell._prefix, shell._suffix or None] if shell else [None, None, None],
    }
