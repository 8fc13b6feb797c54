"""Writes the reference pages in docs/ from the code itself, so that the two cannot differ.

``commands.md`` from the commands' help, ``controls.md`` from the catalogue, ``tables.md`` from the reads,
``iam-worked-example.md`` and its picture from an evaluation.  It runs no command and reads no other page.

Exit codes: 0 written (or, with ``--check``, up to date), 1 with ``--check`` and a page differs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from typer.main import get_command

if TYPE_CHECKING:
    from watchword.analysis.paths.techniques import Technique

FOLDER = Path(__file__).resolve().parent.parent / "docs"
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


def commands_page() -> str:
    """The page of commands."""
    from watchword.cli import application

    return page(application())


def controls_page() -> str:
    """The catalogue: an overview, then every control in full."""
    from watchword.controls.catalogue import catalogue
    from watchword.report.control_page import control_markdown

    rows = [
        f"| [{text.id}](#{_fragment(text.id, text.title)}) | {text.severity.word} | {text.pillar.value} "
        f"| {' '.join(one.value for one in text.requirements)} | {text.function.value}, {text.stage.word} | {text.title} |"
        for text in (control.text for control in catalogue())
    ]
    table = "\n".join(
        [
            "| id | severity | pillar | requirements | maturity | what must be true |",
            "|---|---|---|---|---|---|",
            *rows,
        ]
    )
    pages = "\n".join(control_markdown(control) for control in catalogue())
    head = (
        "# Controls\nWritten by `make docs` from the catalogue: change the code or the texts, not this page."
    )
    return f"{head}\n\n{len(rows)} controls.\n\n{table}\n\n{pages}"


def tables_page() -> str:
    """Every table of a snapshot: how it is read, and what further calls complete its rows."""
    from watchword.collect.tables import all_reads

    rows = []
    for read in all_reads():
        for one in (read, *read.splits):
            details = ", ".join(f"`{detail.key or '*'}` ({detail.operation})" for detail in one.details)
            call = f"{read.api} {read.operation}" + (f" over `{read.over}`" if read.over else "")
            rows.append(f"| `{one.table}` | {call} | {read.where.value} | {one.kind} | {details} |")
    head = (
        "# Tables of a snapshot\nWritten by `make docs` from the reads: change the code, not this page.\n\n"
        "In SQL a table is called with underscores (`s3.buckets` is `s3_buckets`, `sso-admin.instances` is "
        "`sso_admin_instances`). Its columns: `account`, `region`, `arn`, `name`, `kind`, `tags` (JSON), `data` (JSON, "
        "AWS's own field names, with the fields named under details added; `*` is merged into the row)."
    )
    table = "\n".join(
        ["| table | read by | once per | type | details |", "|---|---|---|---|---|", *sorted(rows)]
    )
    return f"{head}\n\n{len(rows)} tables.\n\n{table}\n"


def example_page() -> str:
    """The worked example of an evaluation."""
    import iam_example

    return iam_example.page()


def example_picture() -> str:
    """The picture of the worked example."""
    import iam_example

    return iam_example.picture()


def techniques_page() -> str:
    """Every technique by which somebody gets the permissions of somebody else, by category."""
    from watchword.analysis.paths.techniques import Category, techniques

    found = techniques()
    sections = []
    for category in Category:
        rows = [_technique_row(one) for one in found if one.category is category]
        head = "| id | what is done | needs | leads to | fix |\n|---|---|---|---|---|"
        sections.append(
            "\n".join((f"## {category.value.capitalize()}", f"{len(rows)} techniques.\n", head, *rows))
        )
    intro = (
        "# Techniques of privilege escalation\nWritten by `make docs` from the data: change "
        "`src/watchword/analysis/paths/techniques_*.toml`, not this page. How they are used, and what is not seen: "
        f"[paths.md](paths.md).\n\n{len(found)} techniques."
    )
    return "\n\n".join((intro, *sections)) + "\n"


def _technique_row(one: Technique) -> str:
    needs = "<br>".join(f"`{action}`" for action in one.needs)
    trusting = f" that trusts {', '.join(f'`{service}`' for service in one.trust)}" if one.trust else ""
    place = f" of `{one.table}`" if one.table else ""
    place += f" ({one.unseen}: not collected)" if one.unseen else ""
    state = f"; requires {one.requires.replace('-', ' ')}" if one.requires else ""
    gives = "" if one.gives.value == "target" else f", gives {one.gives.value}"
    links = " ".join(f"[{number}]({url})" for number, url in enumerate(one.references, 1))
    target = one.target.value.replace("-", " ")
    return (
        f"| `{one.id}` | {one.name} {links} | {needs} | {target}{trusting}{place}{gives}{state} | {one.fix} |"
    )


PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "controls.md": controls_page,
    "tables.md": tables_page,
    "techniques.md": techniques_page,
    "iam-worked-example.md": example_page,
    "pictures/iam-worked-example.svg": example_picture,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Writes or checks the pages; gives the exit code."""
    parser = argparse.ArgumentParser(description="Write the reference pages in docs/ from the code.")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail if a page is not up to date"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="the folder of the pages")
    options = parser.parse_args(arguments)
    stale = [
        name for name, made in PAGES.items() if not _settle(options.folder / name, made(), options.check)
    ]
    for name in stale:
        print(f"{options.folder / name} is not what the code says today; run: make docs", file=sys.stderr)
    return 1 if stale else 0


def _settle(target: Path, text: str, check: bool) -> bool:
    """Whether the page is up to date in the end: checked, or written."""
    if check:
        return target.is_file() and target.read_text(encoding="utf-8") == text
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    return True


def _fragment(name: str, title: str) -> str:
    """The anchor that Markdown viewers make of a control's heading."""
    heading = f"{name} {title}".lower()
    return "".join(letter for letter in heading.replace(" ", "-") if letter.isalnum() or letter in "-_")


if __name__ == "__main__":
    sys.exit(main())
