"""New factors: offered, proved once, then active (docs/sign-in.md, steps 4, 6 and 7); and the end of old ones.

Who may enrol is decided by who begins it: a session that has proved itself lately (here), an invitation
(``invitations``), or a first proof (``sign_in``).  ``purpose`` is written into the flow when it is begun and must be named when
it is finished, so that none of them can be finished as another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

from watchword.errors import Forbidden, RowMissing, SignInRefused
from watchword.model.factors import Factor, FactorId, FactorKind, FactorStatus, SecretId
from watchword.model.login import Flow, FlowKind
from watchword.model.people import Principal, PrincipalId
from watchword.model.sessions import Session, SessionState
from watchword.pdp.console import resists_phishing
from watchword.pdp.presets import Preset
from watchword.store.state import factor_store, flows, session_store, vault
from watchword.store.state.connection import Connection
from watchword.web.login import passkeys, totp, under_way
from watchword.web.login.arrival import Visit
from watchword.web.login.desk import Desk
from watchword.web.login.tokens import b64, draw_id, unb64

T = TypeVar("T")

LASTS: Final = timedelta(minutes=15)
"""How long an enrolment may take: people install an app meanwhile."""

LONGEST_NAME: Final = 60
"""Characters of a factor's name."""

OWN: Final = frozenset({FactorKind.PASSKEY, FactorKind.TOTP})
"""Factors of which one must remain: a password alone is never enough."""


class ProveAgain(Forbidden):
    """Factors are changed only soon after a proof of identity: the caller leads there, and back."""


class Purpose(StrEnum):
    """On what ground somebody enrols."""

    SESSION = "session"
    INVITATION = "invitation"
    FIRST_PROOF = "first_proof"


@dataclass(frozen=True, slots=True)
class PasskeyOffer:
    """``options`` (JSON) for the browser, ``flow`` for the form that brings the answer back."""

    flow: str = field(repr=False)
    options: str


@dataclass(frozen=True, slots=True)
class AppOffer:
    """A seed for an app: as text to type, as a link to open; ``flow`` for the form that brings the first code back."""

    flow: str = field(repr=False)
    seed: str = field(repr=False)
    link: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Grounds:
    """Why somebody may enrol; ``data`` goes into the flow."""

    purpose: Purpose
    data: Mapping[str, Any] = field(default_factory=dict)


def require_recent(session: Session, factors: Sequence[Factor], preset: Preset, visit: Visit) -> None:
    """See that a session may change its owner's factors.

    Identity must have been proved within the preset's window, and by a passkey where there is one, lest whoever has phished
    a code adds a key of their own.

    Raises:
        ProveAgain: it was not.
    """
    since = visit.now - (session.authenticated or session.created)
    recent = timedelta(0) <= since < preset.fresh and session.assurance >= preset.assurance
    has_passkey = any(one.kind is FactorKind.PASSKEY and one.status is FactorStatus.ACTIVE for one in factors)
    if not recent or (has_passkey and not resists_phishing(session.methods)):
        raise ProveAgain("this needs a fresh proof of identity", remedy="prove again who you are")


def offer_passkey(
    desk: Desk, principal: Principal, user_name: str, grounds: Grounds, visit: Visit
) -> PasskeyOffer:
    """Begin the registration of a passkey.

    Raises:
        SignInRefused: the browser has no flow cookie, or there are too many passkeys already.
    """
    challenge = visit.randomness(passkeys.CHALLENGE_BYTES)
    data = {**grounds.data, "purpose": grounds.purpose.value, "challenge": b64(challenge)}
    with desk.database.writing() as connection:
        existing = factor_store.active(connection, principal.id, FactorKind.PASSKEY)
        if len(existing) >= passkeys.MOST:
            raise SignInRefused("too many passkeys", where=principal.id)
        begun = under_way.begin(
            connection, FlowKind.PASSKEY_ENROLMENT, visit, data, principal=principal.id, lasts=LASTS
        )
    return PasskeyOffer(
        begun.token, passkeys.creation_options(desk.site, principal, user_name, challenge, existing)
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a form brings back: the flow's value, the browser's answer or the code, and a name for the factor."""

    flow: str = field(repr=False)
    given: str = field(repr=False)
    name: str = ""


def take_passkey(
    desk: Desk,
    answer: Answer,
    purpose: Purpose,
    visit: Visit,
    then: Callable[[Connection, Flow, Factor], T],
    *,
    first: Callable[[Connection, Flow], object] | None = None,
) -> T:
    """Finish the registration of a passkey: spend the flow, judge the answer, keep the factor.

    ``first`` and ``then`` are done before and after that, in the same transaction.

    Raises:
        SignInRefused: there is no such flow, the answer is not what was asked for, or somebody has the passkey already.
    """
    with desk.database.writing() as connection:
        flow = under_way.spend(connection, FlowKind.PASSKEY_ENROLMENT, answer.flow, visit)
    whose = _purposed(flow, purpose)
    registered = passkeys.check_registration(desk.site, unb64(str(flow.data["challenge"])), answer.given)
    factor = Factor(
        id=FactorId(draw_id("f", visit.randomness)),
        principal=whose,
        kind=FactorKind.PASSKEY,
        status=FactorStatus.ACTIVE,
        created=visit.now,
        public={**registered.public, "name": _named(answer.name, "Passkey")},
        handle=registered.handle,
        counter=registered.counter,
    )
    with desk.database.writing() as connection:
        if first is not None:
            first(connection, flow)
        if not factor_store.add(connection, factor, visit.act(whose, "enrolled a passkey")):
            raise passkeys.PasskeyRefused("the passkey is somebody's already")
        return then(connection, flow, factor)


def offer_totp(desk: Desk, principal: Principal, user_name: str, grounds: Grounds, visit: Visit) -> AppOffer:
    """Begin the enrolment of an app: its seed is kept with a factor that is pending until a code proves it.

    Raises:
        SignInRefused: the browser has no flow cookie, or there are too many apps already.
    """
    seed = totp.draw_seed(visit.randomness)
    factor = Factor(
        id=FactorId(draw_id("f", visit.randomness)),
        principal=principal.id,
        kind=FactorKind.TOTP,
        status=FactorStatus.PENDING,
        created=visit.now,
        public={"name": "Authenticator app"},
        secret=SecretId(draw_id("s", visit.randomness)),
    )
    data = {**grounds.data, "purpose": grounds.purpose.value, "factor": factor.id, "attempts": 0}
    with desk.database.writing() as connection:
        if len(factor_store.active(connection, principal.id, FactorKind.TOTP)) >= totp.MOST:
            raise SignInRefused("too many apps", where=principal.id)
        vault.put(connection, desk.vault, SecretId(str(factor.secret)), seed, visit.now)
        factor_store.add(connection, factor, visit.act(principal.id, "began to enrol an app"))
        begun = under_way.begin(
            connection, FlowKind.TOTP_ENROLMENT, visit, data, principal=principal.id, lasts=LASTS
        )
    return AppOffer(begun.token, totp.shown(seed), totp.link(seed, user_name, desk.site.name))


def take_totp(
    desk: Desk,
    answer: Answer,
    purpose: Purpose,
    visit: Visit,
    then: Callable[[Connection, Flow, Factor], T],
) -> T:
    """Finish the enrolment of an app by a code of it; then do ``then`` in the same transaction.

    A wrong code may be typed again, ``totp.ATTEMPTS`` times in all.

    Raises:
        SignInRefused: there is no such flow, or the code is wrong.
    """
    _count_attempt(desk, answer.flow, visit)
    with desk.database.writing() as connection:
        flow = under_way.look(connection, FlowKind.TOTP_ENROLMENT, answer.flow, visit)
        whose = _purposed(flow, purpose)
        factor = factor_store.get(connection, FactorId(str(flow.data["factor"])))
        if factor is None or factor.principal != whose or factor.status is not FactorStatus.PENDING:
            raise SignInRefused("no factor that is pending", where=whose)
        step = totp.step_of(
            vault.get(connection, desk.vault, factor.secret), answer.given, visit.now, factor.counter
        )
        if step is None:
            raise SignInRefused("a wrong code at enrolment", where=whose)
        under_way.spend(connection, FlowKind.TOTP_ENROLMENT, answer.flow, visit)
        values: dict[str, Any] = {
            "counter": step,
            "last_used": visit.now,
            "public": {"name": _named(answer.name, "Authenticator app")},
        }
        act = visit.act(whose, "enrolled an app")
        version = factor_store.move(connection, factor, FactorStatus.ACTIVE, act, values)
        active = replace(factor, status=FactorStatus.ACTIVE, version=version, **values)
        return then(connection, flow, active)


def _count_attempt(desk: Desk, token: str, visit: Visit) -> None:
    """Count an attempt before it is looked at, so that those made at once are counted, too."""
    with desk.database.writing() as connection:
        flow = under_way.look(connection, FlowKind.TOTP_ENROLMENT, token, visit)
        tried = int(flow.data.get("attempts", 0)) + 1
        if tried > totp.ATTEMPTS:
            raise SignInRefused("too many codes in one flow", where=flow.principal or "")
        if not flows.amend(connection, flow, {**flow.data, "attempts": tried}):
            raise SignInRefused("two codes at once", where=flow.principal or "")


def forget_pending(desk: Desk, visit: Visit, principal: PrincipalId | None = None, most: int = 500) -> int:
    """Take away apps that somebody (``None``: anybody) began to enrol and did not; how many there were."""
    with desk.database.writing() as connection:
        found = [
            one
            for one in factor_store.pending_since(connection, visit.now - LASTS, most)
            if principal is None or one.principal == principal
        ]
        for one in found:
            discard(connection, one, visit, "not finished in time")
    return len(found)


def rename(desk: Desk, session: Session, factor: FactorId, name: str, visit: Visit) -> None:
    """Give one of one's own factors another name.

    Raises:
        RowMissing: it is not one's own.
    """
    with desk.database.writing() as connection:
        found = _own(factor_store.of_principal(connection, session.principal), factor)
        public = {**found.public, "name": _named(name, str(found.public.get("name", "")) or "Factor")}
        act = visit.act(session.principal, "renamed a factor", session.id)
        factor_store.move(connection, found, None, act, {"public": public})


def remove(desk: Desk, session: Session, factor: FactorId, visit: Visit) -> None:
    """Take away one of one's own factors, and end other sessions that rest on it.

    Raises:
        ProveAgain: identity was not proved lately.
        RowMissing: it is not one's own.
        Forbidden: it is the last by which one can sign in.
    """
    with desk.database.writing() as connection:
        factors = factor_store.of_principal(connection, session.principal)
        require_recent(session, factors, desk.policy.preset, visit)
        found = _own(factors, factor)
        discard(connection, found, visit, "removed by its owner", session)
        # Looked at after the audit record is written, which lets one writer in at a time: of two who remove the last two
        # factors at once the second fails.
        left = factor_store.of_principal(connection, session.principal)
        if found.kind in OWN and not any(
            one.kind in OWN and one.status is FactorStatus.ACTIVE for one in left
        ):
            raise Forbidden("this is your last factor", remedy="add another one first")


def discard(
    connection: Connection, factor: Factor, visit: Visit, why: str, session: Session | None = None
) -> None:
    """Remove a factor with its secret, and end sessions that rest on it, ``session`` apart."""
    act = visit.act(session.principal if session else factor.principal, why, session.id if session else "")
    factor_store.move(connection, factor, FactorStatus.REMOVED, act, {"secret": None})
    if factor.secret is not None:
        vault.forget(connection, factor.secret)
    for one in session_store.of_principal(connection, factor.principal, most=10_000):
        if factor.id in one.factors and (session is None or one.id != session.id):
            session_store.end(connection, one, SessionState.REVOKED, act)


def _own(factors: Sequence[Factor], wanted: FactorId) -> Factor:
    for one in factors:
        if one.id == wanted and one.status is not FactorStatus.REMOVED:
            return one
    raise RowMissing("there is no such factor", where=wanted, remedy="read anew what there is")


def _purposed(flow: Flow, purpose: Purpose) -> PrincipalId:
    if flow.data.get("purpose") != purpose.value or flow.principal is None:
        raise SignInRefused("a flow for another purpose")
    return flow.principal


def _named(name: str, otherwise: str) -> str:
    plain = " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
    return plain[:LONGEST_NAME] or otherwise
