"""Namespaces: that of the main Snakefile, and one for each use of a module."""

import os
import types

from _tureen import names
from _tureen.default_flags import DefaultFlags
from _tureen.pathvars import MODULE, Pathvars
from _tureen.refusal import Refusal
from snakemake.exceptions import WorkflowError
from snakemake.io import AnnotatedString, is_flagged


class Rules:
    """`rules.name`"""

    def __init__(self):
        self._rules = {}

    def __getattr__(self, name):
        try:
            return self._rules[name]
        except KeyError:
            raise WorkflowError(
                f"Rule {name} is not defined in this workflow. Available rules: {', '.join(self._rules)}"
            ) from None


class Space:
    """Where a file's names live, and how its rules are chosen, renamed and changed."""

    def __init__(self, session, parent, name="snakemake.workflow"):
        self.parent = parent
        self.rules = Rules()
        self.modules = {}
        self.constraints = {}
        self.has_own_config = False
        self.chosen = None
        self.exclude = ()
        self.rename = None
        self.changes = {}
        self.replaceable = None
        self.source = None
        self.pathvars = Pathvars(parent.pathvars if parent else None)
        self.default_flags = {"input": DefaultFlags(), "output": DefaultFlags()}
        self.software = None
        self.module = types.ModuleType(name)
        self.globals = self.module.__dict__
        names.fill(self.globals, session, self.rules)

    def renamed(self, name):
        """A rule's name as the whole workflow knows it."""
        own = self.own_name(name)
        return self.parent.renamed(own) if self.parent else own

    def own_name(self, name):
        return self.rename.replace("*", name) if self.rename else name

    def is_chosen(self, name):
        return (self.chosen is None or name in self.chosen) and name not in self.exclude

    def final_name(self, name):
        """The name, or nothing if the rule was not asked for."""
        if not self.is_chosen(name):
            return None
        own = self.own_name(name)
        return self.parent.final_name(own) if self.parent else own

    def override(self, declared):
        declared.override(self.changes)
        if self.parent:
            self.parent.override(declared)

    def path(self, word, path):
        """A path of a module's rule as the whole workflow knows it, with the prefixes of `module`."""
        if (
            isinstance(path, Moved)
            or os.path.isabs(path)
            or path.startswith("..")
            or is_flagged(path, "local")
        ):
            return path
        moved = path if word in self.changes or self.source is None else self.source.moved(path)
        if self.parent:
            moved = self.parent.path(word, moved)
        return moved if moved == path else Moved.of(moved, path)

    def may_replace(self, name):
        """Whether a rule taken before by `use rule *` may be taken again in another form."""
        own = self.own_name(name)
        if self.replaceable is not None and own in self.replaceable:
            return True
        return self.parent is not None and self.parent.may_replace(own)

    def find_module(self, name, place):
        """Give the module, and whether it was named by a variable."""
        if name in self.modules:
            return self.modules[name], False
        value = self.globals.get(name)
        if isinstance(value, str) and value in self.modules:
            return self.modules[value], True
        raise Refusal(f"there is no module `{name}`; define it above with `module {name}:`", place)


class Moved(AnnotatedString):
    """A path that has its prefix already: when another rule uses it, it stays."""

    @classmethod
    def of(cls, path, original):
        moved = cls(path)
        moved.flags = dict(getattr(original, "flags", {}))
        moved.producer = getattr(original, "producer", None)
        return moved


class Module:
    """`module name:`"""

    def __init__(self, session, place, name, raw):
        self.session = session
        given = {word: args[0] if args else kwargs for word, (_, args, kwargs) in raw.items()}
        self.name = name or given.get("name")
        self.config = given.get("config")
        self.taken = set()
        self.prefix = given.get("prefix")
        self.replacements = given.get("replace_prefix")
        if self.prefix is not None:
            self.prefix = os.path.join(os.fspath(self.prefix), "")
        if given.get("meta_wrapper") is not None:
            raise Refusal("`meta_wrapper:` of a module is not supported yet", raw["meta_wrapper"][0])
        self.pathvars = given.get("pathvars")
        path = given["snakefile"]
        if not isinstance(path, (str, os.PathLike)) or "://" in str(path):
            raise Refusal("a module that is not a local file is not supported yet", raw["snakefile"][0])
        self.place = raw["snakefile"][0]
        self.path = os.path.join(os.path.dirname(session.stack[-1]), os.fspath(path))

    def moved(self, path):
        if self.prefix is not None:
            return self.prefix + path
        matches = [(old, new) for old, new in (self.replacements or {}).items() if path.startswith(old)]
        if len(matches) > 1:
            raise WorkflowError(f"several prefixes of `replace_prefix:` match the path {path}")
        return matches[0][1] + path[len(matches[0][0]) :] if matches else path

    def use(self, rules, exclude, rename, changes, place):
        """Execute the module's Snakefile once more, keeping the rules that were asked for."""
        session = self.session
        parent = session.space
        space = Space(session, parent, self.name)
        space.globals["config"] = {} if self.config is None else self.config
        space.has_own_config = self.config is not None
        if self.pathvars:
            space.pathvars.update(self.pathvars, MODULE)
        if self.config is not None:
            space.pathvars.update_from_config(self.config, MODULE)
        space.chosen = None if rules == ["*"] else set(rules)
        space.exclude = set(exclude)
        space.changes = changes
        space.source = self
        space.rename = rename
        space.replaceable = set(self.taken) if space.chosen is not None else None
        session.space = space
        stack, session.stack = session.stack, list(session.stack)
        try:
            session.load(self.path, self.place)
        finally:
            session.space = parent
            session.stack = stack
        own_names = {space.own_name(name) for name in space.rules._rules if space.is_chosen(name)}
        if space.chosen is None:
            self.taken |= own_names
        else:
            # What was asked for by name stays.
            self.taken -= own_names
        for declared in space.rules._rules.values():
            if declared.space is space and space.constraints:
                declared.data["constraints"] = [
                    list(item) for item in {**space.constraints, **dict(declared.data["constraints"])}.items()
                ]
        for name, declared in space.rules._rules.items():
            # Several rules may have one new name (`use rule a from m as b`): the asked-for rule has it.
            if space.final_name(name) is not None:
                parent.rules._rules[space.own_name(name)] = declared
        missing = (space.chosen or set()) - set(space.rules._rules)
        if missing:
            raise Refusal(f"module `{self.name}` has no rule `{sorted(missing)[0]}`", place)
        parent.globals[self.name] = space.module
