"""Answers from live AWS: paging, the limiter, retries, and a breaker for endpoints that do not answer.

``aws.Aws`` makes single attempts; everything about doing it again is here.  Nothing is judged or stored.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any, Final

from watchword.aws import Aws, Caller
from watchword.collect.failures import expected, explained
from watchword.collect.limiter import Bucket, Key, published
from watchword.collect.paths import value_at
from watchword.collect.shapes import Paging, paging
from watchword.collect.source import Answer, Call, CallFailed, told_regions
from watchword.model.evidence import HoleReason
from watchword.model.ids import AccountId, Region

THROTTLE_ATTEMPTS: Final = 8
"""Attempts before a call counts as throttled."""
TROUBLE_ATTEMPTS: Final = 3
"""Attempts before an endpoint that errs or resets counts as unreachable."""
BREAKS_AFTER: Final = 3
"""Calls in a row without any answer after which an endpoint is left alone for a while."""
BREAK_SECONDS: Final = 60.0
LONGEST_PAUSE: Final = 20.0
"""Seconds, the longest pause between two attempts."""
MANY_BUCKETS: Final = 4_000
"""Buckets from which on those are let go that were idle for ``IDLE_SECONDS``; they are full again by then."""
IDLE_SECONDS: Final = 30.0


@dataclass(slots=True)
class _Breaker:
    """How an endpoint behaves: failures in a row, and until when it is left alone."""

    failures: int = 0
    open_until: float = float("-inf")


@dataclass(slots=True)
class LiveSource:
    """Answers from AWS as the caller of ``aws``; see ``collect.source.Source``.  Safe for threads."""

    aws: Aws
    clock: Callable[[], float] = monotonic
    pause: Callable[[float], None] = sleep
    _buckets: dict[Key, Bucket] = field(default_factory=dict)
    _many: int = MANY_BUCKETS
    _breakers: dict[tuple[str, Region], _Breaker] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def kind(self) -> str:
        """``live``, with the endpoint if it is not AWS's own."""
        url = self.aws.endpoint_url
        return f"live ({url})" if url else "live"

    def caller(self) -> Caller:
        """Who asks."""
        return self.aws.whoami()

    def alone(self) -> tuple[AccountId, ...]:
        """The caller's own account."""
        return (self.caller().account,)

    def enter(self, account: AccountId) -> None:
        """Assume the account's role.

        Raises:
            CallFailed: it cannot be assumed.
        """
        call = Call(account, Region(self.aws.home_region()), "sts", "AssumeRole")
        try:
            self._tried(call, lambda: self.aws.ensure_assumed(account))
        except CallFailed as failed:
            raise CallFailed(HoleReason.NOT_ASSUMED, failed.code, failed.message) from failed

    def regions(self, account: AccountId) -> tuple[tuple[Region, ...], tuple[Region, ...]]:
        """The regions that are enabled for the account, and those that are not, by DescribeRegions.

        Raises:
            CallFailed: AWS did not say.
        """
        call = Call(account, Region(self.aws.home_region()), "ec2", "DescribeRegions", {"AllRegions": True})
        return told_regions(self.first(call))

    def first(self, call: Call) -> Answer:
        """The answer to one call, whatever pages follow.

        Raises:
            CallFailed: there is none.
        """
        return self._asked(call, call.params)

    def pages(self, call: Call) -> Iterator[Answer]:
        """The answer, page by page to its end.

        Raises:
            CallFailed: there is none; or the same page would come again and again.
        """
        how = paging(call.service, call.operation)
        params = dict(call.params)
        while True:
            answer = self._asked(call, params)
            yield answer
            following = _next(how, answer) if how else None
            if following is None:
                return
            if following.items() <= params.items():
                raise CallFailed(HoleReason.MALFORMED, "", "the same page was announced again")
            params |= following

    def _asked(self, call: Call, params: Mapping[str, Any]) -> dict[str, Any]:
        self._refuse_broken(call)
        answer: dict[str, Any] = self._tried(
            call, lambda: self.aws.call(call.account, call.region, call.service, call.operation, params)
        )
        return {key: _read(value) for key, value in answer.items() if key != "ResponseMetadata"}

    def _tried(self, call: Call, attempt: Callable[[], Any]) -> Any:  # noqa: ANN401
        number = 0
        while True:
            number += 1
            self._wait_turn(call)
            try:
                answer = attempt()
            except expected() as error:
                failed = explained(error)
                self._learn(call, failed)
                if number >= _attempts(failed):
                    raise failed from error
                self._refuse_broken(call)
                self.pause(min(LONGEST_PAUSE, 0.25 * 2**number) * random.uniform(0.5, 1.0))  # noqa: S311 (jitter)
            else:
                self._learn(call, None)
                return answer

    def _wait_turn(self, call: Call) -> None:
        with self._lock:
            seconds = self._bucket(call).take(self.clock())
        if seconds > 0:
            self.pause(seconds)

    def _bucket(self, call: Call) -> Bucket:
        key = (call.account, call.region, call.service, call.operation)
        if key not in self._buckets:
            self._forget_idle()
            self._buckets[key] = Bucket.new(published(call.service, call.operation), self.clock())
        return self._buckets[key]

    def _forget_idle(self) -> None:
        """Let go of buckets that were not used for a while, else memory would grow with the organisation."""
        if len(self._buckets) >= self._many:
            since = self.clock() - IDLE_SECONDS
            self._buckets = {key: one for key, one in self._buckets.items() if one.at > since}
            self._many = max(MANY_BUCKETS, 2 * len(self._buckets))

    def _learn(self, call: Call, failed: CallFailed | None) -> None:
        with self._lock:
            at, bucket = self.clock(), self._bucket(call)
            if failed is not None and failed.reason is HoleReason.THROTTLED:
                bucket.throttled(at)
            else:
                bucket.succeeded(at)
            breaker = self._breakers.setdefault((call.service, call.region), _Breaker())
            silent = failed is not None and failed.reason is HoleReason.UNREACHABLE
            breaker.failures = breaker.failures + 1 if silent else 0
            if breaker.failures >= BREAKS_AFTER:
                breaker.open_until = at + BREAK_SECONDS

    def _refuse_broken(self, call: Call) -> None:
        breaker = self._breakers.get((call.service, call.region))
        if breaker is not None and self.clock() < breaker.open_until:
            raise CallFailed(
                HoleReason.UNREACHABLE,
                "EndpointSilent",
                f"{call.service} in {call.region} did not answer {breaker.failures} times in a row",
            )


def _attempts(failed: CallFailed) -> int:
    if failed.reason is HoleReason.THROTTLED:
        return THROTTLE_ATTEMPTS
    return TROUBLE_ATTEMPTS if failed.reason is HoleReason.UNREACHABLE else 1


def _next(how: Paging, answer: Answer) -> dict[str, Any] | None:
    """The parameters of the next page, ``None`` where this was the last."""
    if how.more and not value_at(answer, how.more):
        return None
    found = {param: value_at(answer, path) for path, param in zip(how.answers, how.params, strict=True)}
    given = {param: token for param, token in found.items() if token}
    return given or None


def _read(value: Any) -> Any:  # noqa: ANN401
    """The value; a streamed body is read to its end."""
    return value.read() if hasattr(value, "read") else value
