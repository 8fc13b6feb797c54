"""``watchword policy``: what watchword must be allowed to do."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import typer

from watchword.commands.options import Output
from watchword.commands.output import write

app = typer.Typer(help="The IAM policies that watchword itself needs.", no_args_is_help=True)


class PolicyFormat(StrEnum):
    """Forms of the policy."""

    JSON = "json"
    CLOUDFORMATION = "cloudformation"
    TERRAFORM = "terraform"


@app.callback()
def group() -> None:
    """The IAM policies that watchword itself needs."""


@app.command("readonly")
def readonly(
    form: PolicyFormat = typer.Option(
        PolicyFormat.JSON,
        "--as",
        help="json: managed policies; cloudformation: a StackSet's template; terraform.",
    ),
    output: Path | None = Output,
) -> None:
    """Print the read-only policy, generated from the operations that the collectors declare."""
    from watchword.collect.policy import as_cloudformation, as_json, as_terraform

    made = {
        PolicyFormat.JSON: as_json,
        PolicyFormat.CLOUDFORMATION: as_cloudformation,
        PolicyFormat.TERRAFORM: as_terraform,
    }
    write(made[form](), output)
