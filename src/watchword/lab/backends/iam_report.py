"""The credential report, and when the credentials of users were made and last used.

What it does: writes the report as AWS does, the root user first; AWS has no operation to turn back time, so that the
estate dates its users, passwords, keys and roles by `date_user`, `date_password`, `date_key` and `date_role`.
What it does not do: let reports grow old; each is made when it is fetched.
Reference: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.iam.models import AccessKeyLastUsed, User, iam_backends
from moto.iam.responses import IamResponse
from moto.iam.urls import url_paths

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.iam_root import RootUser, iam, iam_tables, root_of, tables
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item

COLUMNS: Sequence[str] = (
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    "access_key_1_active",
    "access_key_1_last_rotated",
    "access_key_1_last_used_date",
    "access_key_1_last_used_region",
    "access_key_1_last_used_service",
    "access_key_2_active",
    "access_key_2_last_rotated",
    "access_key_2_last_used_date",
    "access_key_2_last_used_region",
    "access_key_2_last_used_service",
    "cert_1_active",
    "cert_1_last_rotated",
    "cert_2_active",
    "cert_2_last_rotated",
)

_NONE = "N/A"
_NEVER = "not_supported"


def date_user(account: str, user: str, created: datetime) -> None:
    """Let a user have been created then (UTC). Raises NoSuchEntity for an unknown user."""
    iam_backends[account]["aws"].get_user(user).create_date = _naive(created)


def date_password(account: str, user: str, *, changed: datetime, last_used: datetime | None = None) -> None:
    """Let a user's password have been set and last used then (UTC); None: never used."""
    found: Any = iam_backends[account]["aws"].get_user(user)
    found.password_last_used = _naive(last_used) if last_used else None
    iam_tables[account]["aws"].table("passwords")[user] = {"changed": changed}


def date_key(
    account: str,
    key: str,
    *,
    created: datetime,
    last_used: datetime | None = None,
    service: str = "s3",
    region: str = "us-east-1",
) -> None:
    """Let an access key have been made and last used then (UTC); None: never used. KeyError for an unknown key id."""
    found = iam_backends[account]["aws"].access_keys[key]
    found.create_date = _naive(created)
    found.last_used = AccessKeyLastUsed(_naive(last_used), service, region) if last_used else None


def date_role(account: str, role: str, *, last_used: datetime | None, region: str = "us-east-1") -> None:
    """Let a role have been last assumed then (UTC); None: never. Raises NoSuchEntity for an unknown role."""
    found: Any = iam_backends[account]["aws"].get_role(role)
    found.last_used = _naive(last_used) if last_used else None
    found.last_used_region = region if last_used else None


def _naive(time: datetime) -> datetime:
    """Moto keeps times without a zone, in UTC."""
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo else time


def _text(time: datetime | None) -> str:
    return _naive(time).strftime("%Y-%m-%dT%H:%M:%S+00:00") if time else _NONE


def _flag(value: object) -> str:
    return "true" if value else "false"


def _generate(call: Call) -> Item:
    known = tables(call).setting("report", ready=False)
    if known["ready"]:
        return {"State": "COMPLETE"}
    known["ready"] = True
    return {"State": "STARTED", "Description": "No report exists. Starting a new report generation task"}


def _get(call: Call) -> Item:
    if not tables(call).setting("report", ready=False)["ready"]:
        raise Refusal("ReportNotPresent", "No report exists for this account.")
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerow(_root_row(call.partition, call.account, root_of(call.account)))
    writer.writerows(_user_row(call, user) for user in iam(call).users.values())
    report = written.getvalue().rstrip("\n")
    return {"Content": report.encode(), "ReportFormat": "text/csv", "GeneratedTime": datetime.now(UTC)}


def _root_row(partition: str, account: str, root: RootUser) -> list[str]:
    used = _text(root.keys_last_used)
    region, service = ("us-east-1", "s3") if root.keys_last_used else (_NONE, _NONE)
    keys = [("true", _text(created), used, region, service) for created in root.keys]
    return [
        "<root_account>",
        f"arn:{partition}:iam::{account}:root",
        _text(root.created),
        _flag(root.password),
        _text(root.password_last_used) if root.password_last_used or not root.password else "no_information",
        _NEVER,
        _NEVER,
        _flag(root.mfa != "none"),
        *_two(keys, ("false", _NONE, _NONE, _NONE, _NONE)),
        *_two([], ("false", _NONE)),
    ]


def _user_row(call: Call, user: User) -> list[str]:
    keys = [_key_fields(key) for key in user.access_keys]
    certificates = [(_flag(each.status == "Active"), _text(each.upload_date)) for each in _certificates(user)]
    return [
        user.name,
        user.arn,
        _text(user.create_date),
        *_password_fields(call, user),
        _flag(user.mfa_devices),
        *_two(keys, ("false", _NONE, _NONE, _NONE, _NONE)),
        *_two(certificates, ("false", _NONE)),
    ]


def _certificates(user: Any) -> Iterable[Any]:
    found: Iterable[Any] = user.signing_certificates.values()
    return found


def _password_fields(call: Call, user: Any) -> list[str]:
    """Whether there is a password, and when it was last used, last changed, and must be changed."""
    if not user.password:
        return ["false", _NONE, _NONE, _NONE]
    changed = tables(call).table("passwords").get(user.name, {}).get("changed", user.create_date)
    policy = iam(call).account_password_policy
    days = policy.max_password_age if policy else 0
    due = _text(changed + timedelta(days=days)) if days else _NONE
    used = _text(user.password_last_used) if user.password_last_used else "no_information"
    return ["true", used, _text(changed), due]


def _key_fields(key: Any) -> tuple[str, ...]:
    state = (_flag(key.status == "Active"), _text(key.create_date))
    if key.last_used is None:
        return (*state, _NONE, _NONE, _NONE)
    return (*state, _text(key.last_used.timestamp), key.last_used.region, key.last_used.service)


def _two(fields: Sequence[tuple[str, ...]], empty: tuple[str, ...]) -> list[str]:
    """The columns of the first two credentials of a kind, filled up where there are fewer."""
    return [field for group in [*fields, empty, empty][:2] for field in group]


OPERATIONS: Mapping[str, Handler] = {"GenerateCredentialReport": _generate, "GetCredentialReport": _get}


def install() -> None:
    """Add the operations to moto's IAM."""
    registry.extend(IamResponse, url_paths, OPERATIONS, invalid="ValidationError")
