"""Jobs and the leases on them: enqueue, claim, renew, finish, fail; each in the caller's transaction.

One statement claims on both databases.  On PostgreSQL it skips rows that another worker is claiming; on SQLite the write
transaction has taken the writer's place already.  A job whose worker died is due again at the end of its lease.  Every
later step asks for job, worker and fencing number: who was overtaken gets ``LeaseLost`` and has changed nothing.

Jobs are machinery, and leave no audit record of their own: what a job changes does, in the transaction that changes it.
Times, ids and jitter are given by the caller.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, Update, bindparam, delete, select, update

from watchword.errors import LeaseLost
from watchword.model.leases import Job, JobId, JobState, Lease, NewJob
from watchword.store.state.columns import NAME, PROSE
from watchword.store.state.jobs import job_of, jobs, lease_of


@dataclass(frozen=True, slots=True)
class Claim:
    """What a worker wishes for: up to ``most`` jobs of some names, each for the time ``lease``."""

    worker: str
    names: frozenset[str]
    lease: timedelta
    most: int = 1


def _claiming() -> Update:
    due_now = (
        select(jobs.c.id)
        .where(jobs.c.due <= bindparam("at"), jobs.c.name.in_(bindparam("names", expanding=True)))
        .order_by(jobs.c.due, jobs.c.id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
        .cte("due_now")
    )
    return (
        update(jobs)
        .where(jobs.c.id.in_(select(due_now.c.id)))
        .values(
            state=JobState.CLAIMED.value,
            claimed_by=bindparam("worker"),
            fencing=jobs.c.fencing + 1,
            attempts=jobs.c.attempts + 1,
            due=bindparam("until"),
        )
        .returning(jobs)
    )


_CLAIM: Final = _claiming()
"""Made once, since making a statement takes as long as running it; SQLite's dialect leaves the lock away."""


def enqueue(connection: Connection, new: NewJob, job: JobId, at: datetime) -> bool:
    """Put a job into the queue under the id ``job``; ``False`` where there is one with this name and key already.

    Raises:
        ValueError: name or key are empty or too long.
    """
    if not (0 < len(new.name) <= NAME and 0 < len(new.key) <= NAME):
        raise ValueError(f"name and key of a job have 1 to {NAME} characters")
    row = {
        "id": job,
        "name": new.name,
        "key": new.key,
        "payload": dict(new.payload),
        "state": JobState.WAITING.value,
        "due": new.run_at,
        "claimed_by": "",
        "fencing": 0,
        "attempts": 0,
        "last_error": "",
        "created": at,
        "finished": None,
    }
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as insert_or_leave
    else:
        from sqlalchemy.dialects.sqlite import insert as insert_or_leave  # type: ignore[assignment]
    put = insert_or_leave(jobs).values(row)
    made = put.on_conflict_do_nothing(index_elements=[jobs.c.name, jobs.c.key]).returning(jobs.c.id)
    return connection.execute(made).first() is not None


def claim(connection: Connection, wish: Claim, at: datetime) -> tuple[Lease, ...]:
    """Take the jobs that a worker wishes for and that are due, longest due first; their leases begin at ``at``."""
    wanted = {"at": at, "names": sorted(wish.names), "most": wish.most, "worker": wish.worker}
    rows = connection.execute(_CLAIM, wanted | {"until": at + wish.lease}).mappings().all()
    return tuple(sorted((lease_of(row) for row in rows), key=lambda one: one.job))


def renew(connection: Connection, held: Lease, at: datetime, lease: timedelta) -> Lease:
    """Hold a job until ``at + lease``; the lease as it is now.

    Raises:
        LeaseLost: another has taken it over, or it is over.
    """
    _write(connection, held, due=at + lease)
    return replace(held, until=at + lease)


def require(connection: Connection, held: Lease) -> None:
    """See, in a transaction that changes what the job is about, that it is still ours until that commits.

    Raises:
        LeaseLost: another has taken it over, or it is over.
    """
    if connection.execute(_REQUIRE, _held(held)).first() is None:
        raise _lost(held)


def finish(connection: Connection, held: Lease, at: datetime) -> None:
    """The work is done.

    Raises:
        LeaseLost: another has taken it over, or it is over.
    """
    _write(connection, held, state=JobState.FINISHED.value, due=None, finished=at, last_error="")


def again(connection: Connection, held: Lease, run_at: datetime) -> None:
    """The work is done for now, and comes back at ``run_at`` with its attempts counted anew.

    Raises:
        LeaseLost: another has taken it over, or it is over.
    """
    _write(connection, held, state=JobState.WAITING.value, due=run_at, attempts=0, last_error="")


def fail(connection: Connection, held: Lease, at: datetime, error: str, retry_at: datetime | None) -> None:
    """The work failed: it comes back at ``retry_at``, or is given up where that is ``None``.

    Raises:
        LeaseLost: another has taken it over, or it is over.
    """
    over = retry_at is None
    _write(
        connection,
        held,
        state=(JobState.GIVEN_UP if over else JobState.WAITING).value,
        due=retry_at,
        finished=at if over else None,
        last_error=error.replace("\0", "")[:PROSE],
    )


def bring_back(connection: Connection, name: str, key: str, latest: datetime) -> bool:
    """See that a job is due by ``latest``, whoever holds it; whether it was due later, which only a clock that was wrong explains.

    Who held it is overtaken, as at the end of a lease.
    """
    late = (jobs.c.name == name) & (jobs.c.key == key) & (jobs.c.due > latest)
    return connection.execute(update(jobs).where(late).values(due=latest)).rowcount == 1


def job(connection: Connection, which: JobId) -> Job | None:
    """A job as it stands."""
    row = connection.execute(select(jobs).where(jobs.c.id == which)).mappings().first()
    return None if row is None else job_of(row)


def forget(connection: Connection, finished_before: datetime) -> int:
    """Delete jobs that finished before an instant, and say how many; those given up stay until somebody has looked."""
    old = (jobs.c.state == JobState.FINISHED.value) & (jobs.c.finished < finished_before)
    return connection.execute(delete(jobs).where(old)).rowcount


_HELD: Final = (
    (jobs.c.id == bindparam("held_job"))
    & (jobs.c.claimed_by == bindparam("held_by"))
    & (jobs.c.fencing == bindparam("held_fencing"))
    & (jobs.c.state == JobState.CLAIMED.value)
)
_REQUIRE: Final = select(jobs.c.id).where(_HELD).with_for_update()


@cache
def _writing(names: tuple[str, ...]) -> Update:
    return update(jobs).where(_HELD).values({name: bindparam(name) for name in names})


def _held(lease: Lease) -> dict[str, Any]:
    return {"held_job": lease.job, "held_by": lease.worker, "held_fencing": lease.fencing}


def _write(connection: Connection, held: Lease, **values: Any) -> None:  # noqa: ANN401
    if connection.execute(_writing(tuple(sorted(values))), values | _held(held)).rowcount != 1:
        raise _lost(held)


def _lost(held: Lease) -> LeaseLost:
    return LeaseLost(
        f"job {held.name} has been taken over by another worker, or is over",
        where=f"job {held.job}, fencing number {held.fencing}",
        remedy="stop this work: who holds the job now does it",
    )
