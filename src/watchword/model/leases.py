"""Work that is done once though several processes could: jobs, and the lease by which one worker holds one.

Each claim of a job raises its *fencing number*.  Who holds a lower one has been overtaken: a worker that was paused and
comes back can neither finish nor prolong what another has taken over.  Times are UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NewType

from watchword.model.lifecycle import Lifecycle

JobId = NewType("JobId", str)


class JobState(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    FINISHED = "finished"
    GIVEN_UP = "given_up"
    """Failed as often as it may; somebody must look."""


JOB_LIFE: Final = Lifecycle(
    of="job",
    first=frozenset({JobState.WAITING}),
    moves={
        JobState.WAITING: frozenset({JobState.CLAIMED}),
        # Claimed again: its worker died, and another took it over.
        JobState.CLAIMED: frozenset(
            {JobState.CLAIMED, JobState.WAITING, JobState.FINISHED, JobState.GIVEN_UP}
        ),
    },
)
"""waiting ⇄ claimed → finished | given up."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """Work to be done; of jobs with the same ``name`` and ``key`` there is one only, however often it is enqueued."""

    name: str
    key: str
    run_at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands.

    ``due`` is when somebody may next take it: its time while it waits, the end of the lease while it is claimed, ``None``
    when it is over.
    """

    id: JobId
    name: str
    key: str
    payload: Mapping[str, Any]
    state: JobState
    due: datetime | None
    claimed_by: str
    fencing: int
    attempts: int
    last_error: str
    created: datetime
    finished: datetime | None


@dataclass(frozen=True, slots=True)
class Lease:
    """One worker's hold on one job until ``until``; ``attempts`` counts this one."""

    job: JobId
    name: str
    key: str
    payload: Mapping[str, Any]
    worker: str
    fencing: int
    until: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before a failed job is tried again: ``first``, then ``factor`` times as long, at most ``most``."""

    first: timedelta = timedelta(seconds=1)
    factor: float = 2.0
    most: timedelta = timedelta(minutes=15)
    attempts: int = 10

    def pause(self, attempts: int, jitter: float) -> timedelta | None:
        """The pause after the given number of attempts; ``None``: that was the last.

        ``jitter`` from 0 to 1 takes up to half of it away, so that what failed together does not come back together.
        """
        if attempts >= self.attempts:
            return None
        # Bounded before it is raised: a power of a large number of attempts is no float.
        growth = self.factor ** min(max(attempts - 1, 0), 64)
        pause = min(self.first.total_seconds() * growth, self.most.total_seconds())
        return timedelta(seconds=pause * (1 - jitter / 2))
