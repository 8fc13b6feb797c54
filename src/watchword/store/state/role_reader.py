"""Role assignments as they stand, for those who ask at each request."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from watchword.model.people import PrincipalId
from watchword.model.roles import Assignment, AssignmentStatus
from watchword.store.state.roles import assignment_of, assignments


def of_principal(connection: Connection, principal: PrincipalId) -> Sequence[Assignment]:
    """The active assignments of somebody; those past their end are among them."""
    theirs = select(assignments).where(
        assignments.c.principal == principal, assignments.c.status == AssignmentStatus.ACTIVE.value
    )
    return [assignment_of(row) for row in connection.execute(theirs.order_by(assignments.c.id)).mappings()]


def has_role(connection: Connection, role: str) -> bool:
    """Whether anybody has an active assignment of a role."""
    held = select(assignments.c.id).where(
        assignments.c.role == role, assignments.c.status == AssignmentStatus.ACTIVE.value
    )
    return connection.execute(held.limit(1)).first() is not None
