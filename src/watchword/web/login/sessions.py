"""Sessions: begun after a sign-in, looked up at every request, rotated on elevation, revoked within one request.

``resolve`` is a proof in steps (docs/sign-in.md, step 8), each of which can only refuse:

8.1 The cookie has the form of our tokens.
8.2 Its digest names a session.
8.3 The session is active.
8.4 It has begun, and its time is not up: by its own end, by idleness, by the limits that hold now.
8.5 It is as strong as the company asks now.
8.6 Whose it is may still come: active, and not past their end date.
8.7 Where it is bound to a device's key, the browser has lately proved that it has the key.

What is over is written down as over at once, so it does not come back.  The caller must have the cookie's value from
``__Host-ww`` and from nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from watchword.errors import DatabaseLocked, RowChanged, SignInRefused
from watchword.model.factors import FactorId
from watchword.model.lifecycle import IllegalMove
from watchword.model.people import PrincipalId
from watchword.model.sessions import Session, SessionId, SessionState
from watchword.pdp.console import is_active
from watchword.pdp.presets import PRESETS, Preset, Strength, is_over
from watchword.store.state import session_store
from watchword.store.state.connection import Connection
from watchword.store.state.database import Database
from watchword.store.state.session_store import Held
from watchword.store.state.transition import Act
from watchword.web.login.arrival import Visit
from watchword.web.login.tokens import digest, draw, is_formed

COOKIE: Final = "__Host-ww"
"""Secure, without Domain and with Path=/, as the prefix demands (RFC 6265bis §4.1.3.2)."""

TOUCH: Final = timedelta(seconds=30)
"""How long ``last_seen`` may lag; a session seems idle for so much longer than it is, never shorter."""

SKEW: Final = timedelta(seconds=60)
"""How far the clocks of replicas may differ before a session seems to come from the future."""

AGAIN: Final = 5
"""How often ending a session is tried where others change it at the same time."""

Bound = Callable[[Session], bool]
"""Whether the browser has lately proved the key to which a session is bound."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A new session and what the browser is to keep for it, which is shown once."""

    token: str = field(repr=False)
    session: Session = field()


@dataclass(frozen=True, slots=True)
class Grounds:
    """On what a session rests."""

    strength: Strength
    factors: tuple[FactorId, ...] = ()
    directory: str = ""


def issue(
    connection: Connection,
    principal: PrincipalId,
    grounds: Grounds,
    preset: Preset,
    visit: Visit,
) -> Issued:
    """Begin a session, in the transaction in which its proofs are spent.

    Raises:
        SignInRefused: the proofs are not as strong as the preset asks, or the principal may not come.
    """
    if grounds.strength.assurance < preset.assurance:
        raise SignInRefused("not as strong as asked", where=principal)
    token, arrival, now = draw(visit.randomness), visit.arrival.bounded(), visit.now
    session = Session(
        id=SessionId(digest(token)),
        principal=principal,
        assurance=grounds.strength.assurance,
        factors=grounds.factors,
        created=now,
        last_seen=now,
        absolute_end=now + preset.absolute,
        device=arrival.device,
        address=arrival.address,
        authenticated=now,
        methods=grounds.strength.methods,
        preset=preset.name,
        directory=grounds.directory,
        agent=arrival.agent,
        country=arrival.country,
        asn=arrival.asn,
    )
    return _begun(connection, token, session, visit.act(principal, "signed in", session.id))


def resolve(
    database: Database, token: str, preset: Preset, now: datetime, bound: Bound | None = None
) -> Held | None:
    """The session of a cookie and whose it is, or nothing; see the steps above."""
    # 8.1
    if not is_formed(token):
        return None
    # 8.2
    with database.reading() as connection:
        held = session_store.find(connection, SessionId(digest(token)))
    # 8.3
    if held is None or held.session.state is not SessionState.ACTIVE:
        return None
    refused = _refused(held, preset, now)
    if refused is not None:
        state, why = refused
        _end(database, held.session, state, Act("watchword", now, why=why, session=held.session.id))
        return None
    # 8.7
    if held.session.device_key and not (bound is not None and bound(held.session)):
        return None
    if now - held.session.last_seen >= TOUCH:
        _seen(database, held.session.id, now)
    return held


def _refused(held: Held, preset: Preset, now: datetime) -> tuple[SessionState, str] | None:
    """Steps 8.4 to 8.6: how a session ends now, and why; ``None`` where it goes on."""
    session = held.session
    own = PRESETS.get(session.preset, preset)
    # 8.4
    if now < session.created - SKEW or is_over(session, preset, now) or is_over(session, own, now):
        return SessionState.EXPIRED, "its time was up"
    # 8.5
    if session.assurance < preset.assurance:
        return SessionState.REVOKED, "weaker than is asked now"
    # 8.6
    if not is_active(held.principal, now):
        return SessionState.REVOKED, "whose it is may not come any more"
    return None


def rotate(connection: Connection, old: Session, grounds: Grounds, visit: Visit) -> Issued:
    """Put a new session in the place of one whose owner has proved who they are again.

    The new one ends when the old one would have; what counts as proved lately is only what was proved now, and its level
    is never lower than before.

    Raises:
        RowChanged, IllegalMove: the old one has ended or changed meanwhile.
    """
    token, arrival, now = draw(visit.randomness), visit.arrival.bounded(), visit.now
    session = Session(
        id=SessionId(digest(token)),
        principal=old.principal,
        assurance=max(old.assurance, grounds.strength.assurance),
        factors=tuple(dict.fromkeys((*old.factors, *grounds.factors))),
        created=old.created,
        last_seen=now,
        absolute_end=old.absolute_end,
        device=old.device or arrival.device,
        address=arrival.address,
        authenticated=now,
        methods=grounds.strength.methods,
        preset=old.preset,
        directory=old.directory,
        agent=arrival.agent,
        country=arrival.country,
        asn=arrival.asn,
        device_key=old.device_key,
    )
    act = visit.act(old.principal, "proved again who they are", session.id)
    issued = _begun(connection, token, session, act)
    session_store.end(connection, old, SessionState.ROTATED, act, session.id)
    return issued


def sign_out(database: Database, session: Session, act: Act) -> bool:
    """End a session by its owner's wish; whether it was still there."""
    return _end(database, session, SessionState.SIGNED_OUT, act)


def revoke(database: Database, session: SessionId, act: Act, *, of: PrincipalId | None = None) -> bool:
    """End a session, of somebody only where that is asked; whether there was one.  The next request with it is refused."""
    with database.reading() as connection:
        held = session_store.find(connection, session)
    if held is None or (of is not None and held.session.principal != of):
        return False
    return _end(database, held.session, SessionState.REVOKED, act)


def revoke_all(database: Database, principal: PrincipalId, act: Act, *, but: SessionId | None = None) -> int:
    """End all sessions of somebody, one apart where one is named; how many there were.

    Raises:
        RowChanged: they changed too often meanwhile.
    """
    for last in (*(False for _ in range(AGAIN)), True):
        try:
            with database.writing() as connection:
                return session_store.end_all(connection, principal, act, but=but)
        except (RowChanged, IllegalMove):
            if last:
                raise
    return 0


def own(database: Database, principal: PrincipalId, preset: Preset, now: datetime) -> Sequence[Session]:
    """Sessions of somebody that go on at an instant, the one used last first."""
    with database.reading() as connection:
        found = session_store.of_principal(connection, principal)
    return [one for one in found if not is_over(one, preset, now)]


def expire(database: Database, now: datetime, most: int = 500) -> int:
    """Write down as over what is past its end, a part at a time; how many there were."""
    with database.reading() as connection:
        due = session_store.past_end(connection, now, most)
    act = Act("watchword", now, why="its time was up")
    return sum(_end(database, one, SessionState.EXPIRED, act) for one in due)


def _begun(connection: Connection, token: str, session: Session, act: Act) -> Issued:
    session_store.add(connection, session, act)
    held = session_store.find(connection, session.id)
    if held is None or not is_active(held.principal, act.at):
        raise SignInRefused("may not come", where=session.principal)
    return Issued(token, session)


def _end(database: Database, session: Session, state: SessionState, act: Act) -> bool:
    """End a session unless it has ended already, whoever changes it meanwhile."""
    for _ in range(AGAIN):
        try:
            with database.writing() as connection:
                held = session_store.find(connection, session.id)
                if held is None or held.session.state is not SessionState.ACTIVE:
                    return False
                session_store.end(connection, held.session, state, act)
                return True
        except (RowChanged, IllegalMove):
            continue
    raise RowChanged("the session changed too often to be ended", where=session.id, remedy="try again")


def _seen(database: Database, session: SessionId, now: datetime) -> None:
    try:
        with database.writing() as connection:
            session_store.seen(connection, session, now)
    except DatabaseLocked:
        # A session that seems idle ends too early, never too late.
        return
