"""Forks of a clean interpreter, as those see it who have scripts; it is started with the first of them."""

import json
import os
import socket
import subprocess
import sys

from _tureen import finder

#: Our end of its socket, once it is started; forks of this process share it.
_connection = None
#: What its environment was: what an interpreter looks at when it starts has to be the same for a script.
_started_with = None

#: What the scripts of this process have used: seconds of computing, and bytes at the peak.
spent = (0.0, 0)

_LOOKED_AT = ("PYTHON", "LC_", "LANG", "LD_", "MALLOC_", "GLIBC_")


def start():
    """Start it, if it is not; without one, scripts get interpreters of their own."""
    global _connection, _started_with
    if _connection is not None:
        return
    from _tureen.seed import START

    try:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            subprocess.Popen(
                [sys.executable, "-c", START, finder.FOLDER],
                stdin=theirs,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
    except OSError:
        return
    _connection, _started_with = ours, _looked_at(os.environ)


def _looked_at(environment):
    return {name: value for name, value in environment.items() if name.startswith(_LOOKED_AT)}


def run(path, environment):
    """Execute a script in a fork, in this process group; give its exit status, or nothing if it can't be."""
    if _connection is None or _looked_at(environment) != _started_with:
        return None
    umask = os.umask(0)
    os.umask(umask)
    wanted = {
        "path": path,
        "folder": os.getcwd(),
        "environment": dict(environment),
        "umask": umask,
        "group": os.getpgid(0),
    }
    request = os.memfd_create("tureen-script")
    ended, reply = os.pipe()
    try:
        with open(request, "w", encoding="utf-8", errors="surrogateescape", closefd=False) as file:
            json.dump(wanted, file, ensure_ascii=False)
        socket.send_fds(_connection, [b"run"], [request, 0, 1, 2, reply])
    except OSError:
        os.close(ended)
        return None
    finally:
        os.close(request)
        os.close(reply)
    with open(ended, "rb") as file:
        words = file.read().split()
    if not words:
        # It has died, and so has its fork, or nobody knows how that ended.
        return 1
    global spent
    status, cpu, peak = words
    spent = (spent[0] + float(cpu), max(spent[1], int(peak)))
    return int(status)
