"""``watchword lab``: Company ABC on an emulated AWS, for newcomers, demonstrations and tests.

``running`` is what the rest of the product asks for (entry point ``watchword.labs``); the commands start and end a lab
that outlives them, and ``demo`` shows the main job from beginning to end.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from watchword.lab.estate.company import State

if TYPE_CHECKING:
    from watchword.report.assessment import Assessment

app = typer.Typer(help="Company ABC on an emulated AWS: no account is needed.", no_args_is_help=True)

StateDir: Final = typer.Option(
    Path(".watchword/lab"), "--state-dir", help="Folder of the lab's record and log."
)

_CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "lab", "AWS_SECRET_ACCESS_KEY": "lab", "AWS_REGION": "eu-west-1"}
_REAL: Final = (
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_ENDPOINT_URL",
)


@dataclass(frozen=True, slots=True)
class Running:
    """A lab that answers, and the settings of the company it plays."""

    endpoint_url: str
    settings: Path


@contextmanager
def running(state: str) -> Iterator[Running]:
    """A lab of its own, seeded with ``state``, ended with the block.

    The process forgets real AWS credentials from then on: nothing of the lab can reach a real account.

    Raises:
        LabError: the lab cannot be started.
    """
    from watchword.lab.server import start_detached, stop

    use_lab_credentials()
    with tempfile.TemporaryDirectory(prefix="watchword-lab-") as folder:
        try:
            typer.secho(
                f"starting the lab: Company ABC, {state} the programme (takes some ten seconds) …", err=True
            )
            process = start_detached(Path(folder), state=state)
            yield Running(process.endpoint_url, company_settings())
        finally:
            stop(Path(folder))


def use_lab_credentials() -> None:
    """Let this process have the lab's credentials, and no others."""
    for name in _REAL:
        os.environ.pop(name, None)
    os.environ.update(_CREDENTIALS)


def company_settings() -> Path:
    """The ``watchword.toml`` of Company ABC: what it declares of its estate."""
    return Path(str(resources.files("watchword.lab") / "watchword.toml"))


@app.command("up")
def up(
    state: State = typer.Option(State.BEFORE, help="The company before the programme, or after it."),
    port: int = typer.Option(0, help="Port on 127.0.0.1; 0 takes a free one."),
    enforce: bool = typer.Option(
        False, "--enforce", help="Authorise every call as AWS would; without it every call is allowed."
    ),
    state_dir: Path = StateDir,
) -> None:
    """Start the lab; it goes on until `watchword lab down`."""
    from watchword.lab.server import start_detached

    process = start_detached(state_dir, port=port, state=state.value, enforce=enforce)
    typer.echo(f"Company ABC ({process.state}) answers at {process.endpoint_url}")
    key, secret = "lab", "lab"
    if process.administrator is not None:
        key, secret = process.administrator.access_key_id, process.administrator.secret_access_key
        typer.echo(f"Every call is authorised. Keys of an administrator, {process.administrator.user},")
        typer.echo(f"with MFA device {process.administrator.mfa_serial} (any six digits are its code):")
    typer.echo("Any AWS tool can talk to it, for example:")
    # Version 1 of the AWS CLI does not know AWS_REGION.
    typer.echo(
        f"  export AWS_ACCESS_KEY_ID={key} AWS_SECRET_ACCESS_KEY={secret} AWS_DEFAULT_REGION=eu-west-1"
    )
    typer.echo(f"  aws --endpoint-url {process.endpoint_url} organizations list-accounts")
    typer.echo(f"  watchword assess --endpoint-url {process.endpoint_url} --config {company_settings()}")


@app.command("down")
def down(state_dir: Path = StateDir) -> None:
    """End the lab that `watchword lab up` started."""
    from watchword.lab.server import stop

    typer.echo("The lab is down." if stop(state_dir) else "No lab was running.")


@app.command("status")
def tell(state_dir: Path = StateDir) -> None:
    """Tell whether the lab is up, and where."""
    from watchword.lab.server import status

    process = status(state_dir)
    if process is None:
        typer.echo("No lab is running.")
        raise typer.Exit(1)
    typer.echo(
        f"Company ABC ({process.state or 'empty'}) answers at {process.endpoint_url}, process {process.pid}"
    )


@app.command("people")
def people(
    folder: Path = typer.Option(
        Path(".watchword/demo"), "--folder", help="Folder of the state of `watchword serve --lab`."
    ),
) -> None:
    """Tell how the people of `watchword serve --lab` sign in: passwords, and the codes of this moment."""
    from watchword import clock
    from watchword.lab.console import told
    from watchword.lab.people import load

    for line in told(load(folder), clock.now()):
        typer.echo(line)


@app.command("demo")
def demo(
    store: Path = typer.Option(Path(".watchword/demo"), help="Folder of the demo's snapshots and reports."),
) -> None:
    """Show the main job: the company before, its report; the company after, and what has changed. Ends by itself."""
    from watchword.commands.output import console
    from watchword.report.diff import diff
    from watchword.report.terminal import show, show_diff

    made = {}
    for state in State:
        typer.secho(f"\nCompany ABC, {state.value} the programme", bold=True)
        made[state] = assess_state(state, store)
        show(made[state][0], console(), worst=8)
    typer.secho("\nWhat the programme changed", bold=True)
    before, after = made[State.BEFORE][0], made[State.AFTER][0]
    names = {one.account.id: one.account.name for one in after.accounts}
    show_diff(diff(before.findings(), after.findings()), console(), most=12, names=names)
    for state, (_, folder) in made.items():
        typer.echo(f"Report, {state.value}: {folder / 'report.html'}")
        typer.echo(f"Attack paths, {state.value}: {folder / ATTACK_PAGE}")


def assess_state(state: State, store: Path) -> tuple[Assessment, Path]:
    """Assess the company in one state on a lab of its own: the assessment, and the folder of its report.

    Raises:
        WatchwordError: the lab cannot be started, or nothing be read of it.
    """
    from watchword.commands.assess import judged, write_files
    from watchword.commands.collect import collected
    from watchword.commands.inputs import Target, control_set

    with running(state.value) as lab:
        snapshot = collected(Target(endpoint_url=lab.endpoint_url), store, lab.settings)
    assessment = judged(snapshot, control_set(lab.settings), store)
    folder = store / f"report-{state.value}"
    write_files(assessment, folder)
    draw_paths(store, snapshot.id, lab.settings, folder / ATTACK_PAGE)
    return assessment, folder


ATTACK_PAGE: Final = "attack-paths.html"


def draw_paths(store: Path, snapshot: str, settings: Path, target: Path) -> None:
    """Write the page of a snapshot's attack paths: who could administer an account, and what outsiders could read.

    Raises:
        WatchwordError: the snapshot cannot be read, or the page not be written.
    """
    from watchword.analysis.paths.blast import choke_points
    from watchword.commands.iam_inputs import graph_of
    from watchword.commands.output import write
    from watchword.report.attack_page import attack_page
    from watchword.report.attack_view import attack_page_of, telling_paths

    graph, names = graph_of(store, snapshot, settings)
    found = telling_paths(graph)
    ends = {path.start for path in found}, {path.goal for path in found}
    cut = choke_points(graph, *ends, unknown=True) if found else None
    write(attack_page(attack_page_of(graph, found, cut, names)), target)
