"""A worker process as its parent has it: started, talked to, watched, ended."""

from __future__ import annotations

import os
import sys
from collections import deque

from tureen._processes import wire
from tureen._processes.bare import SIGINT, SIGKILL, pickle
from tureen._processes.packing import dumps_by_value
from tureen._tureen import Sight, Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PROGRAM = (
    "import sys; sys.path[:] = sys.argv.pop(1).split('\\n'); "
    "from tureen._processes.worker import main; main()"
)

_LINES = 10


class Worker:
    """A worker process, as seen by its parent."""

    __slots__ = (
        "_is_new",
        "_sight",
        "_status",
        "initializer",
        "number",
        "pid",
        "printed",
        "run",
        "side",
        "work",
    )

    def __init__(self, initializer: Any) -> None:
        self.initializer = initializer
        """What was called in it first."""
        self.number = -1
        """In the current run."""
        self.run = 0
        """The run that it works for, until it has replied; else 0."""
        self._is_new = True
        self.printed: deque[str] = deque(maxlen=_LINES)
        self._status: int | None = None
        self.work, theirs = Wire.pair()
        self.side, their_side = Wire.pair()
        self._sight = Sight(theirs, their_side)
        self.pid = _spawn(self._sight.descriptors())
        self._sight.sent()
        theirs.close()
        their_side.close()

    @property
    def place(self) -> int:
        """The place in its batch of the call that it is at."""
        return self._sight.place

    @property
    def is_at_work(self) -> bool:
        """Whether it is in the user's code."""
        return self._sight.is_at_work

    @property
    def has_started(self) -> bool:
        """Whether it came as far as to wait for work."""
        return self._sight.has_started

    def begin(self, run: int, settings: dict[str, Any]) -> None:
        """Have it work for a run."""
        is_first = self._is_new and self.initializer is not None
        initializer = dumps_by_value(self.initializer) if is_first else None
        self._is_new = False
        self.run = run
        self.printed.clear()
        self.work.send(wire.BEGIN, pickle.dumps({**settings, "run": run, "initializer": initializer}))

    def rest(self) -> None:
        """Have it forget the run, whose last batch it has done."""
        self.run = 0
        try:
            self.work.send(wire.END)
        except OSError:
            self.end()

    def stop(self, run: int) -> None:
        """Have it start no more calls of a run."""
        try:
            self.side.send(wire.STOP, run.to_bytes(8, "little"))
        except OSError:
            pass  # It is gone already.

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in what it does."""
        if self.pid:
            try:
                os.kill(self.pid, SIGINT)
            except ProcessLookupError:
                pass

    def show(self, body: bytes) -> None:
        """Print what it printed, where this process prints."""
        text = body[1:].decode("utf-8", "backslashreplace")
        self.printed.extend(text.splitlines())
        stream = sys.stdout if body[0] == 1 else sys.stderr
        if stream is not None:
            stream.write(text)
            stream.flush()

    def last_words(self) -> str:
        """What Python said of a crash: its frames, if it could."""
        text = self._sight.last_words.decode("utf-8", "replace")
        frames = [line for line in text.splitlines() if line.startswith("  File ")]
        ours = (os.sep + os.path.join("tureen", "_processes") + os.sep, '"<string>"')
        return "\n".join(frame.strip() for frame in frames if not any(part in frame for part in ours))

    def end(self) -> int | None:
        """Kill it and what it started, and wait; give its status as `os.waitpid` does, if it is known."""
        if self._status is None and self.pid:
            self._status = _ended(self.pid)
        self.close()
        return self._status

    def close(self) -> None:
        """Close what this process has of it."""
        if self.pid:
            self.pid = 0
            self.work.close()
            self.side.close()
            self._sight.close()


def _ended(pid: int) -> int | None:
    try:
        # It may be dead already: then this is what it died of.
        done, status = os.waitpid(pid, os.WNOHANG)
        _kill_group(pid)
        if done == 0:
            _, status = os.waitpid(pid, 0)
        return status
    except ChildProcessError:  # Somebody else has waited for it.
        _kill_group(pid)
        return None


def _kill_group(pid: int) -> None:
    for kill in (os.killpg, os.kill):
        try:
            kill(pid, SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def _spawn(descriptors: list[int]) -> int:
    if not sys.executable:
        raise RuntimeError(
            "worker processes can't be started: `sys.executable`, the path of this Python, is not known\n"
            'hint: use `scheduler="threads"`'
        )
    path = "\n".join(entry for entry in sys.path if isinstance(entry, str))
    command = [sys.executable, *_flags(), "-c", _PROGRAM, path]
    actions: list[Any] = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
    actions += [(os.POSIX_SPAWN_DUP2, descriptor, 3 + place) for place, descriptor in enumerate(descriptors)]
    return os.posix_spawn(sys.executable, command, _environment(), file_actions=actions, setsid=True)


def _environment() -> dict[str, str]:
    environment = dict(os.environ)
    # Sets and dicts of text in the same order in all workers, and hashes that mean the same.
    environment.setdefault("PYTHONHASHSEED", "0")
    if environment["PYTHONHASHSEED"] in ("", "random"):
        environment["PYTHONHASHSEED"] = "0"
    return environment


def _flags() -> list[str]:
    """The flags that this Python was started with, as far as they matter to tasks."""
    flags = ["-" + "O" * sys.flags.optimize] if sys.flags.optimize else []
    flags += ["-B"] if sys.flags.dont_write_bytecode else []
    flags += ["-s"] if sys.flags.no_user_site else []
    for option in sys.warnoptions:
        flags += ["-W", option]
    for name, value in getattr(sys, "_xoptions", {}).items():
        flags += ["-X", name if value is True else f"{name}={value}"]
    return flags
