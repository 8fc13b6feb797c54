"""The limiter never asks too much, slows down when it is told to, and recovers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.collect.limiter import (
    CEILING,
    FLOOR,
    PUBLISHED,
    SHARE,
    Bucket,
    Published,
    published,
)

LIMITS = st.none() | st.builds(Published, st.floats(1, 500), st.floats(1, 500))
GAPS = st.floats(0, 3)
EVENTS = st.lists(st.tuples(GAPS, st.sampled_from(["take", "succeeded", "throttled"])), max_size=200)


def sent(bucket: Bucket, gaps: list[float]) -> list[float]:
    """When calls are sent that come at these gaps, each waiting as long as it is told."""
    at, times = 0.0, []
    for gap in gaps:
        at += gap
        times.append(at + bucket.take(at))
    return times


@given(LIMITS, st.lists(st.floats(0, 0.2), min_size=1, max_size=300))
def test_no_second_sees_more_calls_than_the_burst_and_the_rate_allow(
    limit: Published | None, gaps: list[float]
) -> None:
    bucket = Bucket.new(limit, 0.0)
    burst, rate = bucket.burst, bucket.rate
    times = sent(bucket, gaps)
    for index, begin in enumerate(times):
        within = sum(1 for one in times[index:] if one < begin + 1)
        assert within <= burst + rate + 1e-6 + 1


@given(LIMITS, EVENTS)
def test_the_rate_stays_between_the_floor_and_half_of_what_aws_publishes(
    limit: Published | None, events: list[tuple[float, str]]
) -> None:
    bucket, at = Bucket.new(limit, 0.0), 0.0
    most = min(CEILING, limit.rate * SHARE) if limit else CEILING
    for gap, event in events:
        at += gap
        getattr(bucket, event)(at)
        assert min(FLOOR, most) <= bucket.rate <= most
        assert bucket.tokens <= bucket.burst
        if limit:
            assert bucket.burst <= max(1.0, limit.burst * SHARE)


@given(LIMITS, EVENTS)
def test_being_throttled_never_makes_the_next_call_wait_less(
    limit: Published | None, events: list[tuple[float, str]]
) -> None:
    bucket, twin, at = Bucket.new(limit, 0.0), Bucket.new(limit, 0.0), 0.0
    for gap, event in events:
        at += gap
        getattr(bucket, event)(at)
        getattr(twin, event)(at)
    bucket.throttled(at)
    assert bucket.take(at) >= twin.take(at)


def test_one_burst_of_refusals_halves_the_rate_once() -> None:
    bucket = Bucket.new(None, 0.0)
    before = bucket.rate
    for _ in range(10):
        bucket.throttled(1.0)
    assert bucket.rate == before / 2


def test_throttled_again_after_a_calm_it_halves_again() -> None:
    bucket = Bucket.new(None, 0.0)
    before = bucket.rate
    bucket.throttled(1.0)
    bucket.throttled(5.0)
    assert bucket.rate == before / 4


def test_after_throttling_it_recovers_to_the_ceiling_step_by_step() -> None:
    bucket = Bucket.new(None, 0.0)
    bucket.throttled(0.0)
    rates = []
    for second in range(1, 60):
        bucket.succeeded(float(second))
        rates.append(bucket.rate)
    assert rates == sorted(rates)
    assert bucket.rate == CEILING


def test_a_clock_that_goes_back_gives_no_tokens() -> None:
    bucket = Bucket.new(Published(2, 2), 100.0)
    bucket.take(100.0)
    tokens = bucket.tokens
    bucket.succeeded(50.0)
    assert bucket.tokens == tokens


def test_what_aws_publishes_of_an_operation_goes_before_its_service() -> None:
    assert published("cloudtrail", "LookupEvents") == Published(2, 2)
    assert published("cloudtrail", "DescribeTrails") == Published(10, 10)
    assert published("nothing", "ListThings") is None


@pytest.mark.parametrize("key", PUBLISHED, ids=":".join)
def test_half_of_every_published_limit_still_lets_calls_through(key: tuple[str, str]) -> None:
    bucket = Bucket.new(PUBLISHED[key], 0.0)
    assert bucket.take(0.0) == 0
    assert bucket.take(0.0) < 3
