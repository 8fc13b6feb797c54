"""``watchword controls``: the catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from watchword.commands.options import ConfigFile, Output
from watchword.commands.output import FORMAT_HELP, OutputFormat, console, listing
from watchword.errors import UsageError

if TYPE_CHECKING:
    from watchword.controls.registry import Control

app = typer.Typer(
    help="The control catalogue: what must be true, why, and how to fix it.", no_args_is_help=True
)


@app.command("list")
def list_controls(
    form: OutputFormat = typer.Option(OutputFormat.TABLE, "--format", help=FORMAT_HELP),
    requirement: str = typer.Option("", help="Only controls of this requirement, e.g. R3."),
    pillar: str = typer.Option("", help="Only controls of this pillar, e.g. network."),
    output: Path | None = Output,
    config: Path | None = ConfigFile,
) -> None:
    """List the controls, with what they are mapped to."""
    from watchword.controls.text import ControlText
    from watchword.model.verdict import Pillar, Requirement

    requirement = _among([one.value for one in Requirement], requirement.upper(), "--requirement")
    pillar = _among([one.value for one in Pillar], pillar.lower(), "--pillar")

    def row(control: Control) -> dict[str, str]:
        text: ControlText = control.text
        return {
            "id": text.id,
            "severity": text.severity.word,
            "pillar": text.pillar.value,
            "requirements": " ".join(one.value for one in text.requirements),
            "stage": text.stage.word,
            "effort": text.effort.word,
            "title": text.title,
        }

    rows = [row(control) for control in _all(config)]
    fitting = [one for one in rows if requirement in one["requirements"].split() or not requirement]
    listing([one for one in fitting if pillar in {"", one["pillar"]}], form, output)


@app.command("show")
def show_control(
    name: str = typer.Argument(help="Id (ID-05) or slug of the control."), config: Path | None = ConfigFile
) -> None:
    """Show one control: what passes, why it matters, how to fix it, what it reads."""
    from rich.markdown import Markdown

    from watchword.controls.catalogue import UnknownControl, find
    from watchword.report.control_page import control_markdown

    try:
        control = find(name, _all(config))
    except UnknownControl as error:
        raise UsageError(str(error), remedy="`watchword controls list` shows all of them") from error
    console().print(Markdown(control_markdown(control)))


def _among(known: list[str], word: str, option: str) -> str:
    """The word, if it is empty or known; a misspelt one would look like an empty catalogue."""
    if word and word not in known:
        raise UsageError(f"there is no {word!r}", where=option, remedy=f"choose from: {', '.join(known)}")
    return word


def _all(config: Path | None) -> tuple[Control, ...]:
    from watchword.commands.inputs import control_set

    return control_set(config).all()
