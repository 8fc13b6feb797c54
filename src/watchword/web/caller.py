"""Who asks: the caller of a request, as the store knows them at this moment (step 3 of docs/control-plane.md).

1. A request with an ``Authorization`` header is judged by it alone: one bearer token, an API token of ours, active, not
   expired.  Its cookies are not looked at.
2. Otherwise by the cookie ``__Host-ww``, which must stand once: ``watchword.web.login.sessions.resolve``.
3. The roles are those of the store now.

Whoever does not pass is nobody: what they asked for decides whether that matters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from watchword.model.people import Principal
from watchword.model.roles import Role
from watchword.model.sessions import ApiToken, Session
from watchword.pdp.console import Facts, roles_of
from watchword.store.state import role_reader
from watchword.web.control_plane import ControlPlane
from watchword.web.guard.asgi import Scope, cookies, facts, only, values
from watchword.web.guard.rate import RATE, Buckets
from watchword.web.guard.same_site import token as form_token
from watchword.web.login import api_tokens, device_binding, sessions
from watchword.web.login.arrival import Arrival

if TYPE_CHECKING:
    from fastapi import Request

FORMS: Final = "tokens of forms"
"""The purpose under which the vault derives the key of the forms' tokens."""

_BEARER: Final = re.compile(r"bearer +([A-Za-z0-9._~+/-]{1,512}=*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, when, from where; ``principal`` ``None``: nobody has signed in.

    ``address`` is the client's IP address as far as we can trust it, ``csrf`` what forms of this caller must carry.
    """

    now: datetime
    request_id: str
    address: str
    principal: Principal | None = None
    roles: frozenset[Role] = frozenset()
    session: Session | None = None
    token: ApiToken | None = None
    agent: str = ""
    csrf: str = field(default="", repr=False)

    @property
    def facts(self) -> Facts:
        """What the policy decision point needs to know."""
        session = self.session
        return Facts(
            self.principal,
            self.roles,
            None if session is None else session.authenticated or session.created,
            () if session is None else session.methods,
            None if self.token is None else self.token.scopes,
        )

    @property
    def actor(self) -> str:
        """The id under which the audit knows them."""
        return "" if self.principal is None else str(self.principal.id)


@dataclass(frozen=True, slots=True)
class Callers:
    """Finds out who asks; one look-up a request, whoever asks how often."""

    plane: ControlPlane
    buckets: Buckets

    def __call__(self, request: Request) -> Caller:
        """The caller of a request.

        Raises:
            Refused: 429: this caller makes too many requests.
            DatabaseError: the store does not answer.
        """
        found = facts(request.scope)
        known = found.get("watchword_caller")
        if isinstance(known, Caller):
            return known
        caller = self._found(request.scope)
        found["watchword_caller"] = caller
        if caller.principal is not None:
            found["caller"] = caller.actor
            self._count(request.scope, caller)
        return caller

    def _found(self, scope: Scope) -> Caller:
        now = self.plane.clock()
        came = arrival(scope)
        nobody = Caller(now, came.request_id, came.address, agent=came.agent)
        # 1.
        if values(scope, b"authorization"):
            return self._by_token(scope, nobody)
        # 2.
        given = cookies(scope, sessions.COOKIE)
        held = (
            sessions.resolve(self.plane.database, given[0], self.plane.preset, now, self._bound(scope, now))
            if len(given) == 1
            else None
        )
        if held is None:
            return nobody
        return Caller(
            now,
            came.request_id,
            came.address,
            held.principal,
            self._roles(held.principal, now),
            held.session,
            agent=came.agent,
            csrf=form_token(self.plane.vault.derived(FORMS)[0], given[0]),
        )

    def _bound(self, scope: Scope, now: datetime) -> sessions.Bound:
        """Whether the browser has lately proved the key to which a session is bound."""
        told = cookies(scope, device_binding.COOKIE)
        return lambda session: (
            len(told) == 1 and device_binding.holds(self.plane.vault, session.id, told[0], now)
        )

    def _by_token(self, scope: Scope, nobody: Caller) -> Caller:
        match = _BEARER.fullmatch(only(scope, b"authorization") or "")
        found = api_tokens.resolve(self.plane.database, match[1], nobody.now) if match else None
        if found is None:
            return nobody
        token, principal = found
        roles = self._roles(principal, nobody.now)
        return Caller(
            nobody.now,
            nobody.request_id,
            nobody.address,
            principal,
            roles,
            token=token,
            agent=nobody.agent,
        )

    def _roles(self, principal: Principal, now: datetime) -> frozenset[Role]:
        # 3.
        with self.plane.database.reading() as connection:
            given = role_reader.of_principal(connection, principal.id)
        return roles_of(principal, given, now)

    def _count(self, scope: Scope, caller: Caller) -> None:
        taken = self.buckets.take(caller.actor)
        if not taken.is_allowed:
            raise self.buckets.refused(taken)
        facts(scope)[RATE] = self.buckets.headers(taken)


def arrival(scope: Scope) -> Arrival:
    """From where a request comes, fit to be kept."""
    found = facts(scope)
    agent = b" ".join(values(scope, b"user-agent")).decode("latin-1")
    return Arrival(
        address=str(found.get("address", "")), agent=agent, request_id=str(found.get("request_id", ""))
    ).bounded()
