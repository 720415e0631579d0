"""The program of a worker process: waits for batches of calls, makes them, and sends what they gave.

Descriptors, as `start` leaves them: 3 is the socket for work, 4 the one for questions that are answered
while work goes on, by 5 the parent sees at which call we are, and 6 takes Python's last words when it
crashes.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
from time import perf_counter

import tureen._processes
from tureen import _failure, config
from tureen._processes import arena, born, output, shelf, wire
from tureen._processes.bare import SIGINT, pickle, set_signal
from tureen._processes.batch import values_of
from tureen._processes.blame import not_picklable
from tureen._processes.doing import callable_for
from tureen._processes.packing import Packed, loads, pack
from tureen._processes.remote import describe
from tureen._tureen import Caller, Wire, end_with_parent, whole_numbers

# The module `typing` takes longer to import than all of this package.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tureen._processes.source import Run

    Failure = dict[str, Any]
    Times = list[tuple[int, int, float]]

WORK_SOCKET, SIDE_SOCKET, PLACE, LAST_WORDS = 3, 4, 5, 6

_SMALL = frozenset((int, float, bool, type(None), complex))
_SMALL_CONTAINERS = frozenset((tuple, list, set, frozenset, dict))
_SHORT = 4096
_FEW = 16
_MOST_ARGUMENTS = 8


def main() -> None:
    """Serve the parent until it goes away."""
    parent = os.getppid()
    end_with_parent(SIDE_SOCKET, parent)
    faulthandler.enable(file=LAST_WORDS, all_threads=False)
    worker = _Worker(Wire(WORK_SOCKET), Wire(SIDE_SOCKET))
    set_signal(SIGINT, worker.interrupt)
    try:
        worker.serve()
    except EOFError:
        pass
    except OSError:
        if os.getppid() == parent:
            raise
    # The parent is gone, and nobody waits for threads or cleanups of tasks.
    os._exit(0)


class _Done:
    """What became of a batch."""

    __slots__ = ("failure", "held", "raw", "results", "times")

    def __init__(self) -> None:
        self.results: list[Any] = []
        """Of the calls that were made; None for those that stay here."""
        self.held: list[int] = []
        """The places of those."""
        self.raw: list[int] = []
        """The places of bytes that pickle would copy."""
        self.times: Times = []
        self.failure: Failure | None = None


class _Worker:
    __slots__ = ("_at_work", "_broken", "_caller", "_functions", "_parent", "_run", "_side")

    def __init__(self, parent: Wire, side: Wire) -> None:
        self._parent = parent
        self._side = side
        self._caller = Caller(PLACE)
        self._functions: dict[int, Callable[..., Any]] = {}
        self._run = 0
        self._at_work = False
        self._broken: BaseException | None = None
        """Why no task can run here: the user's initializer failed."""

    def serve(self) -> None:
        output.redirect(self._parent)
        self._caller.start()
        threading.Thread(target=self._answer, name="tureen", daemon=True).start()
        while True:
            kind, body, descriptors = self._parent.receive()
            view = memoryview(body)
            if kind == wire.WORK:
                self._work(view, descriptors)
            elif kind == wire.FUNCTION:
                number, doing, data = pickle.loads(view)
                self._functions[number] = _function(doing, data)
            elif kind == wire.PUT:
                # Loaded at once: if that fails, it fails for each task that needs it.
                self._put(int.from_bytes(view[:4], "little"), view[4:], descriptors)
            elif kind == wire.DROP:
                _drop(pickle.loads(view))
            elif kind == wire.BEGIN:
                self._begin(pickle.loads(view))
            elif kind == wire.END:
                self._functions.clear()
                shelf.results.clear()
                arena.forget_free()
            del view, body

    def interrupt(self, number: int, frame: Any) -> None:
        """Handle SIGINT: the parent sends it when the user wants the run to end."""
        if self._at_work:
            raise KeyboardInterrupt

    def _begin(self, settings: dict[str, Any]) -> None:
        self._run = settings["run"]
        if os.getcwd() != settings["folder"]:
            os.chdir(settings["folder"])
        sys.path[:] = settings["path"]
        sys.argv[:] = settings["arguments"]
        tureen._processes.is_worker = True
        config.set(num_workers=settings["n_cores"])
        if settings["initializer"] is not None:
            try:
                pickle.loads(settings["initializer"])()
            except BaseException as error:  # the user's; SystemExit, too, is only told of
                self._broken = error

    def _put(self, task: int, view: memoryview, descriptors: list[int]) -> None:
        try:
            shelf.results[task] = loads(view, descriptors)
        except Exception as error:  # whatever the user's class does when it is loaded
            shelf.results[task] = shelf.Unloadable(error)

    def _work(self, view: memoryview, descriptors: list[int]) -> None:
        looks: list[arena.Look] = []
        try:
            tasks, runs, is_wanted, to_drop = loads(view, descriptors, looks)
        except Exception as error:  # whatever the user's class does when it is loaded
            done = _Done()
            done.failure = {"kind": "load", "links": describe(error)}
            self._reply(done, looks)
            return
        view.release()
        _drop(to_drop)
        born.begin()
        done = self._call(memoryview(tasks).cast("I"), runs, is_wanted)
        self._caller.set_at_work(False)
        output.flush()
        self._reply(done, looks)

    def _call(self, tasks: memoryview, runs: list[Run], is_wanted: bytes) -> _Done:
        done = _Done()

        def replace(place: int, result: Any) -> Any:
            if _is_small(result):
                return result
            shelf.results[tasks[place]] = result
            done.held.append(place)
            return None

        began_at, is_single, named = 0, False, None
        column: list[Any] | bytes = [()]
        try:
            self._caller.set_at_work(True)
            self._at_work = True
            if self._broken is not None:
                self._at_work = False
                done.failure = {"kind": "initializer", "links": describe(self._broken)}
                return done
            for number, is_single, column, named in runs:
                function = self._functions[number]
                began_at, start = len(done.results), perf_counter()
                goes_on = self._caller.call(
                    self._run, function, is_single, column, named, is_wanted, done.results, done.raw, replace
                )
                done.times.append((number, len(done.results) - began_at, perf_counter() - start))
                if not goes_on:
                    break
            self._at_work = False
        except (
            BaseException
        ) as error:  # whatever the user's code raises, SystemExit and KeyboardInterrupt, too
            self._at_work = False
            values = values_of(column)
            place = min(len(done.results) - began_at, len(values) - 1)
            args = (values[place],) if is_single else values[place]
            done.failure = _failed(error, args, None if named is None else named[place])
            return done
        # What large arguments occupy is free before room for the results is taken.
        runs.clear()
        return done

    def _reply(self, done: _Done, looks: list[arena.Look]) -> None:
        in_use = [place for place, look in enumerate(looks) if look() is not None]
        for place in done.raw:
            done.results[place] = shelf.Raw(done.results[place])
        results = whole_numbers(done.results) or done.results
        try:
            packed = pack((results, done.held, done.times, done.failure, in_use))
        except Exception as error:  # whatever the user's class does when it is pickled
            done.results, done.failure = _without_culprit(done.results, error)
            done.held = [place for place in done.held if place < len(done.results)]
            packed = pack((done.results, done.held, [], done.failure, in_use))
        done.results.clear()
        self._caller.rewind()
        kind = wire.REPLY if done.failure is None else wire.FAILED
        self._parent.send(kind, *packed.parts(), descriptors=packed.descriptors)

    def _answer(self) -> None:
        """Answer the parent's questions, beside the work. `end_with_parent` sees to the end."""
        try:
            while True:
                kind, body, _ = self._side.receive()
                if kind == wire.STOP:
                    self._caller.stop(int.from_bytes(body, "little"))
                elif kind == wire.FETCH:
                    task, moves = pickle.loads(body)
                    self._give(task, moves)
        except (EOFError, OSError):
            pass

    def _give(self, task: int, moves: bool) -> None:
        name = task.to_bytes(4, "little")
        result: Any = shelf.results.get(task)
        try:
            packed: Packed = pack(shelf.Raw(result) if type(result) in shelf.RAW else result)
        except Exception as error:  # whatever the user's class does when it is pickled
            links = describe(not_picklable("a result that another task needs", result, error, "result"))
            self._side.send(wire.FETCHED, name, b"\0", pickle.dumps(links))
            return
        if moves:
            shelf.results.pop(task, None)
            del result
        self._side.send(wire.FETCHED, name, b"\1", *packed.parts(), descriptors=packed.descriptors)


def _function(doing: int, data: bytes) -> Callable[..., Any]:
    try:
        return callable_for(doing, pickle.loads(data))
    except Exception as error:  # its module can't be imported here, or anything else
        failure = error

        def raise_failure(*args: Any, **kwargs: Any) -> Any:
            raise failure

        return raise_failure


def _drop(tasks: list[int]) -> None:
    for task in tasks:
        shelf.results.pop(task, None)


def _is_small(result: Any) -> bool:
    """Whether it is quicker to send this than to remember where it is."""
    kind = type(result)
    if kind is str or kind is bytes:
        return False  # The short ones don't come here.
    if kind in _SMALL_CONTAINERS:
        if len(result) > _FEW:
            return False
        parts = [*result, *result.values()] if kind is dict else result
        return all(
            type(part) in _SMALL or (type(part) in (str, bytes) and len(part) <= _SHORT // _FEW)
            for part in parts
        )
    # NumPy's: an array of objects may hold anything.
    return (
        kind.__module__ == "numpy"
        and getattr(result, "nbytes", _SHORT) < _SHORT
        and not getattr(result.dtype, "hasobject", True)
    )


def _failed(error: BaseException, args: Any, kwargs: Any) -> Failure:
    texts = [_text(arg) for arg in args[:_MOST_ARGUMENTS]]
    failure: Failure = {
        "kind": "error",
        "links": describe(error),
        "args": texts + [""] * (len(args) - len(texts)),
        "kwargs": {name: _text(value) for name, value in (kwargs or {}).items()},
    }
    if isinstance(error, SystemExit):
        code = error.code
        failure.update(kind="exit", code=code if isinstance(code, (int, type(None))) else str(code))
    return failure


def _text(value: Any) -> str:
    try:
        return _failure.short_repr(value)
    except Exception:  # the user's __repr__
        return f"<{type(value).__name__}>"


def _without_culprit(results: list[Any], error: Exception) -> tuple[list[Any], Failure]:
    """The results before the first that can't be pickled, and what is wrong with that one."""
    for index, result in enumerate(results):
        try:
            pack(result)
        except Exception as own_error:
            wrong = not_picklable("its result", result, own_error, "result")
            return results[:index], {"kind": "result", "links": describe(wrong)}
    # It can't be pickled among others, but alone it can: say what we know.
    return [], {"kind": "result", "links": describe(error)}
