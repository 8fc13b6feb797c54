"""Where output goes: standard output or a file, as a table for people or in a format for programs.

A file is written beside its place and renamed, so that nothing is half-written.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import typer

from watchword.errors import UsageError

FORMAT_HELP: Final = "table for people; json, ndjson or csv for programs."


class OutputFormat(StrEnum):
    """Formats of every listing."""

    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"


def listing(
    rows: Sequence[Mapping[str, Any]], form: OutputFormat, to: Path | None = None, title: str | None = None
) -> None:
    """Print rows (all with the same keys), or write them to a file."""
    if form is OutputFormat.TABLE and to is None:
        _table(rows, title)
        return
    write("".join(_lines(rows, OutputFormat.CSV if form is OutputFormat.TABLE else form)), to)


def write(text: str | Iterable[str], to: Path | None) -> None:
    """Write text to standard output, or whole to a file.

    Raises:
        UsageError: the file cannot be written.
    """
    pieces = (text,) if isinstance(text, str) else text
    if to is None:
        for piece in pieces:
            sys.stdout.write(piece)
        return
    beside = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        to.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
        beside.replace(to)
    except OSError as error:
        raise UsageError(
            f"cannot write {to}: {error.strerror}",
            remedy="name a file in a folder that you may write to, with space left",
        ) from error
    finally:
        # Also where it is the pieces that cannot be made.
        with suppress(OSError):
            beside.unlink()


def require_folder(folder: Path) -> None:
    """Make sure that files can be written into a folder, which may not be there yet; nothing is made.

    Raises:
        UsageError: they cannot.
    """
    nearest = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        why = "may not be written to" if nearest.is_dir() else "is a file"
        raise UsageError(f"cannot write into {folder}: {nearest} {why}", remedy="name another folder with -o")


def console(*, err: bool = False) -> Any:  # noqa: ANN401
    """A rich console; plain where the output is not a terminal or ``NO_COLOR`` is set."""
    from rich.console import Console

    width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 120
    return Console(stderr=err, highlight=False, width=width)


def note(text: str) -> None:
    """Say something on standard error."""
    typer.secho(text, err=True)


def _lines(rows: Sequence[Mapping[str, Any]], form: OutputFormat) -> Iterable[str]:
    if form is OutputFormat.JSON:
        yield json.dumps(list(rows), indent=1, ensure_ascii=False) + "\n"
    elif form is OutputFormat.NDJSON:
        yield from (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    else:
        text = io.StringIO()
        writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else [])
        writer.writeheader()
        writer.writerows(rows)
        yield text.getvalue()


def _table(rows: Sequence[Mapping[str, Any]], title: str | None) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="dim")
    for index, key in enumerate(rows[0] if rows else ()):
        # What a row is called by is copied from the screen, so it is never broken over lines.
        table.add_column(key, overflow="fold", no_wrap=index == 0)
    for row in rows:
        table.add_row(*(Text("" if value is None else str(value)) for value in row.values()))
    console().print(table if rows else "nothing to list")
