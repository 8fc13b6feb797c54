"""Doing it again: pauses, attempts, and endpoints that are left alone; with a clock that the test holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from tests.collect.fakes import ACCOUNT
from watchword.aws import Aws, AwsSettings, Caller
from watchword.collect.live import (
    BREAK_SECONDS,
    BREAKS_AFTER,
    LONGEST_PAUSE,
    THROTTLE_ATTEMPTS,
    TROUBLE_ATTEMPTS,
    LiveSource,
)
from watchword.collect.source import Call, CallFailed
from watchword.model.evidence import HoleReason
from watchword.model.ids import AccountId, Region

CALL = Call(ACCOUNT, Region("eu-west-1"), "kms", "ListKeys")


def error(code: str, status: int = 400) -> ClientError:
    told: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(told, "ListKeys")


TIMEOUT = ReadTimeoutError(endpoint_url="http://127.0.0.1")


@dataclass
class Clock:
    """Time that passes only in pauses."""

    at: float = 1000.0
    pauses: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.at

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.at += seconds


class ScriptedAws(Aws):
    """The door to AWS with answers that are written down: errors are raised, everything else is answered."""

    def __init__(self, script: list[Any]) -> None:
        super().__init__(AwsSettings(region="eu-west-1"), frozenset())
        self.script = script
        self.calls = 0

    def whoami(self) -> Caller:
        return Caller(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/x")

    def call(
        self, account: AccountId, where: Region, service: str, operation: str, params: Mapping[str, Any]
    ) -> dict[str, Any]:
        said = self.script[min(self.calls, len(self.script) - 1)]
        self.calls += 1
        if isinstance(said, Exception):
            raise said
        return dict(said)


def source(*script: Any) -> tuple[LiveSource, ScriptedAws, Clock]:
    aws, clock = ScriptedAws(list(script)), Clock()
    return LiveSource(aws, clock=clock, pause=clock.pause), aws, clock


def test_an_answer_comes_without_the_metadata_of_the_response() -> None:
    live, _, clock = source({"Keys": [], "ResponseMetadata": {"RequestId": "x"}})
    assert live.first(CALL) == {"Keys": []}
    assert clock.pauses == []


def test_throttled_it_waits_longer_and_longer_and_gives_up_at_last() -> None:
    live, aws, clock = source(error("ThrottlingException"))
    with pytest.raises(CallFailed) as caught:
        live.first(CALL)
    assert caught.value.reason is HoleReason.THROTTLED
    assert aws.calls == THROTTLE_ATTEMPTS
    assert max(clock.pauses) <= LONGEST_PAUSE
    assert clock.at - 1000 > 20


def test_throttling_slows_the_calls_that_follow() -> None:
    live, _, _ = source(*[error("SlowDown")] * 4, {"Keys": []})
    live.first(CALL)
    slowed = live._bucket(CALL).rate
    fresh = live._bucket(Call(ACCOUNT, CALL.region, "kms", "ListAliases")).rate
    assert slowed < fresh


def test_what_is_throttled_in_one_account_is_not_slowed_in_another() -> None:
    live, _, _ = source(*[error("SlowDown")] * 4, {"Keys": []})
    live.first(CALL)
    other = Call(AccountId("999999999999"), CALL.region, "kms", "ListKeys")
    live.first(other)
    assert live._bucket(other).rate > live._bucket(CALL).rate


@pytest.mark.parametrize("trouble", [TIMEOUT, error("InternalFailure", 500), error("503", 503)])
def test_trouble_is_tried_again_a_few_times(trouble: Exception) -> None:
    live, aws, _ = source(trouble, trouble, {"Keys": [1]})
    assert live.first(CALL) == {"Keys": [1]}
    assert aws.calls == TROUBLE_ATTEMPTS


@pytest.mark.parametrize("code", ["AccessDenied", "ValidationException", "NoSuchBucketPolicy"])
def test_a_refusal_is_not_tried_again(code: str) -> None:
    live, aws, clock = source(error(code))
    with pytest.raises(CallFailed) as caught:
        live.first(CALL)
    assert (caught.value.code, aws.calls, clock.pauses) == (code, 1, [])


def test_an_endpoint_that_stays_silent_is_left_alone_for_a_while_and_then_asked_again() -> None:
    live, aws, clock = source(*[TIMEOUT] * BREAKS_AFTER, {"Keys": []})
    for _ in range(5):
        with pytest.raises(CallFailed) as caught:
            live.first(CALL)
        assert caught.value.reason is HoleReason.UNREACHABLE
    assert aws.calls == BREAKS_AFTER
    assert "did not answer" in caught.value.message
    clock.at += BREAK_SECONDS
    assert live.first(CALL) == {"Keys": []}


def test_a_silent_endpoint_does_not_close_others() -> None:
    live, aws, _ = source(*[TIMEOUT] * BREAKS_AFTER, {"Keys": []})
    with pytest.raises(CallFailed):
        live.first(CALL)
    assert live.first(Call(ACCOUNT, Region("eu-central-1"), "kms", "ListKeys")) == {"Keys": []}
    assert live.first(Call(ACCOUNT, CALL.region, "sqs", "ListQueues")) == {"Keys": []}
    assert aws.calls == BREAKS_AFTER + 2


def test_a_refusal_shows_that_the_endpoint_lives() -> None:
    live, aws, _ = source(TIMEOUT, TIMEOUT, error("AccessDenied"), TIMEOUT, TIMEOUT, {"Keys": []})
    with pytest.raises(CallFailed, match="AccessDenied"):
        live.first(CALL)
    assert live.first(CALL) == {"Keys": []}
    assert aws.calls == 6


def test_many_calls_at_once_are_spread_over_time() -> None:
    live, _, clock = source({"Keys": []})
    for _ in range(200):
        live.first(CALL)
    assert clock.at - 1000 >= 200 / 20 - 2


def test_pages_follow_each_other_to_the_end_and_keep_the_parameters() -> None:
    asked: list[Mapping[str, Any]] = []

    class Paged(ScriptedAws):
        def call(
            self, account: AccountId, where: Region, service: str, operation: str, params: Mapping[str, Any]
        ) -> dict[str, Any]:
            asked.append(dict(params))
            return super().call(account, where, service, operation, params)

    pages = [
        {"Keys": [1], "Truncated": True, "NextMarker": "a"},
        {"Keys": [2], "Truncated": True, "NextMarker": "b"},
        {"Keys": [3], "Truncated": False, "NextMarker": "c"},
    ]
    clock = Clock()
    live = LiveSource(Paged(pages), clock=clock, pause=clock.pause)
    call = Call(ACCOUNT, CALL.region, "kms", "ListKeys", {"Limit": 1})
    assert [page["Keys"] for page in live.pages(call)] == [[1], [2], [3]]
    assert asked == [{"Limit": 1}, {"Limit": 1, "Marker": "a"}, {"Limit": 1, "Marker": "b"}]
    assert call.params == {"Limit": 1}


@pytest.mark.parametrize(
    ("service", "operation", "page", "following"),
    [
        ("wafv2", "ListWebACLs", {"NextMarker": "m"}, {"NextMarker": "m"}),
        ("cloudfront", "ListResponseHeadersPolicies", {"ResponseHeadersPolicyList": {"NextMarker": "m"}}, {"Marker": "m"}),
        ("iam", "ListUsers", {"IsTruncated": True, "Marker": "m"}, {"Marker": "m"}),
        ("s3", "ListBuckets", {"ContinuationToken": "m"}, {"ContinuationToken": "m"}),
        ("route53", "ListResourceRecordSets", {"IsTruncated": True, "NextRecordName": "n", "NextRecordType": "A"},
         {"StartRecordName": "n", "StartRecordType": "A"}),
    ],
)  # fmt: skip
def test_each_service_pages_in_its_own_way(
    service: str, operation: str, page: dict[str, Any], following: dict[str, Any]
) -> None:
    from watchword.collect.live import _next
    from watchword.collect.shapes import paging

    how = paging(service, operation)
    assert how is not None
    assert _next(how, page) == following
    assert _next(how, {}) is None


def test_operations_that_give_all_at_once_do_not_page() -> None:
    from watchword.collect.shapes import paging

    assert paging("sts", "GetCallerIdentity") is None
    assert paging("s3", "GetBucketPolicy") is None
