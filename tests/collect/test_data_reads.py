"""What the reads of data stores make of AWS's answers, and which calls they leave out."""

from __future__ import annotations

import pytest

from watchword.collect.aws import glue, kms, opensearch, rds, s3, sns, sqs
from watchword.collect.reads import Read
from watchword.collect.source import CallFailed
from watchword.model.evidence import HoleReason

POLICY = '{"Version": "2012-10-17", "Statement": []}'
PARSED = {"Version": "2012-10-17", "Statement": []}


def detail(reads: tuple[Read, ...], table: str, key: str, operation: str = ""):
    read = next(read for read in reads if read.table == table)
    return next(one for one in read.details if one.key == key and operation in {"", one.operation})


def test_a_queue_is_named_by_the_last_part_of_its_url():
    (row,) = sqs.with_name({"QueueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/orders"})
    assert row["QueueName"] == "orders"


@pytest.mark.parametrize(("given", "kept"), [(POLICY, PARSED), (None, None)])
def test_the_policy_of_a_topic_or_queue_is_kept_parsed(given, kept):
    assert sns.with_policy({"TopicArn": "t", "Policy": given}) == {"TopicArn": "t", "Policy": kept}


def test_the_access_policies_of_domains_are_kept_parsed_and_empty_ones_are_none():
    found = opensearch.with_policies([{"AccessPolicies": POLICY}, {"AccessPolicies": ""}, {}])
    assert [one["AccessPolicies"] for one in found] == [PARSED, None, None]


def test_a_catalogue_without_policy_gives_no_row():
    transform = next(read for read in glue.READS if read.table == "glue.resource_policy").transform
    assert transform is not None
    assert list(transform({})) == []
    assert list(transform({"PolicyInJson": POLICY})) == [{"PolicyInJson": PARSED}]


@pytest.mark.parametrize(
    ("row", "keys"),
    [
        ({"_holes": {"KeyManager": "denied"}}, {"Policy", "Grants", "Tags"}),
        ({"KeyManager": "AWS", "KeySpec": "SYMMETRIC_DEFAULT", "Origin": "AWS_KMS"}, set()),
        (
            {"KeyManager": "CUSTOMER", "KeySpec": "RSA_2048", "Origin": "AWS_KMS"},
            {"Policy", "Grants", "Tags"},
        ),
        (
            {"KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT", "Origin": "EXTERNAL"},
            {"Policy", "Grants", "Tags"},
        ),
        (
            {"KeyManager": "CUSTOMER", "KeySpec": "SYMMETRIC_DEFAULT", "Origin": "AWS_KMS"},
            {"Policy", "Grants", "Tags", "Rotation"},
        ),
    ],
)
def test_of_a_key_only_that_is_asked_which_it_has(row, keys):
    asked = {one.key for one in kms.READS[0].details if one.when is not None and one.when(row)}
    assert asked - {"Alias"} == keys


def test_acls_are_read_unless_the_owner_owns_every_object():
    wanted = detail(s3.READS, "s3.buckets", "Acl").when
    assert wanted is not None
    assert not wanted({"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}})
    assert wanted({"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}})
    assert wanted({"OwnershipControls": None})


def test_object_lock_is_asked_for_where_versioning_was_ever_on():
    wanted = detail(s3.READS, "s3.buckets", "ObjectLock").when
    assert wanted is not None
    assert wanted({"Versioning": {"Status": "Suspended"}})
    assert not wanted({"Versioning": {}})
    assert wanted({"_holes": {"Versioning": "denied"}})


def test_only_snapshots_made_by_hand_are_asked_whom_they_are_shared_with():
    wanted = detail(rds.READS, "rds.snapshots", "Attributes").when
    assert wanted is not None
    assert wanted({"SnapshotType": "manual"})
    assert not wanted({"SnapshotType": "automated"})


def test_macie_that_is_off_is_not_taken_for_a_refusal():
    from watchword.collect.aws.macie2 import READS

    session = next(read for read in READS if read.table == "macie2.session")
    off = CallFailed(HoleReason.DENIED, "AccessDeniedException", "Macie is not enabled.")
    refused = CallFailed(
        HoleReason.DENIED,
        "AccessDeniedException",
        "User: x is not authorized to perform: macie2:GetMacieSession",
    )
    assert off.is_among(session.none_when)
    assert not refused.is_among(session.none_when)
