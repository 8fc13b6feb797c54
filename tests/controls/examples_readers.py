"""Examples of DA-14: who can read sensitive data."""

from __future__ import annotations

from typing import Any

from tests.controls.accounts import above, account
from tests.controls.builder import ACCOUNT
from tests.controls.examples import example
from tests.controls.iam import (
    EMERGENCY,
    OWN,
    PARTNER,
    SIBLING,
    STRANGER,
    Row,
    allow,
    deny,
    may,
    role,
    trust,
    user,
)

LABEL = {"data-classification": "restricted"}
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1234"
READ = may("s3:GetObject", "arn:aws:s3:::pay/*")
ENCRYPTED = {
    "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}}]
}
OPEN = {"PublicAccessBlock": {"RestrictPublicBuckets": False}}


def bucket(*statements: Row, **more: Any) -> Row:
    policy = {"Policy": trust(*statements)} if statements else {}
    return {"_name": "pay", "_arn": "arn:aws:s3:::pay", "_tags": LABEL, "Tags": [], **OPEN, **policy, **more}


def stored(*users: Row, store: Row | None = None, **more: Any) -> Any:
    return account(**{"s3__buckets": [store or bucket()], "iam__users": list(users), **more})


def key(*statements: Row) -> list[Row]:
    return [
        {
            "_arn": KEY,
            "_name": "1234",
            "KeyId": "1234",
            "KeyManager": "CUSTOMER",
            "Policy": trust(*statements),
        }
    ]


def open_to(principal: Any, **conditions: Row) -> Row:
    return allow(principal, "s3:GetObject", **conditions) | {"Resource": "arn:aws:s3:::pay/*"}


def root(number: str) -> Row:
    return {"AWS": f"arn:aws:iam::{number}:root"}


def readers(count: int) -> list[Row]:
    return [user(f"u{number}", READ) for number in range(count)]


DELEGATED = allow(OWN, "kms:*") | {"Resource": "*"}
OURS = {"StringEquals": {"aws:PrincipalOrgID": "o-abc1234567"}}

example("DA-14", "met", "one reader", stored(user("ann", READ)))
example("DA-14", "met", "nobody", stored(user("ann")))
example("DA-14", "met", "ten readers", stored(*readers(10)))
example("DA-14", "gap", "eleven readers", stored(*readers(11)))
example(
    "DA-14",
    "met",
    "eleven, of whom one is for emergencies",
    stored(*readers(10), user("rescue", READ, **EMERGENCY)),
)
example(
    "DA-14", "met", "eleven under a guardrail", stored(*readers(11), organization=above(deny("s3:GetObject")))
)
example("DA-14", "met", "eleven whom the key does not know", stored(
    *readers(11), store=bucket(Encryption=ENCRYPTED), kms__keys=key(DELEGATED)))  # fmt: skip
example("DA-14", "gap", "eleven, and a key of AWS's", stored(
    *readers(11), store=bucket(Encryption=ENCRYPTED), kms__keys=[{**key()[0], "KeyManager": "AWS"}]))  # fmt: skip
example("DA-14", "gap", "eleven who may decrypt by way of S3", stored(
    *(user(f"u{n}", READ, may("kms:Decrypt", StringEquals={"kms:ViaService": "s3.eu-west-1.amazonaws.com"})) for n in range(11)),
    store=bucket(Encryption=ENCRYPTED), kms__keys=key(DELEGATED)))  # fmt: skip
example("DA-14", "met", "a part of the bucket only", stored(
    *(user(f"u{n}", may("s3:GetObject", "arn:aws:s3:::pay/public/*")) for n in range(11))))  # fmt: skip
example("DA-14", "gap", "everybody", stored(store=bucket(open_to("*"))))
example("DA-14", "met", "everybody, whom the public access block keeps out", stored(
    store=bucket(open_to("*"), PublicAccessBlock={"RestrictPublicBuckets": True})))  # fmt: skip
example("DA-14", "met", "everybody, whom the data perimeter keeps out", stored(
    store=bucket(open_to("*")),
    organization=above(rcps=[{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
                              "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-abc1234567"}}}]),
))  # fmt: skip
example("DA-14", "gap", "a stranger's account", stored(store=bucket(open_to(root(STRANGER)))))
example("DA-14", "met", "a partner's account", stored(store=bucket(open_to(root(PARTNER)))))
example(
    "DA-14", "gap", "ten readers and a partner", stored(*readers(10), store=bucket(open_to(root(PARTNER))))
)
example("DA-14", "gap", "the whole organisation", stored(store=bucket(open_to("*", **OURS))))
example("DA-14", "met", "the whole organisation, but the key is the account's", stored(
    store=bucket(open_to("*", **OURS), Encryption=ENCRYPTED), kms__keys=key(DELEGATED)))  # fmt: skip
example("DA-14", "gap", "the whole organisation, bucket and key", stored(
    store=bucket(open_to("*", **OURS), Encryption=ENCRYPTED),
    kms__keys=key(DELEGATED, allow("*", "kms:Decrypt", **OURS) | {"Resource": "*"})))  # fmt: skip
example("DA-14", "met", "an account of the organisation is no outsider", stored(
    store=bucket(open_to({"AWS": f"arn:aws:iam::{SIBLING}:role/x"}), Encryption=ENCRYPTED), kms__keys=key(DELEGATED)))  # fmt: skip
example("DA-14", "gap", "a role that a stranger may take", stored(
    iam__roles=[role("vendor", trust(allow(root(STRANGER))), READ)]))  # fmt: skip
example("DA-14", "met", "a role that a partner may take", stored(
    iam__roles=[role("audit", trust(allow(root(PARTNER))), READ)]))  # fmt: skip
example("DA-14", "gap", "a role of visitors", stored(iam__roles=[role("visitors", trust(
    allow({"Federated": "cognito-identity.amazonaws.com"}, "sts:AssumeRoleWithWebIdentity",
          StringEquals={"cognito-identity.amazonaws.com:aud": "eu-west-1:1"})), READ)]))  # fmt: skip
example("DA-14", "not_applicable", "nothing that is sensitive", stored(
    *readers(11), store=bucket(_tags={"data-classification": "internal"})))  # fmt: skip
example("DA-14", "not_applicable", "no stores", account())

SECRET = {
    "_name": "db",
    "_arn": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:db-1",
    "_tags": LABEL,
    "Tags": [],
}
TABLE = {"_name": "t", "_arn": f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/t", "_tags": LABEL, "Tags": []}
example("DA-14", "met", "a secret", account(
    secretsmanager__secrets=[SECRET], iam__users=[user("ann", may("secretsmanager:GetSecretValue"))]))  # fmt: skip
example("DA-14", "gap", "a secret for every account", account(secretsmanager__secrets=[
    {**SECRET, "Policy": trust(allow("*", "secretsmanager:GetSecretValue") | {"Resource": "*"})}]))  # fmt: skip
example("DA-14", "met", "a secret for every account, under a key of the own", account(
    secretsmanager__secrets=[{**SECRET, "KmsKeyId": KEY,
                              "Policy": trust(allow("*", "secretsmanager:GetSecretValue") | {"Resource": "*"})}],
    kms__keys=key(DELEGATED)))  # fmt: skip
example("DA-14", "gap", "a table that eleven can scan", account(
    dynamodb__tables=[TABLE], iam__users=[user(f"u{n}", may("dynamodb:*")) for n in range(11)]))  # fmt: skip

example("DA-14", "unknown", "a policy of the store that was not read", stored(
    store={**bucket(), "_holes": {"Policy": "denied"}}))  # fmt: skip
example("DA-14", "unknown", "a user's policy that was not read", stored(
    user("ann", AttachedManagedPolicies=[{"PolicyName": "p", "PolicyArn": "arn:aws:iam::aws:policy/p"}])))  # fmt: skip
example("DA-14", "unknown", "a condition that nobody knows", stored(
    store=bucket(open_to("*", StringEquals={"acme:x": "y"}))))  # fmt: skip
example("DA-14", "unknown", "roles that were not read", stored(user("ann", READ), denied=("iam.roles",)))
example("DA-14", "unknown", "keys that were not read", stored(
    user("ann", READ), store=bucket(Encryption=ENCRYPTED), denied=("kms.keys",)))  # fmt: skip
example("DA-14", "unknown,met", "buckets that were not read hide no secret", account(
    secretsmanager__secrets=[SECRET], denied=("s3.buckets",)))  # fmt: skip
