"""Company ABC's IAM roles in each state: workloads, pipelines, administrators, partners.

A plan only; ``identity`` builds it.  Role names are kept under ``role/<account>/global/<name>`` with the ARN.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from watchword.lab.estate.company import (
    ACCOUNTS,
    DATA,
    DEV,
    IDENTITY,
    LOG_ARCHIVE,
    MANAGEMENT,
    NETWORK,
    PARTNER_AUDITOR,
    PARTNER_LOGISTICS,
    PROD,
    SANDBOX,
    SECURITY,
    STRANGER,
    LabAccount,
)
from watchword.lab.estate.identity_policies import (
    ADMINISTRATOR,
    FRESH_MFA,
    POWER_USER,
    READ_ONLY,
    Inline,
    Statement,
    account,
    may,
    one_bucket,
    service,
    trust,
)

ORGANIZATION_ROLE: Final = "OrganizationAccountAccessRole"
GITHUB: Final = "token.actions.githubusercontent.com"
TERRAFORM: Final = "app.terraform.io"
EKS: Final = "oidc.eks.eu-west-1.amazonaws.com/id/0F1E2D3C4B5A69788796A5B4C3D2E1F0"
SSO_PROVIDER: Final = "AWSSSO_2f6c0a1b9d3e4f57_DO_NOT_DELETE"
_SSO_PATH: Final = "/aws-reserved/sso.amazonaws.com/eu-west-1/"
_SAML_AUDIENCE: Final = {"SAML:aud": "https://signin.aws.amazon.com/saml"}


@dataclass(frozen=True, slots=True)
class Role:
    """An IAM role, last taken ``used`` days ago (``None``: never)."""

    account: LabAccount
    name: str
    trusts: tuple[Statement, ...]
    managed: tuple[str, ...] = ()
    inline: tuple[Inline, ...] = ()
    boundary: str = ""
    path: str = "/"
    hours: int = 1
    used: int | None = 1


def roles(after: bool) -> Iterator[Role]:
    """All roles of a state."""
    yield from _everywhere(after)
    yield from _workloads(after)
    yield from _keys_and_their_users(after)
    yield from _single_sign_on()
    yield from _GOOD
    if after:
        yield from _MENDED
    else:
        yield from _FLAWED


def _oidc(of: LabAccount, issuer: str) -> dict[str, str]:
    return {"Federated": f"arn:aws:iam::{of.id}:oidc-provider/{issuer}"}


def _saml(of: LabAccount, provider: str) -> dict[str, str]:
    return {"Federated": f"arn:aws:iam::{of.id}:saml-provider/{provider}"}


def _web(of: LabAccount, issuer: str, **conditions: Any) -> Statement:
    return trust(_oidc(of, issuer), "sts:AssumeRoleWithWebIdentity", **conditions)


def _github(of: LabAccount, subject: str, operator: str = "StringEquals") -> Statement:
    audience = {f"{GITHUB}:aud": "sts.amazonaws.com"}
    if operator == "StringEquals":
        return _web(of, GITHUB, StringEquals=audience | {f"{GITHUB}:sub": subject})
    return _web(of, GITHUB, StringEquals=audience, **{operator: {f"{GITHUB}:sub": subject}})


_HARDENED_EARLY: Final = (SECURITY, LOG_ARCHIVE, IDENTITY)
"""Accounts whose administrator role asked for MFA before the programme."""


def _everywhere(after: bool) -> Iterator[Role]:
    """The role that Organizations leaves in each member account, and the auditors' of the security team."""
    for member in ACCOUNTS[1:]:
        conditions = FRESH_MFA if after or member in _HARDENED_EARLY else {}
        way = trust(account(MANAGEMENT.id), **conditions)
        yield Role(member, ORGANIZATION_ROLE, (way,), (ADMINISTRATOR,), used=9)
    for one in ACCOUNTS:
        way = trust(account(SECURITY.id, "role/security-audit-hub"))
        yield Role(one, "security-audit", (way,), ("SecurityAudit",))
        yield Role(
            one,
            "AWSServiceRoleForConfig",
            (service("config"),),
            ("aws-service-role/AWSConfigServiceRolePolicy",),
            path="/aws-service-role/config.amazonaws.com/",
        )


_WITH_A_SOURCE: Final = frozenset(
    {"batch", "codebuild", "ecs-tasks", "eks", "glue", "redshift", "vpc-flow-logs"}
)
"""Services that tell for whose source they act, so that a role can ask for it."""


def _workload(
    of: LabAccount,
    name: str,
    by: str,
    *inline: Inline,
    managed: tuple[str, ...] = (),
    sourced: bool = False,
) -> Role:
    source = of.id if sourced and by in _WITH_A_SOURCE else ""
    boundary = "workload-boundary" if of in (PROD, DEV) else ""
    return Role(of, name, (service(by, source),), managed, inline, boundary)


def _table(name: str) -> Inline:
    table = f"arn:aws:dynamodb:eu-west-1:*:table/{name}"
    return Inline("one-table", (may(["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"], table),))


def _queue(name: str) -> Inline:
    queue = f"arn:aws:sqs:eu-west-1:*:{name}"
    return Inline("one-queue", (may(["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage"], queue),))


def _security_bus() -> Inline:
    bus = f"arn:aws:events:eu-west-1:{SECURITY.id}:event-bus/security"
    return Inline("put-events", (may("events:PutEvents", bus),))


def _workloads(after: bool) -> Iterator[Role]:
    """What services run under; who asks for which source they act is told after the programme."""
    made = partial(_workload, sourced=after)
    yield made(
        PROD, "shop-web", "ec2", one_bucket("abc-shop-assets"), managed=("AmazonSSMManagedInstanceCore",)
    )
    yield made(PROD, "shop-orders", "ecs-tasks", _table("orders"))
    yield made(PROD, "shop-payments", "ecs-tasks", _table("payments"), _queue("payments"))
    yield made(PROD, "shop-invoices", "lambda", one_bucket("abc-invoices"))
    yield made(PROD, "eks-cluster", "eks", managed=("AmazonEKSClusterPolicy",))
    yield made(PROD, "eks-node", "ec2", managed=("AmazonEKSWorkerNodePolicy",))
    yield made(
        DATA, "etl-glue", "glue", one_bucket("abc-data-lake"), managed=("service-role/AWSGlueServiceRole",)
    )
    yield made(DATA, "warehouse-loader", "redshift", one_bucket("abc-data-lake"))
    yield made(DEV, "dev-web", "ec2", managed=("AmazonSSMManagedInstanceCore",))
    yield made(DEV, "dev-build", "codebuild", one_bucket("abc-dev-artifacts"))
    yield made(MANAGEMENT, "events-to-security", "events", _security_bus())
    yield made(
        NETWORK,
        "flow-log-writer",
        "vpc-flow-logs",
        Inline(
            "write-logs",
            (may(["logs:CreateLogStream", "logs:PutLogEvents"], "arn:aws:logs:*:*:log-group:/vpc/*"),),
        ),
        sourced=True,
    )
    yield Role(
        SECURITY,
        "security-audit-hub",
        (service("lambda"),),
        inline=(Inline("take-audit-roles", (may("sts:AssumeRole", "arn:aws:iam::*:role/security-audit"),)),),
    )


def _keys_and_their_users(after: bool) -> Iterator[Role]:
    """Who the policies of keys name: those who manage keys, and the applications that use them."""
    made = partial(_workload, sourced=after)
    for of in (LOG_ARCHIVE, PROD, DATA, DEV):
        way = trust(account(of.id), **FRESH_MFA)
        yield Role(of, "KeyAdministrator", (way,), ("AWSKeyManagementServicePowerUser",), used=33)
    yield made(PROD, "orders-app", "ecs-tasks", _table("orders"), _queue("orders"))
    yield made(PROD, "orders-worker", "ecs-tasks", _queue("orders"))
    yield made(PROD, "payroll-app", "ecs-tasks", _table("payroll"))
    yield made(PROD, "payroll-batch", "batch", _table("payroll"))
    yield made(DATA, "lake-reader", "glue", managed=("data-lake-reader",))
    yield made(DATA, "lake-writer", "glue", managed=("data-lake-writer",))
    yield made(DEV, "dev-ci", "codebuild", one_bucket("abc-dev-artifacts"))


def _single_sign_on() -> Iterator[Role]:
    for of, name, policy in (
        (PROD, "AWSReservedSSO_ReadOnly_1b7a3c5d9e2f4061", READ_ONLY),
        (DATA, "AWSReservedSSO_ReadOnly_2c8b4d6e0f3a5172", READ_ONLY),
        (DEV, "AWSReservedSSO_Developer_3d9c5e7f1a4b6283", POWER_USER),
    ):
        way = trust(
            _saml(of, SSO_PROVIDER), ["sts:AssumeRoleWithSAML", "sts:TagSession"], StringEquals=_SAML_AUDIENCE
        )
        yield Role(of, name, (way,), (policy,), path=_SSO_PATH, hours=8)


def _auditor(of: LabAccount) -> Role:
    way = trust(account(PARTNER_AUDITOR), StringEquals={"sts:ExternalId": "abc-audit-5e1f"})
    return Role(of, "auditor-readonly", (way,), ("SecurityAudit",), used=45)


def _bounded_roles() -> Inline:
    """Making the applications' roles, within the boundary of workloads only."""
    actions = ["iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy"]
    boundary = {"iam:PermissionsBoundary": f"arn:aws:iam::{PROD.id}:policy/workload-boundary"}
    return Inline(
        "application-roles", (may(actions, f"arn:aws:iam::{PROD.id}:role/app-*", StringEquals=boundary),)
    )


_GOOD: Final = (
    _auditor(PROD),
    _auditor(DATA),
    _auditor(SECURITY),
    Role(
        IDENTITY,
        "okta-helpdesk",
        (trust(_saml(IDENTITY, "Okta"), "sts:AssumeRoleWithSAML", StringEquals=_SAML_AUDIENCE),),
        (READ_ONLY,),
    ),
    Role(
        PROD,
        "github-deploy-shop",
        (_github(PROD, "repo:abc-corp/shop:environment:production"),),
        ("shop-deploy",),
    ),
    Role(
        PROD,
        "platform-pipeline",
        (_github(PROD, "repo:abc-corp/platform:environment:production"),),
        inline=(_bounded_roles(),),
    ),
    Role(
        PROD,
        "eks-orders",
        (
            _web(
                PROD,
                EKS,
                StringEquals={
                    f"{EKS}:aud": "sts.amazonaws.com",
                    f"{EKS}:sub": "system:serviceaccount:shop:orders",
                },
            ),
        ),
        inline=(_table("orders"),),
    ),
    Role(PROD, "ops-admin", (trust(account(PROD.id), **FRESH_MFA),), (ADMINISTRATOR,), used=14),
    Role(
        DATA,
        "lake-consumer",
        (trust({"AWS": "*"}, StringEquals={"aws:PrincipalOrgID": "${org}"}),),
        ("data-lake-reader",),
    ),
    Role(
        NETWORK,
        "terraform-network",
        (
            _web(
                NETWORK,
                TERRAFORM,
                StringEquals={f"{TERRAFORM}:aud": "aws.workload.identity"},
                StringLike={
                    f"{TERRAFORM}:sub": "organization:abc-corp:project:network:workspace:core:run_phase:*"
                },
            ),
        ),
        (POWER_USER,),
    ),
)

_FLAWED: Final = (
    Role(
        MANAGEMENT,
        "adfs-administrators",
        (trust(_saml(MANAGEMENT, "CorporateADFS"), "sts:AssumeRoleWithSAML"),),
        (ADMINISTRATOR,),
    ),
    Role(
        PROD,
        "github-deploy-legacy",
        (_github(PROD, "repo:abc-corp/*", "StringLike"),),
        ("deploy-everything",),
    ),
    Role(
        PROD,
        "eks-batch",
        (
            _web(
                PROD,
                EKS,
                StringEquals={f"{EKS}:aud": "sts.amazonaws.com"},
                StringLike={f"{EKS}:sub": "system:serviceaccount:batch:*"},
            ),
        ),
        inline=(_queue("batch"),),
    ),
    Role(
        PROD,
        "prod-admin",
        (trust(account(PROD.id), Bool={"aws:MultiFactorAuthPresent": "true"}),),
        (ADMINISTRATOR,),
    ),
    Role(PROD, "logistics-integration", (trust(account(PARTNER_LOGISTICS)),), inline=(_queue("shipments"),)),
    Role(
        PROD,
        "monitoring-vendor",
        (trust(account(STRANGER), StringEquals={"sts:ExternalId": "8841"}),),
        (READ_ONLY,),
        used=500,
    ),
    Role(DATA, "warehouse-admin", (trust(account(DEV.id, "role/dev-build")),), (ADMINISTRATOR,)),
    Role(
        DATA,
        "benchmark-upload",
        (trust({"AWS": "*"}, StringEquals={"sts:ExternalId": "benchmark"}),),
        inline=(one_bucket("abc-benchmark"),),
        used=None,
    ),
    Role(DEV, "github-dev-deploy", (_github(DEV, "repo:abc-corp/shop:*", "StringLike"),), (POWER_USER,)),
    Role(
        DEV,
        "github-preview",
        (_web(DEV, GITHUB, StringEquals={f"{GITHUB}:aud": "sts.amazonaws.com"}),),
        ("power-developer",),
    ),
    Role(DEV, "dev-admin", (trust(account(DEV.id)),), (ADMINISTRATOR,)),
    Role(DEV, "dev-lambda", (service("lambda"),), inline=(Inline("anything", (may("*"),)),)),
    Role(SANDBOX, "playground-admin", (trust(account(SANDBOX.id)),), ("anything-goes",)),
    Role(SANDBOX, "hackathon", (trust(account(STRANGER)),), (POWER_USER,), used=None),
)

_MENDED: Final = (
    Role(
        PROD,
        "eks-batch",
        (
            _web(
                PROD,
                EKS,
                StringEquals={
                    f"{EKS}:aud": "sts.amazonaws.com",
                    f"{EKS}:sub": "system:serviceaccount:batch:runner",
                },
            ),
        ),
        inline=(_queue("batch"),),
    ),
    Role(
        PROD,
        "logistics-integration",
        (
            trust(
                account(PARTNER_LOGISTICS, "role/abc-shipments"),
                StringEquals={"sts:ExternalId": "abc-ship-77c2"},
            ),
        ),
        inline=(_queue("shipments"),),
    ),
    Role(DEV, "github-dev-deploy", (_github(DEV, "repo:abc-corp/shop:ref:refs/heads/main"),), (POWER_USER,)),
    Role(DEV, "dev-lambda", (service("lambda"),), inline=(_table("previews"),)),
)
