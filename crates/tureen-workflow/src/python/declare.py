"""What a Snakefile declares, while it is executed: rules with their directives, as data and functions."""

import os
import sys

from _tureen.containers import Namedlist
from _tureen.pathvars import RULE, Pathvars
from _tureen.wire import encode
from snakemake.exceptions import WorkflowError
from snakemake.io import (
    AnnotatedString,
    Produced,
    call_with,
    flag,
    is_callable,
    is_flagged,
    strip_wildcard_constraints,
)

#: Flags that say something about a file, by the name that the other side knows.
MARKS = {
    "temp",
    "protected",
    "directory",
    "touch",
    "ancient",
    "pipe",
    "service",
    "update",
    "before_update",
}

#: Directives whose work is done by `scripts.py`.
SCRIPTS = ("script", "notebook", "wrapper", "template_engine")

#: Flags that change nothing here: where a file is shown, or that it is not remote.
SILENT = {"report", "local", "multiext", "unpack", "access_pattern"}


class Refusal(WorkflowError):
    """A directive can't be what it is: the message, and the number of the place to point at."""

    def __init__(self, message, place):
        super().__init__(message)
        self.place = place


class Declared:
    """One rule: its directives as given, what is sent of them, and what `rules.name` shows."""

    def __init__(self, number, name, is_checkpoint, space, basedir):
        self.number = number
        #: The folder of the file that it is written in: its scripts are found from there.
        self.basedir = basedir
        self.name = name
        self.is_checkpoint = is_checkpoint
        self.space = space
        self.raw = {}
        self.docstring = None
        self.run = None
        self.script = None
        self.late_command = None
        self.run_place = None
        self.items = {}
        #: Patterns that are marked with `report(...)`, with what the marks say.
        self.reported = []

    def __getattr__(self, part):
        if part in ("input", "output", "params", "log"):
            return self.__dict__["items"].get(part, Namedlist())
        if part == "benchmark":
            return strip_wildcard_constraints(self.__dict__["items"]["benchmark"])
        raise AttributeError(part)

    def copied(self, number, name, space):
        """A new rule with the directives of this one."""
        other = Declared(number, name, self.is_checkpoint, space, self.basedir)
        other.raw = {word: given for word, given in self.raw.items() if word != "name"}
        other.late_command = self.late_command
        other.docstring, other.run, other.run_place = self.docstring, self.run, self.run_place
        return other

    def override(self, raw):
        """Take over directives of `use rule ... with:`; named params are replaced one by one."""
        for word, (place, args, kwargs) in raw.items():
            if word == "params" and word in self.raw:
                _, old_args, old_kwargs = self.raw[word]
                args, kwargs = args or old_args, {**old_kwargs, **kwargs}
            self.raw[word] = (place, args, kwargs)

    def build(self, functions):
        """Work the directives out."""
        self.data = {
            "place": self.number,
            "checkpoint": self.is_checkpoint,
            "docstring": self.docstring,
            "run": self.run_place,
            "input": [],
            "output": [],
            "log": [],
            "params": [],
            "derived_params": [],
            "resources": [],
            "constraints": [],
            "options": {},
            "unsupported": [],
            "local": False,
            "handover": False,
            "run_size": len(self.run.__code__.co_code) if self.run else 0,
            "default": False,
            "name": self.name,
            "basedir": self.basedir,
            "own_names": self.space.parent is not None,
        }
        self.reported = []
        self.set_pathvars()
        for word, (place, args, kwargs) in self.raw.items():
            if word in ("input", "output", "log", "benchmark"):
                args = [self.moved(word, value) for value in args]
                kwargs = {name: self.moved(word, value) for name, value in kwargs.items()}
            self.set(word, place, args, kwargs, functions)

    def set_pathvars(self):
        """The namespace's, and the rule's own before them."""
        self.pathvars = self.space.pathvars
        if "pathvars" in self.raw:
            place, args, kwargs = self.raw["pathvars"]
            if args:
                raise Refusal('`pathvars:` takes names with texts: `pathvars: name="text"`', place)
            self.pathvars = Pathvars(self.space.pathvars)
            self.pathvars.update(kwargs, RULE)

    def moved(self, word, value):
        """Paths with the prefixes that `module` asks for; what functions give, too."""
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        if is_callable(value):
            # What functions give is finished when they have given it.
            return value if self.space.parent is None else self.moved_later(word, value)
        if isinstance(value, str):
            return self.finished(word, self.space.path(word, value))
        if isinstance(value, dict):
            return {name: self.moved(word, item) for name, item in value.items()}
        return [self.moved(word, item) for item in value] if hasattr(value, "__iter__") else value

    def finished(self, word, path):
        """A path with its pathvars replaced, without a final slash, and with the marks that all paths get."""
        text = self.pathvars.apply(path.rstrip("/") if len(path) > 1 else path)
        if text != path:
            producer = getattr(path, "producer", None)
            text = AnnotatedString(text) if type(path) is str else type(path)(text)
            text.flags = dict(getattr(path, "flags", {}))
            text.producer = producer
            path = text
        return self.space.default_flags[word].apply(path) if word in self.space.default_flags else path

    def moved_later(self, word, function):
        call = getattr(function, "callable", None) or function

        def later(wildcards, **details):
            return self.moved(word, call_with(call, wildcards, details))

        later.moves = call
        moved = later
        for name, detail in getattr(function, "flags", {}).items():
            moved = flag(moved, name, detail)
        return moved

    def set(self, word, place, args, kwargs, functions):
        """Take one directive."""
        data = self.data
        if word in ("input", "output", "log"):
            data[word] = [
                file_entry(word, value, name, number, place, functions)
                for name, number, value in entries(args, kwargs)
            ]
            self.items[word] = shown_files(args, kwargs, self if word == "output" else None)
            if word != "log":
                self.reported.extend(marked_for_report([*args, *kwargs.values()]))
        elif word == "params":
            data[word] = [
                {"name": name, "number": number, "place": place, **param(value, functions)}
                for name, number, value in plain_entries(args, kwargs)
            ]
            values = [*args, *kwargs.values()]
            data["derived_params"] = [index for index, value in enumerate(values) if is_derived(value)]
            self.items[word] = named(args, kwargs, flatten=False)
        elif word == "resources":
            if args:
                raise Refusal("resources have to be named", place)
            data[word] = [[name, param(value, functions)] for name, value in kwargs.items()]
        elif word == "pathvars":
            pass
        elif word == "wildcard_constraints":
            if args:
                raise Refusal("`wildcard_constraints:` takes names with regular expressions", place)
            data["constraints"] = [[name, str(value)] for name, value in kwargs.items()]
        elif word == "envmodules":
            data["unsupported"].append([word, place])
        elif kwargs or len(args) != 1:
            raise Refusal(f"`{word}:` takes one value", place)
        elif word != "name":
            self.set_single(word, place, args[0], functions)

    def set_single(self, word, place, value, functions):
        data = self.data
        if word in ("threads", "priority"):
            if not is_callable(value) and (isinstance(value, bool) or not isinstance(value, (int, float))):
                raise Refusal(f"`{word}:` takes a number or a function", place)
            data["options"][word] = param(value, functions)
        elif word == "retries":
            if not isinstance(value, int) or value < 0:
                raise Refusal("`retries:` takes a whole number of 0 or more", place)
            data["options"][word] = value
        elif word == "benchmark":
            entry = file_entry(word, value, None, 0, place, functions)
            if "files" not in entry or len(entry["files"]) != 1:
                raise Refusal("`benchmark:` takes one path", place)
            repeats = getattr(value, "flags", {}).get("repeat", 1)
            if not isinstance(repeats, int) or repeats < 1:
                raise Refusal("`repeat()` takes a path and a whole number of at least 1", place)
            data["options"][word] = entry
            self.items[word] = os.fspath(value)
        elif word in ("conda", "container", "singularity", "containerized"):
            # Without the matching command-line option nothing is done with these.
            if value is not None:
                data["unsupported"].append([word, place])
        elif word == "cache":
            pass
        elif word == "localrule":
            data["local"] = bool(value)
        elif word == "default_target":
            data["default"] = bool(value)
        elif word == "shadow":
            if not value:
                return
            value = "full" if value is True else value
            if value not in ("minimal", "copy-minimal", "shallow", "full"):
                raise Refusal("`shadow:` takes 'minimal', 'copy-minimal', 'shallow' or 'full'", place)
            data["options"][word] = {"text": value, "place": place}
        elif word == "handover":
            data["handover"] = bool(value)
        elif word in ("shell", "script", "notebook", "wrapper", "cwl", "template_engine", "message", "group"):
            if isinstance(value, os.PathLike):
                value = os.fspath(value)
            if word in ("message", "group") and callable(value):
                raise Refusal(f"a function in `{word}:` is not supported yet", place)
            if value is None and word in ("message", "group"):
                return
            if word == "group" and isinstance(value, int):
                value = str(value)
            if not isinstance(value, str):
                raise Refusal(f"`{word}:` takes a string, but this is {type(value).__name__}", place)
            data["options"][word] = {"text": str(value), "place": place}
            if word in SCRIPTS:
                self.script = (word, str(value))
        else:
            raise Refusal(f"`{word}:` is not supported yet", place)


def plain_entries(args, kwargs):
    """Yield (name, number among those without a name, value), values as they are."""
    yield from ((None, number, value) for number, value in enumerate(args))
    yield from ((name, 0, value) for name, value in kwargs.items())


def entries(args, kwargs):
    """As `plain_entries`, for files: lists of functions and named extensions are taken apart."""
    for number, value in enumerate(args):
        if isinstance(value, list) and any(is_callable(item) for item in value):
            # Functions among paths, as in `rules.name.input`: entries of their own.
            yield from ((None, number, item) for item in value)
        else:
            yield from unfolded_multiext(None, number, value)
    for name, value in kwargs.items():
        yield name, 0, value


def unfolded_multiext(name, number, value):
    """`multiext` with named extensions gives named entries."""
    names = [getattr(item, "flags", {}).get("multiext") for item in value] if isinstance(value, list) else []
    if names and all(isinstance(item, str) for item in names):
        for item_name, item in zip(names, value, strict=True):
            yield item_name, number, item
    else:
        yield name, number, value


def file_entry(word, value, name, number, place, functions):
    """An entry of `input:`, `output:` or `log:` as data."""
    entry = {"name": name, "number": number, "place": place}
    if isinstance(value, (list, tuple)) and any(map(is_callable, value)):
        value = together(value)
    if is_callable(value):
        if word not in ("input", "log"):
            raise Refusal("only input and log files can be given by functions", place)
        kind = "unpack" if is_flagged(value, "unpack") else "function"
        return {**entry, kind: functions.add(value)}
    files = []
    add_files(value, files, word, place, functions)
    is_list = not isinstance(value, (str, os.PathLike))
    return {**entry, "files": files, "list": is_list}


def marked_for_report(values):
    """Yield the patterns that are marked with `report(...)`, with what the marks say."""
    for value in values:
        if isinstance(value, str):
            details = getattr(value, "flags", {}).get("report")
            if details:
                yield str(value), details
        elif isinstance(value, (list, tuple)):
            yield from marked_for_report(value)


def together(values):
    """One function for a list that holds functions."""

    def ask(wildcards, **details):
        out = []
        for value in values:
            if is_callable(value):
                value = call_with(getattr(value, "callable", None) or value, wildcards, details)
            out.extend([value] if isinstance(value, (str, os.PathLike)) else value)
        return out

    return ask


def add_files(value, files, word, place, functions):
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, str):
        producer = getattr(value, "producer", None)
        files.append([str(value), *marks_of(value), checksum_of(value, place, functions), producer])
        return
    try:
        items = iter(value)
    except TypeError:
        raise Refusal(
            f"`{word}:` takes strings or lists of strings, but this is {type(value).__name__}", place
        ) from None
    for item in items:
        add_files(item, files, word, place, functions)


def marks_of(value):
    """Give the marks, and the names of flags that are known but not honoured."""
    marks, others = [], []
    for name, detail in getattr(value, "flags", {}).items():
        if name in MARKS:
            marks.append(name)
        elif name == "ensure":
            if detail["non_empty"]:
                marks.append("non_empty")
        elif name == "repeat":
            others.append(f"repeat({detail})")
        elif name not in SILENT:
            others.append(name)
    return marks, others


def checksum_of(value, place, functions):
    """Give what `ensure` says of a file's hash: the algorithm, and the hash or a function for it."""
    details = getattr(value, "flags", {}).get("ensure", {})
    given = [(name, details[name]) for name in ("sha256", "md5", "sha1") if details.get(name)]
    if not given:
        return None
    ((name, expected),) = given
    return [name, functions.add(expected) if is_callable(expected) else str(expected)]


def is_derived(value):
    """Whether a param is a function of the job's files, threads or resources."""
    if not is_callable(value):
        return False
    from inspect import signature

    try:
        names = signature(getattr(value, "callable", None) or value).parameters
    except ValueError:
        return False
    return any(name in names for name in ("input", "output", "threads", "resources"))


def param(value, functions):
    if is_callable(value):
        return {"function": functions.add(value)}
    return {"value": encode(value)}


def named(args, kwargs, flatten):
    out = Namedlist()
    for value in args:
        out._add(None, value, flatten)
    for name, value in kwargs.items():
        out._add(name, value, flatten)
    return out


def shown_files(args, kwargs, producer):
    """Files as other rules see them: without constraints; outputs know their rule."""

    def plain(value):
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        if isinstance(value, str) and not is_callable(value):
            bare = strip_wildcard_constraints(value)
            # A moved path stays one, so that it is not moved again where it is used.
            if hasattr(type(value), "of"):
                bare = type(value)(bare)
                bare.producer = producer
            return bare if producer is None or hasattr(bare, "producer") else Produced(bare, producer)
        if is_callable(value):
            return value
        return [item for part in value for item in flat(plain(part))]

    def flat(value):
        return value if isinstance(value, list) else [value]

    out = Namedlist()
    for name, _number, value in entries(args, kwargs):
        out._add(name, plain(value), True)
    return out


class Functions:
    """Functions by number."""

    def __init__(self):
        self.functions = []

    def add(self, function):
        self.functions.append(function)
        return len(self.functions) - 1


class RuleBlock:
    """`with __tureen__.rule(...)`: a rule's directives are taken inside."""

    def __init__(self, session, number, name, is_checkpoint, run):
        self.session = session
        self.declared = Declared(number, name, is_checkpoint, session.space, session.basedir)
        self.run = run

    def __enter__(self):
        self.session.open_block = self.declared

    def __exit__(self, kind, error, trace):
        self.session.open_block = None
        if kind is not None:
            return
        if self.run is not None:
            self.declared.run_place = self.run
            self.declared.run = sys._getframe(1).f_locals[f"__tureen_run_{self.run}"]
        self.session.add_rule(self.declared)


class OtherBlock:
    """`module name:` and `use rule ... with:`: takes directives, then something is done with them."""

    def __init__(self, session, finish):
        self.session = session
        self.finish = finish
        self.raw = {}
        self.docstring = None

    def __enter__(self):
        self.session.open_block = self

    def __exit__(self, kind, error, trace):
        self.session.open_block = None
        if kind is None:
            self.finish(self.raw)
