"""Which directories of the settings we read ourselves, and by what; the others push to us, or are only signed in with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from watchword.model.directory import DirectoryKind

if TYPE_CHECKING:
    from watchword.collect.directories.configured import Configured
    from watchword.model.directory import DirectoryReader

Maker = Callable[["Configured"], "DirectoryReader"]


def _ldap(configured: Configured) -> DirectoryReader:
    from watchword.collect.directories.ldap import LdapReader

    return LdapReader(configured.ldap())


_MAKERS: Final[Mapping[DirectoryKind, Maker]] = {DirectoryKind.LDAP: _ldap}


def is_read(configured: Configured) -> bool:
    """Whether we read a directory ourselves."""
    return configured.kind in _MAKERS


def reader_of(configured: Configured) -> DirectoryReader:
    """What reads a directory.

    Raises:
        ConfigError: a setting of it cannot be.
        LookupError: it is not one that we read.
    """
    return _MAKERS[configured.kind](configured)
