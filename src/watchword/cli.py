"""The command line: its commands, its exit codes, and how errors are told.

Every command prints the value of one function of a room; imports are inside the commands, so that ``--help`` stays
quick.  Exit codes: 0 done; 1 failure; 2 usage; 3 nothing collected; 4 holes under ``--strict-evidence``; 11 to 14 the
highest severity found (low to critical), only with ``--fail-on``; 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import typer

from watchword.errors import WatchwordError

app = typer.Typer(
    name="watchword",
    help="Zero Trust for AWS organisations: never trust, always verify.",
    epilog="Exit codes: 0 done; 1 failure; 2 usage; 3 nothing collected; 4 holes under --strict-evidence; "
    "11-14 highest severity found (low to critical), only with --fail-on; 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.callback(invoke_without_command=True)
def root(version: bool = typer.Option(False, "--version", help="Print the version and end.")) -> None:
    """Zero Trust for AWS organisations: never trust, always verify."""
    if version:
        from watchword import __version__

        typer.echo(f"watchword {__version__}")
        raise typer.Exit


def application() -> typer.Typer:
    """The application with every command, those of plug-ins included."""
    from watchword.commands import (
        assess,
        audit,
        collect,
        controls,
        data,
        db,
        directories,
        iam,
        people,
        policy,
        results,
        serve,
        snapshots,
    )
    from watchword.plugins import commands

    if not app.registered_commands:
        for module in (assess, collect, results, snapshots, serve):
            module.add_to(app)
        own = (
            ("iam", iam.app),
            ("controls", controls.app),
            ("policy", policy.app),
            ("data", data.app),
            ("db", db.app),
            ("audit", audit.app),
            ("people", people.app),
            ("roles", people.roles_app),
            ("directories", directories.app),
        )
        for name, group in (*own, *commands()):
            if isinstance(group, str):
                typer.secho(f"warning: {group}", err=True)
            else:
                app.add_typer(group, name=name)
    return app


def run() -> NoReturn:
    """Run the command line and end the process with the exit code."""
    application()
    try:
        app()
    except WatchwordError as error:
        fail(error.diagnosis(), error.exit_code)
    except KeyboardInterrupt:
        fail("interrupted; what was finished is kept", 130)
    sys.exit(0)


def fail(message: str, code: int) -> NoReturn:
    """Tell an error on standard error and end with ``code``."""
    first, *rest = message.splitlines() or [""]
    # https://no-color.org
    colour = None if os.environ.get("NO_COLOR") else typer.colors.RED
    typer.secho(f"error: {first}", fg=colour, bold=True, err=True)
    for line in rest:
        typer.secho(f"       {line}", err=True)
    sys.exit(code)
