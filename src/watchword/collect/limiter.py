"""How fast to call: a token bucket for each (account, region, service, operation), steered by what AWS answers.  Pure.

The rate rises by a fixed step while calls succeed and is halved when AWS throttles (AIMD; Chiu and Jain 1989,
https://doi.org/10.1016/0169-7552(89)90019-6).  It never exceeds half of what AWS publishes for the bucket, so that the
account's own work keeps the other half.  Time comes in as an argument (seconds of any monotonic clock); nothing waits
here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from watchword.model.ids import AccountId, Region

START_RATE: Final = 10.0
"""Calls a second at first, where the ceiling allows it."""
START_BURST: Final = 20.0
"""Calls at once, where AWS publishes no limit."""
CEILING: Final = 20.0
"""Calls a second that are never exceeded where AWS publishes no limit."""
FLOOR: Final = 0.2
"""Calls a second below which the rate never falls: one in five seconds."""
STEP: Final = 0.5
"""What a success adds to the rate."""
SHARE: Final = 0.5
"""Part of a published limit that is used."""


@dataclass(frozen=True, slots=True)
class Published:
    """A token bucket as AWS publishes it: calls at once, and calls a second."""

    burst: float
    rate: float


EC2_DEFAULT: Final = Published(50, 10)
"""EC2's bucket of an unfiltered, unpaginated describe, the lowest of its non-mutating ones.
https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html"""

PUBLISHED: Final[Mapping[tuple[str, str], Published]] = {
    # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/WhatIsCloudTrail-Limits.html
    ("cloudtrail", ""): Published(10, 10),
    ("cloudtrail", "LookupEvents"): Published(2, 2),
    # https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
    ("ec2", ""): EC2_DEFAULT,
    # https://docs.aws.amazon.com/general/latest/gr/sec-hub.html
    ("securityhub", ""): Published(30, 10),
    ("securityhub", "GetFindings"): Published(6, 3),
    ("securityhub", "GetEnabledStandards"): Published(1, 1),
    # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html
    ("organizations", ""): Published(12, 8),
    # https://docs.aws.amazon.com/singlesignon/latest/userguide/limits.html
    ("sso-admin", ""): Published(20, 20),
    ("identitystore", ""): Published(20, 20),
    # https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
    ("kms", ""): Published(100, 100),
    ("kms", "ListKeys"): Published(500, 500),
    ("kms", "DescribeKey"): Published(2000, 2000),
    ("kms", "GetKeyPolicy"): Published(1000, 1000),
    ("kms", "GetKeyRotationStatus"): Published(1000, 1000),
    # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html#api-requests
    ("lambda", ""): Published(15, 15),
    ("lambda", "GetFunction"): Published(100, 100),
    ("lambda", "GetPolicy"): Published(15, 15),
}
"""Published limits by (service, operation); an empty operation stands for the rest of the service."""

Key = tuple[AccountId, Region, str, str]
"""What AWS counts together: account, region, service, operation."""


def published(service: str, operation: str) -> Published | None:
    """What AWS publishes for the operation, or for its service, or ``None``."""
    return PUBLISHED.get((service, operation)) or PUBLISHED.get((service, ""))


@dataclass(slots=True)
class Bucket:
    """One token bucket.

    ``tokens`` may be negative: calls that were let in ahead and wait for their turn.  ``rate`` is calls a second.
    """

    burst: float
    ceiling: float
    rate: float
    tokens: float
    at: float
    calm_until: float = float("-inf")

    @classmethod
    def new(cls, limit: Published | None, at: float) -> Bucket:
        """A full bucket for an operation with this published limit, if there is one."""
        ceiling = min(CEILING, limit.rate * SHARE) if limit else CEILING
        burst = max(1.0, min(ceiling, limit.burst * SHARE) if limit else START_BURST)
        return cls(burst, ceiling, min(START_RATE, ceiling), burst, at)

    def take(self, at: float) -> float:
        """Let one call in; the seconds that it has to wait before it may be sent."""
        self._refill(at)
        self.tokens -= 1
        return max(0.0, -self.tokens / self.rate)

    def succeeded(self, at: float) -> None:
        """A call was answered: a little faster, unless AWS throttled just now."""
        self._refill(at)
        if at >= self.calm_until:
            self.rate = min(self.ceiling, self.rate + STEP)

    def throttled(self, at: float) -> None:
        """AWS throttled: half as fast, and what was saved is gone; several answers to one burst count once."""
        self._refill(at)
        self.tokens = min(self.tokens, 0.0)
        if at >= self.calm_until:
            self.rate = max(min(FLOOR, self.ceiling), self.rate / 2)
            self.calm_until = at + 1.0 / self.rate

    def _refill(self, at: float) -> None:
        elapsed = max(0.0, at - self.at)
        self.tokens = min(self.burst, self.tokens + elapsed * self.rate)
        self.at = max(self.at, at)
