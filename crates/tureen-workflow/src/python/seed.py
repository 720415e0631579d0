"""A clean interpreter that Python scripts are forked from: as good as new, but started already.

It knows nothing of the Snakefile. What happens at the end of a script (open files, `atexit`, threads) is done
by the interpreter as ever: the fork leaves like any program, by the end of its main module.
"""

import json
import os
import signal
import socket
import sys
import types

#: What starts one; its stdin is our socket.
START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from _tureen import finder, seed; del sys.path[0]; "
    "finder.install(); seed.become(*seed.serve())"
)


def serve():
    """Fork for each request; in the fork, give the script's path and what to do before it."""
    connection = socket.socket(fileno=os.dup(0))
    _end_with_parent()
    # What each script imports before its first line.
    import pickle  # noqa: F401

    import snakemake.iocontainers
    import snakemake.logging
    import snakemake.script  # noqa: F401

    waiting = {}

    def reap(_signal, _frame):
        while waiting:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            reply = waiting.pop(pid, None)
            if reply is not None:
                spent = f"{usage.ru_utime + usage.ru_stime} {usage.ru_maxrss * 1024}"
                try:
                    os.write(reply, f"{os.waitstatus_to_exitcode(status)} {spent}".encode())
                except OSError:
                    pass  # whoever wanted to know is gone
                os.close(reply)

    signal.signal(signal.SIGCHLD, reap)
    while True:
        word, fds, _, _ = socket.recv_fds(connection, 16, 8)
        if not word:
            os._exit(0)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
        pid = os.fork()
        if pid == 0:
            connection.close()
            for reply in waiting.values():
                os.close(reply)
            return fds
        *given, reply = fds
        waiting[pid] = reply
        for fd in given:
            os.close(fd)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])


def become(request, stdin, stdout, stderr, reply):
    """Be the interpreter of one script."""
    with open(request, encoding="utf-8", errors="surrogateescape") as file:
        file.seek(0)
        wanted = json.load(file)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
    try:
        os.setpgid(0, wanted["group"])
    except OSError:
        os._exit(1)  # the job is over already
    for number, fd in enumerate((stdin, stdout, stderr)):
        os.dup2(fd, number)
        os.close(fd)
    os.close(reply)
    os.environ.clear()
    os.environ.update(wanted["environment"])
    os.umask(wanted["umask"])
    os.chdir(wanted["folder"])
    if "TZ" in os.environ:
        import time

        time.tzset()
    path = os.path.abspath(wanted["path"])
    sys.argv = [wanted["path"]]
    sys.path[0] = os.path.dirname(path)
    main = types.ModuleType("__main__")
    main.__file__ = path
    main.__cached__ = None
    main.__builtins__ = sys.modules["builtins"]
    sys.modules["__main__"] = main
    try:
        with open(path, "rb") as file:
            code = compile(file.read(), path, "exec", dont_inherit=True)
        exec(code, main.__dict__)
    except SystemExit:
        raise
    except BaseException as error:
        # As the interpreter shows it: without us.
        trace = error.__traceback__.tb_next
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        sys.exit(1)


def _end_with_parent():
    try:
        import ctypes

        ctypes.CDLL(None).prctl(1, int(signal.SIGKILL))
    except (ImportError, OSError, AttributeError):
        pass  # then the end of the socket ends us
