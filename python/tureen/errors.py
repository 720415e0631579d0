"""What can go wrong with worker processes (`scheduler="processes"`) and on clusters (`scheduler=client`).

>>> import tureen.errors
>>> issubclass(tureen.errors.NotPicklable, TypeError)
True
"""

from __future__ import annotations

from _pickle import PicklingError


class WorkerDied(RuntimeError):
    """A worker process ended while it ran a task, or a task asked for its end with `sys.exit`."""


class NotOnWorkers(RuntimeError):
    """The workers of a cluster lack tureen, or have another version of it than the process that computes."""


class NotPicklable(PicklingError, TypeError):
    """A function, argument or result can't be sent between processes. The message tells which part."""


class RemoteError(Exception):
    """Stands for an exception that could not be sent from its worker. Its text has the worker's traceback."""
