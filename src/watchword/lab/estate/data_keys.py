"""Company ABC: its keys.

Kept as ``key/account/region/name`` → ARN: prod ``orders``, ``payroll``, ``aws/rds``, in eu-central-1 ``standby``; data
``lake``, ``legacy-export``; dev ``dev-shared``; identity ``directory``; security ``findings``.
"""

from __future__ import annotations

from typing import Final

from moto.kms.models import kms_backends

from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import (
    ACCOUNTS,
    DATA,
    DEV,
    HOME,
    IDENTITY,
    PARTNER_LOGISTICS,
    PROD,
    REGIONS,
    SECURITY,
    LabAccount,
)
from watchword.lab.estate.data_policies import EVERYBODY, Statement, allow, equals, policy, role, root

FRANKFURT: Final = "eu-central-1"
_MANAGE: Final = [
    "kms:Describe*",
    "kms:Enable*",
    "kms:List*",
    "kms:Put*",
    "kms:Update*",
    "kms:ScheduleKeyDeletion",
]
_USE: Final = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"]


def build(lab: Builder) -> None:
    """Make the keys with their policies, aliases and grants."""
    _key(lab, PROD, "orders", *_parted(PROD, "orders-app", "orders-worker"))
    payroll = _key(lab, PROD, "payroll", *_parted(PROD, "payroll-app"))
    lab.client("kms", PROD).create_grant(
        KeyId=payroll,
        GranteePrincipal=f"arn:aws:iam::{PROD.id}:role/payroll-batch",
        Operations=["Decrypt", "GenerateDataKey"],
        Name="nightly-run",
    )
    _key(lab, PROD, "standby", _delegation(PROD), region=FRANKFURT)
    _managed_by_aws(lab, PROD, "aws/rds")
    partner = allow("Partner", root(PARTNER_LOGISTICS), ["kms:Decrypt", "kms:DescribeKey"])
    _key(lab, DATA, "lake", *_parted(DATA, "lake-reader", "lake-writer"), partner)
    _key(lab, DATA, "legacy-export", _delegation(DATA), _through_s3(lab))
    _key(lab, DEV, "dev-shared", *(_parted(DEV, "dev-ci") if lab.after else _all_in_one(DEV, "dev-ci")))
    _key(lab, IDENTITY, "directory", _delegation(IDENTITY))
    _key(lab, SECURITY, "findings", _delegation(SECURITY))


def _delegation(account: LabAccount) -> Statement:
    return allow("Delegation", root(account), "kms:*")


def _parted(account: LabAccount, *users: str) -> tuple[Statement, ...]:
    """Managers and users apart."""
    manage = allow("Management", role(account, "KeyAdministrator"), _MANAGE)
    return (_delegation(account), manage, allow("Use", role(account, *users), _USE))


def _all_in_one(account: LabAccount, name: str) -> tuple[Statement, ...]:
    return (_delegation(account), allow("Everything", role(account, name), "kms:*"))


def _through_s3(lab: Builder) -> Statement:
    """For everybody who comes by way of S3; before, nobody noticed that this is everybody."""
    condition = equals("kms:ViaService", f"s3.{HOME}.amazonaws.com")
    if lab.after:
        condition["StringEquals"]["kms:CallerAccount"] = [DATA.id]
    return allow(
        "ThroughS3", {"AWS": EVERYBODY}, ["kms:Decrypt", "kms:GenerateDataKey*"], condition=condition
    )


def _key(lab: Builder, account: LabAccount, name: str, *statements: Statement, region: str = HOME) -> str:
    client = lab.client("kms", account, region)
    tags = [{"TagKey": "owner", "TagValue": f"{account.alias}-team"}]
    made = client.create_key(Policy=policy(*statements), Description=name, Tags=tags)["KeyMetadata"]
    client.create_alias(AliasName=f"alias/{name}", TargetKeyId=made["KeyId"])
    client.enable_key_rotation(KeyId=made["KeyId"])
    return lab.remember("key", account, region, name, made["Arn"])


def mark_keys_of_aws() -> None:
    """The keys that AWS makes for its services are AWS's to manage; moto takes every key for a customer's."""
    for account in ACCOUNTS:
        for region in REGIONS:
            for key in kms_backends[account.id][region].keys.values():
                if any(name.startswith("alias/aws/") for name in key.aliases):
                    key.key_manager = "AWS"


def _managed_by_aws(lab: Builder, account: LabAccount, name: str) -> None:
    """A key that AWS makes for a service."""
    made = lab.client("kms", account).create_key(Description=f"Default key of {name}")["KeyMetadata"]
    kms_backends[account.id][HOME].create_alias(made["KeyId"], f"alias/{name}")
    lab.remember("key", account, HOME, name, made["Arn"])
