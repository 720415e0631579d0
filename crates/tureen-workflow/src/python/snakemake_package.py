"""`snakemake`, as this program behaves: the version, and `shell` when somebody asks for it."""

import sys
import types

__version__ = "9.27.1"


class _Package(types.ModuleType):
    """`snakemake.shell` is the class, although there is a module of that name too."""

    def __setattr__(self, name, value):
        if name == "shell" and isinstance(value, types.ModuleType):
            value = value.shell
        super().__setattr__(name, value)

    def __getattr__(self, name):
        if name == "shell":
            import importlib

            return importlib.import_module("snakemake.shell").shell
        # In Snakemake all of its modules are there once it runs, so nobody imports them one by one.
        if name in ("common", "exceptions", "io", "iocontainers", "ioutils", "logging", "script", "utils"):
            import importlib

            return importlib.import_module(f"snakemake.{name}")
        raise AttributeError(f"module 'snakemake' has no attribute {name!r}")


sys.modules[__name__].__class__ = _Package
