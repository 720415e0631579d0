"""One rule of a Snakefile, while it is executed: its directives, as data and functions."""

import os

from _tureen.containers import Namedlist
from _tureen.entries import (
    entries,
    file_entry,
    is_derived,
    marked_for_report,
    named,
    param,
    plain_entries,
    shown_files,
)
from _tureen.pathvars import RULE, Pathvars
from _tureen.refusal import Refusal
from snakemake.io import AnnotatedString, call_with, flag, is_callable, strip_wildcard_constraints

#: Directives whose work is done by `scripts.py`.
SCRIPTS = ("script", "notebook", "wrapper", "template_engine")


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
            "cached": False,
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
            data["cached"] = is_cached(value, place)
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


def is_cached(value, place):
    """Whether `cache:` asks for it. No environments or remote files are there to be left out of the hash."""
    if not value or value is True:
        return bool(value)
    words = [value] if isinstance(value, str) else list(value)
    known = (
        "all",
        "omit-software",
        "omit-storage-content",
        "hash-omit-software",
        "hash-omit-storage-content",
    )
    for word in words:
        if word not in known or (word == "all" and len(words) > 1):
            raise Refusal(f"`cache:` takes True or one of {', '.join(known)}; not {word!r}", place)
    return any(not word.startswith("hash-") for word in words)
