"""Sign-in events in the database: written in the transaction of what they tell of, read newest first, never changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, tuple_

from watchword.model.login import Outcome, SignIn
from watchword.model.people import PrincipalId
from watchword.store.state.login import sign_in_of, sign_in_row, sign_ins


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sign-ins: ``None`` means any.  ``before``: only those before this one, by time and id; for the next page."""

    principal: PrincipalId | None = None
    outcome: Outcome | None = None
    since: datetime | None = None
    before: tuple[datetime, str] | None = None


def write(connection: Connection, event: SignIn) -> None:
    """Keep an event."""
    connection.execute(insert(sign_ins).values(sign_in_row(event)))


def read(connection: Connection, wanted: Wanted, most: int = 100) -> Sequence[SignIn]:
    """Events, the newest first."""
    found = select(sign_ins)
    if wanted.principal is not None:
        found = found.where(sign_ins.c.principal == wanted.principal)
    if wanted.outcome is not None:
        found = found.where(sign_ins.c.outcome == wanted.outcome.value)
    if wanted.since is not None:
        found = found.where(sign_ins.c.at >= wanted.since)
    if wanted.before is not None:
        at, id_ = wanted.before
        # Both sides typed by the columns, so that a time has the form that the database keeps.
        found = found.where(tuple_(sign_ins.c.at, sign_ins.c.id) < (at, id_))
    ordered = found.order_by(sign_ins.c.at.desc(), sign_ins.c.id.desc()).limit(most)
    return [sign_in_of(row) for row in connection.execute(ordered).mappings()]


def counts(connection: Connection, since: datetime) -> Mapping[Outcome, int]:
    """How many attempts came out how since an instant."""
    per = select(sign_ins.c.outcome, func.count()).where(sign_ins.c.at >= since).group_by(sign_ins.c.outcome)
    return {Outcome(outcome): count for outcome, count in connection.execute(per)}


def purge(connection: Connection, before: datetime) -> int:
    """Forget events that are older than they are to be kept; how many there were."""
    return connection.execute(delete(sign_ins).where(sign_ins.c.at < before)).rowcount
