"""A directory in memory that is read as any other, and what is found in the tables afterwards."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from watchword.access.directories import Synced, directory_of, synchronise
from watchword.errors import DirectoryUnreachable
from watchword.model.directory import AccountKind, DirectoryAccount, DirectoryFault, DirectoryGroup
from watchword.model.people import DirectoryId, Principal
from watchword.store.audit import journal
from watchword.store.state.accounts import accounts
from watchword.store.state.database import Database
from watchword.store.state.people import groups, identities, memberships, principal_of, principals

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def later(days: float) -> datetime:
    return NOW + timedelta(days=days)


@dataclass
class FakeDirectory:
    """A directory with the interface of a reader; ``breaks_after`` accounts it is down."""

    name: str = "corp"
    kind: str = "ldap"
    settings: dict[str, Any] = field(default_factory=dict)
    people: list[DirectoryAccount] = field(default_factory=list)
    teams: list[DirectoryGroup] = field(default_factory=list)
    faults: list[DirectoryFault] = field(default_factory=list)
    breaks_after: int | None = None

    def add(self, subject: str, **values: Any) -> FakeDirectory:
        told = {"user_name": subject, "display_name": f"Person {subject}", "enabled": True} | values
        self.people.append(DirectoryAccount(DirectoryId(self.name), subject, **told))
        return self

    def set(self, subject: str, **values: Any) -> None:
        self.people = [replace(one, **values) if one.subject == subject else one for one in self.people]

    def drop(self, *subjects: str) -> None:
        self.people = [one for one in self.people if one.subject not in subjects]

    def team(self, subject: str, *people: str, groups: tuple[str, ...] = ()) -> FakeDirectory:
        self.teams = [one for one in self.teams if one.subject != subject]
        self.teams.append(DirectoryGroup(DirectoryId(self.name), subject, subject.title(), people, groups))
        return self

    def accounts(self) -> Iterator[DirectoryAccount]:
        for number, one in enumerate(self.people):
            if number == self.breaks_after:
                raise DirectoryUnreachable("it is down")
            yield one

    def groups(self) -> Iterator[DirectoryGroup]:
        yield from self.teams


def sync(database: Database, one: FakeDirectory, at: datetime = NOW, **options: Any) -> Synced:
    table = {"kind": one.kind} | one.settings
    return synchronise(database, one, directory_of(one.name, table), at, **options)


def guest(subject: str, manager: str = "", days: float | None = 30) -> dict[str, Any]:
    expires = None if days is None else later(days)
    return {"subject": subject, "kind": AccountKind.GUEST, "manager": manager, "expires": expires}


def owners(database: Database) -> dict[str, str]:
    """Whose each account is: ``directory/subject`` → principal."""
    with database.reading() as connection:
        rows = connection.execute(select(identities)).all()
    return {f"{row.directory}/{row.subject}": row.principal for row in rows}


def people(database: Database) -> dict[str, Principal]:
    with database.reading() as connection:
        return {row["id"]: principal_of(row) for row in connection.execute(select(principals)).mappings()}


def owner(database: Database, account: str) -> Principal:
    return people(database)[owners(database)[account]]


def together(database: Database) -> set[frozenset[str]]:
    """Which accounts share a principal."""
    found = defaultdict(set)
    for account, principal in owners(database).items():
        found[principal].add(account)
    return {frozenset(one) for one in found.values()}


def states(database: Database) -> dict[str, str]:
    with database.reading() as connection:
        return {row.subject: row.state for row in connection.execute(select(accounts))}


def members(database: Database, group: str) -> set[str]:
    """The accounts of those who are in a group, through groups too."""
    theirs = {principal: account.partition("/")[2] for account, principal in owners(database).items()}
    wanted = select(memberships.c.principal).join(groups, groups.c.id == memberships.c.group_id)
    with database.reading() as connection:
        return {theirs.get(one, one) for one in connection.scalars(wanted.where(groups.c.subject == group))}


def records(database: Database) -> list[dict[str, Any]]:
    with database.reading() as connection:
        return [json.loads(one.entry) for one in journal.read(connection)]


def kinds(database: Database, start: int = 0) -> list[str]:
    return [one["kind"] for one in records(database)[start:]]
