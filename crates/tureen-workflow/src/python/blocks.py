"""The blocks of a translated Snakefile, as context managers: directives are taken inside."""

import sys

from _tureen.declare import Declared


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
