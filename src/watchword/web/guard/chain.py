"""All guards around an application, in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from watchword.web.api.idempotency import Idempotency
from watchword.web.caller import FORMS
from watchword.web.control_plane import ControlPlane
from watchword.web.guard.errors import Errors
from watchword.web.guard.headers import Headers
from watchword.web.guard.hosts import Hosts
from watchword.web.guard.limits import Limits
from watchword.web.guard.proxies import Proxies
from watchword.web.guard.rate import Buckets, Rate
from watchword.web.guard.request_id import RequestIds
from watchword.web.guard.same_site import SameSite
from watchword.web.telemetry import Metrics, Telemetry

if TYPE_CHECKING:
    from fastapi import FastAPI


def guard(app: FastAPI, plane: ControlPlane, metrics: Metrics) -> None:
    """Put the guards around an application; the first that is put is the innermost."""
    web = plane.settings
    inside_out: tuple[tuple[Any, dict[str, Any]], ...] = (
        (Idempotency, {"plane": plane}),
        (SameSite, {"origin": web.public_url, "keys": plane.vault.derived(FORMS)}),
        (Limits, {"largest": web.largest_body, "seconds": web.body_seconds}),
        (Rate, {"buckets": Buckets(web.requests_a_minute)}),
        (Hosts, {"public_url": web.public_url}),
        (Errors, {"clock": plane.clock, "tell": plane.told}),
        (Headers, {"secure": web.is_secure}),
        (Telemetry, {"metrics": metrics, "clock": plane.clock, "tell": plane.told}),
        (RequestIds, {"randomness": plane.randomness}),
        (Proxies, {"trusted": web.trusted_proxies}),
    )
    for kind, settings in inside_out:
        app.add_middleware(kind, **settings)
