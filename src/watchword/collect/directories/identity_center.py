"""Reads the identity store of IAM Identity Center: users, and groups with their members.

Identity Center tells neither which factors somebody has nor when they last signed in, and has no operation for either: both stay
unknown.  Whether a user may sign in is told only by newer stores (``UserStatus``); where it is not, that stays unknown, too.

Source: https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_User.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from watchword.aws import AwsSettings
from watchword.collect.directories.aws_pages import Asking, moment, text
from watchword.model.directory import DirectoryAccount, DirectoryFault, DirectoryGroup
from watchword.model.people import DirectoryId

_OPERATIONS: Final = "ListUsers ListGroups ListGroupMemberships"
_ENABLED: Final = {"ENABLED": True, "DISABLED": False}


@dataclass(frozen=True, slots=True)
class CenterSettings:
    """An identity store: its id, its region, and the account that has it (empty: the caller's own)."""

    directory: DirectoryId
    identity_store: str
    region: str
    account: str = ""


class IdentityCenterReader:
    """Reads one identity store as ``watchword.model.directory.DirectoryReader`` tells."""

    def __init__(self, settings: CenterSettings, aws: AwsSettings) -> None:
        self.settings = settings
        self.faults: list[DirectoryFault] = []
        self._ask = Asking(aws, "identitystore", settings.region, settings.account, _OPERATIONS)

    def accounts(self) -> Iterator[DirectoryAccount]:
        """All users of the store.

        Raises:
            DirectoryError: the store cannot be read.
        """
        for row in self._rows("ListUsers", "Users"):
            yield self._account(row)

    def groups(self) -> Iterator[DirectoryGroup]:
        """All groups of the store with their users; groups have no groups in them.

        Raises:
            DirectoryError: the store cannot be read.
        """
        for row in self._rows("ListGroups", "Groups"):
            id_ = text(row, "GroupId")
            inside = self._rows("ListGroupMemberships", "GroupMemberships", GroupId=id_)
            members = (text(one.get("MemberId") or {}, "UserId") for one in inside)
            name = text(row, "DisplayName") or id_
            yield DirectoryGroup(self.settings.directory, id_, name, tuple(filter(None, members)))

    def _rows(self, operation: str, key: str, **params: str) -> Iterator[Mapping[str, Any]]:
        store = {"IdentityStoreId": self.settings.identity_store}
        for page in self._ask.pages(operation, {**store, **params}):
            yield from page.get(key, ())

    def _account(self, row: Mapping[str, Any]) -> DirectoryAccount:
        name = row.get("Name") or {}
        parts = " ".join(filter(None, (text(name, "GivenName"), text(name, "FamilyName"))))
        return DirectoryAccount(
            directory=self.settings.directory,
            subject=text(row, "UserId"),
            user_name=text(row, "UserName"),
            display_name=text(row, "DisplayName") or parts or text(row, "UserName"),
            mail=_mail(row),
            mail_verified=None,
            enabled=_ENABLED.get(text(row, "UserStatus")),
            created=moment(row, "CreatedAt"),
            attributes={"external_ids": _external(row)},
        )


def _mail(row: Mapping[str, Any]) -> str:
    """The primary address, else the first."""
    each = sorted(row.get("Emails") or (), key=lambda one: one.get("Primary") is not True)
    return text(each[0], "Value") if each else ""


def _external(row: Mapping[str, Any]) -> list[str]:
    return sorted(f"{text(one, 'Issuer')} {text(one, 'Id')}" for one in row.get("ExternalIds") or ())
