"""Company ABC: the statements of which the policies of its data are made."""

from __future__ import annotations

import json
from typing import Any, Final

from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import MANAGEMENT, LabAccount

Statement = dict[str, Any]

EVERYBODY: Final = "*"
OFFICE: Final = "198.41.128.0/28"
"""The public addresses of the company's head office."""


def policy(*statements: Statement) -> str:
    """A policy document as text."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(
    sid: str,
    principal: Any,
    actions: str | list[str],
    resources: str | list[str] = "*",
    condition: dict[str, Any] | None = None,
) -> Statement:
    """A statement that allows."""
    made = {"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": actions, "Resource": resources}
    return {**made, "Condition": condition} if condition else made


def root(account: LabAccount | str) -> dict[str, str]:
    """A whole account as a principal."""
    return {"AWS": f"arn:aws:iam::{account if isinstance(account, str) else account.id}:root"}


def role(account: LabAccount, *names: str) -> dict[str, Any]:
    """Roles of an account as principals."""
    return {"AWS": [f"arn:aws:iam::{account.id}:role/{name}" for name in names]}


def service(name: str) -> dict[str, str]:
    """An AWS service as a principal."""
    return {"Service": f"{name}.amazonaws.com"}


def equals(key: str, *values: str) -> dict[str, Any]:
    """The condition that a key has one of the values."""
    return {"StringEquals": {key: list(values)}}


def of_organization(lab: Builder) -> dict[str, Any]:
    """The condition that the caller is of Company ABC's organisation."""
    name = "organization/id"
    if name not in lab.refs:
        found = lab.client("organizations", MANAGEMENT).describe_organization()["Organization"]["Id"]
        lab.refs[name] = found
    return equals("aws:PrincipalOrgID", lab.refs[name])
