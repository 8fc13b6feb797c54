"""Tokens of programs: issued to people, shown once, found by digest, ended by time or by their owner (docs/sign-in.md, step 11).

The form is ``ww_`` + 43 characters of base64url (256 bits) + 6 of a CRC-32 over what is before it: programs that look for
secrets in code find ours by form alone, and a mistyped one is refused without asking the database.  The checksum proves nothing.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from watchword.errors import DatabaseLocked, RowMissing, UsageError
from watchword.model.people import Principal, PrincipalId
from watchword.model.sessions import ApiToken, TokenId, TokenState
from watchword.pdp.console import READ, WRITE, is_active
from watchword.store.state import session_store
from watchword.store.state.database import Database
from watchword.store.state.transition import Act
from watchword.web.login.arrival import Visit
from watchword.web.login.sessions import SKEW
from watchword.web.login.tokens import b64, digest, draw, draw_id

PREFIX: Final = "ww_"
LONGEST: Final = timedelta(days=365)
"""The longest life of a token."""
MOST: Final = 50
"""Tokens of one person that have not ended."""
TOUCH: Final = timedelta(minutes=1)
"""How long ``last_used`` may lag."""
LONGEST_NAME: Final = 80

_FORM: Final = re.compile(r"ww_[A-Za-z0-9_-]{43}[A-Za-z0-9_-]{6}", re.ASCII)
_SCOPE: Final = re.compile(r"read|write|scim:[A-Za-z0-9._-]{1,100}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Issued:
    """A new token: what the program sends, shown once, and what is kept."""

    secret: str = field(repr=False)
    token: ApiToken = field()


@dataclass(frozen=True, slots=True)
class Wish:
    """What a token is to be: a name, scopes (``read``, ``write``, ``scim:<directory>``), and how long it lasts."""

    name: str
    scopes: tuple[str, ...]
    lasts: timedelta


def issue(database: Database, principal: PrincipalId, wish: Wish, visit: Visit) -> Issued:
    """Make a token for a program of somebody.

    Raises:
        UsageError: no name, no scope or an unknown one, a life that is too long, or too many tokens.
    """
    name = " ".join("".join(one for one in wish.name if one.isprintable()).split())[:LONGEST_NAME]
    if not name:
        raise UsageError("a token needs a name", remedy="say what it is for")
    if not wish.scopes or not all(_SCOPE.fullmatch(one) for one in wish.scopes):
        raise UsageError(f"a token's scopes are {READ}, {WRITE} or scim:<directory>")
    if not timedelta(0) < wish.lasts <= LONGEST:
        raise UsageError(f"a token lasts {LONGEST.days} days at most")
    secret = form(draw(visit.randomness))
    token = ApiToken(
        id=TokenId(draw_id("t", visit.randomness)),
        principal=principal,
        digest=digest(secret),
        display=name,
        scopes=tuple(sorted(set(wish.scopes))),
        created=visit.now,
        expires=visit.now + wish.lasts,
    )
    with database.writing() as connection:
        session_store.add_token(connection, token, visit.act(principal, "made a token"))
        theirs = session_store.tokens_of(connection, principal, 10_000)
        live = [one for one in theirs if one.state is TokenState.ACTIVE and visit.now < one.expires]
        if len(live) > MOST:
            raise UsageError(f"there are {MOST} tokens already", remedy="revoke those that nobody uses")
    return Issued(secret, token)


def form(value: str) -> str:
    """An opaque value in the form of our tokens."""
    body = PREFIX + value
    return body + b64(zlib.crc32(body.encode()).to_bytes(4, "big"))


def is_formed(secret: str) -> bool:
    """Whether it has the form of one of our tokens, checksum included."""
    return _FORM.fullmatch(secret) is not None and form(secret[len(PREFIX) : -6]) == secret


def resolve(database: Database, secret: str, now: datetime) -> tuple[ApiToken, Principal] | None:
    """The token that a program sends, and whose it is, if it is in force and they may come; else nothing."""
    if not is_formed(secret):
        return None
    with database.reading() as connection:
        found = session_store.find_token(connection, digest(secret))
    if found is None:
        return None
    token, principal = found
    # One from the future was made while a clock was ahead, and would last longer than any may.
    in_force = token.state is TokenState.ACTIVE and token.created - SKEW <= now < token.expires
    if not in_force or not is_active(principal, now):
        return None
    if token.last_used is None or now - token.last_used >= TOUCH:
        try:
            with database.writing() as connection:
                session_store.token_used(connection, token.id, now)
        except DatabaseLocked:
            # When it was last used is for people to look at; nothing depends on it.
            return found
    return found


def revoke(database: Database, token: TokenId, act: Act, *, of: PrincipalId | None = None) -> None:
    """End a token, of somebody only where that is asked.

    Raises:
        RowMissing: there is no such token of theirs.
        IllegalMove: it has been revoked already.
    """
    with database.writing() as connection:
        found = session_store.get_token(connection, token)
        if found is None or (of is not None and found.principal != of):
            raise RowMissing("there is no such token", where=token, remedy="read anew what there is")
        session_store.revoke_token(connection, found, act)
