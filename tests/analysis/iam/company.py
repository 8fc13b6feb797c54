"""A small organisation as a snapshot shows it: a management account, two members, people, roles, buckets, a queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.controls.builder import ACCOUNT, organization, view
from tests.controls.iam import allow, attached, deny, group, may, policy, principal, role, trust, user
from watchword.analysis.iam.access import Access
from watchword.model.ids import AccountId
from watchword.model.snapshot import Account, AccountView

ROOT_ID, UNIT = "r-abcd", "ou-abcd-work"
OTHER, MASTER, OUTSIDE = AccountId("222233334444"), AccountId("999988887777"), "555566667777"
HERE = Account(ACCOUNT, "prod", ou_ids=(ROOT_ID, UNIT))
THERE = Account(OTHER, "dev", ou_ids=(ROOT_ID,))
MANAGEMENT = Account(MASTER, "management", ou_ids=(ROOT_ID,), is_management=True)
ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"
DEPLOY = f"arn:aws:iam::{ACCOUNT}:role/deploy"
BUCKET, QUEUE = "arn:aws:s3:::papers", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:orders"

READ = policy("read", may("s3:GetObject"))
LIMIT = policy("limit", may("s3:*"))
FULL = may("*")
IAM_TABLES: dict[str, Any] = {f"global:iam.{one}": [] for one in ("users", "groups", "roles", "policies")}
CARRYING = (
    *("s3.buckets", "s3.access_points", "sqs.queues", "sns.topics", "lambda.functions", "ecr.repositories"),
    *("secretsmanager.secrets", "kms.keys", "efs.file_systems", "opensearch.domains", "backup.vaults"),
    *(
        "events.buses",
        "dynamodb.tables",
        "glue.resource_policy",
        "apigateway.rest_apis",
        "ecr.registry_policy",
    ),
)


def control(name: str, *statements: Any, targets: Sequence[str] = (ROOT_ID,), **more: Any) -> dict[str, Any]:
    """A control policy attached to roots, units or accounts."""
    return {
        "_arn": f"arn:aws:organizations::{MASTER}:policy/o-abc/service_control_policy/p-{name}",
        "_name": name,
        "Content": trust(*statements),
        "Targets": [{"TargetId": one} for one in targets],
    } | more


EVERYWHERE = control("FullAWSAccess", FULL, targets=(ROOT_ID, UNIT, ACCOUNT, OTHER, MASTER))


def above(
    scps: Sequence[Any] = (EVERYWHERE,),
    rcps: Sequence[Any] = (),
    *,
    on: Sequence[str] = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"),
    denied: Sequence[str] = (),
    **more: Any,
) -> AccountView:
    """The organisation's own answers."""
    types = [{"Type": one, "Status": "ENABLED"} for one in on]
    return organization(
        {
            "organizations.organization": [{"_arn": "o", "Id": "o-abc", "MasterAccountId": MASTER}],
            "organizations.roots": [{"_arn": ROOT_ID, "Id": ROOT_ID, "PolicyTypes": types}],
            "organizations.service_control_policies": scps,
            "organizations.resource_control_policies": rcps,
            "eu-west-1:sso-admin.instances": [],
        }
        | more,
        denied=denied,
    )


def seen(
    *users: Any,
    account: Account | None = HERE,
    up: AccountView | None = None,
    denied: Sequence[str] = (),
    **tables: Any,
) -> AccountView:
    """One account; ``s3_buckets=[…]`` gives the rows of ``s3.buckets``, ``roles``, ``groups``, ``policies`` those of IAM."""
    rows: dict[str, Any] = {**IAM_TABLES, **{one: [] for one in CARRYING}}
    rows |= {"global:s3.account_public_access_block": [], "global:iam.users": list(users)}
    for name, found in tables.items():
        service, _, table = name.partition("_")
        key = f"{service}.{table}" if table else f"iam.{name}"
        rows[key if key in CARRYING else f"global:{key}"] = found
    for one in denied:
        rows.pop(one, None)
    return view(rows, account=account, organization=above() if up is None else up, denied=denied)


def access(*views: AccountView) -> Access:
    """Everything that the views show."""
    return Access.of(views)


def bucket(name: str = "papers", *statements: Any, **more: Any) -> dict[str, Any]:
    """A bucket with a policy, if it has statements."""
    found: dict[str, Any] = {"_arn": f"arn:aws:s3:::{name}", "_name": name}
    return found | ({"Policy": trust(*statements)} if statements else {}) | more


def queue(*statements: Any, **more: Any) -> dict[str, Any]:
    """A queue with a policy."""
    return {"_arn": QUEUE, "_name": "orders", "Attributes": {"Policy": trust(*statements)}} | more


__all__ = ["allow", "attached", "deny", "group", "may", "policy", "principal", "role", "trust", "user"]
