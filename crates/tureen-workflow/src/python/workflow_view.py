"""`workflow`: what a Snakefile may ask about the workflow that it is a part of."""

import os
import sys

from _tureen import copies
from snakemake.io import flag


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
        """A copy of a file that is named from the file whose code asks: as it was when this run began."""
        asking = os.path.abspath(sys._getframe(1).f_code.co_filename)
        original = os.path.join(os.path.dirname(asking), os.fspath(path))
        return flag(copies.copied(original), "sourcecache_entry", original)

    def get_rule(self, name):
        return self._session.by_name[name]

    def __getattr__(self, name):
        raise AttributeError(f"`workflow.{name}` is not supported by tureen yet")
