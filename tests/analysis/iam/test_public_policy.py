"""S3 calls a bucket's policy public by its text (step 9.5)."""

from __future__ import annotations

from typing import Any

import pytest

from watchword.analysis.iam.compiled import compile_policy
from watchword.analysis.iam.public_policy import is_public

POINT = "arn:aws:s3:eu-west-1:111122223333:accesspoint"


def public(*, of_access_point: bool = False, **more: Any) -> bool:
    written = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*", "Principal": "*"} | more
    written = {name: value for name, value in written.items() if value is not None}
    policy = compile_policy({"Version": "2012-10-17", "Statement": [written]}, "resource")
    return is_public(policy, of_access_point=of_access_point)


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": ["111122223333", "*"]}, True),
        ({"AWS": "111122223333"}, False),
        ({"AWS": "arn:aws:iam::111122223333:role/*"}, True),
        ({"AWS": "arn:aws:iam::111122223333:role/a?"}, True),
        ({"Service": "logging.s3.amazonaws.com"}, False),
        ({"Service": "*.amazonaws.com"}, True),
        ({"CanonicalUser": "ab"}, False),
        ({"CanonicalUser": "*"}, True),
        ({"Federated": "accounts.google.com"}, True),
        ({"AWS": []}, False),
        (None, False),
    ],
)
def test_a_principal_is_fixed_if_every_one_is_named(principal: Any, expected: bool) -> None:
    assert public(Principal=principal) is expected


def test_not_principal_is_never_fixed_and_a_deny_never_public() -> None:
    assert public(Principal=None, NotPrincipal={"AWS": "111122223333"})
    assert not public(Effect="Deny")


KEYS = (
    *(
        "aws:SourceArn",
        "aws:SourceVpc",
        "aws:SourceVpce",
        "aws:SourceOwner",
        "aws:SourceAccount",
        "aws:userid",
    ),
    *("aws:PrincipalOrgID", "s3:DataAccessPointArn", "s3:DataAccessPointAccount", "AWS:SOURCEVPC"),
)


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "operator",
    [
        *("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"),
        "ForAnyValue:StringEquals",
    ],
)
def test_these_operators_on_these_keys_confine(key: str, operator: str) -> None:
    assert not public(Condition={operator: {key: ["x", "y"]}})
    assert public(Condition={operator: {key: ["x", "y*"]}})
    assert public(Condition={operator: {key: "y?"}})
    assert public(Condition={operator: {key: "${aws:x}"}})
    assert public(Condition={operator: {key: []}})


@pytest.mark.parametrize(
    ("operator", "key", "value"),
    [
        ("StringEqualsIfExists", "aws:SourceVpc", "vpc-1"),
        ("ForAllValues:StringEquals", "aws:SourceVpc", "vpc-1"),
        ("StringNotEquals", "aws:SourceVpc", "vpc-1"),
        ("Null", "aws:SourceVpc", "false"),
        ("Bool", "aws:SecureTransport", "true"),
        ("StringEquals", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/x"),
        ("StringEquals", "aws:PrincipalAccount", "111122223333"),
        ("StringEquals", "aws:PrincipalTag/team", "x"),
        ("StringEquals", "aws:SourceIp", "192.0.2.1"),
        ("IpAddress", "aws:VpcSourceIp", "10.0.0.0/16"),
        ("NotIpAddress", "aws:SourceIp", "192.0.2.0/24"),
        ("IpAddressIfExists", "aws:SourceIp", "192.0.2.0/24"),
        ("IpAddress", "aws:SourceIp", "somewhere"),
    ],
)
def test_others_do_not(operator: str, key: str, value: str) -> None:
    assert public(Condition={operator: {key: value}})


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        (["192.0.2.0/24"], False),
        (["10.0.0.0/8"], False),
        (["10.0.0.0/7"], True),
        (["192.0.2.7"], False),
        (["10.0.0.0/8", "0.0.0.0/0"], True),
        (["2001:db8::/32"], False),
        (["2001:db8::/31"], True),
        (["2001:db8::1"], False),
    ],
)
def test_ranges_confine_if_each_is_narrow(ranges: list[str], expected: bool) -> None:
    assert public(Condition={"IpAddress": {"aws:SourceIp": ranges}}) is expected


def test_one_confining_condition_is_enough_and_one_public_statement_too() -> None:
    confined = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
    assert not public(Condition={**confined, "Bool": {"aws:SecureTransport": "true"}})
    base = {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Principal": "*"}
    both = {"Statement": [base | {"Condition": confined}, base]}
    assert is_public(compile_policy(both, "resource"))


@pytest.mark.parametrize(
    ("arn", "bucket", "point"),
    [
        (f"{POINT}/*", False, True),
        (f"{POINT}/p", False, False),
        ("arn:aws:s3:eu-west-1:*:accesspoint/p", True, True),
        ("arn:aws:s3:*", True, True),
    ],
)
def test_an_access_points_name_is_free_in_a_buckets_policy_alone(arn: str, bucket: bool, point: bool) -> None:
    condition = {"StringLike": {"s3:DataAccessPointArn": arn}}
    assert public(Condition=condition) is bucket
    assert public(Condition=condition, of_access_point=True) is point
