"""Rows of IAM as the collector makes them, for the examples of the controls of identity."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from tests.controls.builder import ACCOUNT, organization, view
from watchword.model.snapshot import Account

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
MANAGEMENT = Account(ACCOUNT, "management", is_management=True)
MEMBER = Account(ACCOUNT, "member")
PARTNER, STRANGER, SIBLING = "121212121212", "141414141414", "999999999999"

Row = dict[str, Any]
Rows = Sequence[Row]


def trust(*statements: Row) -> Row:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(principal: Any, action: Any = "sts:AssumeRole", **conditions: Row) -> Row:
    found: Row = {"Effect": "Allow", "Principal": principal, "Action": action}
    return found | ({"Condition": conditions} if conditions else {})


def may(actions: Any, resources: Any = "*", **conditions: Row) -> Row:
    found: Row = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return found | ({"Condition": conditions} if conditions else {})


def deny(actions: Any, resources: Any = "*", **conditions: Row) -> Row:
    return may(actions, resources, **conditions) | {"Effect": "Deny"}


def user(name: str = "alice", *inline: Row, **more: Any) -> Row:
    return principal("user", "User", name, *inline, **more)


def group(name: str, *inline: Row, **more: Any) -> Row:
    return principal("group", "Group", name, *inline, **more)


def role(name: str, document: Row, *inline: Row, **more: Any) -> Row:
    return principal("role", "Role", name, *inline, AssumeRolePolicyDocument=document, **more)


def principal(path: str, kind: str, name: str, *inline: Row, **more: Any) -> Row:
    arn = f"arn:aws:iam::{ACCOUNT}:{path}/{name}"
    listed = [{"PolicyName": f"p{n}", "PolicyDocument": trust(one)} for n, one in enumerate(inline, 1)]
    return {"_arn": arn, "_name": name, "Arn": arn, f"{kind}Name": name, f"{kind}PolicyList": listed} | more


def policy(name: str, *statements: Row, **more: Any) -> Row:
    arn = more.pop("_arn", f"arn:aws:iam::{ACCOUNT}:policy/{name}")
    return {
        "_arn": arn,
        "_name": name,
        "Arn": arn,
        "AttachmentCount": 1,
        "Document": trust(*statements),
    } | more


def attached(*policies: Row) -> list[Row]:
    return [{"PolicyName": one["_name"], "PolicyArn": one["_arn"]} for one in policies]


def report(name: str = "alice", **columns: str) -> Row:
    arn = ROOT if name == "<root_account>" else f"arn:aws:iam::{ACCOUNT}:user/{name}"
    row = {
        "user": name,
        "arn": arn,
        "password_enabled": "false",
        "password_last_used": "N/A",
        "mfa_active": "false",
    }
    for number in (1, 2):
        row |= {f"access_key_{number}_active": "false", f"access_key_{number}_last_rotated": "N/A"}
        row |= {f"access_key_{number}_last_used_date": "N/A"}
    return {"_arn": arn, "_name": name} | row | columns


def summary(**counts: int) -> list[Row]:
    left = {"AccountPasswordPresent": 1, "AccountMFAEnabled": 1, "AccountAccessKeysPresent": 0}
    return [{"_arn": ROOT, "_name": str(ACCOUNT), "AccountSigningCertificatesPresent": 0, **left, **counts}]


def people(*users: Row, reports: list[Row] | None = None, groups: Rows = (), **more: Any) -> Row:
    """The tables of an account's principals."""
    return {
        "global:iam.users": list(users),
        "global:iam.credential_report": reports or [],
        "global:iam.groups": groups,
        "global:iam.roles": more.get("roles", []),
        "global:iam.policies": more.get("policies", []),
    }


ADMIN = policy("AdministratorAccess", may("*"), _arn="arn:aws:iam::aws:policy/AdministratorAccess")

OTHERS_VIRTUAL = {"SerialNumber": "mfa/alice", "User": {"Arn": f"arn:aws:iam::{ACCOUNT}:user/alice"}}
EMERGENCY = {"_tags": {"Break-Glass": "True"}, "Tags": [{"Key": "Break-Glass", "Value": "True"}]}
FRESH = {"access_key_1_active": "true", "access_key_1_last_rotated": "2026-05-01T00:00:00+00:00"}
SAML_ARN = f"arn:aws:iam::{ACCOUNT}:saml-provider/Okta"
WEB, SAML = "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"
NO_IAM = {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"}
BOUND = policy("boundary", may("*"), deny("iam:*"), AttachmentCount=0, PermissionsBoundaryUsageCount=1)
MFA_ONLY = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
FRESH_MFA = {
    "Bool": {"aws:MultiFactorAuthPresent": "true"},
    "NumericLessThanEquals": {"aws:MultiFactorAuthAge": "3600"},
}
OWN = {"AWS": ROOT}
ORG = organization(
    {
        "organizations.organization": [{"Id": "o-abc1234567"}],
        "organizations.accounts": [{"_arn": one, "Id": one} for one in (ACCOUNT, SIBLING)],
    }
)


def reported(*rows: Row) -> Any:
    return view(
        {"global:iam.credential_report": [report("<root_account>", password_enabled="not_supported"), *rows]}
    )


SIGNS_IN = {"password_enabled": "true"}


def der(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")
    return bytes([tag]) + length + content


def certificate(end: str, kind: int = 0x17) -> str:
    """As much of a certificate as has a validity: version, serial, algorithm, issuer, validity, and 300 bytes more."""
    validity = der(0x30, der(0x17, b"200101000000Z") + der(kind, end.encode()))
    head = der(0xA0, der(2, b"\2")) + der(2, b"\7") + der(0x30, b"") + der(0x30, b"")
    return base64.b64encode(der(0x30, der(0x30, head + validity + der(0x04, b"x" * 300)))).decode()
