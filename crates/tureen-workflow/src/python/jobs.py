"""Jobs: their functions are called, their texts formatted, their `run:` blocks executed in forks."""

import functools
import json
import os
import signal
import sys
import types

from _tureen import trace
from _tureen.containers import InputFiles, Log, OutputFiles, Params, ResourceList, Wildcards
from _tureen.later import NotYet, known_or_not
from _tureen.wire import clean, decode, encode, flush
from snakemake import io
from snakemake.exceptions import IncompleteCheckpointException, WorkflowError
from snakemake.utils import format_with

#: What a `run:` block may name, in the order of the parameters that `translate.rs` writes.
BLOCK_NAMES = "input output params wildcards threads resources log rule jobid bench_iteration".split()

#: Process groups of jobs that have not been waited for.
running = set()


def names_of(job):
    """Give everything that a job's code and texts may name."""

    def filled(kind, entries, flatten):
        out = kind()
        for name, value in entries:
            out._add(name, decode(value), flatten)
        return out

    resources = {name: known_or_not(decode(value)) for name, value in job["resources"]}
    resources.setdefault("_cores", job["threads"])
    resources.setdefault("_nodes", 1)
    return {
        "wildcards": Wildcards(fromdict=dict(job["wildcards"])),
        "input": filled(InputFiles, job["input"], True),
        "output": filled(OutputFiles, job["output"], True),
        "log": filled(Log, job["log"], True),
        "params": filled(Params, job["params"], False),
        "threads": job["threads"],
        "resources": ResourceList(fromdict=resources),
        "attempt": job["attempt"],
        "rulename": job["rule"],
        "rule": job["rule"],
        "name": job["rule"],
        "jobid": job["jobid"],
        "bench_iteration": job["bench_iteration"],
    }


def answer(session, call):
    """Call one function; give its value, or say what it waits for."""
    names = names_of(call["job"])
    function = session.functions.functions[call["function"]]
    flags = getattr(function, "flags", {})
    function = getattr(function, "callable", None) or function
    details = {
        name: names[name]
        for name in ("input", "output", "params", "threads", "resources", "attempt", "rulename")
    }
    try:
        if "unpack" in flags and call["role"] not in ("input", "unpack"):
            raise WorkflowError(
                "unpack() is not allowed with params; return a dict and use it as {params.name[key]}"
            )
        value = function
        for _ in range(10):
            value = io.call_with(value, names["wildcards"], details)
            if isinstance(value, types.GeneratorType):
                value = list(value)
            if not callable(value):
                break
        else:
            raise WorkflowError("more than 10 input functions that return input functions")
        asked = getattr(function, "moves", function)
        if isinstance(asked, io.QueueInput) and not asked.finished:
            return {"unfinished": encode(value)}
        declared = session.by_name.get(call["job"]["rule"])
        return {"value": given(value, call["role"], flags, declared)}
    except IncompleteCheckpointException as error:
        return {"checkpoint": [error.rule_name, error.targetfile]}
    except Exception as error:
        if trace.is_missing_file(error, names["input"]) or uses_unknown(function, names["resources"]):
            return {"not_yet": True}
        return {"error": trace.describe(error)}


def params(session, job, places):
    """Work out params of a job's rule, by their places."""
    answers = []
    for place in places:
        param = session.by_name[job["rule"]].data["params"][place]
        if "function" in param:
            answers.append(answer(session, {"function": param["function"], "role": "param", "job": job}))
        else:
            answers.append({"value": [param["value"], []]})
    return answers


def uses_unknown(function, resources):
    """Whether a function was given resources that are not known before the inputs are there."""
    if not any(isinstance(value, NotYet) for value in resources):
        return False
    from inspect import signature

    return "resources" in signature(function).parameters


def given(value, role, flags, declared):
    """An answer as data: for files also the marks that they carry."""
    if role not in ("input", "unpack", "log"):
        return [encode(value), []]
    marks = []
    word = "log" if role == "log" else "input"
    own = [name for name in flags if name != "unpack"]

    def plain(item):
        if isinstance(item, os.PathLike):
            item = os.fspath(item)
        if isinstance(item, str):
            item = declared.finished(word, item) if declared else item
            names = own + list(getattr(item, "flags", {}))
            if names:
                marks.append([clean(item), names])
            return str.__str__(item)
        if isinstance(item, dict):
            return {key: plain(part) for key, part in item.items()}
        if item is None or not hasattr(item, "__iter__"):
            raise WorkflowError(
                f"Function did not return str or iterable of str. Encountered: {value} ({type(value)})"
            )
        return [plain(part) for part in item]

    if role == "unpack" and not isinstance(value, (list, dict)):
        raise WorkflowError(f"Can only use unpack() on list and dict, but {value} was returned.")
    return [encode(plain(value)), marks]


def formatted(session, request):
    """Fill the fields of a text with the job's and the Snakefile's names."""
    try:
        declared = session.by_name.get(request["job"]["rule"])
        space = declared.space if declared else session.space
        names = names_of(request["job"])
        text = request["text"]
        if request["late"]:
            text = declared.late_command(*(names[name] for name in BLOCK_NAMES))
        return {"text": clean(format_with(text, (), {**space.globals, **names}))}
    except Exception as error:
        return {"error": trace.describe(error)}


def source(session, job):
    """Give the text of a job's script."""
    from _tureen import scripts, sources

    declared = session.by_name[job["rule"]]
    try:
        place = scripts.located(session, declared, *declared.script, names_of(job))
        with open(sources.local(place), encoding="utf-8") as file:
            return {"text": clean(file.read())}
    except Exception as error:
        return {"error": trace.describe(error)}


def handle(session, word, log):
    """Execute a handler here: what it sets, later ones see."""
    try:
        session.handlers[word](log)
        end = {"done": True}
    except BaseException as error:
        end = ending(error)
    flush()
    return end


def fork(session, connection, job, fds):
    """Execute a `run:` block in a fork of this process; give its process id."""
    out, err, result = fds
    prepare(session.by_name[job["rule"]])
    flush()
    child = os.fork()
    if child == 0:
        try:
            in_child(session, connection, job, out, err, result)
        finally:
            os._exit(70)
    try:
        os.setpgid(child, child)
    except OSError:
        pass  # the child did it first, or is gone
    for fd in fds:
        os.close(fd)
    running.add(child)
    return child


def prepare(declared):
    """Have ready, before the fork, what all jobs of its kind use: each would have to load it anew."""
    c_library()
    if declared.run is None and declared.script[0] in ("script", "wrapper"):
        from _tureen import scripts

        scripts.prepare(*declared.script)


def in_child(session, connection, job, out, err, result):
    os.setpgid(0, 0)
    running.clear()
    connection.socket.close()
    die_with_parent()
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.close(out)
    os.close(err)
    os.set_inheritable(result, False)
    end = {"done": True}
    try:
        if job["folder"]:
            os.chdir(job["folder"])
        names = names_of(job)
        declared = session.by_name[job["rule"]]
        if declared.run is not None:
            declared.run(*(names[name] for name in BLOCK_NAMES))
        else:
            from _tureen import scripts

            scripts.execute(session, declared, *declared.script, names)
    except BaseException as error:
        end = ending(error)
    flush()
    seeding = sys.modules.get("_tureen.seeding")
    data = json.dumps([end, *(seeding.spent if seeding else (0.0, 0))]).encode()
    while data:
        data = data[os.write(result, data) :]
    os._exit(0)


def ending(error):
    """How a block that raised has ended."""
    if isinstance(error, SystemExit):
        code = error.code
        if code is None:
            return {"done": True}
        if not isinstance(code, int):
            print(code, file=sys.stderr)
            code = 1
        return {"done": True} if code == 0 else {"exited": code}
    shell = sys.modules.get("snakemake.shell")
    if shell and isinstance(error, shell.ShellFailed):
        return {"shell": [clean(error.cmd), error.returncode, trace.frames(error)]}
    return {"raised": trace.describe(error)}


def die_with_parent():
    """When the evaluator dies, by whatever cause, this job's whole group goes."""

    def end(_signal, _frame):
        os.killpg(0, signal.SIGKILL)

    signal.signal(signal.SIGHUP, end)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    library = c_library()
    if library is not None:
        library.prctl(1, int(signal.SIGHUP))


@functools.cache
def c_library():
    """Give the C library; without it, the evaluator's own end takes care of its jobs."""
    try:
        import ctypes

        library = ctypes.CDLL(None)
        library.prctl  # noqa: B018
    except (ImportError, OSError, AttributeError):
        return None
    return library


def status(pid):
    """Wait for a job's process: its exit status, negative for a signal; seconds computing, peak in bytes."""
    try:
        _, code, usage = os.wait4(pid, 0)
    except ChildProcessError:
        return 0, None, None
    finally:
        running.discard(pid)
    return os.waitstatus_to_exitcode(code), usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024


def kill_all():
    for pid in running:
        try:
            os.killpg(pid, signal.SIGKILL)
        except OSError:
            pass
