"""Work that people ask for: put into the queue, done by a worker of any process."""

from __future__ import annotations

from dataclasses import dataclass

from watchword.model.leases import JobId, NewJob
from watchword.model.people import DirectoryId
from watchword.store.state import leases
from watchword.store.state.database import Database
from watchword.web.login.arrival import Visit
from watchword.web.login.tokens import draw_id

SYNC = "sync-directory"
"""The name of the job that reads a directory; its key is the directory's id, and the minute in which it was asked for."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A job; ``is_new`` is false where the same was waiting already."""

    job: str
    is_new: bool


def ask_for_sync(database: Database, directory: DirectoryId, actor: str, visit: Visit) -> Queued:
    """Ask for a directory to be read anew; asked for twice in a minute, it is read once.

    Raises:
        DatabaseError: the queue cannot be written.
    """
    key = f"{directory} {visit.now:%Y-%m-%dT%H:%M}"
    new = NewJob(SYNC, key, visit.now, {"directory": directory, "actor": actor})
    job = JobId(draw_id("job", visit.randomness))
    with database.writing() as connection:
        made = leases.enqueue(connection, new, job, visit.now)
    return Queued(f"{SYNC} {key}", made)
