"""The Snakefile's namespace and what it has declared: executes files, answers for `workflow` and `rules`."""

import os
import sys
import types

from _tureen import helpers
from _tureen.containers import Namedlist
from _tureen.declare import Functions, Refusal, RuleBlock, Rules
from _tureen.wire import decode, encode
from snakemake import io
from snakemake.exceptions import IncompleteCheckpointException, WorkflowError
from snakemake.utils import update_config

#: Modules and names that Snakefiles find although they never imported them; bound only when mentioned.
LATE = {
    "re": "re", "os": "os", "sys": "sys", "copy": "copy", "subprocess": "subprocess", "threading": "threading",
    "platform": "platform", "hashlib": "hashlib", "tempfile": "tempfile", "tarfile": "tarfile", "linecache": "linecache",
    "snakemake": "snakemake", "Path": "pathlib:Path", "OrderedDict": "collections:OrderedDict",
    "namedtuple": "collections:namedtuple", "Iterator": "collections.abc:Iterator", "Mapping": "collections.abc:Mapping",
    "filterfalse": "itertools:filterfalse", "chain": "itertools:chain", "partial": "functools:partial",
    "datetime": "datetime:datetime", "dataclass": "dataclasses:dataclass", "field": "dataclasses:field",
    "Callable": "typing:Callable", "Dict": "typing:Dict", "Iterable": "typing:Iterable", "List": "typing:List",
    "Optional": "typing:Optional", "Set": "typing:Set", "Union": "typing:Union", "logger": "snakemake.logging:logger",
    "shell": "snakemake.shell:shell", "ThreadPoolExecutor": "concurrent.futures:ThreadPoolExecutor",
    "script": None, "wrapper": None,
}

#: Taken from `snakemake.io` and our helpers as they are.
FROM_IO = (
    "protected temp temporary ancient directory expand collect glob_wildcards flag touch unpack local pipe service "
    "repeat report multiext ensure update before_update"
).split()
FROM_HELPERS = "branch lookup evaluate exists subpath parse_input flatten".split()


class Stopped(BaseException):
    """An included file is wrong: the other side knows why."""


class Session:
    """One workflow being read, and then asked."""

    def __init__(self, connection, settings):
        self.connection = connection
        self.functions = Functions()
        self.rules = Rules()
        self.in_order = []
        self.open_rule = None
        self.included = []
        self.keys = set()
        self.stack = []
        self.handlers = {}
        self.settings = settings
        self.overrides = decode(settings["overrides"])
        self.made = set()
        self.data = {
            "rule_orders": [], "local_rules": [], "constraints": [], "workdir": None, "default": None,
        }
        self.default_is_set = False
        self.scatter = {}
        self.environment = dict(os.environ)
        self.workflow = WorkflowView(self)
        # As under Snakemake the namespace is that of a module, so that what is defined in it can be pickled.
        module = types.ModuleType("snakemake.workflow")
        sys.modules[module.__name__] = module
        self.globals = module.__dict__
        self.globals.update({
            "__tureen__": self, "config": decode(settings["config"]), "rules": self.rules, "workflow": self.workflow,
            "checkpoints": Checkpoints(self), "WorkflowError": WorkflowError, "update_config": update_config,
            "scatter": Scatter(), "gather": Scatter(),
        })
        for name in FROM_IO:
            self.globals[name] = getattr(io, name)
        for name in FROM_HELPERS:
            self.globals[name] = getattr(helpers, name)
        for kind in ("input", "output", "params", "resources", "threads"):
            self.globals[kind] = helpers.ItemProxy(kind)

    def load(self, path, place=None):
        """Execute a file (translated by the other side) in the namespace."""
        self.connection.send({"translate": [path, place]})
        answer, _ = self.connection.receive()
        if answer is None:
            raise Stopped
        if answer["key"] in self.keys:
            return
        self.keys.add(answer["key"])
        self.included.append(path)
        self.stack.append(path)
        text = answer["text"]
        for name, origin in LATE.items():
            if name in text and name not in self.globals and origin:
                module, _, part = origin.partition(":")
                value = __import__(module, fromlist=["_"] if part else [])
                self.globals[name] = getattr(value, part) if part else value
        folder = os.path.dirname(os.path.abspath(path))
        if folder not in sys.path:
            sys.path.insert(0, folder)
        exec(compile(text, path, "exec", dont_inherit=True), self.globals)
        for word, name in answer["handlers"]:
            if name in self.globals:
                self.handlers[word] = self.globals[name]
        self.stack.pop()

    # What translated files call.

    def rule(self, number, name, is_checkpoint=False, run=None):
        return RuleBlock(self, number, name, is_checkpoint, run)

    def docstring(self, text):
        self.open_rule.data["docstring"] = text

    def set(self, word, place):
        def take(*args, **kwargs):
            if self.open_rule is not None:
                self.open_rule.set(word, place, args, kwargs, self.functions)
            else:
                self.set_global(word, place, args, kwargs)

        return take

    def add_rule(self, declared):
        name = declared.name = declared.name or str(len(self.in_order) + 1)
        if name in self.rules._rules:
            raise Refusal(f"there are two rules named `{name}`", declared.data["place"])
        declared.data["name"] = name
        if declared.data["local"]:
            self.data["local_rules"].append(name)
        if declared.data["default"]:
            self.data["default"], self.default_is_set = len(self.in_order), True
        elif self.data["default"] is None and len(self.stack) == 1:
            self.data["default"] = len(self.in_order)
        self.rules._rules[name] = declared
        self.in_order.append(declared)

    def set_global(self, word, place, args, kwargs):
        if word == "wildcard_constraints":
            known = dict(self.data["constraints"])
            known.update({name: str(value) for name, value in kwargs.items()})
            self.data["constraints"] = [list(item) for item in known.items()]
        elif word == "ruleorder":
            self.data["rule_orders"].append(list(args))
        elif word == "localrules":
            self.data["local_rules"].extend(args)
        elif word == "envvars":
            missing = [name for name in args if name not in os.environ]
            if missing:
                raise Refusal(
                    f"the environment variables {', '.join(missing)} are needed by this workflow but not set", place
                )
        elif word in ("container", "singularity", "containerized", "conda", "report"):
            pass  # without the matching command-line option Snakemake does nothing with these
        elif word == "scattergather":
            self.add_scatter(kwargs)
        elif word not in ("include", "configfile", "workdir"):
            raise Refusal(f"`{word}:` is not supported yet", place)
        elif len(args) != 1 or kwargs:
            raise Refusal(f"`{word}:` takes one value", place)
        else:
            getattr(self, word)(os.fspath(args[0]), place)

    def include(self, path, place):
        if "://" in path:
            raise Refusal("including from the network is not supported yet", place)
        self.load(os.path.join(os.path.dirname(self.stack[-1]), path), place)

    def configfile(self, path, place):
        self.connection.send({"config": os.path.abspath(path)})
        answer, _ = self.connection.receive()
        if "error" in answer:
            if not (answer["missing"] and self.settings["has_config_files"]):
                raise Refusal(answer["error"], place)
        else:
            update_config(self.globals["config"], decode(answer["value"]))
        update_config(self.globals["config"], self.overrides)

    def workdir(self, path, _place):
        os.makedirs(path, exist_ok=True)
        os.chdir(path)
        self.data["workdir"] = os.getcwd()

    def add_scatter(self, content):
        self.scatter.update(content)
        known = dict(self.data["constraints"])
        known["scatteritem"] = r"\d+-of-\d+"
        self.data["constraints"] = [list(item) for item in known.items()]
        for key, count in content.items():

            def items(*args, _count=count, **wildcards):
                names = [f"{index}-of-{_count}" for index in range(1, _count + 1)]
                return io.expand(*args, scatteritem=names, **wildcards)

            setattr(self.globals["scatter"], key, items)
            setattr(self.globals["gather"], key, items)

    def result(self):
        """Everything that was declared, as data."""
        shell = sys.modules.get("snakemake.shell")
        shell = shell and shell.shell
        now = dict(os.environ)
        changed = [[name, value] for name, value in now.items() if self.environment.get(name) != value]
        changed += [[name, None] for name in self.environment if name not in now]
        return {
            **self.data,
            "rules": [declared.data for declared in self.in_order],
            "config": encode(self.globals["config"]),
            "handlers": list(self.handlers),
            "environment": changed,
            "shell": [shell._executable, shell._prefix, shell._suffix or None] if shell else [None, None, None],
        }


class WorkflowView:
    """`workflow`, as far as Snakefiles ask it."""

    def __init__(self, session):
        self._session = session

    @property
    def basedir(self):
        return os.path.dirname(os.path.abspath(self._session.included[0]))

    @property
    def current_basedir(self):
        return os.path.dirname(os.path.abspath(self._session.stack[-1]))

    @property
    def snakefile(self):
        return os.path.abspath(self._session.included[0])

    main_snakefile = snakefile

    @property
    def included(self):
        return list(self._session.included)

    @property
    def cores(self):
        return self._session.settings["cores"]

    @property
    def config(self):
        return self._session.globals["config"]

    @property
    def rules(self):
        return list(self._session.in_order)

    @property
    def overwrite_configfiles(self):
        return list(self._session.settings["config_files"])

    configfiles = overwrite_configfiles

    @property
    def globals(self):
        return self._session.globals

    def source_path(self, path):
        return os.path.join(self.current_basedir, path)

    def get_rule(self, name):
        return getattr(self._session.rules, name)

    def __getattr__(self, name):
        raise AttributeError(f"`workflow.{name}` is not supported by tureen yet")


class Scatter:
    """`scatter.name(...)`, `gather.name(...)`"""


class Checkpoints:
    """`checkpoints.name.get(**wildcards)`"""

    def __init__(self, session):
        self._session = session

    def __getattr__(self, name):
        rule = self._session.rules._rules.get(name)
        if rule is None or not rule.data["checkpoint"]:
            raise AttributeError(f"there is no checkpoint named {name}")
        return Checkpoint(self._session, rule)


class Checkpoint:
    """One checkpoint: gives its output when it has run."""

    def __init__(self, session, rule):
        self.session = session
        self.rule = rule

    def get(self, **wildcards):
        output = Namedlist(self.rule.output, custom_map=lambda path: io.apply_wildcards(path, wildcards))
        missing = [path for path in output if path not in self.session.made]
        if missing:
            raise IncompleteCheckpointException(self.rule.name, missing[0])
        return CheckpointJob(self.rule, output)


class CheckpointJob:
    """A checkpoint that has run."""

    def __init__(self, rule, output):
        self.rule = rule
        self.output = output
