"""Role assignments in the database: given, ended, listed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from watchword.errors import RowMissing
from watchword.model.people import PrincipalId, PrincipalStatus
from watchword.model.roles import Assignment, AssignmentStatus, Role
from watchword.store.state.people import principals
from watchword.store.state.roles import ASSIGNMENTS, assignment_of, assignment_row, assignments
from watchword.store.state.transition import Act, Move, create, transition


def give(connection: Connection, one: Assignment, act: Act) -> None:
    """Keep a new assignment."""
    create(connection, ASSIGNMENTS, assignment_row(one), act)


def end(connection: Connection, one: Assignment, act: Act) -> int:
    """End an assignment as it was read.

    Raises:
        RowChanged, IllegalMove: another was quicker.
    """
    over = Move(ASSIGNMENTS, one.id, one.version, AssignmentStatus.ENDED, {"ended": act.at})
    return transition(connection, over, act)


def require(connection: Connection, id_: str) -> Assignment:
    """An assignment.

    Raises:
        RowMissing: there is none.
    """
    row = connection.execute(select(assignments).where(assignments.c.id == id_)).mappings().first()
    if row is None:
        raise RowMissing("there is no such role assignment", where=id_, remedy="watchword roles list")
    return assignment_of(row)


def every(
    connection: Connection,
    *,
    principal: str = "",
    role: str = "",
    active: bool = True,
    after: str = "",
    most: int = 500,
) -> Sequence[Assignment]:
    """Assignments by id; of a principal, of a role, those that have not ended."""
    wanted = select(assignments).where(assignments.c.id > after)
    if principal:
        wanted = wanted.where(assignments.c.principal == principal)
    if role:
        wanted = wanted.where(assignments.c.role == role)
    if active:
        wanted = wanted.where(assignments.c.status == AssignmentStatus.ACTIVE.value)
    rows = connection.execute(wanted.order_by(assignments.c.id).limit(most)).mappings()
    return [assignment_of(row) for row in rows]


def holders(connection: Connection, role: Role, now: datetime) -> Sequence[PrincipalId]:
    """Who is active and has a role in force, whether they could sign in now or not."""
    in_force = (
        (assignments.c.role == role.value)
        & (assignments.c.status == AssignmentStatus.ACTIVE.value)
        & (assignments.c.until.is_(None) | (assignments.c.until > now))
    )
    active = (principals.c.status == PrincipalStatus.ACTIVE.value) & (
        principals.c.end_date.is_(None) | (principals.c.end_date > now)
    )
    wanted = (
        select(principals.c.id)
        .join(assignments, assignments.c.principal == principals.c.id)
        .where(in_force, active)
        .distinct()
        .order_by(principals.c.id)
    )
    return [PrincipalId(one) for one in connection.scalars(wanted)]
