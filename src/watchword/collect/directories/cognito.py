"""Reads a user pool of Amazon Cognito: users with their factors, and groups with their members.

Cognito does not tell when somebody last signed in, nor which passkeys they have: ``last_sign_in`` stays unknown, and ``factors``
are those that it sets for sign-in (SMS, app, mail).  They come one user a call, so they are asked for the first
``most_factors`` users only, and stay unknown for the others and for those who sign in elsewhere.

Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserType.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from watchword.aws import AwsSettings
from watchword.collect.directories.aws_pages import Asking, moment, text
from watchword.errors import DirectoryError
from watchword.model.directory import AccountKind, DirectoryAccount, DirectoryFault, DirectoryGroup
from watchword.model.people import DirectoryId

MOST_FACTORS: Final = 5_000
"""Users whose factors are asked for: with four calls at a time some minutes."""

AT_ONCE: Final = 4
"""Users whose factors are asked for at a time; Cognito lets an account read 120 users a second."""

_OPERATIONS: Final = "ListUsers AdminGetUser ListGroups ListUsersInGroup"
_CLOSED: Final = frozenset({"ARCHIVED", "COMPROMISED", "UNCONFIRMED"})
"""Statuses in which a user cannot sign in whatever ``Enabled`` says."""

_FACTORS: Final = {"SMS_MFA": "sms", "SOFTWARE_TOKEN_MFA": "totp", "EMAIL_OTP": "email"}


@dataclass(frozen=True, slots=True)
class CognitoSettings:
    """A user pool: its id, its region, and the account that has it (empty: the caller's own).

    ``people`` says who its users are: ``user`` or ``guest``.
    """

    directory: DirectoryId
    user_pool: str
    region: str
    account: str = ""
    people: str = "user"
    most_factors: int = MOST_FACTORS

    def __post_init__(self) -> None:
        """Refuse what cannot be.

        Raises:
            ValueError: people are neither users nor guests, or the number is negative.
        """
        if self.people not in {"user", "guest"}:
            raise ValueError("people: user or guest is expected")
        if self.most_factors < 0:
            raise ValueError("most_factors: a number that is not negative is expected")


class CognitoReader:
    """Reads one user pool as ``watchword.model.directory.DirectoryReader`` tells."""

    def __init__(self, settings: CognitoSettings, aws: AwsSettings) -> None:
        self.settings = settings
        self.faults: list[DirectoryFault] = []
        self._ask = Asking(aws, "cognito-idp", settings.region, settings.account, _OPERATIONS)
        self._asked = 0

    def accounts(self) -> Iterator[DirectoryAccount]:
        """All users of the pool.

        Raises:
            DirectoryError: the pool cannot be read.
        """
        self._asked = 0
        with ThreadPoolExecutor(AT_ONCE, "watchword-cognito") as threads:
            for page in self._ask.pages("ListUsers", {"UserPoolId": self.settings.user_pool}):
                told = [one for row in page.get("Users", ()) if (one := self._told(row)) is not None]
                for (row, attributes), factors in zip(told, threads.map(self._factors, told), strict=True):
                    yield self._account(row, attributes, factors)

    def groups(self) -> Iterator[DirectoryGroup]:
        """All groups of the pool with their users; groups have no groups in them.

        Raises:
            DirectoryError: the pool cannot be read.
        """
        pool = {"UserPoolId": self.settings.user_pool}
        for page in self._ask.pages("ListGroups", pool):
            for row in page.get("Groups", ()):
                name = text(row, "GroupName")
                inside = self._ask.pages("ListUsersInGroup", {**pool, "GroupName": name})
                members = tuple(filter(None, (_sub(one) for each in inside for one in each.get("Users", ()))))
                yield DirectoryGroup(self.settings.directory, name, name, members)

    def _told(self, row: Mapping[str, Any]) -> tuple[Mapping[str, Any], dict[str, str]] | None:
        """A user with its attributes; ``None``, and a fault, where it has no id."""
        if _sub(row):
            return row, _attributes(row)
        where = f"user {text(row, 'Username')[:80]}"
        self.faults.append(
            DirectoryFault(where, "it has no sub, its unchanging id", "see the user in Cognito")
        )
        return None

    def _factors(
        self, told: tuple[Mapping[str, Any], dict[str, str]]
    ) -> tuple[str, ...] | DirectoryError | None:
        """The factors of a user; ``None`` where they are not asked for, an error where they could not be read."""
        row, _ = told
        if row.get("UserStatus") == "EXTERNAL_PROVIDER" or self._asked >= self.settings.most_factors:
            return None
        # Not counted exactly by several threads, which does not matter: it only bounds.
        self._asked += 1
        params = {"UserPoolId": self.settings.user_pool, "Username": text(row, "Username")}
        try:
            answer = self._ask.first("AdminGetUser", params)
        except DirectoryError as error:
            return error
        return tuple(sorted(_FACTORS.get(one, one.lower()) for one in answer.get("UserMFASettingList") or ()))

    def _account(
        self,
        row: Mapping[str, Any],
        attributes: Mapping[str, str],
        factors: tuple[str, ...] | DirectoryError | None,
    ) -> DirectoryAccount:
        if isinstance(factors, DirectoryError):
            what = f"its factors could not be read: {factors.what}"
            self.faults.append(DirectoryFault(f"factors of {attributes['sub']}", what, factors.remedy))
            factors = None
        status = text(row, "UserStatus")
        enabled = row.get("Enabled")
        verified = attributes.get("email_verified")
        return DirectoryAccount(
            directory=self.settings.directory,
            subject=attributes["sub"],
            user_name=attributes.get("preferred_username") or text(row, "Username"),
            kind=AccountKind(self.settings.people),
            display_name=_name(attributes) or text(row, "Username"),
            mail=attributes.get("email", ""),
            mail_verified=None if verified is None else verified.lower() == "true",
            enabled=False if status in _CLOSED else enabled if isinstance(enabled, bool) else None,
            created=moment(row, "UserCreateDate"),
            factors=factors,
            attributes={"status": status},
        )


def _attributes(row: Mapping[str, Any]) -> dict[str, str]:
    pairs = row.get("Attributes") or row.get("UserAttributes") or ()
    return {text(one, "Name"): text(one, "Value") for one in pairs}


def _sub(row: Mapping[str, Any]) -> str:
    return _attributes(row).get("sub", "")


def _name(attributes: Mapping[str, str]) -> str:
    parts = [attributes.get(one, "") for one in ("given_name", "family_name")]
    return attributes.get("name") or " ".join(filter(None, parts))
