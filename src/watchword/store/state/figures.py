"""A few numbers about the state, for those who watch the process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from watchword.model.sessions import SessionState
from watchword.store.audit.schema import CHAIN
from watchword.store.state.login import sign_ins
from watchword.store.state.sessions import sessions


@dataclass(frozen=True, slots=True)
class Figures:
    """Active sessions, records of the audit log, sign-ins by outcome."""

    sessions: int
    records: int
    sign_ins: Mapping[str, int]


def figures(connection: Connection) -> Figures:
    """The numbers as they are at this moment."""
    active = select(func.count()).select_from(sessions).where(sessions.c.state == SessionState.ACTIVE.value)
    outcomes = select(sign_ins.c.outcome, func.count()).group_by(sign_ins.c.outcome)
    return Figures(
        sessions=connection.execute(active).scalar_one(),
        records=connection.execute(select(CHAIN.c.size)).scalar() or 0,
        sign_ins={row[0]: row[1] for row in connection.execute(outcomes)},
    )
