"""Sign-in events: made of what happened, kept with it, and told in the form that other tools read (OCSF)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from watchword.model.login import Outcome, SignIn, SignInId
from watchword.model.people import PrincipalId
from watchword.store.state import flows, sign_ins
from watchword.store.state.connection import Connection
from watchword.web.login.arrival import Visit
from watchword.web.login.tokens import digest, draw_id

OCSF_VERSION: Final = "1.3.0"

QUIET: Final = timedelta(minutes=1)
"""How often at most it is told that the same attempts are held up, lest a flood of attempts becomes one of rows."""


@dataclass(frozen=True, slots=True)
class Happened:
    """How an attempt came out; ``reason`` is for the log, ``device`` the known device or ``""``."""

    outcome: Outcome
    reason: str
    principal: PrincipalId | None = None
    directory: str = ""
    methods: tuple[str, ...] = ()
    assurance: int = 0
    session: str = ""
    device: str = ""


def record(connection: Connection, happened: Happened, visit: Visit) -> SignIn:
    """Keep an event, in the transaction of what it tells of."""
    arrival = visit.arrival.bounded()
    event = SignIn(
        id=SignInId(draw_id("i", visit.randomness)),
        at=visit.now,
        outcome=happened.outcome,
        reason=happened.reason[:200],
        principal=happened.principal,
        directory=happened.directory,
        methods=happened.methods,
        assurance=happened.assurance,
        address=arrival.address,
        country=arrival.country,
        asn=arrival.asn,
        agent=arrival.agent,
        device=happened.device or arrival.device,
        session=happened.session,
        request=arrival.request_id,
    )
    sign_ins.write(connection, event)
    return event


def record_quietly(connection: Connection, key: str, happened: Happened, visit: Visit) -> None:
    """Keep an event unless one of the same key was kept within ``QUIET``."""
    minute = int(visit.now.timestamp() // QUIET.total_seconds())
    if flows.first_time(connection, digest(f"quiet\0{key}\0{minute}"), visit.now + 2 * QUIET):
        record(connection, happened, visit)


def ocsf(event: SignIn, product: str = "watchword", version: str = "") -> Mapping[str, Any]:
    """An event as an OCSF *Authentication* event, class 3002 (https://schema.ocsf.io/1.3.0/classes/authentication).

    Times are milliseconds since 1970.  People are told by our own opaque ids.
    """
    failed = event.outcome in {Outcome.FAILURE, Outcome.THROTTLED}
    told: dict[str, Any] = {
        "class_uid": 3002,
        "class_name": "Authentication",
        "category_uid": 3,
        "category_name": "Identity & Access Management",
        "activity_id": 1,
        "activity_name": "Logon",
        "type_uid": 300201,
        "type_name": "Authentication: Logon",
        # Informational, and low where it failed: a single failure is no incident.
        "severity_id": 2 if failed else 1,
        "status_id": 2 if failed else 1,
        "status": "Failure" if failed else "Success",
        "status_detail": event.reason,
        "time": int(event.at.timestamp() * 1000),
        "is_mfa": "mfa" in event.methods,
        "is_remote": True,
        "user": {"uid": event.principal or "", "type_id": 1 if event.principal else 0},
        "src_endpoint": _endpoint(event),
        "metadata": {
            "version": OCSF_VERSION,
            "uid": event.id,
            "correlation_uid": event.request,
            "product": {"name": product, "vendor_name": product, "version": version},
        },
        "unmapped": {
            "outcome": event.outcome.value,
            "methods": list(event.methods),
            "assurance": event.assurance,
            "directory": event.directory,
            "device": event.device,
        },
    }
    if event.session:
        told["session"] = {"uid": event.session, "is_mfa": "mfa" in event.methods}
    if event.agent:
        told["http_request"] = {"user_agent": event.agent}
    return told


def _endpoint(event: SignIn) -> dict[str, Any]:
    found: dict[str, Any] = {"ip": event.address}
    if event.country:
        found["location"] = {"country": event.country}
    if event.asn:
        found["autonomous_system"] = {"number": event.asn}
    return found
