"""From options and settings to the values that the rooms take: sources, scopes, control sets.

Options go before ``watchword.toml``, and both before the environment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from watchword.errors import UsageError

if TYPE_CHECKING:
    from watchword.collect.planning import Scope
    from watchword.collect.source import Source
    from watchword.config import Config
    from watchword.report.assessment import ControlSet


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be read, as the user said it on the command line; empty means as the settings say.

    ``organization``: ``None`` as the caller may, else whether the whole organisation is wanted.
    """

    profile: str = ""
    region: str = ""
    role_arn: str = ""
    endpoint_url: str = ""
    accounts: str = ""
    regions: str = ""
    services: str = ""
    organization: bool | None = None
    directory: Path | None = None


def settings(config: Path | None) -> Config:
    """The settings of the file, or of ``watchword.toml`` in this folder, or the defaults.

    Raises:
        ConfigError: a setting is wrong.
    """
    from watchword.config import load

    return load(config)


def control_set(config: Path | None) -> ControlSet:
    """All controls, the user's included, and the declared estate.

    Raises:
        UsageError: a user's control file is wrong.
        ConfigError: a setting is wrong.
    """
    from watchword.commands.output import note
    from watchword.controls.catalogue import catalogue
    from watchword.controls.text import TextError
    from watchword.plugins import refuse_duplicates, user_controls
    from watchword.report.assessment import ControlSet

    chosen = settings(config)
    try:
        users = user_controls(chosen.controls)
        refuse_duplicates(catalogue(), users)
    except TextError as error:
        raise UsageError(
            str(error), remedy="correct the file, or take it out of the folder of controls"
        ) from error
    for problem in users.problems:
        note(f"warning: {problem}")
    return ControlSet((*catalogue(), *users.python), users.sql, chosen.estate)


def source(target: Target, config: Path | None) -> Source:
    """Where answers come from: a directory, or AWS.

    Raises:
        UsageError, ConfigError: an option or a setting is wrong.
    """
    if target.directory is not None:
        from watchword.collect.directory import DirectorySource

        return DirectorySource(target.directory)
    from watchword.collect.engine import live_source

    told = settings(config).aws
    return live_source(
        replace(
            told,
            profile=target.profile or told.profile,
            region=target.region or told.region,
            role_arn=target.role_arn or told.role_arn,
            endpoint_url=target.endpoint_url or told.endpoint_url,
        )
    )


def scope(target: Target, config: Path | None) -> Scope:
    """Which accounts, regions and services are wanted.

    Raises:
        UsageError: a region code is malformed.
    """
    from watchword.collect.planning import Scope
    from watchword.model.ids import region

    chosen = settings(config).scope
    try:
        regions = tuple(region(one) for one in names(target.regions))
    except ValueError as error:
        raise UsageError(
            str(error), where="--regions", remedy="give codes of regions, comma separated"
        ) from error
    return Scope(
        accounts=names(target.accounts) or chosen.accounts,
        regions=regions or chosen.regions,
        services=names(target.services) or chosen.services,
        organization=chosen.organization if target.organization is None else target.organization,
        trust_config_counts=chosen.trust_config_counts,
    )


def names(text: str) -> tuple[str, ...]:
    """The names in a comma separated list."""
    return tuple(name for part in text.split(",") if (name := part.strip()))
