"""Examples of the controls of identity: root users and the account's contacts."""

from __future__ import annotations

from typing import Any

from tests.controls.builder import ACCOUNT, organization, view
from tests.controls.examples import example
from tests.controls.iam import MANAGEMENT, MEMBER, OTHERS_VIRTUAL, ROOT, Row, report, summary

# --- ID-01 -------------------------------------------------------------------------------------------------

VIRTUAL = {"SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/root", "User": {"Arn": ROOT}}
UNASSIGNED = {"SerialNumber": f"arn:aws:iam::{ACCOUNT}:mfa/spare"}


def root(devices: list[Row], **counts: int) -> Any:
    return view({"global:iam.account_summary": summary(**counts), "global:iam.virtual_mfa_devices": devices})


example("ID-01", "met", "a security key, and others' virtual devices", root([OTHERS_VIRTUAL, UNASSIGNED]))
example(
    "ID-01",
    "met",
    "no credentials at all need no MFA",
    root([], AccountPasswordPresent=0, AccountMFAEnabled=0),
)
example("ID-01", "gap", "no MFA", root([], AccountMFAEnabled=0))
example("ID-01", "gap", "a virtual device", root([VIRTUAL]))
example(
    "ID-01",
    "gap",
    "no password but a key, without MFA",
    root([], AccountPasswordPresent=0, AccountAccessKeysPresent=1, AccountMFAEnabled=0),
)
example(
    "ID-01",
    "gap",
    "no MFA is certain though the devices were not read",
    view(
        {"global:iam.account_summary": summary(AccountMFAEnabled=0)},
        denied=["global:iam.virtual_mfa_devices"],
    ),
)
example(
    "ID-01",
    "unknown",
    "MFA of unknown kind",
    view({"global:iam.account_summary": summary()}, denied=["global:iam.virtual_mfa_devices"]),
)
example("ID-01", "unknown", "the summary was not read", view(denied=["global:iam.account_summary"]))
_old = {key: value for key, value in summary()[0].items() if key != "AccountPasswordPresent"}
example(
    "ID-01",
    "met",
    "a summary without AccountPasswordPresent",
    view({"global:iam.account_summary": [_old], "global:iam.virtual_mfa_devices": []}),
)

# --- ID-02 -------------------------------------------------------------------------------------------------

BOTH = organization(
    {"iam.organizations_features": [{"EnabledFeatures": ["RootCredentialsManagement", "RootSessions"]}]}
)
SESSIONS = organization({"iam.organizations_features": [{"EnabledFeatures": ["RootSessions"]}]})
NEITHER = organization({"iam.organizations_features": []})


def member(above: Any, **counts: int) -> Any:
    none = {"AccountPasswordPresent": 0, "AccountMFAEnabled": 0}
    return view(
        {"global:iam.account_summary": summary(**(none | counts))}, account=MEMBER, organization=above
    )


def management(above: Any) -> Any:
    return view({"global:iam.account_summary": summary()}, account=MANAGEMENT, organization=above)


example("ID-02", "met", "a member without credentials, both features on", member(BOTH))
example("ID-02", "met", "the management account with both features on keeps its password", management(BOTH))
example("ID-02", "gap", "a member with a password", member(BOTH, AccountPasswordPresent=1))
example(
    "ID-02", "gap", "a member with a signing certificate", member(BOTH, AccountSigningCertificatesPresent=1)
)
example("ID-02", "gap", "no credentials, but the password can be recovered", member(SESSIONS))
example("ID-02", "gap", "the management account with one feature", management(SESSIONS))
example("ID-02", "gap", "the management account with trusted access off", management(NEITHER))
example("ID-02", "unknown", "the organisation was not read", member(None))
example(
    "ID-02",
    "unknown",
    "the features were not read",
    member(organization(denied=["iam.organizations_features"])),
)
example(
    "ID-02",
    "unknown",
    "a summary without AccountPasswordPresent",
    view({"global:iam.account_summary": [_old]}, account=MEMBER, organization=BOTH),
)

# --- ID-03, ID-04 ------------------------------------------------------------------------------------------

example("ID-03", "met", "no key", view({"global:iam.account_summary": summary()}))
example("ID-03", "gap", "a key", view({"global:iam.account_summary": summary(AccountAccessKeysPresent=1)}))
example("ID-03", "unknown", "the summary was not read", view(denied=["global:iam.account_summary"]))
example(
    "ID-03", "unknown", "the summary lacks the count", view({"global:iam.account_summary": [{"_arn": ROOT}]})
)


def root_used(**columns: str) -> Any:
    return view({"global:iam.credential_report": [report(), report("<root_account>", **columns)]})


example("ID-04", "met", "used a year ago", root_used(password_last_used="2025-06-01T10:00:00+00:00"))
example("ID-04", "met", "never used", root_used(password_last_used="no_information"))
example(
    "ID-04", "met", "used 90 days and a bit ago", root_used(password_last_used="2026-03-02T23:00:00+00:00")
)
example("ID-04", "gap", "used exactly 90 days ago", root_used(password_last_used="2026-03-03T00:00:00+00:00"))
example("ID-04", "gap", "used yesterday", root_used(password_last_used="2026-05-31T10:00:00+00:00"))
example(
    "ID-04",
    "gap",
    "its second key used last month, its password long ago",
    root_used(
        password_last_used="2020-01-01T10:00:00+00:00",
        access_key_2_last_used_date="2026-05-01T10:00:00+00:00",
    ),
)
example("ID-04", "unknown", "no report", view(denied=["global:iam.credential_report"]))
example(
    "ID-04", "unknown", "a report without the root user", view({"global:iam.credential_report": [report()]})
)
example("ID-04", "unknown", "a date that is none", root_used(password_last_used="yesterday"))

# --- LG-13 -------------------------------------------------------------------------------------------------

example(
    "LG-13",
    "met",
    "an address",
    view({"global:account.security_contact": [{"EmailAddress": "security@example.com"}]}),
)
example("LG-13", "gap", "no contact", view({"global:account.security_contact": []}))
example(
    "LG-13", "gap", "an empty address", view({"global:account.security_contact": [{"EmailAddress": " "}]})
)
example("LG-13", "unknown", "not read", view(denied=["global:account.security_contact"]))
