"""Company ABC: its Identity Center: staff, groups, permission sets, and who has which of them where.

Before: administrators by assignment, for good.  After: daily work by assignment, administration for an incident.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from watchword.lab.backends import sso_admin
from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import (
    ACCOUNTS,
    DATA,
    DEV,
    HOME,
    IDENTITY,
    LOG_ARCHIVE,
    MANAGEMENT,
    NETWORK,
    PROD,
    SANDBOX,
    SECURITY,
    LabAccount,
)

STAFF: Final = {
    "anna.schmidt": ("developers",),
    "ben.clarke": ("developers",),
    "chen.wei": ("developers", "data-engineers"),
    "dina.haddad": ("developers", "release-managers"),
    "elena.petrova": ("auditors",),
    "erik.larsen": ("developers",),
    "farid.mansour": ("security-analysts", "emergency"),
    "greta.holm": ("finance",),
    "hugo.martin": ("platform-operators", "emergency"),
    "ines.costa": ("platform-operators",),
    "jonas.weber": ("cloud-admins", "platform-operators"),
    "kofi.mensah": ("security-analysts",),
    "lena.vogt": ("cloud-admins",),
    "marta.kowalski": ("developers", "release-managers"),
    "nils.berg": ("data-engineers",),
    "olga.ivanova": ("finance",),
    "paul.moreau": ("auditors",),
    "ravi.patel": ("platform-operators",),
    "sofia.rossi": ("data-engineers",),
    "tom.becker": ("data-engineers",),
}
"""People and the groups that they are in."""

_POWER: Final = "PowerUserAccess"
_FULL: Final = "AdministratorAccess"


@dataclass(frozen=True, slots=True)
class Set:
    """A permission set, with whom it is assigned to (``@`` before a user) and where."""

    name: str
    hours: int
    managed: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    inline: dict[str, Any] | None = None
    assigned: dict[str, tuple[LabAccount, ...]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


def sets(*, after: bool) -> tuple[Set, ...]:
    """The permission sets of one state, with their assignments."""
    return _sets_after() if after else _BEFORE


def build(lab: Builder) -> None:
    """Enable the instance, make staff and permission sets, and assign them."""
    instance = sso_admin.enable(MANAGEMENT.id, HOME, "Company ABC")
    if not lab.after:
        access = lab.client("organizations", MANAGEMENT)
        access.enable_aws_service_access(ServicePrincipal="sso.amazonaws.com")
    principals = _staff(lab, instance.identity_store_id)
    for one in sets(after=lab.after):
        _permission_set(lab, instance.instance_arn, one, principals)


def _staff(lab: Builder, store: str) -> dict[str, str]:
    client = lab.client("identitystore", MANAGEMENT)
    ids: dict[str, str] = {}
    for group in sorted({group for groups in STAFF.values() for group in groups}):
        made = client.create_group(
            IdentityStoreId=store, DisplayName=group, Description=f"{group} of the company"
        )
        ids[group] = made["GroupId"]
    for name, groups in STAFF.items():
        given, family = (part.capitalize() for part in name.split("."))
        user = client.create_user(
            IdentityStoreId=store,
            UserName=name,
            DisplayName=f"{given} {family}",
            Name={"GivenName": given, "FamilyName": family},
            Emails=[{"Value": f"{name}@abc.example", "Type": "work", "Primary": True}],
        )
        ids[f"@{name}"] = user["UserId"]
        for group in groups:
            client.create_group_membership(
                IdentityStoreId=store, GroupId=ids[group], MemberId={"UserId": user["UserId"]}
            )
    return ids


def _permission_set(lab: Builder, instance: str, plan: Set, principals: dict[str, str]) -> None:
    client = lab.client("sso-admin", MANAGEMENT)
    made = client.create_permission_set(
        InstanceArn=instance,
        Name=plan.name,
        Description=f"{plan.name} of the company",
        SessionDuration=f"PT{plan.hours}H",
        Tags=[{"Key": key, "Value": value} for key, value in plan.tags.items()],
    )
    both = {"InstanceArn": instance, "PermissionSetArn": made["PermissionSet"]["PermissionSetArn"]}
    for name in plan.managed:
        arn = f"arn:aws:iam::aws:policy/{name}"
        client.attach_managed_policy_to_permission_set(**both, ManagedPolicyArn=arn)
    for name in plan.named:
        client.attach_customer_managed_policy_reference_to_permission_set(
            **both, CustomerManagedPolicyReference={"Name": name, "Path": "/"}
        )
    if plan.inline is not None:
        client.put_inline_policy_to_permission_set(**both, InlinePolicy=json.dumps(plan.inline))
    for whom, accounts in plan.assigned.items():
        kind = "USER" if whom.startswith("@") else "GROUP"
        for account in accounts:
            client.create_account_assignment(
                **both,
                TargetId=account.id,
                TargetType="AWS_ACCOUNT",
                PrincipalType=kind,
                PrincipalId=principals[whom],
            )


def _allow(actions: list[str], **conditions: Any) -> dict[str, Any]:
    statement: dict[str, Any] = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    if conditions:
        statement["Condition"] = conditions
    return {"Version": "2012-10-17", "Statement": [statement]}


def _tonight() -> str:
    return f"{datetime.now(UTC) + timedelta(hours=8):%Y-%m-%dT%H:%M:%SZ}"


_LAKE: Final = _allow(["glue:Get*", "athena:*", "s3:GetObject", "s3:ListBucket"])
_COMMON: Final = (
    Set(
        "ReadOnly",
        8,
        ("ReadOnlyAccess",),
        assigned={"auditors": (PROD, DATA, NETWORK), "developers": (PROD,)},
    ),
    Set("SecurityAudit", 8, ("SecurityAudit",), assigned={"security-analysts": (SECURITY, LOG_ARCHIVE)}),
    Set("Billing", 1, ("AWSBillingReadOnlyAccess",), assigned={"finance": (MANAGEMENT,)}),
    Set("Developer", 8, (_POWER,), assigned={"developers": (DEV, SANDBOX)}),
    Set(
        "BreakGlass",
        1,
        (_FULL,),
        assigned={"emergency": (PROD, IDENTITY)},
        tags={"break-glass": "true", "owner": "security-team"},
    ),
)
_BEFORE: Final = (
    *_COMMON,
    Set("AdministratorAccess", 12, (_FULL,), assigned={"cloud-admins": ACCOUNTS, "@jonas.weber": (PROD,)}),
    Set("PlatformOperator", 4, (_POWER, "IAMFullAccess"), assigned={"platform-operators": (PROD, NETWORK)}),
    Set("DataEngineer", 4, named=("data-lake-writer",), inline=_LAKE, assigned={"data-engineers": (DATA,)}),
    Set("Release", 1, named=("deploy-everything",), assigned={"release-managers": (PROD,)}),
)


def _sets_after() -> tuple[Set, ...]:
    incident = _allow(["*"], DateLessThan={"aws:CurrentTime": _tonight()})
    return (
        *_COMMON,
        Set("AdministratorAccess", 1, (_FULL,)),
        Set("PlatformOperator", 8, (_POWER,), assigned={"platform-operators": (PROD, NETWORK)}),
        Set(
            "DataEngineer", 1, named=("data-lake-writer",), inline=_LAKE, assigned={"data-engineers": (DATA,)}
        ),
        Set("Release", 1, named=("shop-deploy",), assigned={"release-managers": (PROD,)}),
        Set("Incident-4711", 1, inline=incident, assigned={"@hugo.martin": (PROD,)}),
    )
