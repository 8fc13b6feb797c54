"""``/me``, ``/sessions``, ``/tokens``: who one is, where one has signed in, and one's programs.

Sessions and tokens are one's own; with the permissions for it also those of others.  A token is made only by a person who has
just proved who they are, by a passkey where the token may change something: otherwise whoever finds a browser open could make
themselves a way in that asks for no proof.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from watchword.errors import RowMissing
from watchword.model.people import PrincipalId, PrincipalKind
from watchword.model.roles import PERMISSIONS, Permission, Role
from watchword.model.sessions import ApiToken, Session, SessionId, SessionState, TokenId, TokenState
from watchword.pdp.console import FRESH, WRITE, Answer, Decision, Facts, decide, resists_phishing
from watchword.store.state import pages, session_store
from watchword.web.api.acting import Filter, Id, Resources, Who, act_of, plane_of, visit_of, who
from watchword.web.api.pages import Page, Pages
from watchword.web.authorise import NotAllowed, require
from watchword.web.caller import Caller
from watchword.web.control_plane import ControlPlane
from watchword.web.login import api_tokens, sessions

OWN: Final = Permission.OWN_ACCOUNT
MOST_DAYS: Final = api_tokens.LONGEST.days
"""Days that a token lasts at most."""


class Me(BaseModel):
    """Who asks."""

    id: str
    kind: PrincipalKind
    display_name: str
    roles: list[Role]
    permissions: list[Permission]
    assurance: int | None
    scopes: list[str] | None
    end_date: datetime | None


class SessionOut(BaseModel):
    """A session; ``id`` is no secret: it is the digest of what the browser keeps."""

    id: str
    principal: str
    state: SessionState
    assurance: int
    methods: list[str]
    created: datetime
    last_seen: datetime
    authenticated: datetime | None
    absolute_end: datetime
    ended: datetime | None
    address: str
    country: str
    asn: int
    agent: str
    is_this: bool


class TokenOut(BaseModel):
    """An API token, without what it is."""

    id: str
    principal: str
    display: str
    scopes: list[str]
    state: TokenState
    created: datetime
    expires: datetime
    last_used: datetime | None


class NewToken(BaseModel):
    """What a token is to be."""

    model_config = ConfigDict(extra="forbid")

    display: Annotated[
        str, Field(min_length=1, max_length=api_tokens.LONGEST_NAME, pattern=r"^[^\x00-\x1f\x7f]+$")
    ]
    scopes: Annotated[
        list[Annotated[str, Field(pattern="^(read|write)$")]], Field(min_length=1, max_length=2)
    ]
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 90


class IssuedToken(TokenOut):
    """A new token; ``token`` is shown this once."""

    token: str


def router(plane: ControlPlane) -> APIRouter:  # noqa: ARG001
    """The routes."""
    made = Resources("own account")
    made.get("/me", me, OWN)
    made.get("/sessions", session_list, OWN, 422)
    made.delete("/sessions/{identifier}", session_revoke, OWN, 404)
    made.get("/tokens", token_list, OWN, 422)
    made.post("/tokens", token_issue, OWN, success=201)
    made.delete("/tokens/{identifier}", token_revoke, OWN, 404)
    return made.router


def me(caller: Who) -> Me:
    """Who one is, and what one may do; what is sensitive may ask for a fresh proof of identity."""
    principal = who(caller)
    held = {one for role in caller.roles for one in PERMISSIONS[role]}
    if_proved = Facts(principal, caller.roles, caller.now, ("hwk",), caller.facts.scopes)
    return Me(
        id=principal.id,
        kind=principal.kind,
        display_name=principal.display_name,
        roles=sorted(caller.roles),
        permissions=sorted(one for one in held if decide(if_proved, one, caller.now).is_allowed),
        assurance=None if caller.session is None else caller.session.assurance,
        scopes=None if caller.token is None else list(caller.token.scopes),
        end_date=principal.end_date,
    )


def session_list(
    request: Request, caller: Who, paging: Pages, principal: Filter = "", state: SessionState | None = None
) -> Page[SessionOut]:
    """One's own sessions; those of another ``principal`` with people.read."""
    owner = _whose(caller, principal, Permission.PEOPLE_READ)
    with plane_of(request).database.reading() as connection:
        rows = pages.known_sessions(
            connection, paging.after, paging.most, principal=owner, state=state.value if state else ""
        )
    return paging.page(rows, lambda one: (str(one.id),), lambda one: _session(one, caller))


def session_revoke(request: Request, caller: Who, identifier: Id) -> Response:
    """End a session of one's own; of somebody else with sessions.revoke.  The next request with it is refused."""
    plane = plane_of(request)
    with plane.database.reading() as connection:
        held = session_store.find(connection, SessionId(identifier))
    owner = None if held is None else held.session.principal
    if held is None or owner != caller.actor:
        # Asked before it is told whether there is such a session.
        require(caller, Permission.SESSIONS_REVOKE)
    if held is None or not sessions.revoke(plane.database, SessionId(identifier), act_of(caller)):
        raise RowMissing("there is no such active session")
    return Response(status_code=204)


def token_list(request: Request, caller: Who, paging: Pages, principal: Filter = "") -> Page[TokenOut]:
    """One's own tokens; those of another ``principal`` with people.read."""
    owner = _whose(caller, principal, Permission.PEOPLE_READ)
    with plane_of(request).database.reading() as connection:
        rows = pages.tokens(connection, paging.after, paging.most, principal=owner)
    return paging.page(rows, lambda one: (str(one.id),), lambda one: TokenOut(**_token(one)))


def token_issue(request: Request, caller: Who, body: NewToken) -> IssuedToken:
    """Make a token for a program; it may at most what its owner may, and ``read`` changes nothing."""
    _require_proof(caller, changes=WRITE in body.scopes)
    plane = plane_of(request)
    wish = api_tokens.Wish(body.display, tuple(sorted(set(body.scopes))), timedelta(days=body.days))
    issued = api_tokens.issue(plane.database, PrincipalId(caller.actor), wish, visit_of(request, caller))
    return IssuedToken(token=issued.secret, **_token(issued.token))


def token_revoke(request: Request, caller: Who, identifier: Id) -> Response:
    """Revoke a token of one's own; of somebody else with sessions.revoke."""
    plane = plane_of(request)
    with plane.database.reading() as connection:
        found = session_store.get_token(connection, TokenId(identifier))
    if found is None or found.principal != caller.actor:
        require(caller, Permission.SESSIONS_REVOKE)
    if found is None or found.state is not TokenState.ACTIVE:
        raise RowMissing("there is no such active token")
    api_tokens.revoke(plane.database, found.id, act_of(caller))
    return Response(status_code=204)


def _whose(caller: Caller, principal: str, permission: Permission) -> str:
    """Whose things are asked for; another's only with the permission."""
    if principal and principal != caller.actor:
        require(caller, permission)
    return principal or caller.actor


def _require_proof(caller: Caller, *, changes: bool) -> None:
    """See that a person asks, who has just proved who they are.

    Raises:
        NotAllowed: a program asks; or identity must be proved again, by a passkey where the token ``changes`` something.
    """
    session = caller.session
    if session is None:
        raise NotAllowed(Decision(Answer.DENY, "only a person who has signed in makes tokens"), OWN)
    proved = session.authenticated or session.created
    fresh = timedelta(0) <= caller.now - proved < FRESH
    if not fresh or (changes and not resists_phishing(session.methods)):
        raise NotAllowed(
            Decision(Answer.PROVE_AGAIN, "a token is made only after a fresh proof of identity"), OWN
        )


def _session(one: Session, caller: Caller) -> SessionOut:
    return SessionOut(
        id=one.id,
        principal=one.principal,
        state=one.state,
        assurance=one.assurance,
        methods=list(one.methods),
        created=one.created,
        last_seen=one.last_seen,
        authenticated=one.authenticated,
        absolute_end=one.absolute_end,
        ended=one.ended,
        address=one.address,
        country=one.country,
        asn=one.asn,
        agent=one.agent,
        is_this=caller.session is not None and caller.session.id == one.id,
    )


def _token(one: ApiToken) -> dict[str, Any]:
    return {
        "id": one.id,
        "principal": one.principal,
        "display": one.display,
        "scopes": list(one.scopes),
        "state": one.state,
        "created": one.created,
        "expires": one.expires,
        "last_used": one.last_used,
    }
