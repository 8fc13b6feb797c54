"""Filters of findings: values at paths, and the comparisons of GuardDuty and Macie."""

from datetime import UTC, datetime
from typing import Any

import pytest

from watchword.lab.backends.call import service_model
from watchword.lab.backends.criteria import known_path, ordered, satisfies, strings, values_at

DOCUMENT = {
    "Severity": 8.0,
    "Service": {"Archived": False, "Count": 3},
    "Resources": [{"Id": "a", "Tags": {"k": "v"}}, {"Id": "b"}],
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("severity", [8.0]),
        ("Severity", [8.0]),
        ("service.archived", [False]),
        ("Resources.Id", ["a", "b"]),
        ("resources.tags.k", ["v"]),
        ("service.nothing", []),
        ("severity.deeper", []),
        ("nothing.at.all", []),
    ],
)
def test_values_are_found_through_lists_and_either_case(path: str, expected: list[Any]) -> None:
    assert values_at(DOCUMENT, path) == expected


def test_values_are_compared_as_aws_writes_them() -> None:
    assert strings([True, None, 8.0, 5.5, 3, "x", ["y"]]) == ["true", "8", "5.5", "3", "x", "y"]


MARCH = datetime(2026, 3, 1, tzinfo=UTC)
MILLISECONDS = int(MARCH.timestamp() * 1000)


@pytest.mark.parametrize(
    ("values", "criterion", "expected"),
    [
        (["a"], {"eq": ["a", "b"]}, True),
        (["c"], {"Eq": ["a", "b"]}, False),
        ([], {"eq": ["a"]}, False),
        (["a", "c"], {"equals": ["c"]}, True),
        (["a"], {"neq": ["a"]}, False),
        ([], {"notEquals": ["a"]}, True),
        (["a", "b"], {"eqExactMatch": ["b", "a"]}, True),
        (["a", "b"], {"eqExactMatch": ["a"]}, False),
        (["log-1"], {"prefix": "log"}, True),
        (["alog"], {"prefix": "log"}, False),
        (["Recon:EC2/X"], {"matches": ["Recon:*"]}, True),
        (["Recon:EC2/X"], {"matches": ["recon:*", "R?con:EC2/X"]}, True),
        (["Recon[1]"], {"matches": ["Recon[1]"]}, True),
        (["Recon1"], {"matches": ["Recon[1]"]}, False),
        (["Recon:EC2/X"], {"notMatches": ["Recon:*"]}, False),
        ([7.0], {"gte": 7}, True),
        ([7.0], {"gt": 7}, False),
        ([7.0], {"greaterThanOrEqual": 7, "lessThanOrEqual": 7}, True),
        ([7.0], {"lt": 7}, False),
        ([7.0], {"lessThan": 8}, True),
        ([7.0], {"lte": 6}, False),
        ([True], {"gte": 0}, False),
        (["seven"], {"gte": 0}, False),
        ([MARCH], {"gte": MILLISECONDS}, True),
        ([MARCH], {"gt": MILLISECONDS}, False),
        (["2026-03-01T00:00:00.000Z"], {"gte": MILLISECONDS}, True),
        (["2026-02-28T23:59:59Z"], {"gte": MILLISECONDS}, False),
        (["a"], {"eq": ["a"], "neq": ["a"]}, False),
        (["a"], {}, True),
    ],
)
def test_every_operator_of_a_criterion_must_hold(
    values: list[Any], criterion: dict[str, Any], expected: bool
) -> None:
    assert satisfies(values, criterion) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("severity", True),
        ("service.archived", True),
        ("resource.s3BucketDetails.name", True),
        ("Severity", False),
        ("service.arcived", False),
        ("severity.deeper", False),
    ],
)
def test_a_path_is_known_by_the_spelling_of_the_wire(path: str, expected: bool) -> None:
    assert known_path(service_model("guardduty").shape_for("Finding"), path) is expected


def test_documents_are_ordered_by_number_time_or_text() -> None:
    numbers = [{"n": 10}, {"n": 9}, {"m": 1}]
    assert ordered(numbers, "n", descending=False) == [{"m": 1}, {"n": 9}, {"n": 10}]
    assert ordered(numbers, "n", descending=True) == [{"n": 10}, {"n": 9}, {"m": 1}]
    times = [{"t": "2026-03-01T00:00:00Z"}, {"t": "2025-03-01T00:00:00.5Z"}]
    assert ordered(times, "t", descending=False) == times[::-1]
    assert ordered([{"s": "b"}, {"s": "a"}], "s", descending=False) == [{"s": "a"}, {"s": "b"}]
    assert ordered(numbers, "", descending=True) == numbers
