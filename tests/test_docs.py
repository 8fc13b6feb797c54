"""The reference pages are written from the code, and are those that stand in docs/."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from scripts.docs import page

ROOT = Path(__file__).resolve().parent.parent


def made_up() -> typer.Typer:
    """A command line with a group, a command in it, a hidden one and an option."""
    app = typer.Typer(help="Asks who goes there.", add_completion=False)
    gate = typer.Typer(help="The gate.")

    @app.callback()
    def root() -> None:
        """Asks who goes there."""

    @gate.command("open")
    def open_gate(minutes: int = typer.Option(5, help="How long it stays open.")) -> None:
        """Open the gate for a while."""

    @gate.command("slam", hidden=True)
    def slam() -> None:
        """Not told to anybody."""

    app.add_typer(gate, name="gate")
    return app


def test_each_group_and_command_has_a_section_with_its_help() -> None:
    text = page(made_up())
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == ["## watchword", "## watchword gate", "## watchword gate open"]
    assert "Usage: watchword gate open [OPTIONS]" in text
    assert "How long it stays open." in text
    assert "[default: 5]" in text


def test_hidden_commands_are_not_told() -> None:
    assert "Not told to anybody" not in page(made_up())


def test_the_page_does_not_depend_on_the_width_of_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    wide = page(made_up())
    monkeypatch.setenv("COLUMNS", "40")
    assert page(made_up()) == wide
    assert max(len(line) for line in wide.splitlines()) <= 100


def docs(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "scripts/docs.py", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "page", ["commands.md", "controls.md", "tables.md", "techniques.md", "iam-worked-example.md"]
)
def test_a_page_once_written_is_up_to_date_and_a_changed_one_is_not(tmp_path: Path, page: str) -> None:
    assert docs("--folder", str(tmp_path)).returncode == 0
    assert docs("--folder", str(tmp_path), "--check").returncode == 0
    target = tmp_path / page
    target.write_text(target.read_text() + "by hand\n")
    refused = docs("--folder", str(tmp_path), "--check")
    assert refused.returncode == 1
    assert page in refused.stderr
    assert "make docs" in refused.stderr


def test_pages_that_are_not_there_are_not_up_to_date(tmp_path: Path) -> None:
    refused = docs("--folder", str(tmp_path), "--check")
    assert refused.returncode == 1
    assert refused.stderr.count("make docs") == 6


def test_the_pages_in_docs_are_what_the_code_says_today() -> None:
    checked = docs("--check")
    assert checked.returncode == 0, checked.stderr


def pages() -> list[Path]:
    """The Markdown pages of the project."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_to_a_file_of_the_project_leads_to_one(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8"))
    ours = [target for target in targets if not target.startswith(("http://", "https://", "mailto:"))]
    assert [target for target in ours if not (path.parent / target).exists()] == []


def test_every_page_in_docs_is_found_from_the_index() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / name).resolve() for name in re.findall(r"\]\(([^)#\s]+)", index.read_text())}
    assert {
        str(page.relative_to(ROOT)) for page in ROOT.glob("docs/**/*.md") if page not in linked | {index}
    } == set()
