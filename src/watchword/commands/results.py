"""``watchword diff`` and ``watchword explain``: what has been found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from watchword.commands import options
from watchword.commands.output import FORMAT_HELP, OutputFormat, console, listing
from watchword.errors import UsageError

if TYPE_CHECKING:
    from watchword.report.diff import Delta


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("diff")(diff_command)
    app.command("explain")(explain)


def diff_command(
    before: str = typer.Argument(help="Assessment (or its snapshot), or `previous`."),
    after: str = typer.Argument("latest", help="Assessment (or its snapshot), or `latest`."),
    form: OutputFormat = typer.Option(OutputFormat.TABLE, "--format", help=FORMAT_HELP),
    output: Path | None = options.Output,
    store: Path = options.Store,
) -> None:
    """Compare two assessments: new, fixed, gone, lost from sight, changed, still open."""
    from watchword.report.diff import diff
    from watchword.report.terminal import show_diff
    from watchword.store.assessments import AssessmentFolder

    older, newer = AssessmentFolder.open(store, before), AssessmentFolder.open(store, after)
    deltas = diff(older.findings(), newer.findings())
    if form is OutputFormat.TABLE and output is None:
        show_diff(deltas, console(), names=newer.summary().get("snapshot", {}).get("accounts", {}))
    else:
        listing([_row(delta) for delta in deltas], form, output)


def explain(
    finding: str = typer.Argument(help="Id of a finding, or its beginning."),
    assessment: str = typer.Option("latest", help="Assessment in which it was found."),
    store: Path = options.Store,
) -> None:
    """Explain a finding: what was judged, on what evidence, and how to fix it."""
    from rich.markdown import Markdown

    from watchword.controls.catalogue import UnknownControl, find
    from watchword.report.control_page import control_markdown
    from watchword.store.assessments import AssessmentFolder, to_json

    fitting = [
        one for one in AssessmentFolder.open(store, assessment).findings() if one.id.startswith(finding)
    ]
    if not fitting or not finding:
        raise UsageError(
            f"there is no finding {finding!r} in that assessment", remedy="ids stand in findings.csv"
        )
    if len(fitting) > 1:
        raise UsageError(f"{len(fitting)} findings begin with {finding!r}", remedy="give more of the id")
    typer.echo(json.dumps(to_json(fitting[0]), indent=1, ensure_ascii=False))
    try:
        console().print(Markdown(control_markdown(find(fitting[0].control))))
    except UnknownControl:
        typer.echo(f"{fitting[0].control} is a control of your own; see its file")


def _row(delta: Delta) -> dict[str, Any]:
    found = delta.finding
    return {
        "change": delta.change.value,
        "control": found.control,
        "severity": found.severity.word,
        "account": found.subject.account,
        "region": found.subject.region,
        "resource": found.subject.arn,
        "name": found.subject.name,
        "before": delta.before.verdict.value if delta.before else None,
        "after": delta.after.verdict.value if delta.after else None,
        "because": found.because,
        "id": found.id,
    }
