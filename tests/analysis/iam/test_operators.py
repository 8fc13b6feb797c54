"""Values of each kind compare as the specification says (6.4 to 6.6)."""

from __future__ import annotations

import base64
import ipaddress
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.analysis.iam.operators import family_of, number, resolving, seconds, static
from watchword.analysis.iam.patterns import Wild
from watchword.analysis.iam.policy import OPERATORS

ARN = "arn:aws:s3:::bucket/key"


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "fits"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a", "A", False),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", "a*", "a*", True),
        ("StringEqualsIgnoreCase", "aB", "Ab", True),
        ("StringEqualsIgnoreCase", "a*", "ab", False),
        ("StringLike", "a*c?", "abbcd", True),
        ("StringLike", "a*", "A", False),
        ("NumericEquals", "10", "10.0", True),
        ("NumericEquals", "10", "+10", True),
        ("NumericEquals", "0", "-0", True),
        ("NumericEquals", "10", "ten", False),
        ("NumericEquals", "ten", "ten", False),
        ("NumericEquals", "1e1", "10", False),
        ("NumericLessThan", "10", "9.999999999999999999999999999999", True),
        ("NumericLessThan", "10", "10", False),
        ("NumericLessThanEquals", "10", "10", True),
        ("NumericLessThanEquals", "10", "10.0000000000000000000000000001", False),
        ("NumericGreaterThan", "-2", "-1", True),
        ("NumericGreaterThan", "-2", "-2", False),
        ("NumericGreaterThanEquals", "-2", "-2", True),
        ("NumericGreaterThanEquals", "-2", "-3", False),
        ("DateEquals", "2026-01-01", "2026-01-01T00:00:00Z", True),
        ("DateEquals", "2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00Z", True),
        ("DateEquals", "1767225600", "2026-01-01T00:00:00Z", True),
        ("DateEquals", "1767225600.5", "2026-01-01T00:00:00.5Z", True),
        ("DateLessThan", "2026-01-01", "2025-12-31T23:59:59.999999Z", True),
        ("DateLessThan", "2026-01-01", "2026-01-01", False),
        ("DateGreaterThan", "2026-01-01", "2026-01-01T00:00:01Z", True),
        ("DateGreaterThanEquals", "2026-01-01", "2026-01-01", True),
        ("DateLessThanEquals", "2026-01-01", "tomorrow", False),
        ("DateLessThanEquals", "tomorrow", "2026-01-01", False),
        ("Bool", "true", "TRUE", True),
        ("Bool", "False", "false", True),
        ("Bool", "true", "false", False),
        ("Bool", "yes", "yes", False),
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ5", True),
        ("BinaryEquals", "QmluYXJ5", "QmluYXJ6", False),
        ("BinaryEquals", "!", "!", False),
        ("BinaryEquals", "QQ=", "QQ=", False),
        ("IpAddress", "192.0.2.0/24", "192.0.2.255", True),
        ("IpAddress", "192.0.2.0/24", "192.0.3.0", False),
        ("IpAddress", "192.0.2.9/24", "192.0.2.1", True),
        ("IpAddress", "192.0.2.7", "192.0.2.7", True),
        ("IpAddress", "192.0.2.7", "192.0.2.8", False),
        ("IpAddress", "2001:db8::/32", "2001:db8:ffff::1", True),
        ("IpAddress", "2001:db8::/32", "2001:db9::1", False),
        ("IpAddress", "0.0.0.0/0", "::1", False),
        ("IpAddress", "::/0", "192.0.2.1", False),
        ("IpAddress", "192.0.2.0/24", "192.0.2.0/24", False),
        ("IpAddress", "192.0.2.0/33", "192.0.2.0", False),
        ("IpAddress", "192.0.2.0/24", "somewhere", False),
        ("ArnLike", "arn:aws:s3:::bucket/*", ARN, True),
        ("ArnEquals", "arn:aws:s3:::bucket/*", ARN, True),
        ("ArnEquals", "arn:*:s3:::bucket/k?y", ARN, True),
        ("ArnEquals", "arn:aws:*:bucket/key", ARN, False),
        ("ArnEquals", "arn:aws:*", ARN, False),
        ("ArnEquals", "arn:*:*:*:*:*", ARN, True),
        ("ArnEquals", "arn:aws:sns:*:1:t", "arn:aws:sns:eu:west:1:t", False),
        ("ArnEquals", "arn:aws:sns:eu:1:a:*", "arn:aws:sns:eu:1:a:b:c", True),
        ("ArnEquals", "*", ARN, True),
        ("ArnEquals", "*", "bucket", False),
        ("ArnEquals", "*", "nra:aws:s3:::bucket", False),
        ("ArnEquals", "bucket", "bucket", False),
        ("ArnEquals", "arn:aws:s3:::B", "arn:aws:s3:::b", False),
    ],
)
def test_a_value_of_the_request_is_compared_with_one_of_the_policy(
    operator: str, wanted: str, given: str, fits: bool
) -> None:
    assert static(operator, [wanted])(given) is fits
    assert static(operator, ["", wanted])(given) is fits, "beside another value"


@pytest.mark.parametrize("operator", sorted(set(OPERATORS.values()) - {"Null"}))
def test_no_value_of_the_policy_fits_nothing(operator: str) -> None:
    for value in ("", "a", "1", "true", ARN, "192.0.2.1", "2026-01-01", "QQ=="):
        assert static(operator, [])(value) is False


@pytest.mark.parametrize("operator", sorted(set(OPERATORS.values()) - {"Null"}))
def test_a_negated_operator_compares_like_its_positive_one(operator: str) -> None:
    positive = operator.replace("Not", "", 1)
    for wanted in ("a", "1", "true", ARN, "192.0.2.1", "2026-01-01", "QQ=="):
        for told in ("a", "1", "true", ARN, "192.0.2.1", "2026-01-01", "QQ=="):
            assert static(operator, [wanted])(told) is static(positive, [wanted])(told)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("12", Decimal(12)), ("-12", Decimal(-12)), ("+0.5", Decimal("0.5")), ("007", Decimal(7))),
        *(
            (text, None)
            for text in ("", ".5", "5.", "1e3", "0x1", " 1", "1\n", "١", "NaN", "Infinity", "--1")
        ),
        ("9" * 64, Decimal("9" * 64)),
        ("9" * 65, None),
        ("9" * 5_000, None),
    ],
)
def test_numbers_are_plain_decimals_of_a_sensible_length(text: str, value: Decimal | None) -> None:
    assert number(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1970-01-01T00:00:01Z", 1),
        ("1970-01-02", 86_400),
        ("1970-01-01T00:00:00", 0),
        ("1970-01-01T00:00:00-01:00", 3_600),
        ("-1.5", Decimal("-1.5")),
        ("0001-01-01T00:00:00+23:59", Decimal(-62_135_683_140)),
        ("9999-12-31T23:59:59.999999-23:59", Decimal("253402387139.999999")),
        *(
            (text, None)
            for text in ("", "2026-13-01", "2026-02-30", "10000-01-01", "now", "2026-01-01T25:00:00Z")
        ),
    ],
)
def test_times_are_iso_8601_or_seconds_and_utc_where_no_zone_is_told(text: str, value: object) -> None:
    assert seconds(text) == value


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_times_are_ordered_to_the_microsecond(one: datetime, other: datetime) -> None:
    earlier, later = seconds(one.isoformat()), seconds(other.isoformat())
    assert earlier is not None
    assert later is not None
    assert (earlier < later) is (one < other)
    assert (earlier == later) is (one == other)


@given(st.integers(0, 2**32 - 1), st.integers(0, 32), st.integers(0, 2**32 - 1))
def test_an_address_is_in_a_range_if_its_first_bits_are_those_of_the_range(
    base: int, bits: int, address: int
) -> None:
    fits = static("IpAddress", [f"{ipaddress.IPv4Address(base)}/{bits}"])
    assert fits(str(ipaddress.IPv4Address(address))) is (base >> (32 - bits) == address >> (32 - bits))


@given(st.binary(max_size=12), st.binary(max_size=12))
def test_binary_values_are_equal_if_their_bytes_are(one: bytes, other: bytes) -> None:
    wanted, told = (base64.b64encode(value).decode() for value in (one, other))
    assert static("BinaryEquals", [wanted])(told) is (one == other)


def test_a_value_that_was_filled_in_is_compared_like_a_written_one() -> None:
    assert resolving("StringLike", ("a*", Wild.ANY))("a*b")
    assert not resolving("StringLike", ("a*", Wild.ANY))("axb")
    assert resolving("StringEquals", ("a", "*"))("a*")
    assert resolving("StringEqualsIgnoreCase", ("A", "b"))("aB")
    assert resolving("ArnLike", ("arn:aws:s3:::", "b:*", "/", Wild.ANY))("arn:aws:s3:::b:*/x")
    assert not resolving("ArnLike", ("arn:aws:s3:::", "b*", "/", Wild.ANY))("arn:aws:s3:::bb/x")


@pytest.mark.parametrize("operator", ["NumericEquals", "DateLessThan", "Bool", "BinaryEquals", "IpAddress"])
def test_only_texts_and_arns_take_variables(operator: str) -> None:
    assert not family_of(operator).variables
    with pytest.raises(ValueError, match=operator):
        resolving(operator, ("1",))
