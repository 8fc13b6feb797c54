"""Sessions and API tokens in the database: found by digest, changed by transitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from watchword.model.people import Principal, PrincipalId
from watchword.model.sessions import ApiToken, Session, SessionId, SessionState, TokenId, TokenState
from watchword.store.state.people import principal_of, principals
from watchword.store.state.sessions import (
    API_TOKENS,
    SESSIONS,
    api_tokens,
    session_of,
    session_row,
    sessions,
    token_of,
    token_row,
)
from watchword.store.state.transition import Act, Move, create, touch, transition

_SESSION: Final = select(sessions).where(sessions.c.id == bindparam("session_id"))
_TOKEN: Final = select(api_tokens).where(api_tokens.c.digest == bindparam("token_digest"))
_OWNER: Final = select(principals).where(principals.c.id == bindparam("owner_id"))
# Made once: they run at each request, and making a statement takes longer than running it.


@dataclass(frozen=True, slots=True)
class Held:
    """A session and whose it is, as they were at one moment."""

    session: Session
    principal: Principal


def add(connection: Connection, session: Session, act: Act) -> None:
    """Begin a session."""
    create(connection, SESSIONS, session_row(session), act)


def find(connection: Connection, session: SessionId) -> Held | None:
    """A session, whatever its state, and whose it is."""
    row = connection.execute(_SESSION, {"session_id": session}).mappings().first()
    if row is None:
        return None
    found = session_of(row)
    return Held(found, _owner(connection, found.principal))


def end(
    connection: Connection,
    session: Session,
    state: SessionState,
    act: Act,
    rotated_to: SessionId | None = None,
) -> int:
    """End a session as it was read, and give its new version.

    Raises:
        RowChanged: another was quicker.
        IllegalMove: it has ended already.
    """
    values: dict[str, Any] = {"ended": act.at}
    if rotated_to is not None:
        values["rotated_to"] = rotated_to
    return transition(connection, Move(SESSIONS, session.id, session.version, state, values), act)


def amend(connection: Connection, session: Session, act: Act, **values: Any) -> int:  # noqa: ANN401
    """Change columns of an active session as it was read, and give its new version.

    Raises:
        RowChanged: another was quicker.
    """
    return transition(connection, Move(SESSIONS, session.id, session.version, None, values), act)


def seen(connection: Connection, session: SessionId, at: datetime) -> None:
    """Note that a session was used."""
    touch(connection, SESSIONS, session, last_seen=at)


def of_principal(
    connection: Connection, principal: PrincipalId, *, active: bool = True, most: int = 100
) -> Sequence[Session]:
    """Sessions of somebody, the one used last first."""
    wanted = select(sessions).where(sessions.c.principal == principal)
    if active:
        wanted = wanted.where(sessions.c.state == SessionState.ACTIVE.value)
    ordered = wanted.order_by(sessions.c.last_seen.desc(), sessions.c.id).limit(most)
    return [session_of(row) for row in connection.execute(ordered).mappings()]


def end_all(
    connection: Connection,
    principal: PrincipalId,
    act: Act,
    *,
    but: SessionId | None = None,
    state: SessionState = SessionState.REVOKED,
) -> int:
    """End all active sessions of somebody, one apart where one is named; how many there were.

    Raises:
        RowChanged: one of them changed meanwhile; try again.
    """
    theirs = (sessions.c.principal == principal) & (sessions.c.state == SessionState.ACTIVE.value)
    found = [session_of(row) for row in connection.execute(select(sessions).where(theirs)).mappings()]
    ending = [one for one in found if one.id != but]
    for one in ending:
        end(connection, one, state, act)
    return len(ending)


def past_end(connection: Connection, now: datetime, most: int = 500) -> Sequence[Session]:
    """Active sessions whose absolute end is past, the oldest first."""
    over = (sessions.c.state == SessionState.ACTIVE.value) & (sessions.c.absolute_end <= now)
    ordered = select(sessions).where(over).order_by(sessions.c.absolute_end).limit(most)
    return [session_of(row) for row in connection.execute(ordered).mappings()]


def add_token(connection: Connection, token: ApiToken, act: Act) -> None:
    """Keep a new API token."""
    create(connection, API_TOKENS, token_row(token), act)


def find_token(connection: Connection, digest: str) -> tuple[ApiToken, Principal] | None:
    """The API token of a digest, whatever its state, and whose it is."""
    row = connection.execute(_TOKEN, {"token_digest": digest}).mappings().first()
    if row is None:
        return None
    found = token_of(row)
    return found, _owner(connection, found.principal)


def _owner(connection: Connection, principal: PrincipalId) -> Principal:
    return principal_of(connection.execute(_OWNER, {"owner_id": principal}).mappings().one())


def get_token(connection: Connection, token: TokenId) -> ApiToken | None:
    """An API token by its id."""
    row = connection.execute(select(api_tokens).where(api_tokens.c.id == token)).mappings().first()
    return None if row is None else token_of(row)


def tokens_of(connection: Connection, principal: PrincipalId, most: int = 100) -> Sequence[ApiToken]:
    """API tokens of somebody, the newest first."""
    theirs = select(api_tokens).where(api_tokens.c.principal == principal)
    ordered = theirs.order_by(api_tokens.c.created.desc(), api_tokens.c.id).limit(most)
    return [token_of(row) for row in connection.execute(ordered).mappings()]


def token_used(connection: Connection, token: TokenId, at: datetime) -> None:
    """Note that an API token was used."""
    touch(connection, API_TOKENS, token, last_used=at)


def revoke_token(connection: Connection, token: ApiToken, act: Act) -> int:
    """Revoke an API token as it was read.

    Raises:
        RowChanged, IllegalMove: another was quicker.
    """
    return transition(connection, Move(API_TOKENS, token.id, token.version, TokenState.REVOKED), act)


def revoke_tokens_of(connection: Connection, principal: PrincipalId, act: Act) -> int:
    """Revoke all API tokens of somebody; how many there were."""
    theirs = (api_tokens.c.principal == principal) & (api_tokens.c.state == TokenState.ACTIVE.value)
    found = [token_of(row) for row in connection.execute(select(api_tokens).where(theirs)).mappings()]
    for one in found:
        revoke_token(connection, one, act)
    return len(found)
