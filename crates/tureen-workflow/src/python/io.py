"""What Snakefiles use of `snakemake.io`: flags on paths, `expand`, `glob_wildcards`."""

import collections
import os
import re
import string
from itertools import chain, product

from _tureen.containers import InputFiles, Log, Namedlist, OutputFiles, Params, ResourceList, Wildcards  # noqa: F401
from snakemake.exceptions import WildcardError, WorkflowError

#: `{name}` or `{name,regex}`; braces may stand once inside the regex, as in `\\d{3}`.
WILDCARD_REGEX = re.compile(
    r"\{\s*(?P<name>\w+)\s*(?:,\s*(?P<constraint>(?:[^{}]|\{\d+(?:,\d*)?\})*?)\s*)?\}"
)


class AnnotatedString(str):
    """A path (or a function that gives paths) with flags."""

    def __new__(cls, value):
        text = super().__new__(cls, value)
        text.flags = dict(getattr(value, "flags", {}))
        text.callable = value if callable(value) else None
        return text


class Produced(AnnotatedString):
    """An output as other rules see it (`rules.name.output`): it knows its rule, who is to make it."""

    def __new__(cls, value, producer=None):
        text = super().__new__(cls, value)
        text.producer = producer or getattr(value, "producer", None)
        return text


class Openable(AnnotatedString):
    """A path that can be opened like a `Path`."""

    def open(self, mode="r", buffering=-1, encoding=None, errors=None, newline=None):
        return open(self, mode, buffering, encoding, errors, newline)


def is_callable(value):
    return callable(value) or getattr(value, "callable", None) is not None


def is_flagged(value, name):
    return bool(getattr(value, "flags", {}).get(name, False))


def get_flag_value(value, name):
    return getattr(value, "flags", {}).get(name)


def flag(value, flag_type, flag_value=True):
    """Put a flag on a path, a function, or each path of a list."""
    if isinstance(value, AnnotatedString):
        value.flags[flag_type] = flag_value
        return value
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, str) or callable(value) or not hasattr(value, "__iter__"):
        value = AnnotatedString(value)
        value.flags[flag_type] = flag_value
        return value
    return [flag(item, flag_type, flag_value) for item in value]


def ancient(value):
    return flag(value, "ancient")


def directory(value):
    return flag(value, "directory")


def temp(value, group_jobs=False):
    if is_flagged(value, "protected"):
        raise SyntaxError("Protected and temporary flags are mutually exclusive.")
    return flag(flag(value, "nodelocal") if group_jobs else value, "temp")


temporary = temp


def protected(value):
    if is_flagged(value, "temp"):
        raise SyntaxError("Protected and temporary flags are mutually exclusive.")
    return flag(value, "protected")


def touch(value):
    return flag(value, "touch")


def pipe(value):
    return flag(value, "pipe")


def service(value):
    return flag(value, "service")


def local(value):
    return flag(value, "local")


def update(value):
    return flag(value, "update")


def before_update(value):
    return flag(value, "before_update")


class QueueInput:
    """Input files that come from a queue while the workflow runs."""

    #: How long to wait for something new before answering that there is nothing.
    PATIENCE = 1.0

    def __init__(self, queue, sentinel):
        self.queue = queue
        self.sentinel = sentinel
        self.items = []
        self.finished = False
        self.is_asked = False

    def __call__(self, wildcards):
        """Give all that has come so far."""
        if len(wildcards):
            raise WorkflowError("from_queue() may not be used in rules with wildcards.")
        import queue

        may_wait, self.is_asked = self.is_asked, True
        while not self.finished:
            try:
                item = self.queue.get(may_wait, self.PATIENCE)
            except queue.Empty:
                break
            may_wait = False
            self.queue.task_done()
            if item is self.sentinel:
                self.finished = True
            else:
                self.items.append(item)
        return list(self.items)


def from_queue(queue, finish_sentinel=None):
    if finish_sentinel is None:
        raise WorkflowError("Please provide a finish sentinel to from_queue.")
    return flag(QueueInput(queue, finish_sentinel), "from_queue")


def unpack(value):
    return flag(value, "unpack")


def repeat(value, n_repeat):
    return flag(value, "repeat", n_repeat)


def ensure(value, non_empty=False, sha256=None, md5=None, sha1=None):
    if sum(item is not None for item in (sha256, md5, sha1)) > 1:
        raise SyntaxError("Only one checksum type (sha256, md5, or sha1) can be specified.")
    return flag(value, "ensure", {"non_empty": non_empty, "sha256": sha256, "md5": md5, "sha1": sha1})


def report(value, caption=None, category=None, subcategory=None, labels=None, patterns=None, htmlindex=None):
    details = {
        "caption": caption,
        "category": category,
        "subcategory": subcategory,
        "labels": labels,
        "patterns": patterns,
        "htmlindex": htmlindex,
    }
    return flag(value, "report", details)


def multiext(prefix, *extensions, **named_extensions):
    """Give one path per extension."""
    if any("/" in extension for extension in chain(extensions, named_extensions.values())):
        raise WorkflowError("Extensions for multiext may not contain path delimiters (/,\\).")
    if bool(extensions) == bool(named_extensions):
        raise WorkflowError(
            "multiext should be given with all named extensions or all not-named extensions, not a mix."
        )
    if extensions:
        return [flag(prefix + extension, "extension", extension) for extension in extensions]
    return [
        flag(flag(prefix + extension, "extension", extension), "multiext", name)
        for name, extension in named_extensions.items()
    ]


def expand(*args, **wildcards):
    """Fill `{name}` in patterns with all combinations of values (or those of `zip`)."""
    patterns = args[0]
    combine = args[1] if len(args) > 1 else product
    patterns = [patterns] if isinstance(patterns, (str, os.PathLike)) else list(patterns)
    patterns = [pattern if isinstance(pattern, str) else os.fspath(pattern) for pattern in patterns]
    for pattern in patterns:
        flags = getattr(pattern, "flags", {})
        if flags:
            raise WorkflowError(
                f"expand() was given a marked path: {pattern!r} with {flags}. Marks such as temp() go round "
                "expand(), not into it: temp(expand(...))"
            )
    used = {pattern: re.findall(r"{([^}\.[!:]+)", pattern) for pattern in patterns}
    allow_missing = wildcards.get("allow_missing") is True and not any(
        "allow_missing" in names for names in used.values()
    )
    filling = _Missing if allow_missing else dict
    functions = {
        name
        for name, value in wildcards.items()
        if callable(value) or (isinstance(value, list) and any(map(callable, value)))
    }

    def fill(values):
        formatter = string.Formatter()
        out = []
        try:
            for pattern in patterns:
                choices = [
                    [(name, item) for item in _items(value)]
                    for name, value in values.items()
                    if name in used[pattern]
                ]
                made = [formatter.vformat(pattern, (), filling(chosen)) for chosen in combine(*choices)]
                # A path that a module has moved already is not moved again (as Snakemake 9.27).
                moved = getattr(type(pattern), "of", None)
                out.extend(moved(path, pattern) for path in made) if moved else out.extend(made)
        except KeyError as error:
            raise WildcardError(f"No values given for wildcard {error}.") from None
        return out

    if not functions:
        return fill(wildcards)

    def later(wildcards_, **details):
        values = dict(wildcards)
        for name in functions:
            value = values[name]
            ask = [value] if callable(value) else value
            answers = [call_with(item, wildcards_, details) if callable(item) else item for item in ask]
            values[name] = answers[0] if callable(value) else answers
        return fill(values)

    return later


collect = expand


class _Missing(dict):
    def __missing__(self, key):
        return "{" + key + "}"


def _items(value):
    if isinstance(value, str) or not hasattr(value, "__iter__") or hasattr(value, "_fields"):
        return [value]
    return value


def call_with(function, wildcards, details):
    """Call a function with the wildcards and those details that it has parameters for."""
    import inspect

    parameters = inspect.signature(function).parameters
    if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
        details = {name: value for name, value in details.items() if name in parameters}
    details = {name: value() if isinstance(value, Late) else value for name, value in details.items()}
    return function(wildcards, **details)


class Late:
    """A detail that is worked out only for functions that ask for it."""

    __slots__ = ("make",)

    def __init__(self, make):
        self.make = make

    def __call__(self):
        return self.make()


def get_wildcard_names(pattern):
    return {match["name"] for match in WILDCARD_REGEX.finditer(pattern)}


def contains_wildcard(path):
    return WILDCARD_REGEX.search(path) is not None


def strip_wildcard_constraints(pattern):
    return WILDCARD_REGEX.sub(lambda match: "{" + match["name"] + "}", pattern)


def apply_wildcards(pattern, wildcards):
    """Put wildcard values into a pattern."""

    def value(match):
        try:
            return str(wildcards[match["name"]])
        except (KeyError, AttributeError):
            raise WildcardError(f"'{match['name']}'") from None

    return WILDCARD_REGEX.sub(value, pattern)


def regex_from_filepattern(pattern):
    """Give the regular expression that matches the paths of a pattern."""
    out, last, seen = [], 0, set()
    for match in WILDCARD_REGEX.finditer(pattern):
        out.append(re.escape(pattern[last : match.start()]))
        name = match["name"]
        if name in seen:
            if match["constraint"]:
                raise ValueError(
                    "a wildcard's regular expression stands only where the wildcard stands first"
                )
            out.append(f"(?P={name})")
        else:
            seen.add(name)
            out.append(f"(?P<{name}>{match['constraint'] or '.+'})")
        last = match.end()
    return "".join(out) + re.escape(pattern[last:]) + "$"


def glob_wildcards(pattern, files=None, followlinks=False):
    """Give the wildcard values of all files that match a pattern."""
    pattern = os.path.normpath(pattern)
    first = re.search("{[^{]", pattern)
    folder = os.path.dirname(pattern[: first.start()] if first else pattern) or "."
    names = list(dict.fromkeys(match["name"] for match in WILDCARD_REGEX.finditer(pattern)))
    found = collections.namedtuple("Wildcards", names)(*[[] for _ in names])
    regex = re.compile(regex_from_filepattern(pattern))
    if files is None:
        files = (
            os.path.normpath(os.path.join(path, name))
            for path, folders, here in os.walk(folder, followlinks=followlinks)
            for name in chain(here, folders)
        )
    for path in files:
        match = regex.match(path)
        if match:
            for name, value in match.groupdict().items():
                getattr(found, name).append(value)
    return found
