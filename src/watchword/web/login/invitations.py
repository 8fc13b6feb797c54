"""One-time invitations: the first administrator, the first factor, new factors after a recovery (docs/sign-in.md, step 9).

A link is looked at by whoever gets hold of it, mail scanners included, so looking spends nothing: an invitation is used in
the transaction in which the factor is kept that it was for.  Until then it may be begun again, as often as a browser breaks down.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from watchword.errors import Forbidden, SignInRefused
from watchword.model.factors import Factor, FactorKind, FactorStatus
from watchword.model.login import Flow, Invitation, InvitationId, InvitationState, Purpose, RecoveryState
from watchword.model.people import Principal, PrincipalId, PrincipalKind, PrincipalStatus
from watchword.model.roles import Assignment, AssignmentId, Role
from watchword.pdp.console import is_active
from watchword.store.state import factor_store, invitations, recovery_store, session_store
from watchword.store.state.connection import Connection
from watchword.store.state.people import PRINCIPALS, principal_row
from watchword.store.state.roles import ASSIGNMENTS, assignment_row
from watchword.store.state.transition import Move, create, transition
from watchword.web.login import enrolment
from watchword.web.login.arrival import Visit
from watchword.web.login.desk import Desk
from watchword.web.login.enrolment import Answer, AppOffer, Grounds, PasskeyOffer
from watchword.web.login.progress import Progress, SignedIn
from watchword.web.login.settling import begin_session, proof_of
from watchword.web.login.tokens import draw_id

LONGEST_NAME: Final = 120
"""Characters of the first administrator's name."""

BY_US: Final = "watchword"
"""Who acts where nobody has signed in yet."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """For what an invitation is, and for whom; ``None``: whoever holds it is the first administrator to be."""

    purpose: Purpose
    principal: Principal | None
    may_be_app: bool = False
    """Whether an app will do: only for those who can begin to sign in by a directory."""


def bootstrap(desk: Desk, visit: Visit) -> str:
    """A one-time token for the first administrator, only while there is none who could sign in; any before it is void.

    Raises:
        Forbidden: there is an administrator.
    """
    with desk.database.writing() as connection:
        act = visit.act(BY_US, "no administrator can sign in")
        drawn = invitations.invite(connection, Purpose.BOOTSTRAP, None, act, visit.randomness)
        _require_none(connection, visit)
    return drawn.token


def has_administrator(desk: Desk, visit: Visit) -> bool:
    """Whether somebody can sign in who administrates."""
    with desk.database.reading() as connection:
        return bool(invitations.administrators(connection, visit.now))


def look(desk: Desk, token: str, visit: Visit) -> Welcome:
    """What an invitation is for; nothing is spent.

    Raises:
        SignInRefused: it is not open, or its time is over, or who it is for may not come.
    """
    with desk.database.reading() as connection:
        return _welcome(connection, desk, _found(connection, token, visit), visit)


def offer_passkey(desk: Desk, token: str, name: str, visit: Visit) -> PasskeyOffer:
    """Begin to register a passkey on an invitation; ``name``: the first administrator's, else what the browser shows.

    Raises:
        SignInRefused: the invitation is not valid, or there is no name.
    """
    with desk.database.reading() as connection:
        invitation = _found(connection, token, visit)
        welcome = _welcome(connection, desk, invitation, visit)
    who = welcome.principal or _first_administrator(name, visit)
    data = {"invitation": invitation.id, "name": who.display_name}
    grounds = Grounds(enrolment.Purpose.INVITATION, data)
    shown = name if welcome.principal and name else who.display_name
    return enrolment.offer_passkey(desk, who, shown, grounds, visit)


def offer_totp(desk: Desk, token: str, user_name: str, visit: Visit) -> AppOffer:
    """Begin to enrol an app on an invitation.

    Raises:
        SignInRefused: the invitation is not valid, or an app would not be enough for them.
    """
    with desk.database.reading() as connection:
        invitation = _found(connection, token, visit)
        welcome = _welcome(connection, desk, invitation, visit)
    if welcome.principal is None or not welcome.may_be_app:
        raise SignInRefused("an app alone signs nobody in")
    grounds = Grounds(enrolment.Purpose.INVITATION, {"invitation": invitation.id})
    return enrolment.offer_totp(desk, welcome.principal, user_name, grounds, visit)


def take_passkey(desk: Desk, answer: Answer, visit: Visit) -> SignedIn:
    """Keep the passkey, use the invitation, and sign in: all in one transaction.

    Raises:
        SignInRefused: the answer or the invitation is not valid (any more).
        RowChanged, IllegalMove: another has used the invitation at the same time.
    """

    def then(connection: Connection, flow: Flow, factor: Factor) -> SignedIn:
        _clear(connection, flow, factor, visit)
        proof = proof_of(desk, factor)
        if proof is None:
            raise SignInRefused("no proof")
        return begin_session(connection, desk, Progress(factor.principal, (proof,)), visit)

    return enrolment.take_passkey(
        desk,
        answer,
        enrolment.Purpose.INVITATION,
        visit,
        then,
        first=lambda connection, flow: _use(connection, flow, visit),
    )


def take_totp(desk: Desk, answer: Answer, visit: Visit) -> None:
    """Keep the app and use the invitation; one signs in afterwards, by directory and app.

    Raises:
        SignInRefused: the code or the invitation is not valid (any more).
        RowChanged, IllegalMove: another has used the invitation at the same time.
    """

    def then(connection: Connection, flow: Flow, factor: Factor) -> None:
        _use(connection, flow, visit)
        _clear(connection, flow, factor, visit)

    enrolment.take_totp(desk, answer, enrolment.Purpose.INVITATION, visit, then)


def _found(connection: Connection, token: str, visit: Visit) -> Invitation:
    found = invitations.by_token(connection, token, visit.now)
    if found is None:
        raise SignInRefused("no such invitation", remedy="ask for another one")
    return found


def _welcome(connection: Connection, desk: Desk, invitation: Invitation, visit: Visit) -> Welcome:
    """What an invitation is for, if it still stands."""
    if invitation.purpose is Purpose.BOOTSTRAP:
        _require_none(connection, visit)
        return Welcome(invitation.purpose, None)
    who = factor_store.principal(connection, invitation.principal) if invitation.principal else None
    if who is None or not _may_come(who, invitation.purpose, visit):
        raise SignInRefused("an invitation for somebody who may not come")
    if invitation.purpose is Purpose.ENROLMENT and _had_factor(connection, who.id):
        raise SignInRefused("an invitation for a first factor, and there was one", where=who.id)
    # A code beside a directory's proof makes level 2, and never more.
    may_be_app = desk.policy.preset.assurance <= 2 and factor_store.has_directory(connection, who.id)
    return Welcome(invitation.purpose, who, may_be_app)


def _may_come(who: Principal, purpose: Purpose, visit: Visit) -> bool:
    """Whether somebody may enrol: active, or, for their first factor, invited and not past their end."""
    if is_active(who, visit.now):
        return True
    over = who.end_date is not None and visit.now >= who.end_date
    return purpose is Purpose.ENROLMENT and who.status is PrincipalStatus.INVITED and not over


def _had_factor(connection: Connection, who: PrincipalId, but: str = "") -> bool:
    return any(
        one.kind in enrolment.OWN
        and one.status is not FactorStatus.PENDING
        and one.id != but
        # One that was begun and never proved was none.
        and not (one.status is FactorStatus.REMOVED and one.last_used is None and one.kind is FactorKind.TOTP)
        for one in factor_store.of_principal(connection, who)
    )


def _first_administrator(name: str, visit: Visit) -> Principal:
    plain = " ".join("".join(letter for letter in name if letter.isprintable()).split())[:LONGEST_NAME]
    if not plain:
        raise SignInRefused("a first administrator without a name", remedy="enter your name")
    id_ = PrincipalId(draw_id("p", visit.randomness))
    return Principal(id_, PrincipalKind.USER, plain, PrincipalStatus.ACTIVE, visit.now)


def _use(connection: Connection, flow: Flow, visit: Visit) -> None:
    """Use the invitation of a flow, and do what it is for, as far as it comes before the factor."""
    invitation = invitations.get(connection, InvitationId(str(flow.data.get("invitation"))), visit.now)
    if invitation is None or flow.principal is None:
        raise SignInRefused("the invitation is not open any more")
    act = visit.act(flow.principal, f"used an invitation: {invitation.purpose.value}")
    # First, since it writes an audit record, which lets one writer in at a time: what is looked at below stays so.
    invitations.move(connection, invitation, InvitationState.USED, act)
    if invitation.purpose is Purpose.BOOTSTRAP:
        _require_none(connection, visit)
        who = Principal(
            flow.principal,
            PrincipalKind.USER,
            str(flow.data["name"]),
            PrincipalStatus.ACTIVE,
            visit.now,
        )
        create(connection, PRINCIPALS, principal_row(who), act)
        role = Assignment(
            AssignmentId(draw_id("g", visit.randomness)),
            who.id,
            Role.ADMINISTRATOR,
            BY_US,
            "the first administrator",
            visit.now,
        )
        create(connection, ASSIGNMENTS, assignment_row(role), act)
        return
    who_is = _welcome_again(connection, invitation, flow, visit)
    if who_is.status is PrincipalStatus.INVITED:
        move = Move(PRINCIPALS, who_is.id, who_is.version, PrincipalStatus.ACTIVE)
        transition(connection, move, act)


def _welcome_again(connection: Connection, invitation: Invitation, flow: Flow, visit: Visit) -> Principal:
    who = factor_store.principal(connection, invitation.principal) if invitation.principal else None
    if who is None or who.id != flow.principal or not _may_come(who, invitation.purpose, visit):
        raise SignInRefused("an invitation for somebody who may not come")
    mine = str(flow.data.get("factor", ""))
    if invitation.purpose is Purpose.ENROLMENT and _had_factor(connection, who.id, mine):
        raise SignInRefused("an invitation for a first factor, and there was one", where=who.id)
    return who


def _clear(connection: Connection, flow: Flow, factor: Factor, visit: Visit) -> None:
    """After a recovery: take away all that was before, so that whoever has found it has nothing."""
    recovery = recovery_store.by_invitation(connection, InvitationId(str(flow.data.get("invitation"))))
    if recovery is None:
        return
    act = visit.act(factor.principal, "recovered")
    recovery_store.move(connection, recovery, RecoveryState.USED, act)
    for one in factor_store.of_principal(connection, factor.principal):
        if one.id != factor.id and one.status is not FactorStatus.REMOVED:
            enrolment.discard(connection, one, visit, "recovered")
    session_store.end_all(connection, factor.principal, act)
    session_store.revoke_tokens_of(connection, factor.principal, act)


def _require_none(connection: Connection, visit: Visit) -> None:
    if invitations.administrators(connection, visit.now):
        raise Forbidden(
            "there is an administrator already", remedy="ask one of them for an invitation or a recovery"
        )
