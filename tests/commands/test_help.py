"""``--help`` of every command, and that everything it offers is found in the documentation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from tests.commands.conftest import Cli
from watchword.cli import application
from watchword.commands.assess import EXIT_HOLES, EXIT_SEVERITY
from watchword.errors import CollectInterrupted, NothingCollected, UsageError, WatchwordError

ROOT = Path(__file__).parents[2]
GUIDES = "\n".join(
    page.read_text(encoding="utf-8")
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
    if page.name != "commands.md"
)
"""What people wrote for people; ``commands.md`` is written from the help texts themselves."""


def commands(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every group and command with the words that call it."""
    found = command or get_command(application())
    yield path, found
    for name, below in getattr(found, "commands", {}).items():
        yield from commands(below, (*path, name))


LEAVES = [(path, one) for path, one in commands() if not hasattr(one, "commands")]


@pytest.mark.parametrize(
    "path", [path for path, _ in commands()], ids=lambda path: " ".join(path) or "watchword"
)
def test_every_command_has_help(cli: Cli, path: tuple[str, ...]) -> None:
    ended = cli(*path, "--help")
    assert (ended.code, ended.err) == (0, "")
    assert "Usage:" in ended.out


@pytest.mark.parametrize("path", [path for path, one in commands() if hasattr(one, "commands")], ids=" ".join)
def test_a_group_without_a_command_shows_its_help(cli: Cli, path: tuple[str, ...]) -> None:
    ended = cli(*path)
    assert ended.code in {0, 2}
    assert "Usage:" in ended.out + ended.err


@pytest.mark.parametrize(
    "path", [path for path, _ in commands()], ids=lambda path: " ".join(path) or "watchword"
)
def test_an_unknown_option_is_a_wrong_usage(cli: Cli, path: tuple[str, ...]) -> None:
    ended = cli(*path, "--no-such-option")
    assert (ended.code, ended.out) == (2, "")
    assert "--no-such-option" in ended.err


@pytest.mark.parametrize("path", [path for path, _ in LEAVES], ids=" ".join)
def test_every_command_stands_in_a_guide(path: tuple[str, ...]) -> None:
    assert re.search(rf"watchword {' '.join(path)}\b", GUIDES), (
        f"no guide tells of watchword {' '.join(path)}"
    )


@pytest.mark.parametrize(
    ("path", "command"), LEAVES, ids=lambda one: " ".join(one) if isinstance(one, tuple) else ""
)
def test_every_option_stands_in_the_reference_with_words_of_its_own(
    path: tuple[str, ...], command: Any
) -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    section = page.partition(f"\n## watchword {' '.join(path)}\n")[2].partition("\n## ")[0]
    for option in command.params:
        for name in option.opts if option.opts[0].startswith("-") else ():
            assert name in section
            assert option.help or name == "--help", f"{name} of {path} says nothing about itself"


def every_error(kind: type[WatchwordError] = WatchwordError) -> Iterator[type[WatchwordError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from every_error(below)


def test_every_exit_code_stands_in_a_guide_and_in_the_help(cli: Cli) -> None:
    told = GUIDES[GUIDES.index("Exit codes: ") :].partition("\n\n")[0].replace("\n", " ")
    helped = " ".join(cli("--help").out.split())
    codes = {error.exit_code for error in every_error()} | {0, EXIT_HOLES}
    assert codes == {0, 1, UsageError.exit_code, NothingCollected.exit_code, 4, CollectInterrupted.exit_code}
    for code in codes:
        assert re.search(rf"\b{code}\b", told), f"exit code {code} stands in no guide"
        assert re.search(rf"\b{code}\b", helped), f"exit code {code} stands not in the help"
    assert sorted(EXIT_SEVERITY.values()) == [11, 12, 13, 14]
    assert "11 to 14" in told
    assert "11-14" in helped


def test_every_command_that_a_remedy_names_is_there() -> None:
    known = {path for path, _ in commands()}
    sources = "\n".join(one.read_text(encoding="utf-8") for one in (ROOT / "src").rglob("*.py"))
    named = re.findall(r"remedy=[^\n]*?[`:] ?watchword ([a-z]+)(?: ([a-z]+))?", sources)
    assert named
    assert [words for words in named if not {words[:1], words} & known] == []


def test_the_version_is_told(cli: Cli) -> None:
    assert cli("--version").out.startswith("watchword 0.")
