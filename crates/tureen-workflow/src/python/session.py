"""One workflow being read, and then asked: executes its files and takes what they declare."""

import os
import sys

from _tureen import copies, late, loaded, log_file, names
from _tureen.blocks import OtherBlock, RuleBlock
from _tureen.declare import Declared
from _tureen.refusal import Refusal
from _tureen.space import Module, Space
from _tureen.statements import Statements
from _tureen.wire import decode
from _tureen.workflow_view import WorkflowView


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
        log_file.path = settings["log_file"]
        copies.begin(settings["source_folder"])
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
        self.statements = Statements(self)
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
        names.bind_late(text, self.globals)
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
                self.statements.set(word, place, args, kwargs)

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

    def result(self):
        """Everything that was declared, as data."""
        return loaded.result(self)


def handler_of_module(handler):
    return lambda log=None: handler(log)


class Functions:
    """Functions by number."""

    def __init__(self):
        self.functions = []

    def add(self, function):
        self.functions.append(function)
        return len(self.functions) - 1
