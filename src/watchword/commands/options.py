"""Options that several commands share, so that each means the same everywhere."""

from __future__ import annotations

from typing import Any, Final

import typer

STORE: Final = ".watchword"
Store: Final[Any] = typer.Option(
    STORE, "--store", envvar="WATCHWORD_STORE", help="Folder of snapshots and assessments."
)
ConfigFile: Final[Any] = typer.Option(
    None,
    "--config",
    envvar="WATCHWORD_CONFIG",
    help="Settings; watchword.toml in this folder where there is one.",
)
Output: Final[Any] = typer.Option(
    None, "-o", "--output", help="File to write to rather than standard output."
)
Profile: Final[Any] = typer.Option("", "--profile", help="AWS profile (AWS_PROFILE).")
HomeRegion: Final[Any] = typer.Option("", "--region", help="AWS region to start from (AWS_REGION).")
RoleArn: Final[Any] = typer.Option("", "--role-arn", help="Role to assume first, before anything is read.")
EndpointUrl: Final[Any] = typer.Option(
    "", "--endpoint-url", help="Endpoint of an emulated AWS (AWS_ENDPOINT_URL)."
)
Accounts: Final[Any] = typer.Option("", "--accounts", help="Only these accounts: ids, comma separated.")
Regions: Final[Any] = typer.Option("", "--regions", help="Only these regions, comma separated.")
Services: Final[Any] = typer.Option("", "--services", help="Only these services, comma separated: iam,s3,…")
Organization: Final[Any] = typer.Option(
    None, "--org/--no-org", help="The whole organisation, or this account only; by default as the caller may."
)
FromDirectory: Final[Any] = typer.Option(
    None, "--from-directory", help="Read JSON answers of the AWS CLI from this folder instead of AWS."
)
