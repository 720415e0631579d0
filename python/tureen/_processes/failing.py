"""What is said when something can't travel, or a worker is gone: exceptions for the user."""

from __future__ import annotations

from tureen._processes.blame import not_picklable
from tureen._processes.packing import dumps_by_value
from tureen._processes.remote import rebuild
from tureen.errors import NotPicklable, WorkerDied

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from tureen._processes.remote import Link


class Text:
    """Stands for an argument of which only the text is here."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def told(failure: dict[str, Any], label: str) -> tuple[Any, ...]:
    """Give the exception for what a worker told, and the arguments of the call if it told these."""
    if failure["kind"] not in ("error", "exit"):
        return (rebuild(failure["links"]),)
    args = tuple(map(Text, failure["args"]))
    kwargs = {name: Text(text) for name, text in failure["kwargs"].items()}
    error = _left(label, failure["code"]) if failure["kind"] == "exit" else rebuild(failure["links"])
    return error, args, kwargs


def result_stays(links: list[Link]) -> BaseException:
    """Give the exception for a result that could not leave its worker."""
    return rebuild(links)


def result_unloadable(error: Exception) -> NotPicklable:
    """Give the exception for a result that arrived and can't be loaded here."""
    made = NotPicklable(
        "its result came back from a worker process, but can't be loaded here: "
        f"{type(error).__name__}: {error}\n"
        "hint: see that `pickle.loads(pickle.dumps(result))` works"
    )
    made.__cause__ = error
    return made


def function_stays(label: str, function: Any, error: Exception) -> BaseException:
    """Give the exception for a function that can't be sent."""
    if isinstance(error, ModuleNotFoundError) and error.name == "cloudpickle":
        return error
    return not_picklable(f"the function `{label}`", function, error, label)


def arguments_stay(
    calls: Iterable[tuple[int, tuple[Any, ...], dict[str, Any] | None]],
    error: Exception,
    label_of: Callable[[int], str],
    tasks: list[int],
) -> tuple[int, BaseException]:
    """Find which call of a batch can't be sent; give its place and the exception for it."""
    for place, (task, (_, args, kwargs)) in enumerate(zip(tasks, calls, strict=True)):
        named = [(f"argument {index + 1}", arg) for index, arg in enumerate(args)]
        named += [(f"argument `{name}`", value) for name, value in (kwargs or {}).items()]
        for name, arg in named:
            try:
                dumps_by_value(arg)
            except ModuleNotFoundError as missing:
                return place, missing
            except Exception as own_error:  # whatever the user's objects raise when they are pickled
                return place, not_picklable(f"{name} of `{label_of(task)}`", arg, own_error, "argument")
    return 0, error


def died(
    label: str | None, status: int | None, printed: list[str], frames: str, has_started: bool
) -> WorkerDied:
    """Say that a worker is gone.

    Args:
        label: What it ran; None if it waited.
        status: As `os.waitpid` gives it; None if somebody else has taken it.
        printed: The last lines it printed.
        frames: Where it was, if Python could still say.
        has_started: Whether it came as far as to wait for work.
    """
    if not has_started:
        return WorkerDied(
            f"a worker process could not start: {_how(status)}\n"
            'hint: what it printed may say why; `scheduler="threads"` needs no other process'
        )
    text = (
        f"a worker process ended while it {'waited' if label is None else f'ran `{label}`'}: {_how(status)}"
    )
    if frames:
        text += f"\nwhere it was:\n{_indented(frames.splitlines())}"
    if printed:
        text += f"\nthe last it printed:\n{_indented(printed)}"
    return WorkerDied(f"{text}\nhint: {_hint(status)}")


def _left(label: str, code: object) -> WorkerDied:
    return WorkerDied(
        f"`{label}` called `sys.exit({'' if code is None else repr(code)})`, which would end its worker\n"
        "hint: raise an exception instead, or return"
    )


def _how(status: int | None) -> str:
    if status is None:
        return "nobody knows how"
    import signal

    number = status & 0x7F
    if number == 0:
        return f"exit status {status >> 8 & 0xFF}"
    try:
        return f"killed by signal {number} ({signal.Signals(number).name})"
    except ValueError:
        return f"killed by signal {number}"


def _hint(status: int | None) -> str:
    import signal

    number = 0 if status is None else status & 0x7F
    if number == signal.SIGKILL:
        return "the system does so when memory runs out: try fewer workers (`num_workers=`) or smaller tasks"
    if number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGFPE, signal.SIGILL):
        return 'compiled code that the task called has crashed; with `scheduler="sync"` a debugger can see it'
    return "something in the task ended the process, as `os._exit` does: raise an exception instead"


def _indented(lines: list[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)
