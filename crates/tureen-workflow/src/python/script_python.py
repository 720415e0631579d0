"""Python scripts: a fresh interpreter that finds `snakemake` ready."""

import os
import pickle

from _tureen import finder, scripts, sources


def run(job):
    job.write(preamble(job) + f"exec(compile(open({job.local!r}, 'rb').read(), __file__, 'exec'))\n")
    job.call(f"{scripts.python()} {scripts.quoted(job.name)}")


def preamble(job, last=""):
    """One line that makes `snakemake`. The script itself is compiled under its own name, so that tracebacks
    show its own lines."""
    is_url = sources.is_url(job.place)
    folders = [os.path.dirname(job.local)]
    shown = job.place if is_url else os.path.realpath(job.local)
    statements = [
        "import sys",
        f"sys.path.insert(0, {finder.FOLDER!r})",
        "from _tureen import finder",
        "del sys.path[0]",
        "finder.install()",
        "del finder",
        f"sys.path.extend({folders!r})",
        "import pickle",
        f"snakemake = pickle.loads({pickle.dumps(job.snakemake, protocol=4)!r})",
        "from snakemake.logging import logger",
        "from snakemake.script import Snakemake",
        last or f"__real_file__ = __file__; __file__ = {shown!r}",
    ]
    executable = job.names["resources"].get("shell_exec")
    if executable is not None:
        statements.append(f"from snakemake.shell import shell; shell.executable({executable!r})")
    return "; ".join(statements) + "\n"
