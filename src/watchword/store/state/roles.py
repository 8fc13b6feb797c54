"""The table of role assignments; and the way from rows to values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Column, ForeignKey, Integer, Table

from watchword.model.people import PrincipalId
from watchword.model.roles import ASSIGNMENT_LIFE, Assignment, AssignmentId, AssignmentStatus, Role
from watchword.store.state.columns import METADATA, NAME, PROSE, Instant, Words
from watchword.store.state.machine import Machine

assignments: Final = Table(
    "role_assignments",
    METADATA,
    Column("id", Words(NAME), primary_key=True),
    Column("principal", Words(NAME), ForeignKey("principals.id"), nullable=False, index=True),
    Column("role", Words(NAME), nullable=False),
    Column("granted_by", Words(NAME), nullable=False),
    Column("reason", Words(PROSE), nullable=False),
    Column("created", Instant, nullable=False),
    Column("until", Instant),
    Column("status", Words(NAME), nullable=False),
    Column("ended", Instant),
    Column("version", Integer, nullable=False),
)

ASSIGNMENTS: Final = Machine(assignments, "role_assignment", "status", ASSIGNMENT_LIFE, AssignmentStatus)
"""Assignments change through ``transition`` only."""


def assignment_row(one: Assignment) -> dict[str, Any]:
    """An assignment as a row."""
    return {
        "id": one.id,
        "principal": one.principal,
        "role": one.role.value,
        "granted_by": one.granted_by,
        "reason": one.reason,
        "created": one.created,
        "until": one.until,
        "status": one.status.value,
        "ended": one.ended,
        "version": one.version,
    }


def assignment_of(row: Mapping[Any, Any]) -> Assignment:
    """The assignment of a row."""
    return Assignment(
        id=AssignmentId(row["id"]),
        principal=PrincipalId(row["principal"]),
        role=Role(row["role"]),
        granted_by=row["granted_by"],
        reason=row["reason"],
        created=row["created"],
        until=row["until"],
        status=AssignmentStatus(row["status"]),
        ended=row["ended"],
        version=row["version"],
    )
