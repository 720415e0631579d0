"""Shared memory in huge pages: a folder for nameless files, which no path leads to.

Filling fresh shared memory costs the system five times less in huge pages than in ordinary ones. A memfd has
them only where the administrator said so, but a tmpfs of our own has them when we ask. It is never put into
the tree of folders: it lasts as long as somebody holds a descriptor of it or of a file in it, and nothing is
left of it then.

To mount takes a privilege. Who lacks it has it in a user namespace of his own, where systems allow these: a
process that lives for a moment goes there, mounts, and sends the folder back. Otherwise there is no folder,
and arenas are memfds.
"""

from __future__ import annotations

import os
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PAGE = 2 << 20
"""Less than this gains nothing."""

_SETTING = "/sys/kernel/mm/transparent_hugepage/shmem_enabled"

# Of <linux/mount.h> and <linux/sched.h>. The numbers of the calls are the same on all architectures of today.
_FSOPEN, _FSCONFIG, _FSMOUNT = 430, 431, 432
_CLOEXEC = 1
_SET_STRING, _CREATE = 1, 6
_NEW_USERS, _NEW_MOUNTS = 0x10000000, 0x00020000

_OPTIONS = {
    b"huge": b"within_size",  # What is left over after the last huge page is in ordinary ones.
    b"size": b"0",  # No limit but that of the machine, as for a memfd.
    b"mode": b"700",
}

_SECONDS = 10
_lock = threading.Lock()
_folder: int | None = None
_was_tried = False


def folder() -> int | None:
    """Give the descriptor of the folder, made when first asked for; None where that can't be."""
    global _folder, _was_tried
    with _lock:
        if not _was_tried:
            try:
                _folder = _open()
            except (OSError, ImportError):
                pass  # an older system, or one that forbids it
            _was_tried = True
    return _folder


def _open() -> int:
    with open(_SETTING) as setting:
        if "[deny]" in setting.read():
            raise PermissionError(_SETTING)
    try:
        return _mount()
    except PermissionError:
        return _mounted_by_another()


def _mount() -> int:
    context = _call(_FSOPEN, b"tmpfs", _CLOEXEC)
    try:
        for name, value in _OPTIONS.items():
            _call(_FSCONFIG, context, _SET_STRING, name, value, 0)
        _call(_FSCONFIG, context, _CREATE, None, None, 0)
        return _call(_FSMOUNT, context, _CLOEXEC, 0)
    finally:
        os.close(context)


def _mounted_by_another() -> int:
    import socket
    from contextlib import suppress

    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            command = [sys.executable, "-I", "-S", __file__]
            actions = [(os.POSIX_SPAWN_DUP2, theirs.fileno(), 0)]
            pid = os.posix_spawn(sys.executable, command, os.environ, file_actions=actions)
        ours.settimeout(_SECONDS)
        try:
            _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
        finally:
            with suppress(ChildProcessError):  # Somebody else has waited for it.
                os.waitpid(pid, 0)
    if not descriptors:
        raise PermissionError("no namespace of our own")
    os.set_inheritable(descriptors[0], False)
    return descriptors[0]


def _mount_for_another() -> None:
    """Be the process that lives for a moment; standard input is its socket."""
    import socket

    user, group = os.geteuid(), os.getegid()
    if _libc().unshare(_NEW_USERS | _NEW_MOUNTS):
        return
    # Whoever makes files there must be somebody there, too.
    who = {"setgroups": "deny", "uid_map": f"{user} {user} 1", "gid_map": f"{group} {group} 1"}
    for name, text in who.items():
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    with socket.socket(fileno=0) as asking:
        socket.send_fds(asking, [b"\0"], [_mount()])


def _call(number: int, *arguments: int | bytes | None) -> int:
    import ctypes

    result = int(_libc().syscall(ctypes.c_long(number), *arguments))
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def _libc() -> Any:
    import ctypes

    return ctypes.CDLL(None, use_errno=True)


if __name__ == "__main__":
    try:
        _mount_for_another()
    except OSError:
        pass  # Who asked sees that nothing came.
