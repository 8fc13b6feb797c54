"""Flows: begun in one browser, gone on with or spent there once, forgotten after minutes.

The form carries the flow's value, the browser its cookie ``__Host-ww-flow``; a flow is found by both or not at all.  So a form
that another site has sent, and a link that another person has begun, lead nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from watchword.errors import SignInRefused
from watchword.model.login import Flow, FlowId, FlowKind
from watchword.model.people import PrincipalId
from watchword.store.state import flows
from watchword.store.state.connection import Connection
from watchword.web.login.arrival import Visit
from watchword.web.login.tokens import digest, draw, is_formed

COOKIE: Final = "__Host-ww-flow"

LASTS: Final = timedelta(minutes=10)
"""How long a sign-in may take from the first proof to the last."""


@dataclass(frozen=True, slots=True)
class Begun:
    """A flow that has begun, and the value for the form, which is shown once."""

    token: str = field(repr=False)
    flow: Flow = field()


def begin(
    connection: Connection,
    kind: FlowKind,
    visit: Visit,
    data: Mapping[str, Any],
    *,
    principal: PrincipalId | None = None,
    lasts: timedelta = LASTS,
) -> Begun:
    """Begin a flow, bound to the browser of the visit.

    Raises:
        SignInRefused: the browser has no flow cookie.
    """
    if not is_formed(visit.browser):
        raise SignInRefused("a browser without flow cookie")
    token = draw(visit.randomness)
    bound = {**data, flows.BROWSER: digest(visit.browser)}
    flow = Flow(FlowId(digest(token)), kind, visit.now, visit.now + lasts, principal, bound)
    flows.start(connection, flow)
    return Begun(token, flow)


def look(connection: Connection, kind: FlowKind, token: str, visit: Visit) -> Flow:
    """A flow that goes on.

    Raises:
        SignInRefused: there is none of this kind, in this browser, now.
    """
    found = None
    if is_formed(token) and is_formed(visit.browser):
        found = flows.look(connection, FlowId(digest(token)), kind, digest(visit.browser), visit.now)
    return _there(found)


def spend(connection: Connection, kind: FlowKind, token: str, visit: Visit) -> Flow:
    """A flow, spent by this call and no other.

    Raises:
        SignInRefused: there is none of this kind, in this browser, now.
    """
    found = None
    if is_formed(token) and is_formed(visit.browser):
        found = flows.spend(connection, FlowId(digest(token)), kind, digest(visit.browser), visit.now)
    return _there(found)


def _there(found: Flow | None) -> Flow:
    if found is None:
        raise SignInRefused("no such flow", remedy="begin again")
    return found
