"""The table of jobs; and the way from rows to values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Integer, Table, UniqueConstraint

from watchword.model.leases import Job, JobId, JobState, Lease
from watchword.store.state.columns import METADATA, NAME, PROSE, Instant, Json, Words

jobs: Final = Table(
    "jobs",
    METADATA,
    Column("id", Words(NAME), primary_key=True),
    Column("name", Words(NAME), nullable=False),
    Column("key", Words(NAME), nullable=False),
    Column("payload", Json, nullable=False),
    Column("state", Words(NAME), nullable=False),
    Column("due", Instant, index=True),
    Column("claimed_by", Words(NAME), nullable=False),
    Column("fencing", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Words(PROSE), nullable=False),
    Column("created", Instant, nullable=False),
    Column("finished", Instant),
    UniqueConstraint("name", "key"),
)
"""``due`` is the time at which somebody may next take the job: one index finds new work and work of the dead."""


def job_of(row: Mapping[Any, Any]) -> Job:
    """The job of a row."""
    return Job(
        id=JobId(row["id"]),
        name=row["name"],
        key=row["key"],
        payload=row["payload"],
        state=JobState(row["state"]),
        due=row["due"],
        claimed_by=row["claimed_by"],
        fencing=row["fencing"],
        attempts=row["attempts"],
        last_error=row["last_error"],
        created=row["created"],
        finished=row["finished"],
    )


def lease_of(row: Mapping[Any, Any]) -> Lease:
    """The lease of a row that is claimed."""
    return Lease(
        job=JobId(row["id"]),
        name=row["name"],
        key=row["key"],
        payload=row["payload"],
        worker=row["claimed_by"],
        fencing=row["fencing"],
        until=row["due"],
        attempts=row["attempts"],
    )
