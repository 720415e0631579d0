"""Copies of files that belong to the workflow, as they were when this run first asked for them."""

import os

from snakemake.exceptions import WorkflowError

#: Where they are; made when the first one is.
folder = None
_is_named = False


def begin(named):
    """Decide where the copies of this run go: into a named folder, or into one that ends with the run."""
    global folder, _is_named
    _is_named = named is not None
    if _is_named:
        folder = os.path.abspath(named)
    else:
        folder = os.path.join(cache("runs"), f"{os.uname().nodename}-{os.getpid()}-{os.urandom(4).hex()}")


def copied(path):
    """Give a copy of a file, with the file's time."""
    import shutil

    path = os.path.abspath(path)
    if os.path.isdir(path):
        return path
    copy = os.path.join(made(), "file", path.lstrip("/"))
    if not os.path.exists(copy):
        if not os.path.exists(path):
            raise WorkflowError(f"there is no file {path}")
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        # Another process may be at it: whoever comes last is as good as the first.
        aside = f"{copy}.{os.getpid()}"
        shutil.copy2(path, aside)
        os.replace(aside, copy)
    return copy


def made():
    """Give the folder, which is there then."""
    if not os.path.isdir(folder):
        if not _is_named:
            _sweep()
        os.makedirs(folder, exist_ok=True)
    return folder


def end():
    """Remove the copies, if they are of this run only."""
    if folder is not None and not _is_named and os.path.isdir(folder):
        import shutil

        shutil.rmtree(folder, ignore_errors=True)


def cache(name):
    """Give a folder of ours in the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "tureen", name)


def _sweep():
    """Remove the copies of runs on this machine that were killed."""
    import shutil

    try:
        names = os.listdir(cache("runs"))
    except OSError:
        return
    for name in names:
        host, _, rest = name.rpartition("-")[0].rpartition("-")
        if host == os.uname().nodename and rest.isdigit() and not os.path.exists(f"/proc/{rest}"):
            shutil.rmtree(os.path.join(cache("runs"), name), ignore_errors=True)
