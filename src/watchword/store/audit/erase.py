"""Erasure: a person's values are taken away for good, and the log says so.

Salt and value of each personal field go; the commitments stay, so that the chain stays valid, and tell nothing without
the salt.  The erasure itself is a record, with how many values went and from how many records.  Backups, exports of packs
with opened values, and pages that the database has not reused yet are not reached from here: see docs/audit.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, delete, func, select

from watchword.store.audit.journal import append
from watchword.store.audit.records import Entry
from watchword.store.audit.schema import PERSONAL_VALUES

KIND: Final = "audit.erased"
"""The kind of the records that tell of an erasure."""


@dataclass(frozen=True, slots=True)
class Held:
    """Personal values of one person that the log holds: how many, and in how many records."""

    values: int
    records: int


def held(connection: Connection, person: str) -> Held:
    """What there is to erase of a person."""
    table = PERSONAL_VALUES.c
    counts = select(func.count(), func.count(table.sequence.distinct())).where(table.person == person)
    values, records = connection.execute(counts).one()
    return Held(values, records)


def erase(connection: Connection, person: str, *, actor: str, at: datetime, why: str) -> Held:
    """Erase a person's values in the caller's writing transaction, with a record of it; nothing where there are none."""
    found = held(connection, person)
    if not found.values:
        return found
    if connection.dialect.name == "sqlite":
        # What is deleted is overwritten in the file rather than only marked as free.
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
    connection.execute(delete(PERSONAL_VALUES).where(PERSONAL_VALUES.c.person == person))
    after = {"values": found.values, "records": found.records}
    append(connection, Entry(KIND, actor, person, at, after=after, why=why))
    return found
