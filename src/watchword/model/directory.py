"""What a directory says: its accounts and groups as they were read, before anybody has decided whose they are.

A field that the directory did not tell is ``None`` or empty, and means *unknown*: never "no".  Times are UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from watchword.model.people import DirectoryId


class DirectoryKind(StrEnum):
    """Of what kind a directory is."""

    LDAP = "ldap"
    OIDC = "oidc"
    SAML = "saml"
    COGNITO = "cognito"
    IDENTITY_CENTER = "identity-center"
    SCIM = "scim"
    """An identity provider that pushes its people to us."""
    LOCAL = "local"
    """Ours: people whom an administrator has invited."""


class AccountKind(StrEnum):
    """Whose account it is."""

    USER = "user"
    GUEST = "guest"
    WORKLOAD = "workload"


@dataclass(frozen=True, slots=True)
class DirectoryAccount:
    """An account of a directory.

    ``subject`` is the directory's own unchanging id of it (entryUUID, objectGUID, ``sub``, UserId); ``user_name`` what its
    owner types.  ``mail_verified`` says that the directory vouches for the address.  ``factors`` are the kinds of second
    factors that it holds there, ``None`` where the directory does not tell.  ``manager`` is the subject of another account.
    """

    directory: DirectoryId
    subject: str
    user_name: str
    kind: AccountKind = AccountKind.USER
    display_name: str = ""
    mail: str = ""
    mail_verified: bool | None = None
    employee_number: str = ""
    enabled: bool | None = None
    locked: bool | None = None
    created: datetime | None = None
    expires: datetime | None = None
    last_sign_in: datetime | None = None
    password_changed: datetime | None = None
    factors: tuple[str, ...] | None = None
    manager: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DirectoryGroup:
    """A group of a directory: subjects of the accounts and of the groups that are directly in it."""

    directory: DirectoryId
    subject: str
    display_name: str
    accounts: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DirectoryFault:
    """Something of a directory that could not be read or believed: which entry, what is wrong, what to do."""

    where: str
    what: str
    remedy: str = ""


class DirectoryReader(Protocol):
    """Reads one directory, page by page; faults of single entries are gathered and do not end the reading.

    Accounts and groups come in the directory's own order and may come twice where it is lying; who takes them checks.
    """

    faults: list[DirectoryFault]

    def accounts(self) -> Iterator[DirectoryAccount]:
        """All accounts.

        Raises:
            DirectoryError: the directory is down, slow, refuses us, or its certificate is wrong.
        """

    def groups(self) -> Iterator[DirectoryGroup]:
        """All groups.

        Raises:
            DirectoryError: the directory is down, slow, refuses us, or its certificate is wrong.
        """
