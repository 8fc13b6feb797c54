"""Roles in watchword: given by somebody else, with a reason, until a date if one is named; and taken away.

Nobody gives themselves a role or ends the last administrator's.  A guest has no role; a program may read only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from watchword.access.people import administered, require_reason
from watchword.errors import Forbidden, RowExists, UsageError
from watchword.model.people import Principal, PrincipalId, PrincipalKind, PrincipalStatus
from watchword.model.roles import ASSIGNABLE, Assignment, AssignmentId, Role
from watchword.store.state import people_store, role_store
from watchword.store.state.database import Database
from watchword.store.state.scim_values import new_id
from watchword.store.state.transition import Act


def every(
    database: Database,
    *,
    principal: str = "",
    role: str = "",
    active: bool = True,
    after: str = "",
    most: int = 500,
) -> Sequence[Assignment]:
    """Assignments by id, a page at a time: the next begins after the last id."""
    with database.reading() as connection:
        return role_store.every(
            connection, principal=principal, role=role, active=active, after=after, most=most
        )


def assign(database: Database, to: str, role: Role, act: Act, until: datetime | None = None) -> Assignment:
    """Give somebody a role.

    Raises:
        UsageError: no reason is given, nobody is given this role, or the end is past.
        Forbidden: to oneself, to a guest, to a program more than reading, to who is not active.
        RowExists: they have it.
    """
    require_reason(act)
    if role not in ASSIGNABLE:
        raise UsageError(f"nobody is given the role {role.value}: it follows from who one is")
    if until is not None and until <= act.at:
        raise UsageError("the role would have ended before it begins")
    if act.actor == to:
        raise Forbidden("nobody gives themselves a role", where=to, remedy="ask another administrator")
    made = Assignment(
        AssignmentId(f"ra-{new_id(act.at)}"), PrincipalId(to), role, act.actor, act.why, act.at, until
    )
    with database.writing() as connection:
        _see_may_have(people_store.require(connection, to), role)
        role_store.give(connection, made, act)
        # Looked at after the audit record is written, which lets one writer in at a time: of two who give it at once, one does.
        held = role_store.every(connection, principal=to, role=role.value)
        if any(one.id != made.id and (one.until is None or one.until > act.at) for one in held):
            raise RowExists(f"they have the role {role.value} already", where=to)
    return made


def _see_may_have(one: Principal, role: Role) -> None:
    if one.kind is PrincipalKind.GUEST:
        raise Forbidden("a guest has no role", where=one.id)
    if one.kind is not PrincipalKind.USER and role is not Role.AUDITOR:
        raise Forbidden("a program may read only: auditor", where=one.id)
    if one.status not in {PrincipalStatus.ACTIVE, PrincipalStatus.INVITED}:
        raise Forbidden(f"who is {one.status.value} gets no role", where=one.id)


def end(database: Database, id_: str, act: Act) -> None:
    """Take a role away.

    Raises:
        UsageError: no reason is given.
        Forbidden: it is the last administrator's.
        IllegalMove: it has ended.
        RowMissing: there is no such assignment.
    """
    require_reason(act)
    with administered(database, act) as connection:
        role_store.end(connection, role_store.require(connection, id_), act)
