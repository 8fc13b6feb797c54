"""The root user of each account: whether it can sign in, how strongly, and whether it did."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from watchword.analysis.iam.credentials import moment, root_row, virtual_device_owners
from watchword.controls.identity.rows import days
from watchword.controls.registry import control, gap, met, met_if
from watchword.model.finding import Judgement
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Severity

UNUSED_FOR: Final = timedelta(days=90)
"""How long the root user must not have been used."""

FEATURES: Final = ("RootCredentialsManagement", "RootSessions")
"""The two features of central root access.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_root-enable-root-access.html
"""

_LEFT: Final = {
    "AccountPasswordPresent": "a password",
    "AccountAccessKeysPresent": "an access key",
    "AccountSigningCertificatesPresent": "a signing certificate",
}
_USES: Final = {
    "password_last_used": "its password",
    "access_key_1_last_used_date": "access key 1",
    "access_key_2_last_used_date": "access key 2",
}


@control("ID-01", reads=("iam.account_summary", "iam.virtual_mfa_devices"), about="root users")
def root_has_hardware_mfa(view: AccountView) -> Judgement:
    """The root user has MFA that is no virtual device, or cannot sign in at all."""
    summary = view.one("iam.account_summary")
    shown = (summary.evidence("AccountMFAEnabled"), summary.evidence("AccountPasswordPresent"))
    if summary.has("AccountPasswordPresent") and not _left(summary):
        return met("the root user has neither password nor keys: nobody can sign in as it", *shown)
    if not summary.number("AccountMFAEnabled"):
        return gap("the root user has no MFA device", *shown)
    root = f"arn:{summary.arn.split(':')[1]}:iam::{view.account.id}:root"
    if root in virtual_device_owners(view):
        return gap(
            "the root user has a virtual MFA device, whose seed can be copied and whose codes can be phished",
            *shown,
            severity=Severity.HIGH,
        )
    return met("the root user has an MFA device, and none of its devices is virtual", *shown)


@control("ID-02", reads=("iam.account_summary", "iam.organizations_features"), about="root users")
def root_credentials_are_removed(view: AccountView) -> Judgement:
    """Central root access is on, and member accounts' root users have no credentials left."""
    rows = view.of_organization().rows("iam.organizations_features")
    enabled = {feature for row in rows for feature in row.texts("EnabledFeatures")}
    shown = tuple(row.evidence("EnabledFeatures") for row in rows)
    off = [feature for feature in FEATURES if feature not in enabled]
    if view.account.is_management:
        return met_if(
            not off,
            "central root access is on: RootCredentialsManagement and RootSessions",
            f"the organisation has not enabled {' and '.join(off)}",
            *shown,
        )
    summary = view.one("iam.account_summary")
    summary.number("AccountPasswordPresent")  # without it nothing can be said of the password
    left = _left(summary)
    shown = (*shown, *(summary.evidence(field) for field in _LEFT))
    if left:
        return gap(f"the root user of this member account still has {' and '.join(left)}", *shown)
    if FEATURES[0] in off:
        return gap(
            "the root user has no credentials, but whoever reads its e-mail can recover the password: "
            "RootCredentialsManagement is off",
            *shown,
        )
    return met("the root user has no credentials, and its password cannot be recovered by e-mail", *shown)


@control("ID-03", reads=("iam.account_summary",), about="root users")
def root_has_no_access_keys(view: AccountView) -> Judgement:
    """The root user has no access key."""
    summary = view.one("iam.account_summary")
    return met_if(
        summary.number("AccountAccessKeysPresent") == 0,
        "the root user has no access key",
        "the root user has an access key",
        summary.evidence("AccountAccessKeysPresent"),
    )


@control("ID-04", reads=("iam.credential_report",), about="root users")
def root_is_not_used(view: AccountView) -> Judgement:
    """Neither the root user's password nor a key of it was used lately."""
    row = root_row(view)
    used = {what: at for column, what in _USES.items() if (at := moment(row, column)) is not None}
    shown = tuple(row.evidence(column) for column in _USES)
    if not used:
        return met("the report knows of no use of the root user", *shown)
    what, at = max(used.items(), key=lambda pair: pair[1])
    age = view.now - at
    when = f"the root user was last used {days(age.total_seconds())} ago ({at:%Y-%m-%d}, by {what})"
    return met_if(age > UNUSED_FOR, when, when, *shown)


def _left(summary: Resource) -> list[str]:
    """The credentials that the root user has, in words."""
    return [words for field, words in _LEFT.items() if summary.number(field, absent=0.0)]
