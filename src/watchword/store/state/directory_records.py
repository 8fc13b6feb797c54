"""The rows of directories: what the settings say of each, and how reading it went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from watchword.errors import DirectoryError, RowMissing, UsageError
from watchword.model.directory import DirectoryFault
from watchword.model.people import Directory, DirectoryState
from watchword.store.audit import journal
from watchword.store.state.columns import PROSE
from watchword.store.state.people import DIRECTORIES, directories, directory_of, directory_row
from watchword.store.state.transition import Act, Journal, Move, create, touch, transition

MOST_FAULTS: Final = 200
"""Faults that a row keeps; ``counts`` tells how many there were."""

UNFINISHED: Final = "unfinished"
"""The count that is there while a reading is brought into the tables, and stays if it was interrupted."""


def ensure(
    connection: Connection, wanted: Directory, act: Act, append: Journal = journal.append
) -> Directory:
    """The row of a directory, made where there is none, its settings brought in line.

    Raises:
        UsageError: it was of another kind.
        DirectoryError: it is disabled.
    """
    there = get(connection, wanted.id)
    if there is None:
        create(connection, DIRECTORIES, directory_row(wanted), act, append)
        return wanted
    if there.kind != wanted.kind:
        raise UsageError(
            f"this directory was {there.kind} and is now to be {wanted.kind}",
            where=wanted.id,
            remedy="give the new one another name: accounts of the old one keep theirs",
        )
    if there.state is DirectoryState.DISABLED:
        raise DirectoryError("the directory is disabled", where=wanted.id, remedy="enable it first")
    asked = {"display": wanted.display, "settings": dict(wanted.settings)}
    now = {"display": there.display, "settings": dict(there.settings)}
    values = {name: value for name, value in asked.items() if value != now[name]}
    if values:
        transition(connection, Move(DIRECTORIES, there.id, there.version, None, values), act, append)
    return require(connection, wanted.id)


def get(connection: Connection, id_: str) -> Directory | None:
    """A directory by its name."""
    row = connection.execute(select(directories).where(directories.c.id == id_)).mappings().first()
    return None if row is None else directory_of(row)


def require(connection: Connection, id_: str) -> Directory:
    """A directory by its name.

    Raises:
        RowMissing: there is none.
    """
    found = get(connection, id_)
    if found is None:
        raise RowMissing("there is no such directory", where=id_, remedy="watchword directories list")
    return found


def every(connection: Connection) -> Sequence[Directory]:
    """All directories by name."""
    rows = connection.execute(select(directories).order_by(directories.c.id)).mappings()
    return [directory_of(row) for row in rows]


def begun(connection: Connection, one: Directory, now: datetime) -> None:
    """Note that a reading is being brought into the tables."""
    touch(connection, DIRECTORIES, one.id, last_attempt=now, counts=dict(one.counts) | {UNFINISHED: 1})


def failed(connection: Connection, id_: str, now: datetime, what: str) -> None:
    """Note that reading a directory failed, and why."""
    touch(connection, DIRECTORIES, id_, last_attempt=now, last_error=what[:PROSE])


def finished(
    connection: Connection,
    id_: str,
    now: datetime,
    counts: Mapping[str, int],
    faults: Sequence[DirectoryFault],
    *,
    whole: bool,
) -> None:
    """Note that a reading is in the tables; ``whole``: all of it was believed."""
    kept = [{name: str(text)[:500] for name, text in asdict(one).items()} for one in faults[:MOST_FAULTS]]
    seen = {"last_sync": now} if whole else {}
    touch(
        connection,
        DIRECTORIES,
        id_,
        last_attempt=now,
        last_error="" if whole else "what it shows is not believed: see its faults",
        faults=kept,
        counts=dict(counts) | {"faults": len(faults)},
        **seen,
    )
