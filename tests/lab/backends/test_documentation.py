"""The page on the lab's backends names every operation that is ours, and no other as ours."""

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from watchword.lab import backends
from watchword.lab.backends import registry

PAGE = Path(__file__).parents[3] / "docs" / "lab-backends.md"


def documented() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and re.match(r"own, `", cells[2]):
            found.setdefault(cells[0], set()).update(cells[1].split(", "))
    return found


@pytest.fixture(scope="module")
def ours() -> dict[str, set[str]]:
    backends.install()
    for name in backends.BACKENDS:
        urls = f"{backends.__name__}.{name}.urls"
        package = find_spec(f"{backends.__name__}.{name}")
        if package and package.submodule_search_locations and find_spec(urls):
            import_module(urls)
    return {service: set(operations) for service, operations in registry.ours().items()}


def test_every_operation_of_ours_is_documented_and_no_other(ours: dict[str, set[str]]) -> None:
    assert documented() == ours


def test_the_methods_that_the_page_names_exist() -> None:
    text = PAGE.read_text()
    section = text[text.index("## Methods") : text.index("## Operations")]
    named = re.findall(r"`(\w+)\.(\w+)\(", section)
    assert len(named) > 5
    for module, function in named:
        assert callable(getattr(import_module(f"{backends.__name__}.{module}"), function))
