"""Examples of LG-12: who can stop or delete what records."""

from __future__ import annotations

from typing import Any

from tests.controls.accounts import MANAGEMENT, above, account
from tests.controls.builder import ACCOUNT
from tests.controls.examples import example
from tests.controls.iam import (
    ADMIN,
    EMERGENCY,
    FRESH_MFA,
    OWN,
    Row,
    allow,
    attached,
    deny,
    group,
    may,
    role,
    trust,
    user,
)

TRAIL = {
    "_arn": f"arn:aws:cloudtrail:eu-west-1:{ACCOUNT}:trail/own",
    "_name": "own",
    "Name": "own",
    "S3BucketName": "logs",
}
DETECTOR = {
    "_arn": f"arn:aws:guardduty:eu-west-1:{ACCOUNT}:detector/1",
    "_name": "guardduty",
    "DetectorId": "1",
}
RECORDS = deny(["cloudtrail:*", "guardduty:*", "config:*", "securityhub:*"])
KEY_ARN = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234"
DELIVERY = allow({"Service": "cloudtrail.amazonaws.com"}, "s3:PutObject") | {
    "Resource": "arn:aws:s3:::logs/*"
}
LOCKED = {"ObjectLock": {"ObjectLockEnabled": "Enabled"}}


def recorded(*users: Row, **more: Any) -> Any:
    return account(**{"cloudtrail__trails": [TRAIL], "iam__users": list(users), **more})


def logs(*statements: Row, **more: Any) -> Row:
    return {"_name": "logs", "_arn": "arn:aws:s3:::logs", "Policy": trust(DELIVERY, *statements), **more}


def archive(*users: Row, bucket: Row | None = None, **more: Any) -> Any:
    return account(**{"s3__buckets": [bucket or logs()], "iam__users": list(users), **more})


SOMEBODY = user("ann", may("*"))
example("LG-12", "gap", "an administrator without a guardrail", recorded(SOMEBODY))
example(
    "LG-12",
    "gap",
    "one who may change what a trail records",
    recorded(user("ann", may("cloudtrail:PutEventSelectors"))),
)
example("LG-12", "gap", "one who may only with MFA", recorded(user("ann", may("*", **FRESH_MFA))))
example("LG-12", "gap", "a role, by a policy of AWS's", recorded(
    iam__roles=[role("ops", trust(allow(OWN)), AttachedManagedPolicies=attached(ADMIN))], iam__policies=[ADMIN]))  # fmt: skip
example("LG-12", "gap", "a member of a group of administrators", recorded(
    user("ann", GroupList=["admins"]), iam__groups=[group("admins", may("*"))]))  # fmt: skip
example("LG-12", "met", "a guardrail on the root", recorded(SOMEBODY, organization=above(RECORDS)))
example("LG-12", "met", "a guardrail that spares the automation only", recorded(
    SOMEBODY,
    organization=above(RECORDS | {"Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/auto-*"}}}),
))  # fmt: skip
example("LG-12", "gap", "a guardrail that spares whoever has a tag, which a session may bring", recorded(
    iam__roles=[role("ops", trust(allow(OWN)), may("*"))],
    organization=above(RECORDS | {"Condition": {"StringNotEquals": {"aws:PrincipalTag/trusted": "yes"}}}),
))  # fmt: skip
example("LG-12", "gap", "the management account, where guardrails have no effect", recorded(
    SOMEBODY, who=MANAGEMENT, organization=above(RECORDS)))  # fmt: skip
example("LG-12", "met", "a boundary that leaves logging alone", recorded(
    user("ann", may("*"), PermissionsBoundary={"PermissionsBoundaryArn": f"arn:aws:iam::{ACCOUNT}:policy/b"}),
    iam__policies=[{"_arn": f"arn:aws:iam::{ACCOUNT}:policy/b", "_name": "b", "Document": trust(may("*"), RECORDS)}],
))  # fmt: skip
example("LG-12", "met", "an emergency user", recorded(user("rescue", may("*"), **EMERGENCY)))
example("LG-12", "met", "a right that has ended", recorded(
    user("ann", may("*", DateLessThan={"aws:CurrentTime": "2026-05-31T00:00:00Z"}))))  # fmt: skip
example("LG-12", "met", "a service-linked role", recorded(
    iam__roles=[role("aws-service-role/x.amazonaws.com/AWSServiceRoleForX", trust(allow({"Service": "x.amazonaws.com"})), may("*"))]))  # fmt: skip
example(
    "LG-12",
    "met",
    "reading does not stop anything",
    recorded(user("ann", may(["cloudtrail:Get*", "s3:Get*"]))),
)
example("LG-12", "gap", "a detector alone", account(guardduty__detectors=[DETECTOR], iam__users=[SOMEBODY]))
example("LG-12", "not_applicable", "nothing that records", account(iam__users=[SOMEBODY]))
example("LG-12", "not_applicable", "a trail of the organisation is out of the account's reach", recorded(
    SOMEBODY, cloudtrail__trails=[{**TRAIL, "_arn": "arn:aws:cloudtrail:eu-west-1:999999999999:trail/org"}]))  # fmt: skip

example(
    "LG-12",
    "gap",
    "the objects of a log bucket",
    archive(user("ann", may("s3:DeleteObject", "arn:aws:s3:::logs/*"))),
)
example("LG-12", "met", "the objects of a log bucket under object lock", archive(
    user("ann", may("s3:DeleteObject", "arn:aws:s3:::logs/*")), bucket=logs(**LOCKED)))  # fmt: skip
example("LG-12", "gap", "the policy of a log bucket under object lock", archive(
    user("ann", may("s3:PutBucketPolicy")), bucket=logs(**LOCKED)))  # fmt: skip
example(
    "LG-12",
    "met",
    "another bucket's objects",
    archive(user("ann", may("s3:*", ["arn:aws:s3:::x", "arn:aws:s3:::x/*"]))),
)
example("LG-12", "met", "a Deny in the bucket's policy", archive(
    user("ann", may("s3:*")),
    bucket=logs({"Effect": "Deny", "Principal": "*", "Action": ["s3:Delete*", "s3:Put*Policy", "s3:PutLifecycleConfiguration"],
                 "Resource": ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"]}),
))  # fmt: skip


def keyed(*statements: Row, **more: Any) -> Any:
    key = {"_arn": KEY_ARN, "_name": "1234", "KeyId": "1234", "Policy": trust(*statements)}
    return account(**{"cloudtrail__trails": [], "kms__keys": [key], **more})


WRITES = allow({"Service": "cloudtrail.amazonaws.com"}, "kms:GenerateDataKey*") | {"Resource": "*"}
example("LG-12", "gap", "the key's policy names who may delete it", keyed(
    WRITES, allow({"AWS": f"arn:aws:iam::{ACCOUNT}:user/ann"}, "kms:*") | {"Resource": "*"}, iam__users=[user("ann")]))  # fmt: skip
example("LG-12", "met", "the key's policy leaves IAM out", keyed(WRITES, iam__users=[SOMEBODY]))
example("LG-12", "not_applicable", "a key of nothing that records", keyed(
    allow(OWN, "kms:*") | {"Resource": "*"}, iam__users=[SOMEBODY]))  # fmt: skip

example(
    "LG-12",
    "unknown",
    "a policy that was not read",
    recorded(user("ann", AttachedManagedPolicies=attached(ADMIN))),
)
example("LG-12", "met", "a policy that was not read, under a guardrail", recorded(
    user("ann", AttachedManagedPolicies=attached(ADMIN)), organization=above(RECORDS)))  # fmt: skip
example("LG-12", "unknown", "guardrails that were not read", recorded(
    SOMEBODY, organization=above(denied=("organizations.service_control_policies",))))  # fmt: skip
example("LG-12", "met", "nobody who may, and guardrails that were not read", recorded(
    user("ann", may("s3:Get*")), organization=above(denied=("organizations.service_control_policies",))))  # fmt: skip
example("LG-12", "unknown", "users that were not read", recorded(denied=("iam.users",)))
example("LG-12", "unknown", "trails that were not read", account(denied=("cloudtrail.trails",)))
example(
    "LG-12",
    "unknown",
    "a log bucket's policy that is none",
    archive(bucket={**logs(), "Policy": {"Statement": 3}}),
)
