"""``watchword assess``: the main job: collect, judge, write."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from watchword.commands import options
from watchword.commands.inputs import Target, control_set
from watchword.commands.output import console, note, require_folder, write
from watchword.errors import UsageError
from watchword.model.verdict import Severity, Verdict

if TYPE_CHECKING:
    from watchword.model.finding import Finding
    from watchword.model.ids import AccountId
    from watchword.model.snapshot import Account
    from watchword.report.assessment import Assessment, ControlSet
    from watchword.store.snapshots import Snapshot

EXIT_HOLES = 4
EXIT_SEVERITY = {Severity.LOW: 11, Severity.MEDIUM: 12, Severity.HIGH: 13, Severity.CRITICAL: 14}


class LabState(StrEnum):
    """States of Company ABC."""

    BEFORE = "before"
    AFTER = "after"


class FailOn(StrEnum):
    """Least severity of a gap that makes the exit code tell of it."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("assess")(assess_command)


def assess_command(
    lab: bool = typer.Option(
        False, "--lab", help="Assess Company ABC on the embedded lab; needs no AWS account."
    ),
    state: LabState = typer.Option(
        LabState.BEFORE, help="With --lab: the company before or after the programme."
    ),
    profile: str = options.Profile,
    region: str = options.HomeRegion,
    role_arn: str = options.RoleArn,
    endpoint_url: str = options.EndpointUrl,
    org: bool | None = options.Organization,
    accounts: str = options.Accounts,
    regions: str = options.Regions,
    services: str = options.Services,
    from_directory: Path | None = options.FromDirectory,
    snapshot: str = typer.Option("", help="Judge this snapshot (or `latest`) again, without collecting."),
    resume: bool = typer.Option(False, "--resume", help="Go on with the newest unfinished snapshot first."),
    stream: bool = typer.Option(
        False, "--stream", help="Print each account's gaps as NDJSON as soon as it is read."
    ),
    output: Path | None = typer.Option(
        None,
        "-o",
        "--output",
        help="Folder for report.html and all formats; else beside the findings in the store.",
    ),
    fail_on: FailOn | None = typer.Option(
        None, help="Exit 11 to 14 by the highest severity of gaps from this one on."
    ),
    strict_evidence: bool = typer.Option(
        False, "--strict-evidence", help="Exit 4 where anything could not be seen."
    ),
    database: str = typer.Option(
        "",
        "--database",
        help="Judge watchword's own records in this database, too: people, guests, directories.",
    ),
    store: Path = options.Store,
    config: Path | None = options.ConfigFile,
) -> None:
    """Read an AWS organisation and judge it against Zero Trust: summary here, report and data in files."""
    if lab and (profile or role_arn or endpoint_url or from_directory or snapshot):
        raise UsageError(
            "--lab stands alone: it has its own endpoint and credentials", remedy="leave the others out"
        )
    if snapshot and (resume or from_directory or endpoint_url or accounts or regions or services):
        raise UsageError(
            "--snapshot judges what was collected before; nothing is collected and nothing can be narrowed",
            remedy="leave the others out, or --snapshot",
        )
    if output is not None:
        require_folder(output)
    target = Target(profile, region, role_arn, endpoint_url, accounts, regions, services, org, from_directory)
    with _lab(state, target, config) if lab else _as_said(target, config) as (aimed, settings):
        by = with_own_records(control_set(settings), database)
        made = _snapshot(snapshot, resume, stream, aimed, store, settings, by)
        assessment = judged(made, by, store, told=_print_gaps if stream and snapshot else None)
    folder = output or assessment.folder.path
    write_files(assessment, folder)
    if not stream:
        _summary(assessment, folder)
    raise typer.Exit(_exit_code(assessment, fail_on, strict=strict_evidence))


def with_own_records(by: ControlSet, database: str) -> ControlSet:
    """The controls with those of our own records, as they are now in the database that is named; without, where none is.

    Raises:
        DatabaseError: they cannot be read.
    """
    from dataclasses import replace

    if not database:
        return by
    from watchword.clock import now
    from watchword.collect.own_records import digest_of, own_view
    from watchword.controls.own import own_controls
    from watchword.report.assessment import OwnRecords
    from watchword.store.state.database import Database

    with Database.open(database) as opened:
        view = own_view(opened, now())
    return replace(by, own=OwnRecords(view, digest_of(view), own_controls()))


def judged(
    snapshot: Snapshot,
    by: ControlSet,
    store: Path,
    told: Callable[[Account, list[Finding]], None] | None = None,
) -> Assessment:
    """Judge a snapshot and keep the findings; ``told`` gets those of each account as soon as they are there."""
    from watchword.report.assessment import assess

    return assess(snapshot, by, store, told)


def write_files(assessment: Assessment, folder: Path) -> None:
    """Write the report and every format into a folder.

    Raises:
        UsageError: the folder cannot be written.
    """
    from watchword.report.formats import FORMATS
    from watchword.report.html import html

    write(html(assessment), folder / "report.html")
    for form in FORMATS.values():
        write(form.pieces(assessment), folder / form.file)


def _summary(assessment: Assessment, folder: Path) -> None:
    from watchword.report.terminal import show

    show(assessment, console())
    typer.echo(f"Report: {folder / 'report.html'}")
    typer.echo(f"Data:   {folder} (JSON, NDJSON, CSV, OCSF, ASFF, SARIF)")
    _tell_unjudged(assessment)


def _tell_unjudged(assessment: Assessment) -> None:
    """Say which controls were not judged, since nobody named the database that they speak of."""
    from watchword.controls.own import own_controls

    judged_ids = {one.control.id for one in assessment.standing.controls}
    left = [one.id for one in own_controls() if one.id not in judged_ids]
    if left:
        # Lines of a narrow terminal.
        note("note: of our own records, judged with --database only:")
        note(textwrap.fill(", ".join(left), 58, initial_indent="  ", subsequent_indent="  "))


def _snapshot(
    name: str, resume: bool, stream: bool, target: Target, store: Path, config: Path | None, by: ControlSet
) -> Snapshot:
    from watchword.collect.engine import Listeners
    from watchword.commands.collect import collected
    from watchword.store.snapshots import Snapshot

    if name:
        return Snapshot.open(store, name)
    listeners = Listeners(account_complete=lambda account: _stream(store, account, by)) if stream else None
    return collected(target, store, config, resume=resume, listeners=listeners)


def _stream(store: Path, account: AccountId, by: ControlSet) -> None:
    from dataclasses import replace

    from watchword.report.assessment import judge_view
    from watchword.store.snapshots import Snapshot

    snapshot = Snapshot.open(store)
    view = replace(snapshot.view(account), estate=by.estate)
    _print_gaps(view.account, judge_view(snapshot, view, by))


def _print_gaps(_: Account, found: Iterable[Finding]) -> None:
    from watchword.store.assessments import to_json

    gaps: Iterable[str] = (json.dumps(to_json(one)) for one in found if one.verdict is Verdict.GAP)
    sys.stdout.writelines(f"{line}\n" for line in gaps)
    sys.stdout.flush()


def _exit_code(assessment: Assessment, fail_on: FailOn | None, *, strict: bool) -> int:
    if fail_on is not None:
        least = Severity[fail_on.name]
        found = [
            one.severity
            for one in assessment.findings()
            if one.verdict is Verdict.GAP and one.severity >= least
        ]
        if found:
            return EXIT_SEVERITY[max(found)]
    if strict and assessment.hole_counts:
        note(f"{sum(assessment.hole_counts.values())} places could not be seen (--strict-evidence)")
        return EXIT_HOLES
    return 0


@contextmanager
def _as_said(target: Target, config: Path | None) -> Iterator[tuple[Target, Path | None]]:
    yield target, config


@contextmanager
def _lab(state: LabState, target: Target, config: Path | None) -> Iterator[tuple[Target, Path | None]]:
    from dataclasses import replace

    from watchword.plugins import lab

    with lab(state.value) as running:
        yield replace(target, endpoint_url=running.endpoint_url), config or running.settings
