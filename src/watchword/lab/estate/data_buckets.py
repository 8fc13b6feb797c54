"""Company ABC: its buckets, access points, and the accounts' Block Public Access."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import (
    ACCOUNTS,
    DATA,
    DEV,
    HOME,
    IDENTITY,
    LOG_ARCHIVE,
    MANAGEMENT,
    PARTNER_AUDITOR,
    PARTNER_LOGISTICS,
    PROD,
    SANDBOX,
    SECURITY,
    STRANGER,
    LabAccount,
)
from watchword.lab.estate.data_keys import FRANKFURT
from watchword.lab.estate.data_policies import (
    EVERYBODY,
    OFFICE,
    Statement,
    allow,
    equals,
    of_organization,
    policy,
    root,
    service,
)

VIRGINIA: Final = "us-east-1"
_SWITCHES: Final = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_LOG_DELIVERY: Final = "c4c1ede66af53448b93c283ce9448c4ba468c9432aa01d700d3878632f77d2d0"
_ELB_LOGS: Final = "156460612806"
_GUARDED: Final = (MANAGEMENT, SECURITY, LOG_ARCHIVE, IDENTITY)
"""The accounts whose Block Public Access is on from the beginning."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """One bucket: ``label`` and ``owner`` are tags (none where empty), ``key`` the name of its key (S3's own if empty).

    ``grants``: canonical users or group URIs with READ by ACL; such a bucket has ACLs at all.
    """

    account: LabAccount
    name: str
    label: str = ""
    owner: str = ""
    region: str = HOME
    key: str = ""
    statements: tuple[Statement, ...] = ()
    grants: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def arn(self) -> str:
        """The bucket's ARN."""
        return f"arn:aws:s3:::{self.name}"


def build(lab: Builder) -> None:
    """Make the buckets, access points and the accounts' switches."""
    for bucket in (*_prod(lab), *_data(lab), *_elsewhere(lab)):
        _make(lab, bucket)
    _access_points(lab)
    for account in ACCOUNTS:
        _block(lab, account)


def read(name: str, principal: Any, condition: dict[str, Any] | None = None, sid: str = "Read") -> Statement:
    """A statement that lets somebody read all objects of a bucket."""
    return allow(sid, principal, "s3:GetObject", f"arn:aws:s3:::{name}/*", condition)


def _cloudfront(name: str) -> Statement:
    source = f"arn:aws:cloudfront::{PROD.id}:distribution/E2EXAMPLEABC00"
    return read(name, service("cloudfront"), equals("AWS:SourceArn", source), sid="OriginAccessControl")


def _prod(lab: Builder) -> tuple[Bucket, ...]:
    after = lab.after
    web = "web-team@abc.example"
    orders = "orders-team@abc.example"
    strangers = () if after else (read("abc-deliveries", root(STRANGER), sid="Forwarder"),)
    media = (
        _cloudfront("abc-media")
        if after
        else read("abc-media", EVERYBODY, {"StringLike": {"aws:Referer": ["https://www.abc.example/*"]}})
    )
    return (
        Bucket(
            PROD,
            "abc-website",
            "public",
            web,
            statements=(_cloudfront("abc-website") if after else read("abc-website", EVERYBODY),),
        ),
        Bucket(PROD, "abc-media", "public", web, statements=(media,)),
        Bucket(
            PROD,
            "abc-orders",
            "confidential",
            orders,
            key="orders",
            statements=(read("abc-orders", EVERYBODY, of_organization(lab)),),
        ),
        Bucket(PROD, "abc-payroll", "restricted", "payroll@abc.example", key="payroll" if after else ""),
        Bucket(
            PROD,
            "abc-invoices",
            "confidential",
            orders,
            key="orders",
            grants=() if after else ("http://acs.amazonaws.com/groups/global/AllUsers",),
        ),
        Bucket(
            PROD,
            "abc-audit-share",
            "internal",
            "finance@abc.example",
            statements=(read("abc-audit-share", root(PARTNER_AUDITOR), sid="Auditors"),),
        ),
        Bucket(
            PROD,
            "abc-deliveries",
            "internal",
            orders,
            statements=(read("abc-deliveries", root(PARTNER_LOGISTICS), sid="Logistics"), *strangers),
        ),
        Bucket(
            PROD,
            "abc-alb-logs",
            "internal",
            web,
            statements=(
                allow("LoadBalancers", root(_ELB_LOGS), "s3:PutObject", "arn:aws:s3:::abc-alb-logs/*"),
            ),
        ),
        Bucket(
            PROD,
            "abc-uploads",
            "internal",
            orders,
            statements=(read("abc-uploads", EVERYBODY, equals("aws:SourceVpce", "vpce-0a1b2c3d4e5f67890")),),
        ),
        Bucket(PROD, "abc-cdn-logs", "internal", web, region=VIRGINIA, grants=(_LOG_DELIVERY,)),
        Bucket(PROD, "abc-standby-orders", "confidential", orders, region=FRANKFURT, key="standby"),
    )


def _data(lab: Builder) -> tuple[Bucket, ...]:
    after = lab.after
    owner = "data-platform@abc.example"
    lake = equals("s3:DataAccessPointAccount", DATA.id)
    curated = ["arn:aws:s3:::abc-lake-curated", "arn:aws:s3:::abc-lake-curated/*"]
    ranges = {"IpAddress": {"aws:SourceIp": [OFFICE if after else "0.0.0.0/0"]}}
    until = {"DateLessThan": {"aws:CurrentTime": "2031-01-01T00:00:00Z"}}
    return (
        Bucket(DATA, "abc-lake-raw", "confidential", owner, key="lake")
        if after
        else Bucket(DATA, "abc-lake-raw"),
        Bucket(
            DATA,
            "abc-lake-curated",
            "confidential",
            owner,
            key="lake",
            statements=(allow("AccessPoints", {"AWS": EVERYBODY}, "s3:*", curated, lake),),
        ),
        Bucket(DATA, "abc-exports", "internal", owner, statements=(read("abc-exports", EVERYBODY, ranges),)),
        Bucket(
            DATA,
            "abc-handover",
            "internal",
            owner,
            statements=() if after else (read("abc-handover", EVERYBODY, until, sid="UntilTheMove"),),
        ),
        Bucket(DATA, "abc-models", "internal" if after else "secret", owner),
    )


def _elsewhere(lab: Builder) -> tuple[Bucket, ...]:
    after = lab.after
    owner = "platform@abc.example"
    testdata = Bucket(DEV, "abc-dev-testdata", "internal", "dev-team@abc.example")
    if after:
        testdata = Bucket(DEV, "abc-dev-testdata", "restricted", "dev-team@abc.example", key="dev-shared")
    return (
        Bucket(DEV, "abc-dev-artifacts", "internal", owner if after else ""),
        testdata,
        Bucket(
            SANDBOX,
            "abc-sandbox-scratch",
            "internal" if after else "",
            owner if after else "",
            statements=() if after else (read("abc-sandbox-scratch", EVERYBODY),),
        ),
        Bucket(SECURITY, "abc-security-findings", "internal", "security-team@abc.example"),
    )


def _make(lab: Builder, bucket: Bucket) -> None:
    client = lab.client("s3", bucket.account, bucket.region)
    place: dict[str, Any] = {}
    if bucket.region != VIRGINIA:
        place = {"CreateBucketConfiguration": {"LocationConstraint": bucket.region}}
    ownership = "ObjectWriter" if bucket.grants else "BucketOwnerEnforced"
    client.create_bucket(Bucket=bucket.name, ObjectOwnership=ownership, **place)
    tags = {"data-classification": bucket.label, "owner": bucket.owner}
    given = [{"Key": key, "Value": value} for key, value in tags.items() if value]
    if given:
        client.put_bucket_tagging(Bucket=bucket.name, Tagging={"TagSet": given})
    client.put_bucket_encryption(
        Bucket=bucket.name, ServerSideEncryptionConfiguration=_encryption(lab, bucket)
    )
    if bucket.grants:
        _grant(client, bucket)
    if bucket.statements:
        client.put_bucket_policy(Bucket=bucket.name, Policy=policy(*bucket.statements))


def _encryption(lab: Builder, bucket: Bucket) -> dict[str, Any]:
    default = {"SSEAlgorithm": "AES256"}
    if bucket.key:
        key = lab.ref("key", bucket.account, bucket.region, bucket.key)
        default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    return {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}


def _grant(client: Any, bucket: Bucket) -> None:
    owner = client.get_bucket_acl(Bucket=bucket.name)["Owner"]
    grants: list[dict[str, Any]] = [
        {"Grantee": {"Type": "CanonicalUser", "ID": owner["ID"]}, "Permission": "FULL_CONTROL"}
    ]
    for name in bucket.grants:
        grantee = {"Type": "CanonicalUser", "ID": name}
        if name.startswith("http"):
            grantee = {"Type": "Group", "URI": name}
        grants.append({"Grantee": grantee, "Permission": "READ"})
    client.put_bucket_acl(Bucket=bucket.name, AccessControlPolicy={"Owner": owner, "Grants": grants})


def _access_points(lab: Builder) -> None:
    """Analysts come through the VPC; whoever fetches exports comes from outside."""
    client = lab.client("s3control", DATA)
    vpc = {"VpcId": lab.ref("vpc", DATA, HOME, "data")}
    bucket = "abc-lake-curated"
    client.create_access_point(AccountId=DATA.id, Name="analytics", Bucket=bucket, VpcConfiguration=vpc)
    client.create_access_point(AccountId=DATA.id, Name="exports", Bucket=bucket)
    fetching = root(PARTNER_LOGISTICS if lab.after else STRANGER)
    for name, principal in (("analytics", {"AWS": EVERYBODY}), ("exports", fetching)):
        objects = f"arn:aws:s3:{HOME}:{DATA.id}:accesspoint/{name}/object/*"
        statement = allow("Read", principal, "s3:GetObject", objects)
        client.put_access_point_policy(AccountId=DATA.id, Name=name, Policy=policy(statement))


def _block(lab: Builder, account: LabAccount) -> None:
    """Before: on in the guarded accounts, half on in prod, never thought of elsewhere."""
    switches = dict.fromkeys(_SWITCHES, True)
    if not lab.after and account == PROD:
        switches = {**switches, "IgnorePublicAcls": False, "RestrictPublicBuckets": False}
    if lab.after or account in (*_GUARDED, PROD):
        lab.client("s3control", account).put_public_access_block(
            AccountId=account.id, PublicAccessBlockConfiguration=switches
        )
