"""How a failure comes from a worker: as an exception that always loads, and back to the user's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tureen._distributed.finding import not_there
from tureen._failure import short_repr
from tureen._processes.failing import Text
from tureen._processes.remote import describe, rebuild
from tureen.errors import WorkerDied

if TYPE_CHECKING:
    from tureen._processes.remote import Link
    from tureen._tureen import Pieces, Steps

_LONGEST = 2000


class PieceFailed(Exception):
    """A call in a piece raised. Holds which one, and the exception in a form that can always be sent."""

    def __init__(
        self,
        run: str,
        number: int,
        place: int,
        links: list[Link],
        args: tuple[str, ...] | None,
        kwargs: dict[str, str],
    ) -> None:
        super().__init__(run, number, place, links, args, kwargs)
        self.run = run
        self.number = number
        self.place = place
        self.links = links
        self.given = args
        self.named = kwargs

    def __str__(self) -> str:
        first = self.links[0]
        return f"{first['type']}: {first['text']}"[:_LONGEST]

    def __repr__(self) -> str:
        return f"PieceFailed({self})"

    def rebuilt(self) -> BaseException:
        """Give the exception as the user's code raised it."""
        return rebuild(self.links)


class OtherVersion(Exception):
    """A worker has another version of tureen: the text says which."""


class Stopped(Exception):
    """A piece was given up: nobody wants it any more."""


def told(run: str, number: int, place: int, error: BaseException, filled: Any) -> PieceFailed:
    """Put a failure into a form that can be sent."""
    args, kwargs = (None, {}) if filled is None else filled
    return PieceFailed(
        run,
        number,
        place,
        describe(error),
        None if args is None else tuple(map(short_repr, args)),
        {name: short_repr(value) for name, value in (kwargs or {}).items()},
    )


def users_error(error: BaseException, run: str, steps: Steps, pieces: Pieces) -> BaseException:
    """Give what is raised for the exception of a future that a run needs."""
    if not isinstance(error, PieceFailed):
        return _dasks_error(error, lambda key: _names(pieces, run, key))
    own = error.rebuilt()
    if error.run == run:  # else of an earlier one, whose results were to stay on the cluster
        args: Any = None if error.given is None else tuple(map(Text, error.given))
        kwargs = {name: Text(text) for name, text in error.named.items()}
        steps.explain(pieces.task(error.number, error.place), own, args, kwargs)
    return own


def result_of(future: Any) -> Any:
    """Give the result of a future of ours or of anybody's, or raise as the user's code did."""
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, PieceFailed):
        raise error.rebuilt()
    raise _dasks_error(error, lambda _: "a piece")


def _dasks_error(error: BaseException, names: Callable[[Any], str]) -> BaseException:
    """What dask says when a piece could not be done at all."""
    if isinstance(error, OtherVersion):
        return not_there(str(error))
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] == "tureen":
        return not_there("tureen is not installed there, or in another version")
    if type(error).__name__ == "KilledWorker":
        died = WorkerDied(
            f"{names(getattr(error, 'task', None))} could not be done: each worker that tried it died\n"
            "hint: the log of the worker may say why; often memory runs out there: try fewer threads for "
            "each worker, or smaller tasks"
        )
        died.__cause__ = error
        return died
    return error


def _names(pieces: Pieces, run: str, key: Any) -> str:
    """What a task of dask's is, for the user."""
    if not (isinstance(key, tuple) and str(key[0]).endswith(run) and key[1] < len(pieces)):
        return "a piece"
    calls, functions, *_ = pieces.write(key[1])
    labels = [pieces.functions()[function][0] for function in dict.fromkeys(functions)]
    n_calls = f"{len(calls)} call{'' if len(calls) == 1 else 's'}"
    return f"a piece of {n_calls} (`{'`, `'.join(labels[:3])}`)"
