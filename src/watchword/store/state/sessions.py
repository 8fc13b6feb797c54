"""Tables of sessions and API tokens; and the way from rows to values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, Table

from watchword.model.factors import FactorId
from watchword.model.people import PrincipalId
from watchword.model.sessions import (
    SESSION_LIFE,
    TOKEN_LIFE,
    ApiToken,
    Session,
    SessionId,
    SessionState,
    TokenId,
    TokenState,
)
from watchword.store.state.columns import METADATA, NAME, PROSE, Instant, Json, Words
from watchword.store.state.machine import Machine

sessions: Final = Table(
    "sessions",
    METADATA,
    Column("id", Words(NAME), primary_key=True),
    Column("principal", Words(NAME), ForeignKey("principals.id"), nullable=False, index=True),
    Column("assurance", Integer, nullable=False),
    Column("factors", Json, nullable=False),
    Column("created", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Column("absolute_end", Instant, nullable=False, index=True),
    Column("device", Words(NAME), nullable=False),
    Column("address", Words(NAME), nullable=False),
    Column("state", Words(NAME), nullable=False),
    Column("ended", Instant),
    Column("authenticated", Instant),
    Column("methods", Json, nullable=False, server_default="[]"),
    Column("preset", Words(NAME), nullable=False, server_default=""),
    Column("directory", Words(NAME), nullable=False, server_default=""),
    Column("agent", Words(PROSE), nullable=False, server_default=""),
    Column("country", Words(NAME), nullable=False, server_default=""),
    Column("asn", BigInteger, nullable=False, server_default="0"),
    Column("device_key", Words(PROSE), nullable=False, server_default=""),
    Column("rotated_to", Words(NAME)),
    Column("version", Integer, nullable=False),
)

api_tokens: Final = Table(
    "api_tokens",
    METADATA,
    Column("id", Words(NAME), primary_key=True),
    Column("principal", Words(NAME), ForeignKey("principals.id"), nullable=False, index=True),
    Column("digest", Words(NAME), nullable=False, unique=True),
    Column("display", Words(PROSE), nullable=False),
    Column("scopes", Json, nullable=False),
    Column("created", Instant, nullable=False),
    Column("expires", Instant, nullable=False),
    Column("last_used", Instant),
    Column("state", Words(NAME), nullable=False),
    Column("version", Integer, nullable=False),
)

SESSIONS: Final = Machine(
    sessions, "session", "state", SESSION_LIFE, SessionState, unaudited=frozenset({"last_seen"})
)
"""Sessions change through ``transition`` only; that one was seen again is no change of state."""

API_TOKENS: Final = Machine(
    api_tokens, "api_token", "state", TOKEN_LIFE, TokenState, unaudited=frozenset({"last_used"})
)
"""API tokens change through ``transition`` only; that one was used again is no change of state."""


def session_row(one: Session) -> dict[str, Any]:
    """A session as a row."""
    return {
        "id": one.id,
        "principal": one.principal,
        "assurance": one.assurance,
        "factors": list(one.factors),
        "created": one.created,
        "last_seen": one.last_seen,
        "absolute_end": one.absolute_end,
        "device": one.device,
        "address": one.address,
        "state": one.state.value,
        "ended": one.ended,
        "authenticated": one.authenticated,
        "methods": list(one.methods),
        "preset": one.preset,
        "directory": one.directory,
        "agent": one.agent,
        "country": one.country,
        "asn": one.asn,
        "device_key": one.device_key,
        "rotated_to": one.rotated_to,
        "version": one.version,
    }


def session_of(row: Mapping[Any, Any]) -> Session:
    """The session of a row."""
    return Session(
        id=SessionId(row["id"]),
        principal=PrincipalId(row["principal"]),
        assurance=row["assurance"],
        factors=tuple(FactorId(one) for one in row["factors"]),
        created=row["created"],
        last_seen=row["last_seen"],
        absolute_end=row["absolute_end"],
        device=row["device"],
        address=row["address"],
        state=SessionState(row["state"]),
        ended=row["ended"],
        authenticated=row["authenticated"],
        methods=tuple(row["methods"]),
        preset=row["preset"],
        directory=row["directory"],
        agent=row["agent"],
        country=row["country"],
        asn=row["asn"],
        device_key=row["device_key"],
        rotated_to=None if row["rotated_to"] is None else SessionId(row["rotated_to"]),
        version=row["version"],
    )


def token_row(one: ApiToken) -> dict[str, Any]:
    """An API token as a row."""
    return {
        "id": one.id,
        "principal": one.principal,
        "digest": one.digest,
        "display": one.display,
        "scopes": list(one.scopes),
        "created": one.created,
        "expires": one.expires,
        "last_used": one.last_used,
        "state": one.state.value,
        "version": one.version,
    }


def token_of(row: Mapping[Any, Any]) -> ApiToken:
    """The API token of a row."""
    return ApiToken(
        id=TokenId(row["id"]),
        principal=PrincipalId(row["principal"]),
        digest=row["digest"],
        display=row["display"],
        scopes=tuple(row["scopes"]),
        created=row["created"],
        expires=row["expires"],
        last_used=row["last_used"],
        state=TokenState(row["state"]),
        version=row["version"],
    )
