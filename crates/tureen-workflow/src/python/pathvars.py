"""`pathvars:`: names in paths, written `<results>`, that stand for texts."""

import re

from snakemake.exceptions import WorkflowError

NAME = re.compile(r"[a-z][a-z0-9_]*$")
USE = re.compile(r"<([a-z][a-z0-9_]*)>")

#: Known without being set; they stand for themselves.
DEFAULTS = ("results", "stats", "reports", "temp", "resources", "logs", "benchmarks")

#: Who has set a value: the smaller one wins.
RULE, MODULE, CONFIG, WORKFLOW, DEFAULT = range(5)


class Pathvars:
    """Texts by name, each with who has set it."""

    def __init__(self, other=None):
        self.known = dict(other.known) if other else {name: (DEFAULT, name) for name in DEFAULTS}

    def update(self, items, level):
        """Set values that nobody nearer to the path has set."""
        wrong = [
            name
            for name, value in items.items()
            if not isinstance(name, str) or not NAME.match(name) or not isinstance(value, str)
        ]
        if wrong:
            raise WorkflowError(
                f"pathvars are texts under lower-case names; {', '.join(map(repr, wrong))} is not that"
            )
        for name, value in items.items():
            if name not in self.known or level <= self.known[name][0]:
                self.known[name] = (level, value)
        for name in items:
            self._check_circle(name)

    def update_from_config(self, config, level=CONFIG):
        if isinstance(config, dict) and config.get("pathvars"):
            self.update(config["pathvars"], level)

    def _check_circle(self, start):
        """A value must not lead back to its own name."""
        seen, open_names = {start}, [start]
        while open_names:
            for name in USE.findall(self.known.get(open_names.pop(), (0, ""))[1]):
                if name == start:
                    raise WorkflowError(f"the pathvar <{start}> leads back to itself")
                if name not in seen:
                    seen.add(name)
                    open_names.append(name)

    def apply(self, path):
        """Give the path with every name replaced, also those in the values."""
        applied = path
        while USE.search(applied):
            applied = USE.sub(lambda match: self._value(match[1], path), applied)
        return applied

    def _value(self, name, path):
        if name not in self.known:
            raise WorkflowError(f"Undefined pathvar '{name}' when expanding pathvars in {path}")
        return self.known[name][1]
