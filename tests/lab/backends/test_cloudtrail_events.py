"""CloudTrail's event history on the lab, asked through boto3."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from watchword.lab.backends.call import AnswerError

Client = Callable[..., Any]
Refusing = Callable[..., Any]

ACCOUNT = "123456789012"
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def trail(client: Client) -> Any:
    return client("cloudtrail")


def record(
    name: str, hours_ago: float = 1, account: str = ACCOUNT, region: str = "us-east-1", **more: Any
) -> None:
    from watchword.lab.backends.cloudtrail_events import event_histories

    event = {
        "eventID": name,
        "eventName": "CreateUser",
        "eventSource": "iam.amazonaws.com",
        "eventTime": (NOW - timedelta(hours=hours_ago)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "readOnly": False,
        "managementEvent": True,
        "userIdentity": {"type": "IAMUser", "userName": "jo", "accessKeyId": "AKIAJO"},
    }
    event_histories[account][region].record(event | more)


def found(answer: dict[str, Any]) -> list[str]:
    return [event["EventId"] for event in answer["Events"]]


def test_an_event_is_told_with_the_record_that_it_comes_from(trail: Any) -> None:
    role = {"ARN": "arn:aws:iam::123456789012:role/run", "type": "AWS::IAM::Role", "accountId": ACCOUNT}
    record("a", resources=[role])
    [event] = trail.lookup_events()["Events"]
    assert (event["EventName"], event["ReadOnly"], event["Username"]) == ("CreateUser", "false", "jo")
    assert (event["EventTime"], event["AccessKeyId"]) == (NOW - timedelta(hours=1), "AKIAJO")
    assert event["Resources"] == [{"ResourceType": "AWS::IAM::Role", "ResourceName": role["ARN"]}]
    assert json.loads(event["CloudTrailEvent"])["eventID"] == "a"


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("EventId", "key", ["key"]),
        ("EventName", "CreateAccessKey", ["key"]),
        ("ReadOnly", "true", ["read"]),
        ("Username", "session", ["read"]),
        ("EventSource", "s3.amazonaws.com", ["read"]),
        ("AccessKeyId", "AKIAJO", ["key"]),
        ("ResourceType", "AWS::S3::Bucket", ["read"]),
        ("ResourceName", "arn:aws:s3:::records", ["read"]),
        ("ResourceName", "arn:aws:s3:::other", []),
    ],
)
def test_events_are_looked_up_by_one_attribute(trail: Any, key: str, value: str, expected: list[str]) -> None:
    record("key", eventName="CreateAccessKey")
    record(
        "read",
        eventName="GetBucketPolicy",
        eventSource="s3.amazonaws.com",
        readOnly=True,
        userIdentity={"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/run/session"},
        resources=[{"ARN": "arn:aws:s3:::records", "type": "AWS::S3::Bucket"}],
    )
    answer = trail.lookup_events(LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}])
    assert found(answer) == expected


def test_the_latest_event_comes_first_and_pages_follow(trail: Any) -> None:
    for name, hours in (("old", 5), ("new", 1), ("middle", 3)):
        record(name, hours)
    pages = trail.get_paginator("lookup_events").paginate(PaginationConfig={"PageSize": 2})
    assert [found(page) for page in pages] == [["new", "middle"], ["old"]]


def test_events_are_looked_up_between_two_times_that_count_themselves(trail: Any, refused: Refusing) -> None:
    for hours in (1, 2, 3, 4):
        record(f"{hours}", hours)
    start, end = NOW - timedelta(hours=3), NOW - timedelta(hours=2)
    assert found(trail.lookup_events(StartTime=start, EndTime=end)) == ["2", "3"]
    assert found(trail.lookup_events(StartTime=start)) == ["1", "2", "3"]
    assert found(trail.lookup_events(EndTime=end)) == ["2", "3", "4"]
    assert refused(trail.lookup_events, StartTime=end, EndTime=start).code == "InvalidTimeRangeException"


def test_the_history_ends_after_ninety_days_and_knows_management_events_alone(trail: Any) -> None:
    record("forgotten", 24 * 91)
    record("data", managementEvent=False)
    record("kept", 24 * 89)
    long_ago = NOW - timedelta(days=365)
    assert found(trail.lookup_events(StartTime=long_ago)) == ["kept"]
    assert found(trail.lookup_events(EventCategory="insight")) == []


def test_an_account_and_region_has_its_own_history(trail: Any, client: Client) -> None:
    record("here")
    record("there", region="eu-west-1")
    record("theirs", account="222222222222")
    assert found(trail.lookup_events()) == ["here"]
    assert found(client("cloudtrail", region="eu-west-1").lookup_events()) == ["there"]
    assert found(client("cloudtrail", account="222222222222").lookup_events()) == ["theirs"]


def test_two_attributes_and_foreign_tokens_are_refused(trail: Any, refused: Refusing) -> None:
    two = [{"AttributeKey": "EventName", "AttributeValue": name} for name in ("a", "b")]
    assert refused(trail.lookup_events, LookupAttributes=two).code == "InvalidLookupAttributesException"
    assert refused(trail.lookup_events, NextToken="x").code == "InvalidNextTokenException"


def test_a_record_that_says_too_little_is_refused_when_it_is_added() -> None:
    from watchword.lab.backends.cloudtrail_events import event_histories

    history = event_histories[ACCOUNT]["us-east-1"]
    with pytest.raises(AnswerError, match="missing eventName"):
        history.record({"eventID": "a"})
    with pytest.raises(AnswerError, match="eventTime"):
        record("a", eventTime="yesterday")
