"""Writes docs/commands.md from the commands themselves, so that the page and ``--help`` cannot differ.

It imports the command line and asks each command for its help; it runs no command and reads no other page.

Exit codes: 0 written (or, with ``--check``, up to date), 1 with ``--check`` and the page differs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import typer
from typer.main import get_command

PAGE = Path(__file__).resolve().parent.parent / "docs" / "commands.md"
WIDTH = 100
"""Columns of the help blocks."""
HEAD = """# Commands
Written by `make docs` from the commands themselves: change the help text in the code, not here.
"""


def help_blocks(
    command: typer.core.TyperCommand | typer.core.TyperGroup, name: str
) -> Iterator[tuple[str, str]]:
    """Each command's full name and help text, a group before its commands; hidden commands are left out."""
    command.rich_markup_mode = None
    context = command.context_class(command, info_name=name, terminal_width=WIDTH, max_content_width=WIDTH)
    yield name, command.get_help(context)
    for below in getattr(command, "commands", {}).values():
        if not below.hidden:
            yield from help_blocks(below, f"{name} {below.name}")


def page(app: typer.Typer) -> str:
    """The whole page as Markdown, one section a command."""
    top = get_command(app)
    if not isinstance(top, typer.core.TyperCommand | typer.core.TyperGroup):
        raise TypeError(f"the command line is a {type(top).__name__}, which has no help text to write")
    sections = (
        f"\n## {name}\n```text\n{text.rstrip()}\n```\n" for name, text in help_blocks(top, "watchword")
    )
    return HEAD + "".join(sections)


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes or checks the page; gives the exit code."""
    parser = argparse.ArgumentParser(description="Write docs/commands.md from the commands themselves.")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if the page is not up to date"
    )
    parser.add_argument("--page", type=Path, default=PAGE, help="the page")
    options = parser.parse_args(arguments)
    from watchword.cli import application

    text = page(application())
    if options.check:
        if options.page.is_file() and options.page.read_text(encoding="utf-8") == text:
            return 0
        print(f"{options.page} is not what the commands say today; run: make docs", file=sys.stderr)
        return 1
    options.page.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
