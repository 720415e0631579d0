"""`shell()`: run a command with the caller's names filled in, in strict mode."""

import os
import subprocess
import sys
import tempfile

from snakemake.exceptions import WorkflowError
from snakemake.utils import format


class ShellFailed(subprocess.CalledProcessError):
    """A command that failed; knows the command as written, without our prefix."""


class shell:
    """Call it to run a command; class methods set how commands run."""

    _executable = None
    _prefix = None
    _suffix = ""

    @classmethod
    def executable(cls, cmd):
        import shutil

        if cmd and not os.path.isabs(cmd):
            found = shutil.which(cmd)
            if not found:
                raise WorkflowError(
                    f"Cannot set default shell {cmd} because it is not available in your PATH."
                )
            cmd = found
        cls._executable = os.fspath(cmd) if cmd else None

    @classmethod
    def get_executable(cls):
        return cls._executable or cls._default()

    @classmethod
    def _default(cls):
        import shutil

        return shutil.which("bash") or "/bin/sh"

    @classmethod
    def prefix(cls, prefix):
        cls._prefix = format(prefix, stepout=2)

    @classmethod
    def suffix(cls, suffix):
        cls._suffix = format(suffix, stepout=2)

    @classmethod
    def check_output(cls, cmd, **kwargs):
        return subprocess.check_output(cmd, shell=True, executable=cls.get_executable(), **kwargs)

    @staticmethod
    def environment(threads, resources):
        """Give the environment of a command that may use so many threads and these resources."""
        environment = dict(os.environ)
        for name in ("OMP", "GOTO", "OPENBLAS", "MKL", "NUMEXPR"):
            environment[f"{name}_NUM_THREADS"] = str(threads)
        environment["VECLIB_MAXIMUM_THREADS"] = str(threads)
        tmpdir = getattr(resources, "tmpdir", None)
        if tmpdir:
            environment.update(TMPDIR=tmpdir, TMP=tmpdir, TEMPDIR=tmpdir, TEMP=tmpdir)
        return environment

    def __new__(cls, cmd, *args, iterable=False, read=False, bench_record=None, **kwargs):
        if "stepout" in kwargs:
            raise KeyError("Argument stepout is not allowed in shell command.")
        command = format(cmd, *args, stepout=2, **kwargs)
        frame = sys._getframe(1)
        # Threads and resources are the job's only when it is its `run:` block that calls.
        caller = dict(frame.f_locals) if frame.f_code.co_name.startswith("__tureen_run_") else {}
        caller.update(kwargs)
        resources = caller.get("resources")
        executable = getattr(resources, "shell_exec", None) or cls.get_executable()
        prefix = cls._prefix
        if prefix is None:
            prefix = "set -euo pipefail; " if os.path.basename(executable).lower() == "bash" else ""
        whole = " ".join((prefix, command, cls._suffix)).strip()
        environment = cls.environment(caller.get("threads", 1), resources)
        environment.update(kwargs.get("additional_envvars", {}))
        sys.stdout.flush()
        pipe = subprocess.PIPE if iterable or read else None
        # One argument holds 128 KiB at most (Linux); a longer command goes through a file without a name.
        call = [executable, "-c", whole]
        script = None
        if len(whole.encode()) > 120_000:
            script = tempfile.TemporaryFile()
            script.write(whole.encode())
            script.seek(0)
            call = [executable, f"/dev/fd/{script.fileno()}"]
        keep = (script.fileno(),) if script else ()
        process = subprocess.Popen(
            call, stdout=pipe, text=True if pipe else None, env=environment, pass_fds=keep
        )
        if iterable:
            return cls._lines(process, command)
        output = process.stdout.read() if read else None
        status = process.wait()
        if status:
            raise ShellFailed(status, command)
        return output

    @staticmethod
    def _lines(process, command):
        for line in process.stdout:
            yield line[:-1]
        status = process.wait()
        if status:
            raise ShellFailed(status, command)
