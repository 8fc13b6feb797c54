"""The status of a snapshot's units and their holes, in a small SQLite file beside the rows.

A unit's rows count only once its status says so; whoever reads the rows goes by the status, never by what lies in the
files.  This module holds the statements; it decides nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from watchword.errors import SnapshotDamaged, SnapshotLocked, StoreError, StoreFull
from watchword.model.evidence import Hole, HoleReason
from watchword.model.ids import AccountId, Region
from watchword.model.snapshot import UnitKey
from watchword.store.plan import PlannedAccount, account_from_json, account_to_json

_SCHEMA = """
CREATE TABLE accounts (
  id TEXT PRIMARY KEY, document TEXT NOT NULL, regions TEXT NOT NULL, excluded TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE units (
  account TEXT, region TEXT, service TEXT, state TEXT NOT NULL, count INTEGER NOT NULL, calls INTEGER NOT NULL,
  seconds REAL NOT NULL, file TEXT NOT NULL, start INTEGER NOT NULL, length INTEGER NOT NULL,
  PRIMARY KEY (account, region, service)
) WITHOUT ROWID;
CREATE TABLE holes (
  account TEXT, region TEXT, service TEXT, name TEXT, resource TEXT, reason TEXT, detail TEXT
);
CREATE INDEX holes_of_unit ON holes (account, region, service);
"""


_UNITS = "SELECT * FROM units ORDER BY account, region, service"
_UNITS_OF = "SELECT * FROM units WHERE account = ? ORDER BY region, service"
_HOLES = "SELECT * FROM holes ORDER BY account, region, service, name, resource"
_HOLES_OF = "SELECT * FROM holes WHERE account = ? ORDER BY region, service, name, resource"
_ACCOUNTS = "SELECT document, regions, excluded FROM accounts"


class State(StrEnum):
    """How far a unit is."""

    PLANNED = "planned"
    DONE = "done"
    PARTIAL = "partial"
    """Read, with holes that may be gone the next time (throttled, unreachable)."""


@dataclass(frozen=True, slots=True)
class UnitStatus:
    """A unit that was read: rows, calls, seconds, and where its member lies (bytes of a file of the account)."""

    key: UnitKey
    state: State
    count: int
    calls: int
    seconds: float
    file: str
    start: int
    length: int


class StatusFile:
    """The open status file; ``create`` makes one, the constructor opens it (``writing=False`` for reading alone).

    Raises (all methods):
        StoreFull: no space is left.
        SnapshotDamaged: the file is missing or no such database.
    """

    def __init__(self, path: Path, *, writing: bool = False) -> None:
        self._path = path
        try:
            mode = "rw" if writing else "ro"
            uri = f"{path.resolve().as_uri()}?mode={mode}"
            self._connection = sqlite3.connect(uri, uri=True, timeout=30, check_same_thread=False)
            if writing:
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("SELECT count(*) FROM accounts").fetchone()
        except sqlite3.Error as error:
            raise self._told(error) from error

    @classmethod
    def create(cls, path: Path, accounts: Iterable[PlannedAccount], units: Iterable[UnitKey]) -> StatusFile:
        """A new file with its plan, complete or not there at all."""
        partial = path.with_suffix(".partial")
        try:
            with closing(sqlite3.connect(partial)) as connection, connection:
                connection.executescript(_SCHEMA)
                connection.executemany(
                    "INSERT INTO accounts VALUES (?, ?, ?, ?)", map(_account_row, accounts)
                )
                planned = ((*_key(unit), State.PLANNED.value, 0, 0, 0.0, "", 0, 0) for unit in units)
                connection.executemany("INSERT INTO units VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", planned)
            partial.replace(path)
        except sqlite3.Error as error:
            raise _told(partial, error) from error
        return cls(path, writing=True)

    def close(self, *, settled: bool = False) -> None:
        """Close; ``settled`` leaves one plain file behind, readable without the right to write beside it.

        While somebody else reads, the journal stays; the last reader to close tidies it away.
        """
        try:
            if settled:
                self._connection.execute("PRAGMA busy_timeout = 0")
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                self._connection.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise self._told(error) from error
        finally:
            self._connection.close()

    def record(self, units: Sequence[UnitStatus], holes: Iterable[Hole]) -> None:
        """Set the status of units and replace their holes, all in one transaction."""
        keys = [_key(unit.key) for unit in units]
        try:
            with self._connection as change:
                change.executemany("DELETE FROM holes WHERE account = ? AND region = ? AND service = ?", keys)
                change.executemany(
                    "INSERT OR REPLACE INTO units VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    map(_unit_row, units),
                )
                change.executemany("INSERT INTO holes VALUES (?, ?, ?, ?, ?, ?, ?)", map(_hole_row, holes))
        except sqlite3.Error as error:
            raise self._told(error) from error

    def accounts(self) -> tuple[PlannedAccount, ...]:
        """All accounts, in the order of their ids; ``organization`` comes last."""
        return tuple(_planned(found) for found in self._rows(f"{_ACCOUNTS} ORDER BY id"))

    def account(self, account: AccountId) -> PlannedAccount | None:
        """One account; ``None`` where it is not part of the plan."""
        found = self._rows(f"{_ACCOUNTS} WHERE id = ?", account)
        return _planned(found[0]) if found else None

    def units(self, account: AccountId | None = None) -> Iterator[UnitStatus]:
        """The status of all units (of one account)."""
        for found in self._of(_UNITS, _UNITS_OF, account):
            yield UnitStatus(_unit_key(found), State(found[3]), *found[4:])

    def holes(self, account: AccountId | None = None) -> Iterator[Hole]:
        """The holes of all units (of one account), in order."""
        for one, region, service, name, resource, reason, detail in self._of(_HOLES, _HOLES_OF, account):
            yield Hole(AccountId(one), Region(region), service, name, HoleReason(reason), detail, resource)

    def counts(self) -> dict[State, int]:
        """How many units are in each state."""
        found = dict(self._rows("SELECT state, count(*) FROM units GROUP BY state"))
        return {state: found.get(state.value, 0) for state in State}

    def pending_counts(self, services: Container[str] | None = None) -> dict[AccountId, int]:
        """How many units of each account are not done (counting only ``services``), the organisation's last."""
        text = "SELECT account, service, count(*) FROM units WHERE state <> 'done' GROUP BY account, service"
        found: dict[AccountId, int] = {}
        for account, service, count in self._rows(f"{text} ORDER BY account"):
            if services is None or service in services:
                found[AccountId(account)] = found.get(AccountId(account), 0) + count
        return found

    def totals(self) -> tuple[int, int, float]:
        """Rows, calls and seconds of all units together."""
        rows, calls, seconds = self._rows("SELECT sum(count), sum(calls), sum(seconds) FROM units")[0]
        return (rows or 0, calls or 0, seconds or 0.0)

    def ends(self) -> dict[str, int]:
        """For each file, the byte after the last member that counts."""
        return dict(self._rows("SELECT file, max(start + length) FROM units WHERE file <> '' GROUP BY file"))

    def _of(self, every: str, one: str, account: AccountId | None) -> Iterator[Any]:
        """Rows of all accounts or of one; those of all are streamed, since an organisation has many."""
        if account is not None:
            yield from self._rows(one, account)
            return
        try:
            yield from self._connection.execute(every)
        except sqlite3.Error as error:
            raise self._told(error) from error

    def _rows(self, text: str, *arguments: str) -> list[Any]:
        try:
            return self._connection.execute(text, arguments).fetchall()
        except sqlite3.Error as error:
            raise self._told(error) from error

    def _told(self, error: sqlite3.Error) -> StoreError:
        return _told(self._path, error)


def _told(path: Path, error: sqlite3.Error) -> StoreError:
    if "locked" in str(error):
        return SnapshotLocked(
            "the snapshot's status is in use by another process", where=str(path), remedy="try again"
        )
    if "full" in str(error) or "disk I/O" in str(error):
        return StoreFull(
            f"the snapshot could not be written: {error}",
            where=str(path),
            remedy="free some space there, then continue with: watchword collect --resume",
        )
    return SnapshotDamaged(
        f"the snapshot's status cannot be read: {error}",
        where=str(path),
        remedy="collect anew, or restore the snapshot's folder from a copy",
    )


def _key(unit: UnitKey) -> tuple[str, str, str]:
    return (unit.account, unit.region, unit.service)


def _planned(found: Sequence[str]) -> PlannedAccount:
    document, regions, excluded = (json.loads(text) for text in found)
    return PlannedAccount(account_from_json(document), tuple(regions), tuple(excluded))


def _account_row(planned: PlannedAccount) -> tuple[str, ...]:
    texts = (account_to_json(planned.account), planned.regions, planned.excluded)
    return (planned.account.id, *(json.dumps(text) for text in texts))


def _unit_row(unit: UnitStatus) -> tuple[object, ...]:
    measured = (unit.count, unit.calls, unit.seconds, unit.file, unit.start, unit.length)
    return (*_key(unit.key), unit.state.value, *measured)


def _unit_key(found: Sequence[object]) -> UnitKey:
    account, region, service = (str(part) for part in found[:3])
    return UnitKey(AccountId(account), Region(region), service)


def _hole_row(hole: Hole) -> tuple[str, ...]:
    where = (hole.account, hole.region, hole.service)
    return (*where, hole.table, hole.resource, hole.reason.value, hole.detail)
