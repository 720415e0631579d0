"""The examples in the docstrings of tureen.bag run and give what they say."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import tureen.bag

MODULES = [f"tureen.bag.{module.name}" for module in pkgutil.iter_modules(tureen.bag.__path__)]


@pytest.mark.parametrize("name", ["tureen.bag", *MODULES])
def test_examples_run(name: str) -> None:
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0


def test_every_public_function_and_method_has_an_example_or_one_line() -> None:
    for name in tureen.bag.__all__:
        thing = getattr(tureen.bag, name)
        assert thing.__doc__, name
    for name, method in vars(tureen.bag.Bag).items():
        if not name.startswith("_"):
            assert method.__doc__, name
