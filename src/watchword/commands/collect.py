"""``watchword collect``: read the estate into a snapshot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from watchword.commands import options
from watchword.commands.inputs import Target
from watchword.commands.output import note

if TYPE_CHECKING:
    from watchword.collect.engine import Listeners
    from watchword.store.snapshots import Snapshot


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("collect")(collect_command)


def collect_command(
    profile: str = options.Profile,
    region: str = options.HomeRegion,
    role_arn: str = options.RoleArn,
    endpoint_url: str = options.EndpointUrl,
    org: bool | None = options.Organization,
    accounts: str = options.Accounts,
    regions: str = options.Regions,
    services: str = options.Services,
    from_directory: Path | None = options.FromDirectory,
    resume: bool = typer.Option(
        False, "--resume", help="Go on with an unfinished snapshot, the newest or SNAPSHOT."
    ),
    snapshot: str = typer.Argument("", help="With --resume: the snapshot to go on with."),
    store: Path = options.Store,
    config: Path | None = options.ConfigFile,
) -> None:
    """Read an AWS organisation (or account) into a snapshot; changes nothing there."""
    target = Target(profile, region, role_arn, endpoint_url, accounts, regions, services, org, from_directory)
    made = collected(target, store, config, resume=snapshot or resume)
    _tell(made)
    typer.echo(made.id)


def collected(
    target: Target,
    store: Path,
    config: Path | None,
    *,
    resume: str | bool = False,
    listeners: Listeners | None = None,
) -> Snapshot:
    """Collect (or go on with a snapshot), drawing progress; the snapshot.

    Raises:
        WatchwordError: as ``collect.engine.collect`` and ``resume`` do.
    """
    from watchword.collect.engine import Listeners, collect
    from watchword.collect.engine import resume as go_on
    from watchword.commands.inputs import scope, settings, source
    from watchword.commands.progress import shown

    threads = settings(config).threads
    with shown() as progress:
        told = Listeners(progress, listeners.account_complete if listeners else None)
        if resume:
            name = resume if isinstance(resume, str) else ""
            return go_on(source(target, config), store, name, threads=threads, listeners=told)
        return collect(source(target, config), scope(target, config), store, threads=threads, listeners=told)


def _tell(snapshot: Snapshot) -> None:
    rows, calls, seconds = snapshot.totals()
    holes = sum(1 for _ in snapshot.holes())
    for warning in snapshot.manifest.get("warnings", ()):
        note(f"note: {warning}")
    units = sum(snapshot.counts().values())
    note(
        f"{rows} rows, {calls} calls, {units} units, {holes} holes; {seconds:.1f} s of reading in all threads"
    )
