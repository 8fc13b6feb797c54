"""Accounts and people for whom nobody answers, or whom nobody uses, as the database has them at one moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from watchword.analysis.people.orphans import AwsUser, Limits, OrphanFinding, of_account, of_aws, of_person
from watchword.model.directory import DirectoryAccount
from watchword.store.state import orphan_rows
from watchword.store.state.connection import Connection
from watchword.store.state.database import Database

DEFAULT = Limits()

MOST: Final = 500
"""Accounts that a page looks at."""


def orphans(
    database: Database, now: datetime, limits: Limits = DEFAULT, users: Sequence[AwsUser] = ()
) -> Iterator[OrphanFinding]:
    """All findings of ``watchword.analysis.people.orphans``; those of AWS's users where some are given."""
    with database.reading() as connection:
        for account in orphan_rows.owned(connection):
            yield from of_account(account, now, limits)
        for person in orphan_rows.people(connection, now):
            yield from of_person(person, now)
        if users:
            yield from of_aws(users, [one.account for one in orphan_rows.owned(connection)])


def of_directory(
    connection: Connection, directory: str, now: datetime, limits: Limits = DEFAULT, most: int = MOST
) -> Sequence[tuple[DirectoryAccount, OrphanFinding]]:
    """What the same rules find among the accounts of one directory, at most ``most`` of which are looked at."""
    chosen = orphan_rows.suspects(connection, directory, now - limits.unused, most)
    return [(one.account.read, found) for one in chosen for found in of_account(one, now, limits)]
