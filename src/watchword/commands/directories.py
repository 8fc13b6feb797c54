"""``watchword directories``: which are known and how reading them went; read one now; try its settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from watchword.commands import options
from watchword.commands.audit import Actor, opened
from watchword.commands.db import Url
from watchword.commands.output import FORMAT_HELP, OutputFormat, listing, note
from watchword.errors import UsageError

if TYPE_CHECKING:
    from watchword.collect.directories.configured import Configured
    from watchword.config import Config
    from watchword.model.directory import DirectoryFault

app = typer.Typer(help="Directories of people: list, read, try.", no_args_is_help=True)

Name: Final[Any] = typer.Argument(..., help="Name of the directory: [directories.NAME] of the settings.")
Form: Final[Any] = typer.Option(OutputFormat.TABLE, "--format", help=FORMAT_HELP)

MOST_SHOWN: Final = 20
"""Faults that are shown on standard error."""


@app.callback()
def group() -> None:
    """Directories of people: list, read, try."""


@app.command("list")
def list_directories(
    form: OutputFormat = Form,
    output: Path | None = options.Output,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """List directories of the settings and of the database: when each was read, and how it went."""
    from watchword.commands.inputs import settings
    from watchword.store.state import directory_records

    named = settings(config).directories
    with opened(url, config) as database, database.reading() as connection:
        known = {one.id: one for one in directory_records.every(connection)}
    rows = []
    for name in sorted({*named, *known}):
        one = known.get(name)  # type: ignore[call-overload]
        rows.append(
            {
                "name": name,
                "kind": one.kind if one else str(named[name].get("kind", "")),
                "state": one.state.value if one else "never read",
                "read": "" if one is None or one.last_sync is None else f"{one.last_sync:%Y-%m-%d %H:%M:%SZ}",
                "accounts": one.counts.get("accounts", "") if one else "",
                "faults": one.counts.get("faults", "") if one else "",
                "error": one.last_error if one else "",
            }
        )
    listing(rows, form, output)


@app.command("sync")
def sync(
    names: list[str] = typer.Argument(
        None, help="Names of directories; all that are read where none is named."
    ),
    force: bool = typer.Option(
        False, "--force", help="Believe a directory that has lost more than half of its accounts."
    ),
    form: OutputFormat = Form,
    output: Path | None = options.Output,
    actor: str = Actor,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Read directories now and bring people, accounts and groups in line; exit code 1 where one was not believed."""
    from watchword.access.directories import directory_of, reader_of, synchronise
    from watchword.clock import now
    from watchword.commands.inputs import settings

    told = settings(config)
    wanted = _wanted(told, names or [])
    rows, believed = [], True
    with opened(url, config) as database:
        for name, configured in wanted.items():
            directory = directory_of(name, told.directories[name])
            reader = reader_of(configured, told.aws)
            who = actor or f"cli:uid-{os.getuid()}"
            done = synchronise(database, reader, directory, now(), force=force, actor=who)
            believed = believed and done.believed
            _tell(name, done.faults)
            rows.append(
                {
                    "name": name,
                    **_counted(done.counts),
                    "suspended": done.suspended,
                    "faults": len(done.faults),
                }
            )
    listing(rows, form, output)
    if not believed:
        raise typer.Exit(1)


_COUNTS: Final = ("accounts", "created", "changed", "gone", "new", "held", "linked", "proposed", "groups")


def _counted(counts: Mapping[str, int]) -> dict[str, int]:
    return {name: counts.get(name, 0) for name in _COUNTS}


def _tell(name: str, faults: tuple[DirectoryFault, ...]) -> None:
    for one in faults[:MOST_SHOWN]:
        note(f"{name}: {one.where}: {one.what}")
    if len(faults) > MOST_SHOWN:
        note(f"{name}: {len(faults) - MOST_SHOWN} further faults; the console lists them")


@app.command("check")
def check(name: str = Name, config: Path | None = options.ConfigFile) -> None:
    """Try the settings of a directory: connect, and read without keeping anything."""
    from watchword.access.directories import directory_of, reader_of
    from watchword.commands.inputs import settings

    told = settings(config)
    configured = _wanted(told, [name])[name]
    directory_of(name, told.directories[name])
    reader = reader_of(configured, told.aws)
    accounts = sum(1 for _ in reader.accounts())
    groups = sum(1 for _ in reader.groups())
    _tell(name, tuple(reader.faults))
    typer.echo(f"{name}: {accounts} accounts, {groups} groups, {len(reader.faults)} faults")


def _wanted(told: Config, names: list[str]) -> dict[str, Configured]:
    """The directories that are named, or all that are read.

    Raises:
        UsageError: there is none, or not this one.
        ConfigError: its settings are wrong.
    """
    from watchword.access.directories import READ
    from watchword.collect.directories.configured import below, read

    folder = (told.file or Path("watchword.toml")).resolve().parent
    every = {str(one.directory): one for one in read(below(told.directories, folder), os.environ).values()}
    for name in names:
        if name not in every:
            raise UsageError(
                f"there is no directory {name!r} in the settings",
                remedy=f"there are: {', '.join(sorted(every)) or 'none; add [directories.NAME]'}",
            )
    found = {name: one for name, one in every.items() if (name in names if names else one.kind in READ)}
    if not found:
        raise UsageError("the settings name no directory that is read", remedy="docs/how-to/directories.md")
    return found
