"""What a running process tells of itself: one line a request for the log, and counts for Prometheus.

Neither has what a person sent: routes by their template, no query, no header, no body; people by their ids.
https://prometheus.io/docs/practices/naming/
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from watchword.clock import stamp
from watchword.web.guard.asgi import App, Message, Receive, Scope, Send, facts, is_http

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds of the histogram of answers."""

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Methods that are counted by name: others could be made up without end."""


class Metrics:
    """The process's counts, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "watchword_requests", "Requests answered.", ("route", "method", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "watchword_request_seconds",
            "Time to the end of the answer.",
            ("route",),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.jobs = Counter(
            "watchword_jobs",
            "Jobs of the worker, by how they ended.",
            ("name", "ending"),
            registry=self.registry,
        )
        self.sign_ins = self._gauge("watchword_sign_ins", "Attempts to sign in that are kept.", "outcome")
        self.sessions = self._gauge("watchword_sessions_active", "Sessions that are active.")
        self.audit = self._gauge("watchword_audit_records", "Records of the audit log.")
        self.up = self._gauge("watchword_database_up", "Whether the database answers.")

    def text(self) -> bytes:
        """All counts in Prometheus's text format."""
        return generate_latest(self.registry)

    def _gauge(self, name: str, help_: str, *labels: str) -> Gauge:
        return Gauge(name, help_, labels, registry=self.registry)


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Counts each request and tells of it."""

    app: App
    metrics: Metrics
    clock: Callable[[], datetime]
    tell: Callable[[Mapping[str, Any]], None]
    tick: Callable[[], float] = time.perf_counter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, and tell of it when it has been answered."""
        if not is_http(scope):
            await self.app(scope, receive, send)
            return
        status, begun = 0, self.tick()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            self._told(scope, status, self.tick() - begun)

    def _told(self, scope: Scope, status: int, seconds: float) -> None:
        route = template(scope)
        method = scope["method"] if scope["method"] in METHODS else "other"
        self.metrics.requests.labels(route, method, str(status)).inc()
        self.metrics.seconds.labels(route).observe(seconds)
        found = facts(scope)
        self.tell(
            {
                "event": "request",
                "at": stamp(self.clock()),
                "request": found.get("request_id", ""),
                "method": method,
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 1),
                "address": found.get("address", ""),
                "caller": found.get("caller", ""),
            }
        )


def template(scope: Scope) -> str:
    """The route that answered, as it was declared; ``""`` where none did, so that made-up paths are one."""
    # Of a router within a router, FastAPI keeps the route as it is reached beside the route as it was written.
    found = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    return str(scope.get("root_path", "")) + str(getattr(found, "path", "")) if found is not None else ""


def lines(to: IO[str]) -> Callable[[Mapping[str, Any]], None]:
    """What writes each line of the log as JSON: one line, whatever characters stand in it."""

    def tell(line: Mapping[str, Any]) -> None:
        to.write(json.dumps(dict(line), ensure_ascii=True, default=str) + "\n")
        to.flush()

    return tell
