"""Step 2: how many requests an address, and a caller, may make.

A token bucket each, as the generic cell rate algorithm keeps it (ITU-T I.371): one number per key.  Buckets live in the process,
so several replicas let through as many times as much; guesses at secrets are bounded by throttles in the database, not by this.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from threading import Lock
from typing import Final

from watchword.web.guard.asgi import App, Receive, Scope, Send, facts, is_http, path
from watchword.web.guard.refused import Refused

MOST_KEYS: Final = 50_000
"""Keys that are remembered; beyond, the one that was not seen for the longest time is forgotten."""

WINDOW: Final = 60.0
"""Seconds over which requests are counted."""

RATE: Final = "rate"
"""The fact under which the headers lie that tell how many requests are left; ``headers`` puts them on every answer."""

FREE: Final = ("/static/", "/healthz", "/readyz")
"""What is not counted: files that browsers keep, and probes."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a bucket says: whether the request may go on, how many may follow at once, seconds until all are there again."""

    is_allowed: bool
    left: int
    reset: int


class Buckets:
    """Buckets of ``a_minute`` requests by key; safe for threads."""

    def __init__(self, a_minute: int, tick: Callable[[], float] = time.monotonic) -> None:
        self.a_minute = a_minute
        self._each = WINDOW / a_minute
        self._tick = tick
        self._arrivals: OrderedDict[str, float] = OrderedDict()
        self._lock = Lock()

    def take(self, key: str) -> Taken:
        """Count a request under a key."""
        at = self._tick()
        with self._lock:
            arrival = max(self._arrivals.get(key, at), at)
            allowed = arrival + self._each - at <= WINDOW
            if allowed:
                arrival += self._each
                self._arrivals[key] = arrival
                self._arrivals.move_to_end(key)
                while len(self._arrivals) > MOST_KEYS:
                    self._arrivals.popitem(last=False)
        waiting = arrival - at
        return Taken(allowed, max(0, int((WINDOW - waiting) / self._each)), math.ceil(waiting))

    def headers(self, taken: Taken) -> dict[str, str]:
        """What the caller is told (draft-ietf-httpapi-ratelimit-headers)."""
        return {
            "ratelimit-policy": f'"default";q={self.a_minute};w={int(WINDOW)}',
            "ratelimit": f'"default";r={taken.left};t={taken.reset}',
        }

    def refused(self, taken: Taken) -> Refused:
        """The answer to a request too many."""
        wait = max(1, math.ceil(self._each), taken.reset - int(WINDOW) + 1)
        return Refused(429, "too many requests", {"retry-after": str(wait), **self.headers(taken)})


@dataclass(frozen=True, slots=True)
class Rate:
    """Refuses requests of an address that makes too many; those of IPv6 are counted by network (/64)."""

    app: App
    buckets: Buckets

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the request, and note how many are left."""
        if not is_http(scope) or path(scope).startswith(FREE):
            await self.app(scope, receive, send)
            return
        taken = self.buckets.take(network(str(facts(scope).get("address", ""))))
        if not taken.is_allowed:
            raise self.buckets.refused(taken)
        facts(scope)[RATE] = self.buckets.headers(taken)
        await self.app(scope, receive, send)


def network(address: str) -> str:
    """The key of an address: itself, or the /64 of an IPv6 one, all of which one host may have."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return f"{IPv6Address(int(found) >> 64 << 64)}/64"
    return str(found)
