"""Every example in the docstrings of the promises front runs; importing it is cheap."""

from __future__ import annotations

import doctest
import importlib
import subprocess
import sys

import pytest

MODULES = [
    "tureen",
    "tureen.delayed",
    "tureen.config",
    "tureen._annotations",
    "tureen._collections",
    "tureen._failure",
    "tureen._foreign",
    "tureen._settings",
    "tureen._tokens",
    "tureen._unpack",
    "tureen._visualize",
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.attempted > 0
    assert outcome.failed == 0


def test_the_example_of_the_class_runs() -> None:
    from tureen import Delayed

    assert Delayed.__doc__ is not None
    examples = doctest.DocTestParser().get_doctest(Delayed.__doc__, {}, "Delayed", None, None)
    assert examples.examples
    runner = doctest.DocTestRunner()
    assert runner.run(examples).failed == 0


def test_importing_tureen_imports_little_else() -> None:
    script = "import sys; before = set(sys.modules); import tureen; print(*sorted(set(sys.modules) - before))"
    loaded = subprocess.run([sys.executable, "-S", "-c", script], capture_output=True, text=True, check=False)
    if loaded.returncode != 0:  # installed where only `site` finds it
        loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    heavy = {"typing", "dataclasses", "inspect", "re", "dask", "numpy", "functools", "contextlib", "pickle"}
    assert not heavy & set(loaded.stdout.split())


def test_the_version_is_that_of_the_package() -> None:
    from importlib.metadata import version

    import tureen

    assert tureen.__version__ == version("tureen")
