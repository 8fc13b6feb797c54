"""Who asks: the caller of a request, as the store knows them at this moment (step 3 of docs/control-plane.md)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from watchword.model.people import Principal
from watchword.model.roles import Role
from watchword.model.sessions import ApiToken, Session
from watchword.pdp.console import Facts


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
