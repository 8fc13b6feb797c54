"""``watchword serve``: console, API, sign-in and worker in one process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from watchword.commands import options
from watchword.commands.db import Url
from watchword.commands.output import note

if TYPE_CHECKING:
    from watchword.config import Config
    from watchword.web.control_plane import ControlPlane, WebSettings


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command("serve")(serve)


def serve(
    lab: bool = typer.Option(False, "--lab", help="Show Company ABC, as `make demo` has left it."),
    bind: str = typer.Option("", "--bind", show_default="127.0.0.1", help="IP address to listen on."),
    port: int = typer.Option(0, "--port", show_default="8440", min=0, max=65535, help="Port to listen on."),
    public_url: str = typer.Option(
        "", "--public-url", show_default="http://localhost:PORT", help="Origin under which browsers come."
    ),
    upgrade: bool = typer.Option(
        False, "--upgrade", help="Set a PostgreSQL database up, or bring it up to date, first."
    ),
    folder: Path = options.Store,
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Serve the console, the API and the sign-in, and do the work in the background; ends on SIGTERM or Ctrl-C."""
    from watchword.config import load
    from watchword.web.serve import Setup, listen, opened, run

    found = load(config)
    settings = _settings(found, bind, port, public_url)
    setup = Setup(
        settings,
        url or found.database,
        folder,
        upgrade=upgrade,
        directories=found.directories,
        environment=os.environ,
        signing_key=found.signing_key,
    )
    with opened(setup) as plane:
        listening = listen(settings)
        note(f"watchword serves {settings.public_url}")
        _greet(plane, lab=lab)
        run(plane, listening)


def _settings(found: Config, bind: str, port: int, public_url: str) -> WebSettings:
    from dataclasses import replace

    from watchword.config import origin
    from watchword.errors import UsageError
    from watchword.web.control_plane import WebSettings

    given: dict[str, Any] = dict(found.web)
    if bind:
        given["bind"] = bind
    if port:
        given["port"] = port
    made = WebSettings(**given)
    try:
        wanted = (
            origin(public_url) if public_url else given.get("public_url", f"http://localhost:{made.port}")
        )
    except ValueError as error:
        raise UsageError(str(error), where="--public-url") from None
    return replace(made, public_url=wanted)


def _greet(plane: ControlPlane, *, lab: bool) -> None:
    """Say how the first administrator comes in, while there is none."""
    if lab:
        note(f"the lab's assessments are read from {plane.folder}")
