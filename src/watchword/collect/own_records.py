"""Our own records as rows that controls judge: directories, people with roles, guests, orphans, and how many there are.

Rows name people by our own ids only: what stands in reports is nobody's name.  Everybody is counted; only those are listed of whom a
control speaks, so that memory grows with what is wrong and with guests, not with the company.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from watchword.analysis.people.orphans import Orphan, OrphanFinding, Owned, Person, of_account, of_person
from watchword.clock import stamp
from watchword.model.ids import GLOBAL, ORGANIZATION
from watchword.model.people import Directory, PrincipalKind, PrincipalStatus
from watchword.model.resource import Resource
from watchword.model.snapshot import Account, AccountView, UnitKey
from watchword.store.state import directory_records, orphan_rows
from watchword.store.state.database import Database

SERVICE: Final = "watchword"
"""The service whose tables our own records are."""

TABLES: Final = ("directories", "role_holders", "guests", "orphans", "summary")

_KINDS: Final = {
    "directories": "Watchword::Directory",
    "role_holders": "Watchword::Principal",
    "guests": "Watchword::Principal",
    "orphans": "Watchword::Orphan",
    "summary": "Watchword::Records",
}
_TOLD: Final = frozenset({Orphan.OF_NOBODY, Orphan.PERSON_ENDED, Orphan.WITHOUT_ACCOUNT})
"""Orphans that a control tells of; guests have controls of their own, and unused accounts are listed by a command."""


@dataclass(slots=True)
class _Rows:
    now: datetime
    rows: dict[str, list[Resource]] = field(default_factory=lambda: {one: [] for one in TABLES})

    counts: dict[str, int] = field(
        default_factory=lambda: dict.fromkeys(("Accounts", "People", "Active", "ActiveWithPasskey"), 0)
    )
    last_used: dict[str, datetime] = field(default_factory=dict)
    """When guests last came, by their ids."""

    def add(self, table: str, id_: str, data: Mapping[str, Any]) -> None:
        arn = f"arn:{SERVICE}:{table}:::{id_}"
        self.rows[table].append(
            Resource(
                where=f"{SERVICE}.{table} {id_}",
                data={"Id": id_, **data, "AsOf": stamp(self.now)},
                account=ORGANIZATION,
                region=GLOBAL,
                table=f"{SERVICE}.{table}",
                kind=_KINDS[table],
                arn=arn,
                name=id_,
            )
        )

    def take_account(self, one: Owned) -> None:
        """Count an account; list it if something is wrong, and note when its guest came."""
        self.counts["Accounts"] += 1
        self._take_orphans(of_account(one, self.now))
        owner = one.owner
        if owner is None or owner.kind is not PrincipalKind.GUEST:
            return
        for at in (one.account.read.last_sign_in, one.seen):
            if at is not None:
                self.last_used[owner.id] = max(at, self.last_used.get(owner.id, at))

    def take_person(self, one: Person) -> None:
        """Count a person; list who has a role or is a guest, or of whom something is wrong."""
        who = one.principal
        self.counts["People"] += 1
        if who.status is PrincipalStatus.ACTIVE and who.kind in {PrincipalKind.USER, PrincipalKind.GUEST}:
            self.counts["Active"] += 1
            self.counts["ActiveWithPasskey"] += one.has_passkey
        if one.roles and who.status is PrincipalStatus.ACTIVE and who.kind is PrincipalKind.USER:
            held = {"Roles": sorted(one.roles), "Factors": list(one.factors)}
            self.add("role_holders", who.id, held)
        if who.kind is PrincipalKind.GUEST and who.status is not PrincipalStatus.ENDED:
            self.add("guests", who.id, self._guest(one))
        self._take_orphans(of_person(one, self.now))

    def _guest(self, one: Person) -> dict[str, Any]:
        who, sponsor = one.principal, one.sponsor
        return {
            "Status": who.status.value,
            "Created": stamp(who.created),
            "Sponsor": who.sponsor,
            "SponsorStatus": None if sponsor is None else sponsor.status.value,
            "EndDate": _time(who.end_date),
            "LastUsed": _time(self.last_used.get(who.id)),
        }

    def _take_orphans(self, found: Iterable[OrphanFinding]) -> None:
        for one in found:
            if one.what in _TOLD:
                told = {"What": one.what.value, "Because": one.because, "Directory": one.directory}
                self.add("orphans", one.of, told)


def own_view(database: Database, now: datetime) -> AccountView:
    """Our own records at one moment, as the view that the controls of them judge.

    Raises:
        DatabaseError: they cannot be read.
    """
    made = _Rows(now)
    with database.reading() as connection:
        for directory in directory_records.every(connection):
            made.add("directories", directory.id, _directory(directory))
        for account in orphan_rows.owned(connection):
            made.take_account(account)
        for person in orphan_rows.people(connection, now):
            made.take_person(person)
    made.add("summary", "records", made.counts)
    tables = {(f"{SERVICE}.{name}", GLOBAL): tuple(rows) for name, rows in made.rows.items()}
    unit = UnitKey(ORGANIZATION, GLOBAL, SERVICE)
    return AccountView(Account(ORGANIZATION, "organisation"), now, frozenset({unit}), (), tables)


def digest_of(view: AccountView) -> str:
    """Twelve hexadecimal digits that change when a record changes; not with the time at which they were read."""
    told = [
        [table, row.arn, {key: value for key, value in row.data.items() if key != "AsOf"}]
        for (table, _), rows in sorted(view.tables.items())
        for row in rows
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]


def _directory(one: Directory) -> dict[str, Any]:
    return {
        "Kind": one.kind,
        "State": one.state.value,
        "LastSync": _time(one.last_sync),
        "LastAttempt": _time(one.last_attempt),
        "LastError": one.last_error,
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)
