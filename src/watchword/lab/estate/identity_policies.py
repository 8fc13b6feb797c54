"""The policies of Company ABC's own, and how its trust policies are written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from watchword.lab.estate.company import DATA, DEV, PROD, SANDBOX, LabAccount

ADMINISTRATOR: Final = "AdministratorAccess"
POWER_USER: Final = "PowerUserAccess"
READ_ONLY: Final = "ReadOnlyAccess"
BILLING: Final = "job-function/Billing"

Statement = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Inline:
    """A policy by name; inline, or to be made as a managed one."""

    name: str
    statements: tuple[Statement, ...]

    @property
    def document(self) -> dict[str, Any]:
        """The policy document."""
        return {"Version": "2012-10-17", "Statement": list(self.statements)}


@dataclass(frozen=True, slots=True)
class Managed:
    """A customer managed policy of an account."""

    account: LabAccount
    policy: Inline


def may(
    actions: str | list[str], resources: str | list[str] = "*", **conditions: dict[str, str]
) -> Statement:
    """An Allow of an identity policy."""
    found: Statement = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return found | ({"Condition": conditions} if conditions else {})


def deny(actions: str | list[str], resources: str | list[str] = "*") -> Statement:
    """A Deny without condition."""
    return may(actions, resources) | {"Effect": "Deny"}


def one_bucket(bucket: str) -> Inline:
    """Reading and writing the objects of one bucket."""
    return Inline("one-bucket", (may(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{bucket}/*"),))


TONIGHT: Final = "${tonight}"
"""Stands for an instant some hours after seeding."""

OWN_CREDENTIALS: Final = Inline(
    "own-credentials", (may("iam:*", ["arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::*:mfa/*"]),)
)
IAM_ADMINISTRATION: Final = Inline("user-management", (may("iam:*"),))
EVERYTHING_BUT_IAM: Final = Inline("data-platform", (may("*"), deny(["iam:*", "organizations:*"])))
UNTIL_TONIGHT: Final = Inline("incident-4711", (may("*", DateLessThan={"aws:CurrentTime": TONIGHT}),))

_LAKE = ["arn:aws:s3:::abc-data-lake", "arn:aws:s3:::abc-data-lake/*"]
_LAKE_READER = Managed(DATA, Inline("data-lake-reader", (may(["s3:GetObject", "s3:ListBucket"], _LAKE),)))
_LAKE_WRITER = Managed(DATA, Inline("data-lake-writer", (may(["s3:GetObject", "s3:PutObject"], _LAKE),)))
_SHOP_DEPLOY = Managed(
    PROD,
    Inline(
        "shop-deploy",
        (
            may(
                ["ecs:UpdateService", "ecs:DescribeServices"],
                f"arn:aws:ecs:eu-west-1:{PROD.id}:service/shop/*",
            ),
            may(
                "iam:PassRole",
                f"arn:aws:iam::{PROD.id}:role/shop-*",
                StringEquals={"iam:PassedToService": "ecs-tasks.amazonaws.com"},
            ),
        ),
    ),
)
_BOUNDARY = Inline("workload-boundary", (may("*"), deny(["iam:*", "organizations:*", "account:*"])))
_BOUNDARIES = (Managed(PROD, _BOUNDARY), Managed(DEV, _BOUNDARY))

POLICIES_AFTER: Final = (_LAKE_READER, _LAKE_WRITER, _SHOP_DEPLOY, *_BOUNDARIES)
POLICIES_BEFORE: Final = (
    *POLICIES_AFTER,
    Managed(PROD, Inline("deploy-everything", (may("*"),))),
    Managed(DATA, Inline("legacy-superuser", (may("*:*", "arn:aws:*"),))),
    Managed(
        DEV,
        Inline(
            "power-developer", ({"Effect": "Allow", "NotAction": ["iam:*", "billing:*"], "Resource": "*"},)
        ),
    ),
    Managed(SANDBOX, Inline("anything-goes", (may("*"),))),
)

FRESH_MFA: Final = {
    "Bool": {"aws:MultiFactorAuthPresent": "true"},
    "NumericLessThanEquals": {"aws:MultiFactorAuthAge": "3600"},
}
"""What an administrator role should ask for."""


def trust(principal: Any, action: str | list[str] = "sts:AssumeRole", /, **conditions: Any) -> Statement:
    """An Allow of a trust policy."""
    found: Statement = {"Effect": "Allow", "Principal": principal, "Action": action}
    return found | ({"Condition": conditions} if conditions else {})


def account(number: str, rest: str = "root") -> dict[str, str]:
    """The principal of another account."""
    return {"AWS": f"arn:aws:iam::{number}:{rest}"}


def service(name: str, source: str = "") -> Statement:
    """The trust in an AWS service, on behalf of one account where ``source`` names it."""
    conditions = {"StringEquals": {"aws:SourceAccount": source}} if source else {}
    return trust({"Service": f"{name}.amazonaws.com"}, **conditions)
