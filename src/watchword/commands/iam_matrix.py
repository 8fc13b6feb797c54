"""``watchword iam matrix`` and ``watchword iam access-diff``: who may do what, over all actions, and what changed."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from watchword.commands import options
from watchword.commands.iam_inputs import access_of, context_of
from watchword.commands.output import FORMAT_HELP, OutputFormat, console, listing, note
from watchword.errors import UsageError

if TYPE_CHECKING:
    from watchword.analysis.iam.access import Access
    from watchword.analysis.iam.ask import Who
    from watchword.analysis.iam.matrix import Matrix, Row
    from watchword.analysis.iam.matrix_difference import Change
    from watchword.analysis.iam.request import ContextValue


Assumed: Final[Any] = typer.Option(
    [],
    "--context",
    "-c",
    metavar="KEY=VALUE",
    help="Context key that every answer takes for granted, e.g. aws:RequestedRegion=eu-west-1; may be repeated.",
)


class MatrixFormat(StrEnum):
    """Formats of the matrix: figures of each principal, or every cell."""

    TABLE = "table"
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"
    PARQUET = "parquet"


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("matrix")(matrix)
    app.command("access-diff")(access_diff)


def matrix(
    form: MatrixFormat = typer.Option(
        MatrixFormat.TABLE,
        "--format",
        help="table, json, ndjson or csv: figures of each principal; parquet: every cell.",
    ),
    context: list[str] = Assumed,
    output: Path | None = options.Output,
    snapshot: str = typer.Option("latest", "--snapshot", help="Snapshot to ask."),
    store: Path = options.Store,
) -> None:
    """Show what every principal may do: how many actions for certain, on some resources, on conditions; or every cell."""
    made = _matrix(store, snapshot, context)
    if form is MatrixFormat.PARQUET:
        if output is None:
            raise UsageError("where to?", remedy="name a file: -o matrix.parquet")
        from watchword.store.matrix_file import write_matrix

        written = write_matrix(made, output)
        note(f"{written.rows} cells of {len(made)} principals in {written.path}")
        return
    rows = [_figures(row) for row in sorted(made.rows, key=lambda row: -row.layers.reach.bit_count())]
    title = f"{len(made)} principals by {len(made.bits.universe)} actions"
    listing(rows, OutputFormat(form.value), output, title=title)


def access_diff(
    before: str = typer.Argument("previous", help="Older snapshot."),
    after: str = typer.Argument("latest", help="Newer snapshot."),
    form: OutputFormat = typer.Option(OutputFormat.TABLE, "--format", help=FORMAT_HELP),
    context: list[str] = Assumed,
    output: Path | None = options.Output,
    store: Path = options.Store,
) -> None:
    """List access that appeared, disappeared, became wider or narrower between two snapshots, principal by principal."""
    from watchword.analysis.iam.matrix_difference import difference

    changes = difference(_matrix(store, before, context), _matrix(store, after, context))
    short = form is OutputFormat.TABLE and output is None
    listing([row for change in changes for row in _changed(change, short=short)], form, output)


def show_row(access: Access, who: Who, form: OutputFormat, context: dict[str, ContextValue]) -> None:
    """Print everything that one principal may do, by ranges of actions.

    Raises:
        UsageError: the principal is none of the snapshot's, so that there is no row of it.
    """
    from watchword.analysis.iam.matrix import GIVEN, Matrix
    from watchword.store.reference import universe

    if who.identity is None:
        raise UsageError(
            f"{who.label} is no principal of the snapshot: there is no list of what it may do",
            remedy="name an action after it",
        )
    row = Matrix.of([who.identity], universe(), access=access, assumed=context).rows[0]
    for what in row.missing:
        note(f"not known: {what}")
    if form is OutputFormat.TABLE:
        _print_row(row)
        return
    listing(
        [
            {"principal": row.arn, "answer": answer.value, "actions": one}
            for answer in GIVEN
            for one in row.ranges(answer)
        ],
        form,
    )


def _print_row(row: Row) -> None:
    from rich.text import Text

    from watchword.analysis.iam.matrix import GIVEN

    signs = {"yes": ("✓ on every resource", "green"), "some": ("◐ on some resources", "green")}
    out = console()
    out.print(Text(row.arn, style="bold"))
    for answer in GIVEN:
        said, colour = signs.get(answer.value, ("? on conditions", "yellow"))
        ranges = row.ranges(answer)
        if ranges:
            out.print(Text.assemble((f"{said}: {row.count(answer)} actions", colour)))
            out.print(Text(_condensed(ranges, 60)), style="dim")
    if not row.layers.reach and row.is_known:
        out.print("✗ nothing")


def _matrix(store: Path, snapshot: str, context: list[str]) -> Matrix:
    from watchword.analysis.iam.matrix import Matrix
    from watchword.store.reference import universe

    return Matrix.of_access(access_of(store, snapshot), universe(), context_of(context))


def _figures(row: Row) -> dict[str, Any]:
    from watchword.analysis.iam.matrix import Answer

    levels = {level.word: number for level, number in row.by_level().items()} if row.is_known else {}
    return {
        "principal": row.name,
        "kind": row.kind.value,
        "account": str(row.account),
        "yes": row.count(Answer.YES),
        "some": row.count(Answer.SOME),
        "conditional": row.count(Answer.CONDITIONAL),
        "permissions": levels.get("Permissions management", 0),
        "write": levels.get("Write", 0),
        "services": len(row.by_service()) if row.is_known else 0,
        "not known": "; ".join(row.missing),
    }


def _changed(change: Change, *, short: bool) -> list[dict[str, Any]]:
    told = {
        "principal": change.arn.partition(":iam::")[2].replace(
            "role/aws-reserved/sso.amazonaws.com/", "role/…/"
        )
        if short
        else change.arn,
        "presence": change.presence,
    }
    if change.missing:
        return [{**told, "change": "undecided", "actions": "; ".join(change.missing)}]
    return [
        {**told, "change": word, "actions": _condensed(ranges, 12) if short else " ".join(ranges)}
        for word, ranges in change.ranges().items()
    ]


def _condensed(ranges: tuple[str, ...], most: int) -> str:
    """Ranges for the eye: whole services are counted where they are many, and no more than ``most`` others listed."""
    whole = [one for one in ranges if one.endswith(":*")]
    others = [one for one in ranges if not one.endswith(":*")]
    many = len(whole) > _WHOLE_LISTED
    listed = [*([f"{len(whole)} services in full"] if many else whole), *others[:most]]
    left = len(others) - most
    return ", ".join(listed) + (f" and {left} more (--format csv lists all)" if left > 0 else "")


_WHOLE_LISTED: Final = 40
"""Whole services that are listed by name; more are counted."""
