"""``watchword db``: the database of the control plane's state: set up, examine, back up, restore."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from watchword.commands import options
from watchword.commands.output import note

if TYPE_CHECKING:
    from watchword.store.state.database import Database
    from watchword.store.state.vault import Vault

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


@app.command("rotate-key")
def rotate_key(url: str = Url, config: Path | None = options.ConfigFile) -> None:
    """Add a key that encrypts the state's secrets from now on; those that are there stay readable by the older ones."""
    import secrets

    from watchword.store.state import vault

    with _opened(url, config) as database:
        path = _keys(database, config)
    keys = vault.rotate(path, secrets.token_bytes)
    typer.echo(f"{path}: {list(keys)[-1]} encrypts from now on")
    note("next: give the file to every process, start them anew, then: watchword db reseal")


@app.command("reseal")
def reseal(url: str = Url, config: Path | None = options.ConfigFile) -> None:
    """Encrypt all secrets of the state with the newest key, after which the older keys are not needed any more."""
    import os
    import secrets

    from watchword.store.state import vault

    with _opened(url, config) as database:
        path = _file_of_keys(database, config)
        opened = vault.open_vault(path, secrets.token_bytes, os.environ)
        count = 0
        while done := _resealed(database, opened):
            count += done
    older = [name for name in opened.keys if name != opened.newest]
    typer.echo(f"{count} secrets are encrypted anew with {opened.newest}")
    if older:
        note(f"next: once no process uses them, take {', '.join(older)} out of {path}")


def _resealed(database: Database, opened: Vault) -> int:
    from watchword.store.state import vault

    with database.writing() as connection:
        return vault.reseal(connection, opened)


def _keys(database: Database, config: Path | None) -> Path:
    """The file of keys, where keys come from a file.

    Raises:
        UsageError: they come from the environment.
    """
    import os

    from watchword.errors import UsageError
    from watchword.store.state.vault import VARIABLE

    if os.environ.get(VARIABLE):
        raise UsageError(
            f"the keys stand in {VARIABLE}, which this program cannot change",
            remedy="add a new key at its end, start all processes anew, then: watchword db reseal",
        )
    return _file_of_keys(database, config)


def _file_of_keys(database: Database, config: Path | None) -> Path:
    from watchword.config import load
    from watchword.web.serve import KEY_FILE, beside

    named: Path | None = load(config).web.get("secret_key_file")
    return named or beside(database, KEY_FILE)


def _opened(url: str, config: Path | None, *, create: bool = False, any_schema: bool = False) -> Database:
    """The database that is named by option or variable, else by the settings, else the file in this folder."""
    from watchword.config import load
    from watchword.store.state.database import Database

    return Database.open(url or load(config).database, create=create, any_schema=any_schema)
