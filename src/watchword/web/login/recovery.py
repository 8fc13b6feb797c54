"""New factors for somebody who has lost theirs, without a back door: two people vouch (docs/sign-in.md, step 10).

10.1 Somebody who may ask for it does, with a reason.  One recovery of a person is under way at most.
10.2 Two approve, in time.  Neither is the person, they are not the same, and each is an approver or administrator at that moment,
     and no guest.  Who has asked may be one of them.
10.3 The second approval draws a one-time invitation, which the approver hands over themselves: it goes by no mail of ours.
10.4 Whoever uses it registers a passkey or an app; in the same transaction all factors before it are removed, and all
     sessions and API tokens revoked (``invitations``).

The caller sees to it that who asks or approves has a session that is fresh and resists phishing (``pdp.console``, step 4).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

from watchword.errors import Forbidden, RowMissing, UsageError
from watchword.model.login import InvitationState, Purpose, Recovery, RecoveryId, RecoveryState
from watchword.model.people import PrincipalId
from watchword.model.roles import PERMISSIONS, Permission
from watchword.pdp.console import is_active, roles_of
from watchword.store.state import factor_store, invitations, recovery_store
from watchword.store.state.connection import Connection
from watchword.store.state.transition import Act
from watchword.web.login.arrival import Visit
from watchword.web.login.desk import Desk
from watchword.web.login.tokens import draw_id

LASTS: Final = timedelta(days=3)
"""How long a recovery may wait for its approvals and its use."""


LONGEST_REASON: Final = 500
"""Characters."""


@dataclass(frozen=True, slots=True)
class Approved:
    """A recovery after an approval; ``token`` is the invitation's, once both have approved, and shown once."""

    recovery: Recovery
    token: str = field(default="", repr=False)


def request(desk: Desk, principal: PrincipalId, reason: str, by: PrincipalId, visit: Visit) -> Recovery:
    """10.1: ask for new factors for somebody.

    Raises:
        UsageError: there is no reason, or it is too long.
        Forbidden: the one who asks may not, the person may not sign in anyhow, or a recovery is under way.
    """
    reason = " ".join("".join(one if one.isprintable() else " " for one in reason).split())
    if not 0 < len(reason) <= LONGEST_REASON:
        raise UsageError(f"a recovery needs a reason of at most {LONGEST_REASON} characters")
    act = visit.act(by, "asked for new factors")
    made = Recovery(
        id=RecoveryId(draw_id("r", visit.randomness)),
        principal=principal,
        reason=reason,
        requested_by=by,
        created=visit.now,
        expires=visit.now + LASTS,
    )
    with desk.database.writing() as connection:
        who = factor_store.principal(connection, principal)
        if who is None or not is_active(who, visit.now):
            raise Forbidden("this person may not sign in", remedy="see what their status is")
        _require(connection, by, Permission.RECOVERY_REQUEST, visit)
        recovery_store.add(connection, made, act)
        # After the audit record, which lets one writer in at a time.
        others = [one for one in recovery_store.under_way(connection, principal) if one.id != made.id]
        if any(one.expires > visit.now for one in others):
            raise Forbidden("a recovery of this person is under way", remedy="approve or reject that one")
        for one in others:
            _drop(connection, one, RecoveryState.EXPIRED, act)
    return made


def approve(desk: Desk, recovery: RecoveryId, by: PrincipalId, visit: Visit) -> Approved:
    """10.2 and 10.3: approve, as the first or the second.

    Raises:
        RowMissing: there is no such recovery.
        Forbidden: this one may not approve it, or not any more.
        RowChanged: another has approved or rejected at the same time.
    """
    act = visit.act(by, "vouches for the person")
    with desk.database.writing() as connection:
        found = _due(connection, recovery, visit)
        if by == found.principal:
            raise Forbidden("nobody approves their own recovery", remedy="ask two others")
        if by == found.first_approver:
            raise Forbidden("you have approved already", remedy="somebody else has to approve, too")
        _require(connection, by, Permission.RECOVERY_APPROVE, visit)
        if found.state is RecoveryState.REQUESTED:
            version = recovery_store.move(
                connection, found, RecoveryState.APPROVED_ONCE, act, first_approver=by
            )
            once = replace(found, state=RecoveryState.APPROVED_ONCE, first_approver=by, version=version)
            return Approved(once)
        # Who approved first must still be somebody who may.
        _require(connection, found.first_approver or by, Permission.RECOVERY_APPROVE, visit)
        drawn = invitations.invite(connection, Purpose.RECOVERY, found.principal, act, visit.randomness)
        values = {"second_approver": by, "invitation": drawn.invitation.id}
        version = recovery_store.move(connection, found, RecoveryState.APPROVED, act, **values)
        twice = replace(
            found,
            state=RecoveryState.APPROVED,
            second_approver=by,
            invitation=drawn.invitation.id,
            version=version,
        )
        return Approved(twice, drawn.token)


def reject(desk: Desk, recovery: RecoveryId, act: Act) -> None:
    """Stop a recovery, even one that both have approved, unless it has been used.

    Raises:
        RowMissing: there is no such recovery.
        IllegalMove: it is over.
    """
    with desk.database.writing() as connection:
        found = recovery_store.get(connection, recovery)
        if found is None:
            raise _missing(recovery)
        _drop(connection, found, RecoveryState.REJECTED, act)


def expire(desk: Desk, visit: Visit) -> int:
    """Write down as over what was not used in time; how many there were."""
    with desk.database.writing() as connection:
        due = recovery_store.overdue(connection, visit.now)
        for one in due:
            _drop(connection, one, RecoveryState.EXPIRED, visit.act("watchword", "not used in time"))
    return len(due)


def _drop(connection: Connection, recovery: Recovery, state: RecoveryState, act: Act) -> None:
    """End a recovery, and its invitation with it."""
    recovery_store.move(connection, recovery, state, act)
    for one in invitations.open_for(connection, Purpose.RECOVERY, recovery.principal):
        if one.id == recovery.invitation:
            invitations.move(connection, one, InvitationState.REVOKED, act)


def _due(connection: Connection, recovery: RecoveryId, visit: Visit) -> Recovery:
    found = recovery_store.get(connection, recovery)
    if found is None:
        raise _missing(recovery)
    waits = found.state in {RecoveryState.REQUESTED, RecoveryState.APPROVED_ONCE}
    if not waits or visit.now >= found.expires:
        raise Forbidden("this recovery does not wait for an approval", where=recovery)
    return found


def _require(connection: Connection, who: PrincipalId, permission: Permission, visit: Visit) -> None:
    """See that somebody has a permission at this moment, whatever they had when their request began."""
    found = factor_store.principal(connection, who)
    given = invitations.assignments_of(connection, who)
    roles = roles_of(found, given, visit.now) if found and is_active(found, visit.now) else frozenset()
    if not any(permission in PERMISSIONS[role] for role in roles):
        raise Forbidden(f"this needs {permission.value}", remedy="ask somebody who has that role")


def _missing(recovery: RecoveryId) -> RowMissing:
    return RowMissing("there is no such recovery", where=recovery, remedy="read anew what there is")
