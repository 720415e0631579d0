"""Finds our modules: `_tureen`, and `snakemake`, which is always ours."""

import importlib.machinery
import os
import sys

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Finder:
    """Looks for these two packages in our folder only."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        package = name.partition(".")[0]
        if package not in ("_tureen", "snakemake"):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, [FOLDER] if path is None else path)
        if spec is None and package == "snakemake":
            raise ModuleNotFoundError(f"`{name}` is not supported by tureen yet", name=name)
        return spec


def install():
    """Make our modules importable in this interpreter."""
    sys.meta_path.insert(0, Finder)
