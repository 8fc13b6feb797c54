"""``[directories.NAME]`` with ``kind = "scim"``: which tokens speak for which directory; and the door that is made of it.

::

    [directories.okta]
    kind = "scim"
    display = "Okta"
    token_sha256 = ["9f86d081…"]    # SHA-256 of each token in hexadecimal; two while a token is changed

Tokens themselves stand in no file of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from watchword.errors import ConfigError
from watchword.model.directory import DirectoryKind
from watchword.model.people import DirectoryId
from watchword.store.state.batch import Batch
from watchword.store.state.scim_effects import OnChange, nothing
from watchword.store.state.scim_store import SqlScimStore
from watchword.web.control_plane import ControlPlane
from watchword.web.scim.bearer import Digests
from watchword.web.scim.routes import Door
from watchword.web.scim.service import ScimService

MOUNTED: Final = "/scim/v2"
"""Where the door stands, below the public address."""
MOST_TOKENS: Final = 4
"""Tokens of one directory."""

_KEYS: Final = frozenset({"kind", "display", "token_sha256"})
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ScimSettings:
    """A directory whose people are pushed to us."""

    directory: DirectoryId
    display: str
    digests: tuple[str, ...]


def settings_of(directories: Mapping[str, Any]) -> tuple[ScimSettings, ...]:
    """The directories of that kind among all.

    Raises:
        ConfigError: a key is missing, unknown or wrong, or two directories have the same token.
    """
    found = tuple(
        _settings(name, table)
        for name, table in directories.items()
        if isinstance(table, Mapping) and table.get("kind") == DirectoryKind.SCIM
    )
    digests = [one for each in found for one in each.digests]
    if len(set(digests)) != len(digests):
        raise _wrong("directories", "a token can speak for one directory only, and stand there once")
    return found


def tokens_of(found: tuple[ScimSettings, ...]) -> Digests:
    """The tokens of directories."""
    return Digests({digest: each.directory for each in found for digest in each.digests})


def door(plane: ControlPlane, on_change: OnChange = nothing) -> Door:
    """The door of a process, to be given to ``routes.router`` and mounted at ``MOUNTED``.

    Raises:
        ConfigError: the settings of a directory are wrong.
    """
    return Door(
        service=ScimService(SqlScimStore(Batch(plane.database), on_change)),
        authenticate=tokens_of(settings_of(plane.directories)),
        clock=plane.clock,
        base=plane.settings.public_url.rstrip("/") + MOUNTED,
        patience=plane.settings.body_seconds,
    )


def _settings(name: str, table: Mapping[str, Any]) -> ScimSettings:
    unknown = sorted(set(table) - _KEYS)
    if unknown:
        raise _wrong(name, f"there is no key {unknown[0]}; there are {', '.join(sorted(_KEYS))}")
    digests, display = table.get("token_sha256"), table.get("display", name)
    if not isinstance(digests, list) or not 0 < len(digests) <= MOST_TOKENS:
        raise _wrong(name, f"token_sha256 must be a list of 1 to {MOST_TOKENS} digests")
    if not all(isinstance(one, str) and _DIGEST.fullmatch(one) for one in digests):
        raise _wrong(name, "token_sha256 holds what is no SHA-256 of 64 hexadecimal digits in small letters")
    if not isinstance(display, str) or not 0 < len(display) <= 200:
        raise _wrong(name, "display must be a text of 1 to 200 characters")
    return ScimSettings(DirectoryId(name), display, tuple(digests))


def _wrong(name: str, what: str) -> ConfigError:
    return ConfigError(what, where=f"[directories.{name}]", remedy="correct it: docs/how-to/directories.md")
