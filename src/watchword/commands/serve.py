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
    # Nearly all that is made until the first request stays: looking for garbage meanwhile takes a tenth of the start.
    gc.disable()
    from watchword.config import load
    from watchword.web.serve import Setup, listen, opened, run, tls_context

    found = load(config)
    settings = _settings(found, bind, port, public_url, lab=lab)
    where = folder or (DEMO if lab and DEMO.is_dir() else Path(".watchword"))
    setup = Setup(
        settings,
        url or (f"sqlite:///{DEMO}/state.sqlite" if lab else found.database),
        where,
        upgrade=upgrade,
        directories=found.directories,
        environment=os.environ,
        signing_key=found.signing_key,
        banner=BANNER if lab else "",
    )
    tls_context(settings)
    with listen(settings) as listening:
        if workers > 1:
            _several(
                setup, workers, lambda: _serve_one(setup, lambda plane: run(plane, listening, setup)), lab=lab
            )
            return
        with opened(setup) as plane:
            _greet(plane, lab=lab)
            run(plane, listening, setup)


def _several(setup: Setup, count: int, serve_one: Any, *, lab: bool) -> None:  # noqa: ANN401
    from watchword.web.replicas import Replicas
    from watchword.web.serve import opened

    with opened(setup) as plane:
        _greet(plane, lab=lab)
    raise typer.Exit(Replicas(count, serve_one).run())


def _serve_one(setup: Setup, run: Any) -> None:  # noqa: ANN401
    from watchword.web.serve import opened

    with opened(setup) as plane:
        run(plane)


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
