"""What follows from what has been proved: steps 1.1 and 1.3 to 1.7 of docs/sign-in.md, inside a transaction and around it.

Whatever is refused inside a transaction is a value there, ``Refused``, so that the event, a spent code and a suspended factor are
written down; ``settled`` makes it an error once they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from watchword.errors import SignInRefused, SignInThrottled
from watchword.model.factors import Factor, FactorId, FactorKind, FactorStatus
from watchword.model.login import FlowKind, Outcome
from watchword.model.people import Principal
from watchword.model.sessions import Session
from watchword.pdp import presets
from watchword.pdp.console import is_active
from watchword.pdp.presets import Proof, ProofKind, strength
from watchword.store.state import factor_store, throttling
from watchword.store.state.connection import Connection
from watchword.store.state.throttling import Gate
from watchword.web.login import events, known_devices, sessions, throttles, under_way
from watchword.web.login.arrival import Visit
from watchword.web.login.desk import Desk
from watchword.web.login.events import Happened
from watchword.web.login.progress import Asked, Progress, Refused, Result, Settled, SignedIn


def settle(connection: Connection, desk: Desk, progress: Progress, visit: Visit) -> Settled:
    """Steps 1.3 to 1.7: what follows from what has been proved, with its event."""
    who = factor_store.principal(connection, progress.principal)
    # 1.3
    if who is None or not is_active(who, visit.now):
        return Refused("not_active", progress.principal)
    # 1.4
    proved = strength(progress.proofs)
    if proved.assurance >= desk.policy.preset.assurance:
        return begin_session(connection, desk, progress, visit)
    # 1.5
    factors = factor_store.of_principal(connection, progress.principal)
    kinds = _sufficient(desk, progress, factors)
    # 1.6
    enrols = not kinds and may_enrol(desk, who, factors, visit)
    if enrols:
        kinds = _enrollable(desk, progress)
    # 1.7
    if not kinds:
        return Refused("no_factor", progress.principal)
    data = {**progress.data(), "enrols": enrols}
    begun = under_way.begin(connection, FlowKind.SIGN_IN, visit, data, principal=progress.principal)
    continued = Happened(
        Outcome.CONTINUED,
        "enrolment" if enrols else "second_factor",
        progress.principal,
        progress.directory,
        proved.methods,
        proved.assurance,
    )
    events.record(connection, continued, visit)
    return Asked(begun.token, kinds, enrols)


def may_enrol(desk: Desk, who: Principal, factors: Iterable[Factor], visit: Visit) -> bool:
    """Whether somebody may register a factor with a first proof alone.

    Only within the company's window, and only if they never had one, so that a stolen password cannot put an attacker's
    factor in the place of a lost one.
    """
    had = any(
        one.kind is not FactorKind.PASSWORD and one.status is not FactorStatus.PENDING for one in factors
    )
    window = desk.policy.enrolment_window
    return not had and timedelta(0) <= visit.now - who.created < window


def _sufficient(desk: Desk, progress: Progress, factors: Iterable[Factor]) -> frozenset[ProofKind]:
    """Which kinds of one's own factors would make what is proved as strong as is asked."""
    proofs = [
        proof
        for one in factors
        if one.status is FactorStatus.ACTIVE and (proof := proof_of(desk, one)) is not None
    ]
    asked = desk.policy.preset.assurance
    return frozenset(one.kind for one in proofs if strength((*progress.proofs, one)).assurance >= asked)


def _enrollable(desk: Desk, progress: Progress) -> frozenset[ProofKind]:
    """Which kinds of factors, if they were enrolled now, would make what is proved as strong as is asked."""
    best = presets.passkey("", backup_eligible=False, device_bound_is_aal3=desk.policy.device_bound_is_aal3)
    asked = desk.policy.preset.assurance
    return frozenset(
        one.kind for one in (best, presets.totp("")) if strength((*progress.proofs, one)).assurance >= asked
    )


def proof_of(desk: Desk, factor: Factor) -> Proof | None:
    """What one of somebody's own second factors proves; ``None`` for what is none."""
    if factor.kind is FactorKind.TOTP:
        return presets.totp(factor.id)
    if factor.kind is FactorKind.PASSKEY:
        return presets.passkey(
            factor.id,
            backup_eligible=factor.public.get("backup_eligible") is not False,
            device_bound_is_aal3=desk.policy.device_bound_is_aal3,
        )
    return None


def begin_session(connection: Connection, desk: Desk, progress: Progress, visit: Visit) -> SignedIn:
    """Step 1.4: begin a session on what has been proved, in a browser that is known from now on.

    Raises:
        SignInRefused: it is too weak, or whose it is may not come.
    """
    device, known = known_devices.remember(
        desk.vault, visit.known, progress.principal, visit.now, visit.randomness
    )
    visit = replace(visit, arrival=replace(visit.arrival, device=device))
    proved = strength(progress.proofs)
    factors = tuple(FactorId(one.factor) for one in progress.proofs if one.factor)
    grounds = sessions.Grounds(proved, factors, progress.directory)
    issued = sessions.issue(connection, progress.principal, grounds, desk.policy.preset, visit)
    _told(connection, issued.session, "signed_in", visit)
    return SignedIn(issued.token, issued.session, known)


def rotated(connection: Connection, session: Session, proof: Proof, visit: Visit) -> SignedIn:
    """Put a fresh session in the place of one whose owner has proved again who they are."""
    grounds = sessions.Grounds(strength((proof,)), (FactorId(proof.factor),))
    issued = sessions.rotate(connection, session, grounds, visit)
    _told(connection, issued.session, "proved_again", visit)
    return SignedIn(issued.token, issued.session, visit.known)


def _told(connection: Connection, session: Session, reason: str, visit: Visit) -> None:
    happened = Happened(
        Outcome.SUCCESS,
        reason,
        session.principal,
        session.directory,
        session.methods,
        session.assurance,
        session.id,
        session.device,
    )
    events.record(connection, happened, visit)


def admitted(
    desk: Desk, what: str, identity: str, who: Principal | None, visit: Visit
) -> tuple[Sequence[Gate], Visit]:
    """Step 1.1 for what can be guessed: the gates that have let the attempt in, and the visit with its known device."""
    device = known_devices.device_of(desk.vault, visit.known, who.id, visit.now) if who else ""
    gates = throttles.guessing(what, identity, visit.arrival.address, device)
    admit(desk, gates, visit, Refused("throttled", who.id if who else None))
    return gates, replace(visit, arrival=replace(visit.arrival, device=device))


def admit(desk: Desk, gates: Sequence[Gate], visit: Visit, refused: Refused) -> None:
    """Step 1.1: count an attempt before it is looked at.

    Raises:
        SignInThrottled: there were too many; ``refused`` is what is written down, once a minute.
    """
    with desk.database.writing() as connection:
        wait = throttling.admit(connection, gates, visit.now)
        if wait > timedelta(0):
            happened = Happened(Outcome.THROTTLED, refused.reason, refused.principal)
            events.record_quietly(connection, gates[-1].key, happened, visit)
    if wait > timedelta(0):
        raise SignInThrottled("throttled", seconds=wait.total_seconds(), where=refused.principal or "")


def settled(desk: Desk, change: Callable[[Connection], Settled], visit: Visit, directory: str = "") -> Result:
    """Make a change and what it writes down; then raise, if it was refused."""
    with desk.database.writing() as connection:
        result = change(connection)
        if isinstance(result, Refused):
            _note(connection, result, visit, directory)
    if isinstance(result, Refused):
        raise SignInRefused(result.reason, where=result.principal or "")
    return result


def refuse(desk: Desk, refused: Refused, visit: Visit, directory: str = "") -> SignInRefused:
    """Write down a refusal, and give the error to raise."""
    with desk.database.writing() as connection:
        _note(connection, refused, visit, directory)
    return SignInRefused(refused.reason, where=refused.principal or "")


def _note(connection: Connection, refused: Refused, visit: Visit, directory: str) -> None:
    happened = Happened(Outcome.FAILURE, refused.reason, refused.principal, directory)
    events.record(connection, happened, visit)
