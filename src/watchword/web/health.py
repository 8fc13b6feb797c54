"""Is the process there, is it ready, what has it counted: for load balancers, orchestrators and Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from watchword.errors import DatabaseError
from watchword.model.roles import Permission
from watchword.store.state.figures import figures
from watchword.store.state.revision import require_current
from watchword.web.authorise import public, require
from watchword.web.control_plane import ControlPlane
from watchword.web.guard.asgi import facts
from watchword.web.telemetry import Metrics

Alive = Callable[[], bool]
"""Whether the workers of the process run."""

MEDIA: Final = "text/plain; version=0.0.4; charset=utf-8"
"""https://prometheus.io/docs/instrumenting/exposition_formats/"""


def router(plane: ControlPlane, metrics: Metrics, alive: Alive | None) -> APIRouter:
    """The routes."""
    made = APIRouter(include_in_schema=False)

    @made.get("/healthz")
    @public("says only that the process answers; asked by load balancers")
    async def healthz() -> Response:
        # Not in a thread: it answers also while all threads wait for the database.
        return JSONResponse({"status": "ok"})

    @made.get("/readyz")
    @public("says only whether the process can do its work; asked by load balancers")
    def readyz() -> Response:
        ready = readiness(plane, alive)
        good = all(ready.values())
        return JSONResponse({"status": "ok" if good else "not ready", "parts": ready}, 200 if good else 503)

    @made.get("/metrics")
    @public("asks for metrics.read itself, since programs on this machine may be let in without a token")
    def read_metrics(request: Request) -> Response:
        local = plane.settings.metrics_from_loopback and facts(request.scope).get("local_peer")
        if not local:
            require(request.app.state.caller_of(request), Permission.METRICS_READ)
        measure(plane, metrics)
        return Response(metrics.text(), media_type=MEDIA)

    return made


def readiness(plane: ControlPlane, alive: Alive | None = None) -> dict[str, bool]:
    """Each part that must work, and whether it does."""
    parts = {"database": False, "schema": False, "worker": alive is None or alive()}
    try:
        with plane.database.reading() as connection:
            parts["database"] = True
            require_current(connection, "")
            parts["schema"] = True
    except DatabaseError:
        # Which part it is, the answer says; what is wrong with it, the log of whoever needs it.
        pass
    return parts


def measure(plane: ControlPlane, metrics: Metrics) -> None:
    """Bring the gauges up to date with the database."""
    try:
        with plane.database.reading() as connection:
            now = figures(connection)
    except DatabaseError:
        metrics.up.set(0)
        return
    metrics.up.set(1)
    metrics.sessions.set(now.sessions)
    metrics.audit.set(now.records)
    for outcome, count in now.sign_ins.items():
        metrics.sign_ins.labels(outcome).set(count)
