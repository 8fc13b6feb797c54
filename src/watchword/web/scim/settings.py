"""``[directories.NAME]`` with ``kind = "scim"``: which tokens speak for which directory.

::

    [directories.okta]
    kind = "scim"
    display = "Okta"
    token_sha256 = ["9f86d081…"]    # SHA-256 of each token in hexadecimal; two while a token is changed

Tokens themselves stand in no file of ours.  What keys there are, and what they may hold, is checked with those of all
directories (``watchword.collect.directories.configured``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchword.collect.directories import configured
from watchword.errors import ConfigError
from watchword.model.directory import DirectoryKind
from watchword.web.scim.bearer import Digests


def tables_of(directories: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The tables of directories that push to us, among all."""
    return {
        name: table
        for name, table in directories.items()
        if isinstance(table, Mapping) and table.get("kind") == DirectoryKind.SCIM
    }


def tokens_of(directories: Mapping[str, Any]) -> Digests:
    """The tokens of the directories that push to us, among the tables of all directories.

    Raises:
        ConfigError: a key is missing, unknown or wrong, or a token stands there twice.
    """
    found: dict[str, Any] = {}
    for name, one in configured.read(tables_of(directories), {}).items():
        for digest in one.options["token_sha256"]:
            if digest in found:
                raise ConfigError(
                    f"setting directories.{name}.token_sha256: this token stands there already",
                    where=f"[directories.{name}]",
                    remedy="make a token of its own for each directory: docs/how-to/directories.md",
                )
            found[digest] = name
    return Digests(found)
