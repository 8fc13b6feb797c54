"""The credentials of IAM users and of the root user, as the credential report tells of them.

Reads rows of ``iam.credential_report``; the report's words for "nothing" (``N/A``, ``no_information``,
``not_supported``) become ``None``.  What the report does not know, such as the kind of an MFA device, is not guessed.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from watchword.model.evidence import EvidenceMissing
from watchword.model.resource import Document, Resource
from watchword.model.snapshot import AccountView

ROOT: Final = "<root_account>"
"""The name of the root user in the report."""

_NOTHING: Final = frozenset({"", "N/A", "no_information", "not_supported"})
_TRUE: Final = frozenset({"true", "yes", "1"})


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An active access key: ``number`` is 1 or 2, ``since`` when it was made or last rotated (UTC)."""

    number: int
    since: datetime

    @property
    def path(self) -> str:
        """The column with the key's age."""
        return f"access_key_{self.number}_last_rotated"


def is_root(row: Document) -> bool:
    """Whether the row is the root user's."""
    return row.text("user") == ROOT


def has_console_password(row: Document) -> bool:
    """Whether a user can sign in to the console by password; that is what makes a user a person's."""
    return row.flag("password_enabled")


def active_keys(row: Document) -> tuple[AccessKey, ...]:
    """The active access keys of the row.

    Raises:
        EvidenceMissing: the report lacks the column, or an active key has no date.
    """
    return tuple(_key(row, number) for number in (1, 2) if row.flag(f"access_key_{number}_active"))


def moment(row: Document, column: str) -> datetime | None:
    """The instant in ``column``; ``None`` where the report has a word for nothing there.

    Raises:
        EvidenceMissing: there is no such column, or it holds something else.
    """
    return None if row.text(column) in _NOTHING else row.time(column)


def root_row(view: AccountView) -> Resource:
    """The root user's row of the report.

    Raises:
        EvidenceMissing: the report was not read, or has no such row.
    """
    found = next((row for row in view.rows("iam.credential_report") if is_root(row)), None)
    if found is None:
        raise EvidenceMissing(f"the credential report of {view.account.id} has no row of the root user")
    return found


def virtual_device_owners(view: AccountView) -> frozenset[str]:
    """ARNs of the identities (users, the root user) to which a virtual MFA device, an app with a seed, is assigned."""
    owners = (row.document("User", absent=None) for row in view.rows("iam.virtual_mfa_devices"))
    return frozenset(owner.text("Arn") for owner in owners if owner is not None and owner.has("Arn"))


def is_break_glass(identity: Resource, view: AccountView) -> bool:
    """Whether an IAM user or role is an emergency identity: declared as one, or tagged ``break-glass`` = ``true``.

    Case, ``-``, ``_`` and spaces of the tag's key do not count.
    """
    names = (identity.arn, f"{identity.account}/{identity.name}")
    tags = {_plain(key): value.strip().lower() for key, value in identity.tags.items()}
    return any(map(view.estate.is_break_glass, names)) or tags.get("breakglass") in _TRUE


def _key(row: Document, number: int) -> AccessKey:
    since = moment(row, f"access_key_{number}_last_rotated")
    if since is None:
        raise EvidenceMissing(f"{row.where}: access key {number} is active, and the report has no date of it")
    return AccessKey(number, since)


def _plain(key: str) -> str:
    return "".join(char for char in key.lower() if char.isalnum())
