"""``watchword db``: the database of the control plane's state: set up, examine, back up, restore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from watchword.commands import options
from watchword.commands.output import note

if TYPE_CHECKING:
    from watchword.store.state.database import Database

app = typer.Typer(
    help="The database of the control plane: set up, examine, back up, restore.", no_args_is_help=True
)

Url: Final[Any] = typer.Option(
    "",
    "--database",
    envvar="WATCHWORD_DATABASE",
    show_default=False,
    help="sqlite:///path/to/file or postgresql://user@host/database; .watchword/state.sqlite where none is named.",
)


@app.callback()
def group() -> None:
    """The database of the control plane: set up, examine, back up, restore."""


@app.command("upgrade")
def upgrade(url: str = Url, config: Path | None = options.ConfigFile) -> None:
    """Set the database up, or bring an older one up to date; each step is whole or not made."""
    from watchword.store.state.migrate import upgrade as migrate

    with _opened(url, config, create=True, any_schema=True) as database:
        done = migrate(database, lambda step: note(f"migrating to {step}"))
        typer.echo(f"{database.address}: {f'now at schema {done[-1]}' if done else 'up to date'}")


@app.command("check")
def check(url: str = Url, config: Path | None = options.ConfigFile) -> None:
    """Compare the database's schema with what this program expects, and say what differs."""
    from watchword.store.state.migrate import require_unchanged
    from watchword.store.state.revision import REVISION

    with _opened(url, config) as database:
        require_unchanged(database)
        typer.echo(f"{database.address}: schema {REVISION}, as it should be")


@app.command("backup")
def backup(
    folder: Path = typer.Argument(..., help="New folder for the backup."),
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Write all rows of one moment into a folder, with their hashes; work goes on meanwhile."""
    from watchword.clock import now
    from watchword.store.state.backup import backup as write

    with _opened(url, config) as database:
        kept = write(database, folder, now())
    typer.echo(f"{kept.total} rows of {len(kept.rows)} tables in {kept.folder}")


@app.command("restore")
def restore(
    folder: Path = typer.Argument(..., help="Folder of the backup."),
    force: bool = typer.Option(False, "--force", help="Lose the rows that are in the database now."),
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Verify a backup and put it into a database, of either kind: all of it, or nothing."""
    from watchword.store.state.backup import restore as load
    from watchword.store.state.backup import verify
    from watchword.store.state.migrate import upgrade as migrate

    verify(folder)
    with _opened(url, config, create=True, any_schema=True) as database:
        migrate(database)
        kept = load(database, folder, force=force)
        typer.echo(f"{database.address}: {kept.total} rows of {kept.made}")


def _opened(url: str, config: Path | None, *, create: bool = False, any_schema: bool = False) -> Database:
    """The database that is named by option or variable, else by the settings, else the file in this folder."""
    from watchword.config import load
    from watchword.store.state.database import Database

    return Database.open(url or load(config).database, create=create, any_schema=any_schema)
