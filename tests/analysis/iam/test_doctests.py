"""The examples in the docstrings of the evaluator hold."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import watchword.analysis.iam as package

MODULES = [
    package.__name__,
    *(f"{package.__name__}.{one.name}" for one in pkgutil.iter_modules(package.__path__)),
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    failed, _ = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert failed == 0


def test_there_are_examples() -> None:
    found = [doctest.DocTestFinder(exclude_empty=True).find(importlib.import_module(one)) for one in MODULES]
    assert sum(1 for tests in found for one in tests if one.examples) >= 8
