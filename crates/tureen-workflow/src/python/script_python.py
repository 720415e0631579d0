"""Python scripts: an interpreter as good as new, in which they find `snakemake` ready."""

import os
import pickle

from _tureen import finder, scripts, seeding, sources
from snakemake.shell import ShellFailed, shell


def run(job):
    job.write(preamble(job) + f"exec(compile(open({job.local!r}, 'rb').read(), __file__, 'exec'))\n")
    command = f"{scripts.python()} {scripts.quoted(job.name)}"
    status = seeding.run(job.name, job.environment()) if may_be_forked(job) else None
    if status is None:
        job.call(command)
    elif status:
        raise ShellFailed(status, command)


def may_be_forked(job):
    """Whether a fork is as good as a command: nothing is measured, and the shell is the usual one."""
    is_measured = job.names["bench_iteration"] is not None
    has_own_shell = shell._prefix is not None or shell._suffix or job.names["resources"].get("shell_exec")
    return (
        not is_measured and not has_own_shell and os.path.basename(shell.get_executable()) in ("bash", "sh")
    )


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
