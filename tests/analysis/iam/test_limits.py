"""Quotas are data; an organisation's own go before AWS's."""

from __future__ import annotations

import pytest

from watchword.analysis.iam.limits import DEFAULTS, Limits, size

SPACED = '{ "Version": "2012-10-17",\n\t"Statement": [] }'
DENSE = '{"Version":"2012-10-17","Statement":[]}'


@pytest.mark.parametrize("name", [one for one in DEFAULTS if "polic" in one])
def test_white_space_counts_where_aws_counts_it(name: str) -> None:
    counts = name in {"service control policy", "resource control policy", "bucket policy"}
    assert size(name, SPACED) == (len(SPACED) if counts else len(DENSE))


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_document_exceeds_its_quota_by_what_is_over(name: str) -> None:
    limits = Limits()
    assert limits[name] == DEFAULTS[name] > 0
    assert limits.excess(name, "x" * DEFAULTS[name]) == 0
    assert limits.excess(name, "x" * (DEFAULTS[name] + 3)) == 3
    assert limits.excess(name, "") == 0


def test_a_quota_that_was_raised_counts() -> None:
    limits = Limits({"service control policy": 10_240})
    assert limits["service control policy"] == 10_240
    assert limits["managed policy"] == 6_144
    assert limits.excess("service control policy", "x" * 10_240) == 0


@pytest.mark.parametrize(
    ("name", "number", "said"), [("bucket", 1, "no quota 'bucket'"), ("trust policy", 0, "positive")]
)
def test_a_quota_that_there_is_not_is_refused(name: str, number: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Limits({name: number})
    with pytest.raises(KeyError):
        Limits()["nothing"]
