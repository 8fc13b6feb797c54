"""Recoveries in the database: requested, approved by two, used once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select

from watchword.model.login import InvitationId, Recovery, RecoveryId, RecoveryState
from watchword.model.people import PrincipalId
from watchword.store.state.login import RECOVERIES, recoveries, recovery_of, recovery_row
from watchword.store.state.transition import Act, Move, create, transition

UNDER_WAY: Final = (RecoveryState.REQUESTED, RecoveryState.APPROVED_ONCE, RecoveryState.APPROVED)
"""States from which a recovery may still come to be used."""


def add(connection: Connection, recovery: Recovery, act: Act) -> None:
    """Keep a new recovery."""
    create(connection, RECOVERIES, recovery_row(recovery), act)


def get(connection: Connection, recovery: RecoveryId) -> Recovery | None:
    """A recovery by its id."""
    row = connection.execute(select(recoveries).where(recoveries.c.id == recovery)).mappings().first()
    return None if row is None else recovery_of(row)


def by_invitation(connection: Connection, invitation: InvitationId) -> Recovery | None:
    """The recovery that an invitation is of."""
    row = (
        connection.execute(select(recoveries).where(recoveries.c.invitation == invitation)).mappings().first()
    )
    return None if row is None else recovery_of(row)


def under_way(connection: Connection, principal: PrincipalId | None = None) -> Sequence[Recovery]:
    """Recoveries that may still come to be used, of somebody or of all, the oldest first."""
    wanted = select(recoveries).where(recoveries.c.state.in_([one.value for one in UNDER_WAY]))
    if principal is not None:
        wanted = wanted.where(recoveries.c.principal == principal)
    ordered = wanted.order_by(recoveries.c.created, recoveries.c.id)
    return [recovery_of(row) for row in connection.execute(ordered).mappings()]


def overdue(connection: Connection, now: datetime, most: int = 500) -> Sequence[Recovery]:
    """Recoveries under way whose time is over."""
    return [one for one in under_way(connection) if one.expires <= now][:most]


def move(
    connection: Connection,
    recovery: Recovery,
    to: RecoveryState,
    act: Act,
    **values: Any,  # noqa: ANN401
) -> int:
    """Bring a recovery as it was read into another state.

    Raises:
        RowChanged, IllegalMove: another was quicker.
    """
    return transition(connection, Move(RECOVERIES, recovery.id, recovery.version, to, values), act)
