"""``watchword serve``: console, API, sign-in and workers in one process, or in several of the same."""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from watchword.commands import options
from watchword.commands.db import Url
from watchword.commands.output import note

if TYPE_CHECKING:
    from socket import socket

    from watchword.config import Config
    from watchword.web.control_plane import ControlPlane, WebSettings
    from watchword.web.serve import Setup

DEMO: Final = Path(".watchword/demo")
"""Where ``make demo`` leaves the lab's snapshots and assessments."""

BANNER: Final = "This is the lab: Company ABC does not exist, and nothing here is real."


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
    workers: int = typer.Option(
        1, "--workers", min=1, max=16, help="Processes that serve; each is a whole one."
    ),
    upgrade: bool = typer.Option(
        False, "--upgrade", help="Set a PostgreSQL database up, or bring it up to date, first."
    ),
    folder: Path | None = typer.Option(
        None,
        "--store",
        envvar="WATCHWORD_STORE",
        show_default=".watchword",
        help="Folder of snapshots and assessments.",
    ),
    url: str = Url,
    config: Path | None = options.ConfigFile,
) -> None:
    """Serve the console, the API and the sign-in, and do the work in the background; ends on SIGTERM or Ctrl-C."""
    from watchword.config import load
    from watchword.plugins import lab_settings

    # Nearly all that is made until the first request stays: looking for garbage meanwhile takes a tenth of the start.
    gc.disable()
    try:
        found = load(config or (lab_settings() if lab else None))
        settings = _settings(found, bind, port, public_url, lab=lab)
        setup = _setup(found, settings, folder, url, lab=lab, upgrade=upgrade)
        code = _run(setup, workers, lab=lab)
    finally:
        gc.enable()
    raise typer.Exit(code)


def _setup(
    found: Config, settings: WebSettings, folder: Path | None, url: str, *, lab: bool, upgrade: bool
) -> Setup:
    from watchword.web.serve import Setup

    return Setup(
        settings,
        url or (f"sqlite:///{DEMO}/state.sqlite" if lab else found.database),
        folder or (DEMO if lab and DEMO.is_dir() else Path(".watchword")),
        upgrade=upgrade,
        directories=found.directories,
        environment=os.environ,
        signing_key=found.signing_key,
        aws=found.aws,
        estate=found.estate,
        banner=BANNER if lab else "",
    )


def _run(setup: Setup, count: int, *, lab: bool) -> int:
    """Serve until asked to end; the exit code."""
    from watchword.collect.directories import configured
    from watchword.web.replicas import Replicas
    from watchword.web.serve import listen, opened, run, tls_context

    # Before anything is changed.
    tls_context(setup.settings)
    configured.read(setup.directories, setup.environment)
    with listen(setup.settings) as listening:
        with opened(setup) as plane:
            _greet(plane, lab=lab)
            if count == 1:
                run(plane, listening, setup)
                return 0
        return Replicas(count, lambda: _serve_one(setup, listening)).run()


def _serve_one(setup: Setup, listening: socket) -> None:
    from watchword.web.serve import opened, run

    with opened(setup) as plane:
        run(plane, listening, setup)


def _settings(found: Config, bind: str, port: int, public_url: str, *, lab: bool) -> WebSettings:
    from dataclasses import replace
    from ipaddress import ip_address

    from watchword.config import origin
    from watchword.errors import UsageError
    from watchword.web.control_plane import WebSettings

    # The lab's people sign in by password and app; a company whose people have passkeys leaves passwords off.
    given: dict[str, Any] = {"company": "Company ABC", "passwords": True} if lab else {}
    given |= found.web
    given |= {"bind": bind} if bind else {}
    given |= {"port": port} if port else {}
    made = WebSettings(**given)
    try:
        ip_address(made.bind)
        wanted = (
            origin(public_url) if public_url else given.get("public_url", f"http://localhost:{made.port}")
        )
    except ValueError as error:
        raise UsageError(str(error), where="--bind, --public-url") from None
    return replace(made, public_url=wanted)


def _greet(plane: ControlPlane, *, lab: bool) -> None:
    """Say where we serve, and how the first administrator comes in while there is none."""
    from watchword.web.serve import first_link

    note(f"watchword serves {plane.settings.public_url}")
    if lab:
        from watchword.plugins import lab_people

        for line in lab_people(plane):
            note(line)
    link = first_link(plane)
    if link:
        note("there is no administrator yet: this link makes one, once, within the hour")
        note(f"  {link}")
