"""Where each service keeps its resources' policies, and what makes a policy unknown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.analysis.iam.company import BUCKET, FULL, bucket, seen, trust
from watchword.analysis.iam.attached import CARRIERS, POLICIES, Carrier, carriers
from watchword.analysis.iam.compiled import Library
from watchword.analysis.iam.policy_set import PublicAccessBlock

OPEN = FULL | {"Principal": "*"}


def of(table: str, row: dict[str, Any], **more: Any) -> Carrier:
    found = [
        one
        for one in carriers(seen(**{table.replace(".", "_", 1): [{"_arn": "arn:x", **row}]}, **more))
        if one.row.table == table
    ]
    assert len(found) == 1
    return found[0]


def nested(path: str, value: Any) -> dict[str, Any]:
    head, _, rest = path.partition(".")
    return {head: nested(rest, value) if rest else value}


@pytest.mark.parametrize(("table", "path"), POLICIES)
@pytest.mark.parametrize("as_text", [False, True])
def test_the_policy_is_found_where_the_service_keeps_it(table: str, path: str, as_text: bool) -> None:
    document = trust(OPEN)
    found = of(table, nested(path, json.dumps(document) if as_text else document))
    assert found.policy is not None
    assert (found.policy.name, found.arn, found.missing) == ("arn:x", "arn:x", ())
    assert found.policy.statements[0].statement.principals is not None


@pytest.mark.parametrize(("table", "path"), POLICIES)
def test_a_resource_without_a_policy_has_none_and_lacks_nothing(table: str, path: str) -> None:
    found = of(table, {})
    assert (found.policy, found.missing) == (None, ())
    assert of(table, nested(path, {})).policy is None


@pytest.mark.parametrize(("table", "path"), POLICIES)
def test_a_policy_that_was_not_read_is_missing(table: str, path: str) -> None:
    head, _, rest = path.partition(".")
    holes = {"_holes": {rest or head: "denied"}}
    found = of(table, {head: holes} if rest else holes)
    assert found.policy is None
    assert len(found.missing) == 1
    assert "denied" in found.missing[0]


def test_a_policy_that_is_not_of_the_language_is_missing_with_its_place() -> None:
    found = of("kms.keys", {"Policy": trust(OPEN | {"Effect": "allow"})})
    assert found.policy is None
    assert "is not of the IAM language: policy at /Statement/0/Effect" in found.missing[0]
    text = of("kms.keys", {"Policy": "{"})
    assert "not JSON" in text.missing[0]


def test_roles_carry_their_trust() -> None:
    row = {"_arn": "arn:aws:iam::111122223333:role/r", "_name": "r", "AssumeRolePolicyDocument": trust(OPEN)}
    (found,) = (one for one in carriers(seen(roles=[row])) if one.row.table == "iam.roles")
    assert found.policy is not None
    assert found.public_access_block is None


ALL_ON = {
    f"{one}": True
    for one in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
}


@pytest.mark.parametrize(
    ("own", "of_account", "expected"),
    [
        (None, None, PublicAccessBlock()),
        ({"RestrictPublicBuckets": True}, None, PublicAccessBlock(restrict_public_buckets=True)),
        (None, {"RestrictPublicBuckets": True}, PublicAccessBlock(restrict_public_buckets=True)),
        (
            {"BlockPublicAcls": True, "RestrictPublicBuckets": False},
            {"IgnorePublicAcls": True, "BlockPublicPolicy": True},
            PublicAccessBlock(True, True, True, False),
        ),
        (ALL_ON, dict.fromkeys(ALL_ON, False), PublicAccessBlock(True, True, True, True)),
    ],
)
def test_the_stricter_of_the_buckets_and_the_accounts_block_counts(
    own: Any, of_account: Any, expected: PublicAccessBlock
) -> None:
    row = bucket("papers", OPEN, PublicAccessBlock=own)
    block = [{"_arn": "b", **of_account}] if of_account else []
    found = of("s3.buckets", row, s3_account_public_access_block=block)
    assert (found.arn, found.public_access_block, found.missing) == (BUCKET, expected, ())


@pytest.mark.parametrize("table", ["s3.buckets", "s3.access_points"])
def test_a_block_that_was_not_read_is_missing(table: str) -> None:
    own = of(table, {"_holes": {"PublicAccessBlock": "denied"}})
    assert own.public_access_block is None
    assert "PublicAccessBlock" in own.missing[0]
    account = of(table, {}, denied=["global:s3.account_public_access_block"])
    assert account.public_access_block is None
    assert "s3.account_public_access_block" in account.missing[0]


def test_equal_policies_of_many_resources_are_compiled_once_each_name() -> None:
    library = Library()
    view = seen(sqs_queues=[{"_arn": f"arn:{n}", "Attributes": {"Policy": trust(OPEN)}} for n in range(3)])
    assert len(list(carriers(view, library))) == 3
    assert len(library) == 3


def test_every_table_of_policies_is_named_once() -> None:
    tables = [table for table, _ in CARRIERS]
    assert len(tables) == len(set(tables))
