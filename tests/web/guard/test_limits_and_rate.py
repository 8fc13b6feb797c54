"""How large, how slow, how often: each limit holds at its edge and lets through what is within."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.house import House
from watchword.web.guard.limits import LONGEST_TARGET, Limits
from watchword.web.guard.rate import MOST_KEYS, Buckets, network
from watchword.web.guard.refused import Refused

LARGEST = 100


def outcome(
    parts: list[bytes], headers: list[tuple[bytes, bytes]] | None = None, **scope: Any
) -> int | bytes:
    """The body that comes through, or the status of the refusal."""
    seen: list[bytes] = []
    waiting: Iterator[bytes] = iter(parts)
    left = len(parts)

    async def receive() -> dict[str, Any]:
        nonlocal left
        left -= 1
        return {"type": "http.request", "body": next(waiting), "more_body": left > 0}

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.append((await receive())["body"])

    given = {
        "type": "http",
        "headers": headers or [],
        "raw_path": b"/",
        "query_string": b"",
        "state": {},
    } | scope
    try:
        asyncio.run(Limits(inner, LARGEST, 5)(given, receive, None))  # type: ignore[arg-type]
    except Refused as refused:
        return refused.status
    return seen[0]


def test_a_body_is_taken_up_to_the_limit_and_not_a_byte_more() -> None:
    assert outcome([b"x" * LARGEST]) == b"x" * LARGEST
    assert outcome([b"x" * 60, b"y" * 40]) == b"x" * 60 + b"y" * 40
    assert outcome([b"x" * (LARGEST + 1)]) == 413
    assert outcome([b"x" * 60, b"y" * 41]) == 413


@given(st.lists(st.binary(max_size=60), min_size=1, max_size=6))
def test_a_body_comes_through_whole_or_not_at_all(parts: list[bytes]) -> None:
    whole = b"".join(parts)
    assert outcome(parts) == (whole if len(whole) <= LARGEST else 413)


LENGTHS = [
    ([b"100"], b"ok"),
    ([b"101"], 413),
    ([b"99999999999999999999"], 400),
    ([b"-1"], 400),
    ([b"1e3"], 400),
    ([b"0x10"], 400),
    ([b""], 400),
    ([b"5", b"6"], 400),
]


@pytest.mark.parametrize(("lengths", "wanted"), LENGTHS)
def test_a_length_that_is_told_is_believed_before_anything_is_read(lengths: list[bytes], wanted: Any) -> None:
    assert outcome([b"ok"], [(b"content-length", one) for one in lengths]) == wanted


def test_a_length_told_in_two_ways_is_refused() -> None:
    assert outcome([b"ok"], [(b"content-length", b"2"), (b"transfer-encoding", b"chunked")]) == 400


def test_addresses_and_headers_are_bounded() -> None:
    assert outcome([b""], raw_path=b"/" * LONGEST_TARGET) == b""
    assert outcome([b""], raw_path=b"/" * LONGEST_TARGET, query_string=b"a") == 414
    assert outcome([b""], [(b"x", b"y")] * 101) == 431


def test_a_body_that_does_not_end_in_time_is_cut_off() -> None:
    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"x", "more_body": True}

    scope = {"type": "http", "headers": [], "raw_path": b"/", "query_string": b""}
    with pytest.raises(Refused, match="did not come in time"):
        asyncio.run(Limits(lambda *_: None, 10**6, 0.1)(scope, receive, None))  # type: ignore[arg-type,return-value]


class Tick:
    """Seconds that a test counts."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_as_many_as_a_minute_may_have_may_come_at_once_and_then_one_after_another() -> None:
    tick = Tick()
    buckets = Buckets(60, tick)
    assert [buckets.take("a").is_allowed for _ in range(61)] == [True] * 60 + [False]
    tick.now += 1
    assert [buckets.take("a").is_allowed for _ in range(2)] == [True, False]
    assert buckets.take("b").is_allowed


@given(st.lists(st.floats(0, 30), max_size=80), st.integers(1, 30))
def test_no_rhythm_gets_more_through_than_twice_the_rate_in_any_minute(
    pauses: list[float], rate: int
) -> None:
    tick = Tick()
    buckets = Buckets(rate, tick)
    passed = []
    for pause in pauses:
        tick.now += pause
        if buckets.take("a").is_allowed:
            passed.append(tick.now)
    for begun in passed:
        assert sum(begun <= one < begun + 60 for one in passed) <= 2 * rate


def test_memory_does_not_grow_with_made_up_addresses() -> None:
    buckets = Buckets(60, Tick())
    for number in range(MOST_KEYS + 100):
        buckets.take(str(number))
    assert len(buckets._arrivals) == MOST_KEYS


def test_addresses_of_one_host_are_one() -> None:
    assert network("2001:db8::1") == network("2001:db8::ffff:1") != network("2001:db8:0:1::1")
    assert network("203.0.113.7") != network("203.0.113.8")


def test_too_many_requests_are_told_when_to_come_again(own_home: House) -> None:
    own_home.app.state.caller_of.buckets.a_minute = 3
    own_home.app.state.caller_of.buckets._each = 20.0
    browser = own_home.browser("user")
    answers = [browser.get("/api/v1/me") for _ in range(4)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429]
    assert answers[0].headers["ratelimit-policy"] == '"default";q=3;w=60'
    assert answers[0].headers["ratelimit"].startswith('"default";r=2;')
    assert int(answers[3].headers["retry-after"]) >= 1
    assert own_home.browser("auditor").get("/api/v1/me").status_code == 200
