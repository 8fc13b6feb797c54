"""One-time invitations in the database: drawn, found by digest, used once.

Of several that would be open for the same purpose and person only the last one is: a new one revokes those before.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, exists, select

from watchword.model.factors import FactorKind, FactorStatus
from watchword.model.login import Invitation, InvitationId, InvitationState, Purpose
from watchword.model.people import PrincipalId, PrincipalStatus
from watchword.model.roles import Assignment, AssignmentStatus, Role
from watchword.store.state.factors import factors
from watchword.store.state.login import INVITATIONS, invitation_of, invitation_row, invitations
from watchword.store.state.people import principals
from watchword.store.state.roles import assignment_of, assignments
from watchword.store.state.transition import Act, Move, create, transition

LASTS: Final = {
    Purpose.BOOTSTRAP: timedelta(hours=1),
    Purpose.ENROLMENT: timedelta(days=3),
    Purpose.RECOVERY: timedelta(hours=24),
}
"""How long an invitation may be used."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A new invitation, and the token for its holder, which is shown once and not kept."""

    token: str = field(repr=False)
    invitation: Invitation = field()


def invite(
    connection: Connection,
    purpose: Purpose,
    principal: PrincipalId | None,
    act: Act,
    randomness: Callable[[int], bytes],
) -> Drawn:
    """Draw an invitation, and revoke those that are open for the same purpose and person.

    Raises:
        RowChanged: one of those was used at the same time.
    """
    token = urlsafe_b64encode(randomness(32)).rstrip(b"=").decode()
    made = Invitation(
        id=InvitationId(f"v-{randomness(12).hex()}"),
        purpose=purpose,
        digest=hashlib.sha256(token.encode()).hexdigest(),
        created_by=act.actor,
        created=act.at,
        expires=act.at + LASTS[purpose],
        principal=principal,
    )
    create(connection, INVITATIONS, invitation_row(made), act)
    # Looked at after the audit record is written, which lets one writer in at a time: of two who draw at once, one is open.
    for one in open_for(connection, purpose, principal):
        if one.id != made.id:
            move(connection, one, InvitationState.REVOKED, act)
    return Drawn(token, made)


def open_for(connection: Connection, purpose: Purpose, principal: PrincipalId | None) -> Sequence[Invitation]:
    """Invitations of a purpose for somebody that are open, in time or not."""
    theirs = invitations.c.principal.is_(None) if principal is None else invitations.c.principal == principal
    wanted = select(invitations).where(
        theirs,
        invitations.c.purpose == purpose.value,
        invitations.c.state == InvitationState.OPEN.value,
    )
    return [invitation_of(row) for row in connection.execute(wanted).mappings()]


def by_token(connection: Connection, token: str, now: datetime) -> Invitation | None:
    """The invitation of a token, if it is open and in time."""
    digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
    row = connection.execute(select(invitations).where(invitations.c.digest == digest)).mappings().first()
    return _valid(None if row is None else invitation_of(row), now)


def get(connection: Connection, invitation: InvitationId, now: datetime) -> Invitation | None:
    """An invitation by its id, if it is open and in time."""
    row = connection.execute(select(invitations).where(invitations.c.id == invitation)).mappings().first()
    return _valid(None if row is None else invitation_of(row), now)


def move(connection: Connection, invitation: Invitation, to: InvitationState, act: Act) -> int:
    """Use or revoke an invitation as it was read.

    Raises:
        RowChanged, IllegalMove: another was quicker.
    """
    return transition(connection, Move(INVITATIONS, invitation.id, invitation.version, to), act)


def administrators(connection: Connection, now: datetime) -> Sequence[PrincipalId]:
    """Who administrates and could sign in to do so: active, with the role in force, and with a factor of their own."""
    in_force = (
        (assignments.c.role == Role.ADMINISTRATOR.value)
        & (assignments.c.status == AssignmentStatus.ACTIVE.value)
        & (assignments.c.until.is_(None) | (assignments.c.until > now))
    )
    with_factor = exists().where(
        factors.c.principal == principals.c.id,
        factors.c.status == FactorStatus.ACTIVE.value,
        factors.c.kind.in_([FactorKind.PASSKEY.value, FactorKind.TOTP.value]),
    )
    found = (
        select(principals.c.id)
        .join(assignments, assignments.c.principal == principals.c.id)
        .where(in_force, with_factor, principals.c.status == PrincipalStatus.ACTIVE.value)
        .where(principals.c.end_date.is_(None) | (principals.c.end_date > now))
        .distinct()
        .order_by(principals.c.id)
    )
    return [PrincipalId(one) for one in connection.execute(found).scalars()]


def assignments_of(connection: Connection, principal: PrincipalId) -> Sequence[Assignment]:
    """Roles that somebody was given, in force or not."""
    theirs = select(assignments).where(assignments.c.principal == principal).order_by(assignments.c.created)
    return [assignment_of(row) for row in connection.execute(theirs).mappings()]


def _valid(found: Invitation | None, now: datetime) -> Invitation | None:
    if found is None or found.state is not InvitationState.OPEN:
        return None
    return found if found.created <= now + _SKEW and now < found.expires else None


_SKEW: Final = timedelta(minutes=1)
