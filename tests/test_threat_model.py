"""The threat model names tests that exist, one at least for each threat, and leaves no letter of STRIDE out."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "threat-model.md"
STRIDE = "STRIDE"
NODE = re.compile(r"`(tests/[a-z0-9_/]+\.py)::(test_\w+)`")
FILE = re.compile(r"`([a-z_]+(?:/[a-z_0-9]+)*\.py)`")
NOT_APPLICABLE = "not applicable because "
BOUNDARIES = [
    "Browser and web",
    "Program and API",
    "Identity provider and web",
    "Directory and collect",
    "Web and database",
    "Worker and the outside",
    "Host and files",
    "Administrator and administrator",
]


def sections() -> dict[str, list[list[str]]]:
    """The rows of each boundary's table, as cells."""
    found = {}
    for part in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title, _, rest = part.partition("\n")
        numbered = re.fullmatch(r"\d\. (.+)", title)
        if numbered:
            lines = [line for line in rest.splitlines() if line.startswith("|")][2:]
            found[numbered[1]] = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return found


@cache
def defined_in(file: str) -> frozenset[str]:
    """The tests that a file defines; it is read, not run."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


def test_every_boundary_has_its_table() -> None:
    assert list(sections()) == BOUNDARIES


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_every_letter_is_there_in_its_order_or_is_said_not_to_apply(boundary: str) -> None:
    letters = [row[0] for row in sections()[boundary]]
    assert set(letters) == set(STRIDE)
    assert letters == sorted(letters, key=STRIDE.index)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_every_threat_has_what_stands_against_it_and_a_test(boundary: str) -> None:
    for row in sections()[boundary]:
        assert len(row) == 5, row
        letter, threat, against, tests, _ = row
        if threat.startswith(NOT_APPLICABLE):
            assert len(threat) > len(NOT_APPLICABLE) + 20, row
            assert [one[0] for one in sections()[boundary]].count(letter) == 1
            continue
        assert threat, row
        assert against, row
        assert NODE.findall(tests), row
        assert re.sub(NODE, "", tests).strip() == "", row


def test_every_test_that_is_named_exists() -> None:
    named = NODE.findall(PAGE.read_text(encoding="utf-8"))
    missing = [
        f"{file}::{name}"
        for file, name in named
        if not (ROOT / file).is_file() or name not in defined_in(file)
    ]
    assert missing == []
    assert len(named) > 100


def test_every_file_that_stands_against_a_threat_exists() -> None:
    named = {file for rows in sections().values() for row in rows for file in FILE.findall(row[2])}
    assert [file for file in sorted(named) if not (ROOT / "src" / "watchword" / file).is_file()] == []
    assert len(named) > 40
