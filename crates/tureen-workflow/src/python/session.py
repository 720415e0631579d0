"""The Snakefile's namespace and what it has declared: executes files, answers for `workflow` and `rules`."""

import os
import sys

from _tureen import choosing, late, missing, ready_made
from _tureen.checkpoints import Checkpoints
from _tureen.declare import Declared, Functions, OtherBlock, Refusal, RuleBlock
from _tureen.default_flags import access
from _tureen.pathvars import WORKFLOW
from _tureen.sources import located
from _tureen.space import Module, Space
from _tureen.wire import decode, encode
from snakemake import io
from snakemake.exceptions import WorkflowError
from snakemake.utils import update_config

#: Modules and names that Snakefiles find although they never imported them; bound only when mentioned.
LATE = {
    "re": "re",
    "os": "os",
    "sys": "sys",
    "copy": "copy",
    "subprocess": "subprocess",
    "threading": "threading",
    "platform": "platform",
    "hashlib": "hashlib",
    "tempfile": "tempfile",
    "tarfile": "tarfile",
    "linecache": "linecache",
    "snakemake": "snakemake",
    "Path": "pathlib:Path",
    "OrderedDict": "collections:OrderedDict",
    "namedtuple": "collections:namedtuple",
    "Iterator": "collections.abc:Iterator",
    "Mapping": "collections.abc:Mapping",
    "filterfalse": "itertools:filterfalse",
    "chain": "itertools:chain",
    "partial": "functools:partial",
    "datetime": "datetime:datetime",
    "dataclass": "dataclasses:dataclass",
    "field": "dataclasses:field",
    "Callable": "typing:Callable",
    "Dict": "typing:Dict",
    "Iterable": "typing:Iterable",
    "List": "typing:List",
    "Optional": "typing:Optional",
    "Set": "typing:Set",
    "Union": "typing:Union",
    "logger": "snakemake.logging:logger",
    "shell": "snakemake.shell:shell",
    "ThreadPoolExecutor": "concurrent.futures:ThreadPoolExecutor",
    "script": None,
    "wrapper": None,
}

#: Taken from `snakemake.io` and `ready_made` as they are.
FROM_IO = (
    "protected temp temporary ancient directory expand collect glob_wildcards flag touch unpack local pipe "
    "service repeat report multiext ensure update before_update from_queue"
).split()
FROM_HELPERS = (
    "branch lookup evaluate exists subpath parse_input flatten prepend_param extract_checksum threads".split()
)
FROM_CHOOSING = "choose_file choose_folder choose_tmp as_py_module".split()


class Stopped(BaseException):
    """An included file is wrong: the other side knows why."""


class Session:
    """One workflow being read, and then asked."""

    def __init__(self, connection, settings):
        self.connection = connection
        self.functions = Functions()
        self.by_name = {}
        self.open_block = None
        self.included = []
        self.keys = []
        self.stack = []
        self.skips_validation = False
        self.handlers = {}
        self.settings = settings
        self.overrides = decode(settings["overrides"])
        self.made = set()
        self.data = {
            "rule_orders": [],
            "local_rules": [],
            "workdir": None,
            "envvars": [],
            "resource_scopes": [],
        }
        self.default = None
        self.report_text = None
        self.scatter = {}
        self.environment = dict(os.environ)
        self.workflow = WorkflowView(self)
        self.space = self.main = Space(self, None)
        self.space.globals["config"] = decode(settings["config"])
        self.space.pathvars.update_from_config(self.space.globals["config"])
        # As under Snakemake the namespace is that of a module, so that what is defined in it can be pickled.
        sys.modules["snakemake.workflow"] = self.space.module

    @property
    def is_loading(self):
        """Whether the other side answers questions: it does while files are read."""
        return bool(self.stack)

    @property
    def basedir(self):
        """The folder of the file that is read; afterwards that of the main one."""
        return os.path.dirname(os.path.abspath(self.stack[-1] if self.stack else self.included[0]))

    @property
    def globals(self):
        return self.space.globals

    def fill(self, names, rules):
        """Put the names that Snakefiles find into a new namespace."""
        names.update(
            {
                "__tureen__": self,
                "rules": rules,
                "workflow": self.workflow,
                "checkpoints": Checkpoints(self, rules),
                "WorkflowError": WorkflowError,
                "update_config": update_config,
                "scatter": Scatter(),
                "gather": Scatter(),
                "access": access,
            }
        )
        for name in missing.NAMES:
            names[name] = missing.Missing(name)
        for name in FROM_IO:
            names[name] = getattr(io, name)
        for name in FROM_HELPERS:
            names[name] = getattr(ready_made, name)
        for name in FROM_CHOOSING:
            names[name] = getattr(choosing, name)
        for kind in ("input", "output", "params", "resources"):
            names[kind] = ready_made.ItemProxy(kind)

    def load(self, path, place=None):
        """Execute a file (translated by the other side) in the namespace."""
        self.connection.send({"translate": [path, place]})
        answer, _ = self.connection.receive()
        if answer is None:
            raise Stopped
        if answer["key"] in self.keys:
            raise Refusal(f"`{path}` includes itself", place)
        self.keys.append(answer["key"])
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
            if name not in self.globals:
                continue
            if self.space is self.main:
                self.handlers[word] = self.globals[name]
            else:
                # A module's handlers are called by those of the main file, as functions of the module.
                self.globals[word] = handler_of_module(self.globals[name])
        self.stack.pop()
        self.keys.pop()

    # What translated files call.

    def rule(self, number, name, is_checkpoint=False, run=None):
        return RuleBlock(self, number, name, is_checkpoint, run)

    def docstring(self, text):
        self.open_block.docstring = text

    def set(self, word, place):
        def take(*args, **kwargs):
            if self.open_block is not None:
                self.open_block.raw[word] = (place, args, kwargs)
            else:
                self.set_global(word, place, args, kwargs)

        return take

    def set_late(self, word, place, function):
        """A value that is worked out now, and by Snakemake again when the job is known."""
        early = late.early(function, self.globals)
        if isinstance(self.open_block, Declared):
            self.open_block.late_command = function
        self.set(word, place)(early)

    def module(self, number, name):
        def finish(raw):
            module = Module(self, number, name, raw)
            self.space.modules[module.name] = module

        return OtherBlock(self, finish)

    def use(self, number, rules, module, exclude, rename):
        def finish(raw):
            if module is None:
                self.inherit(number, rules, rename, raw)
            else:
                found, is_dynamic = self.space.find_module(module, number)
                self.use_module(found, is_dynamic, rules, exclude, rename, raw, number)

        return OtherBlock(self, finish)

    def use_module(self, module, is_dynamic, rules, exclude, rename, raw, number):
        """`use rule ... from module`; where a variable names the module, one gives the new names as well."""
        if is_dynamic and rename is not None:
            variable = rename.removesuffix("*")
            if variable not in self.globals:
                raise Refusal(f"there is no variable `{variable}` to give the new names", number)
            rename = f"{self.globals[variable]}{'*' if rename.endswith('*') else ''}"
        module.use(rules, exclude, rename, raw, number)

    def inherit(self, number, rules, rename, raw):
        """`use rule a as b with:` within one workflow."""
        if len(rules) != 1 or rename is None:
            raise Refusal(
                "`use rule` without a module takes one rule and a new name for it: `use rule a as b with:`",
                number,
            )
        if self.space.final_name(rename) is None:
            return
        original = self.space.rules._rules.get(rules[0])
        if original is None:
            raise Refusal(f"there is no rule named `{rules[0]}` to be used", number)
        declared = original.copied(number, rename.replace("*", rules[0]), self.space)
        declared.override(raw)
        self.add_rule(declared)

    def add_rule(self, declared):
        space = declared.space
        given = declared.raw.get("name")
        original = str(given[1][0]) if given and given[1] else declared.name or str(len(self.by_name) + 1)
        space.rules._rules[original] = declared
        name = space.final_name(original)
        declared.name = name or original
        if name is not None:
            space.override(declared)
        declared.build(self.functions)
        if name is None:
            return
        if name in self.by_name and not space.may_replace(original):
            raise Refusal(f"there are two rules named `{name}`", declared.number)
        self.by_name[name] = declared
        if declared.data["local"]:
            self.data["local_rules"].append(name)
        if declared.data["default"] or self.default is None:
            self.default = name

    def set_global(self, word, place, args, kwargs):
        if word == "wildcard_constraints":
            self.space.constraints.update({name: str(value) for name, value in kwargs.items()})
        elif word == "ruleorder":
            self.data["rule_orders"].append([self.space.renamed(name) for name in args])
        elif word == "localrules":
            self.data["local_rules"].extend(self.space.renamed(name) for name in args)
        elif word == "envvars":
            missing = [name for name in args if name not in os.environ]
            self.data["envvars"].extend(args)
            if missing:
                raise Refusal(
                    f"the environment variables {', '.join(missing)} are needed by this workflow but not set",
                    place,
                )
        elif word == "resource_scopes":
            # They tell limits of machines from limits of the whole run: the same for jobs on this machine.
            self.data["resource_scopes"].extend([name, scope] for name, scope in kwargs.items())
            if args or any(scope not in ("local", "global", "excluded") for scope in kwargs.values()):
                raise Refusal('`resource_scopes:` takes names with `"local"` or `"global"`', place)
        elif word in ("container", "singularity", "containerized", "conda"):
            self.space.software = [word, place]
        elif word == "report":
            if len(args) != 1 or kwargs:
                raise Refusal("`report:` takes one value", place)
            # A module's description is taken only if there is no other.
            if self.space is self.main or self.report_text is None:
                self.report_text = located(os.fspath(args[0]), self.basedir)
        elif word == "scattergather":
            self.add_scatter(kwargs)
        elif word == "pathvars":
            self.space.pathvars.update(kwargs, WORKFLOW)
        elif word in ("inputflags", "outputflags"):
            self.space.default_flags[word.removesuffix("flags")].set(args)
        elif word not in ("include", "configfile", "workdir", "pepfile", "pepschema"):
            raise Refusal(f"`{word}:` is not supported yet", place)
        elif len(args) != 1 or kwargs:
            raise Refusal(f"`{word}:` takes one value", place)
        else:
            getattr(self, word)(os.fspath(args[0]), place)

    def include(self, path, place):
        if "://" in path:
            raise Refusal("including from the network is not supported yet", place)
        default = self.default
        self.load(os.path.join(os.path.dirname(self.stack[-1]), path), place)
        self.default = default

    def configfile(self, path, place):
        if self.space.has_own_config:
            return
        self.connection.send({"config": os.path.abspath(path)})
        answer, _ = self.connection.receive()
        if answer.get("template"):
            update_config(self.globals["config"], rendered(path, place))
        elif "error" in answer:
            if not (answer["missing"] and self.settings["has_config_files"]):
                raise Refusal(answer["error"], place)
        else:
            update_config(self.globals["config"], decode(answer["value"]))
        if self.settings["replaces_config"] and self.overrides:
            self.globals["config"] = {}
        update_config(self.globals["config"], self.overrides)
        self.space.pathvars.update_from_config(self.globals["config"])

    def pepfile(self, path, place):
        try:
            import peppy
        except ImportError:
            raise Refusal("`pepfile:` needs the package peppy: pip install peppy", place) from None
        self.globals["pep"] = peppy.Project(path)

    def pepschema(self, path, place):
        try:
            import eido
        except ImportError:
            raise Refusal("`pepschema:` needs the package eido: pip install eido", place) from None
        if "pep" not in self.globals:
            raise Refusal("`pepschema:` needs a `pepfile:` before it", place)
        eido.validate_project(project=self.globals["pep"], schema=located(path, self.basedir))

    def workdir(self, path, _place):
        os.makedirs(path, exist_ok=True)
        os.chdir(path)
        self.data["workdir"] = os.getcwd()

    def read_config(self, path):
        """A YAML or JSON file as data."""
        self.connection.send({"config": path})
        answer, _ = self.connection.receive()
        if "error" in answer:
            raise WorkflowError(answer["error"])
        return decode(answer["value"])

    def add_scatter(self, content):
        self.space.constraints["scatteritem"] = r"\d+-of-\d+"
        for key, count in content.items():
            self.scatter[key] = count = self.settings["scatter"].get(key, count)

            def items(*args, _count=count, **wildcards):
                names = [f"{index}-of-{_count}" for index in range(1, _count + 1)]
                return io.expand(*args, scatteritem=names, **wildcards)

            setattr(self.globals["scatter"], key, items)
            setattr(self.globals["gather"], key, items)

    def name_producers(self):
        """Rules whose outputs others have taken are named now, when all names are known."""
        for declared in self.by_name.values():
            for word in ("input", "output", "log"):
                for file in (file for entry in declared.data[word] for file in entry.get("files", ())):
                    producer = file[4]
                    is_known = producer is not None and self.by_name.get(producer.name) is producer
                    file[4] = producer.name if is_known and word == "input" else None
            benchmark = declared.data["options"].get("benchmark")
            if benchmark:
                benchmark["files"][0][4] = None

    def result(self):
        """Everything that was declared, as data."""
        shell = sys.modules.get("snakemake.shell")
        shell = shell and shell.shell
        now = dict(os.environ)
        changed = [[name, value] for name, value in now.items() if self.environment.get(name) != value]
        changed += [[name, None] for name in self.environment if name not in now]
        for declared in self.by_name.values():
            # What is said for all rules of a file holds for those that don't say.
            if declared.space.software and not declared.data["unsupported"]:
                declared.data["unsupported"].append(declared.space.software)
        self.name_producers()
        names = list(self.by_name)
        constraints = self.main.constraints
        if any(declared.space is not self.main for declared in self.by_name.values()):
            # What is said for all rules of the main file is not said for those of modules.
            for declared in self.by_name.values():
                if declared.space is self.main:
                    known = dict(declared.data["constraints"])
                    declared.data["constraints"] = [list(item) for item in {**constraints, **known}.items()]
            constraints = {}
        return {
            **self.data,
            "rules": [
                {**declared.data, "name": name, "late_command": late.is_late(declared)}
                for name, declared in self.by_name.items()
            ],
            "default": None if self.default is None else names.index(self.default),
            "constraints": [list(item) for item in constraints.items()],
            "config": encode(self.globals["config"]),
            "handlers": list(self.handlers),
            "environment": changed,
            "shell": [shell._executable, shell._prefix, shell._suffix or None]
            if shell
            else [None, None, None],
        }


def handler_of_module(handler):
    return lambda log=None: handler(log)


def rendered(path, place):
    """A config file that is a template for yte."""
    try:
        import yte
    except ImportError:
        raise Refusal(f"config file `{path}` is a template for yte: pip install yte", place) from None
    with open(path) as file:
        return yte.process_yaml(file, require_use_yte=True)


class WorkflowView:
    """`workflow`, as far as Snakefiles ask it."""

    def __init__(self, session):
        self._session = session

    @property
    def basedir(self):
        return os.path.dirname(os.path.abspath(self._session.included[0]))

    @property
    def current_basedir(self):
        return self._session.basedir

    @property
    def main_snakefile(self):
        return os.path.abspath(self._session.included[0])

    @property
    def snakefile(self):
        """The file whose code asks: in a module or an included file, that one."""
        return os.path.abspath(sys._getframe(1).f_code.co_filename)

    @property
    def is_main_process(self):
        """Jobs don't read the Snakefile again, so whoever reads it is the main process."""
        return True

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
        return list(self._session.by_name.values())

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
        return self._session.by_name[name]

    def __getattr__(self, name):
        raise AttributeError(f"`workflow.{name}` is not supported by tureen yet")


class Scatter:
    """`scatter.name(...)`, `gather.name(...)`"""
