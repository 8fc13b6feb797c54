"""Snapshots as they are read: one account at a time, so that memory does not grow with the organisation.

``<store>/snapshots/<id>/``: ``manifest.json`` (scope, times, caller, version, source), ``status.sqlite`` (every unit and
hole), ``data/account=<id>/rows-0.ndjson.gz`` (rows; see ``store.lines``).  Writing is in ``store.writer``, SQL over the
rows in ``store.tables``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from watchword.errors import SnapshotDamaged, SnapshotMissing
from watchword.model.evidence import Hole, HoleReason
from watchword.model.ids import ORGANIZATION, AccountId, Region
from watchword.model.resource import Resource, instant
from watchword.model.snapshot import Account, AccountView, UnitKey
from watchword.store.lines import unpack
from watchword.store.plan import PlannedAccount, TableMap, excluded_holes
from watchword.store.status import State, StatusFile, UnitStatus
from watchword.store.writer import MANIFEST, STATUS


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A stored snapshot, opened for reading; also while it is still being written."""

    folder: Path
    manifest: Mapping[str, Any]
    _status: StatusFile = field(repr=False)
    _kept: dict[str, AccountView | None] = field(default_factory=dict, repr=False)

    @classmethod
    def open(cls, store: Path, name: str = "latest") -> Snapshot:
        """Open a snapshot of a store by its id, the beginning of its id, ``latest`` or ``previous``.

        Raises:
            SnapshotMissing: there is none, or the beginning fits several.
            SnapshotDamaged: its manifest or status cannot be read.
        """
        folder = find(store, name)
        return cls(folder, _manifest(folder), StatusFile(folder / STATUS))

    @property
    def id(self) -> str:
        """The snapshot's id."""
        return self.folder.name

    @property
    def started(self) -> datetime:
        """When it was begun (UTC)."""
        return instant(self.manifest["started"])

    @property
    def is_finished(self) -> bool:
        """Whether the collection reached its end."""
        return self.manifest["finished"] is not None

    def accounts(self) -> tuple[Account, ...]:
        """The accounts that were to be read, in the order of their ids; without the organisation itself."""
        return tuple(one.account for one in self.planned() if one.account.id != ORGANIZATION)

    def view(self, account: AccountId) -> AccountView:
        """Everything that was seen of one account, with the organisation's answers beside it.

        Raises:
            SnapshotMissing: the account is not part of the snapshot.
            SnapshotDamaged: its rows cannot be read.
        """
        organization = None if account == ORGANIZATION else self.organization_view()
        return self._view(self._planned_account(account), organization)

    def organization_view(self) -> AccountView | None:
        """The organisation's own answers; ``None`` where a single account was read."""
        if ORGANIZATION in self._kept:
            return self._kept[ORGANIZATION]
        planned = self._status.account(ORGANIZATION)
        made = self._view(planned, None) if planned else None
        if self.is_finished:
            self._kept[ORGANIZATION] = made
        return made

    def holes(self, account: AccountId | None = None) -> Iterator[Hole]:
        """What is not there, of the whole snapshot or of one account, with what was not reached or left out."""
        for planned in self.planned():
            if account in {None, planned.account.id}:
                yield from self._holes(planned, list(self._status.units(planned.account.id)))

    def counts(self) -> dict[State, int]:
        """How many units are in each state."""
        return self._status.counts()

    def totals(self) -> tuple[int, int, float]:
        """Rows, calls and seconds of all units together."""
        return self._status.totals()

    def units(self, account: AccountId | None = None) -> Iterator[UnitStatus]:
        """The status of every unit, or of those of one account."""
        return self._status.units(account)

    def rows(self, account: AccountId) -> Iterator[tuple[UnitKey, Resource]]:
        """All rows of an account, each with its unit.

        Raises:
            SnapshotDamaged: they cannot be read.
        """
        for unit in self._status.units(account):
            if unit.length:
                yield from unpack_unit(self.folder, unit)

    def query(self, account: AccountId, sql: str) -> list[dict[str, Any]]:
        """Rows of a user's query over the tables of one account (see ``store.tables``).

        Raises:
            QueryFailed: the query is wrong, takes too much, or tries to reach outside.
        """
        from watchword.store.tables import SnapshotTables

        with SnapshotTables(self, account) as tables:
            return tables.query(sql)

    def close(self) -> None:
        """Let go of the status file."""
        self._status.close()

    def planned(self) -> tuple[PlannedAccount, ...]:
        """The accounts with their regions, and the organisation as a pseudo account if it was to be read."""
        return self._status.accounts()

    def _planned_account(self, account: AccountId) -> PlannedAccount:
        found = self._status.account(account)
        if found is not None:
            return found
        raise SnapshotMissing(
            f"account {account} is not part of snapshot {self.id}",
            where=str(self.folder),
            remedy="choose one of its accounts, or collect again with this account in scope",
        )

    def _view(self, planned: PlannedAccount, organization: AccountView | None) -> AccountView:
        units = list(self._status.units(planned.account.id))
        tables: dict[tuple[str, Region], list[Resource]] = {}
        for key, row in self.rows(planned.account.id):
            tables.setdefault((row.table, key.region), []).append(row)
        return AccountView(
            account=planned.account,
            now=self.started,
            units=frozenset(unit.key for unit in units if unit.state is not State.PLANNED),
            holes=tuple(self._holes(planned, units)),
            tables={key: tuple(rows) for key, rows in tables.items()},
            organization=organization,
        )

    def _holes(self, planned: PlannedAccount, units: Sequence[UnitStatus]) -> Iterator[Hole]:
        known = table_map(self.manifest)
        yield from self._status.holes(planned.account.id)
        for unit in units:
            if unit.state is State.PLANNED:
                yield from known.holes(unit.key, HoleReason.NOT_COLLECTED, "the collection ended before")
        yield from excluded_holes(known, planned, self.manifest["services"])


def find(store: Path, name: str = "latest") -> Path:
    """The folder of a snapshot; see ``Snapshot.open``."""
    known = snapshot_ids(store)
    if name in {"latest", "previous"} and len(known) > (name == "previous"):
        return store / "snapshots" / known[-1 if name == "latest" else -2]
    fitting = [one for one in known if one == name] or [one for one in known if one.startswith(name)]
    if len(fitting) == 1:
        return store / "snapshots" / fitting[0]
    said = f"several snapshots begin with {name!r}" if fitting else f"there is no snapshot {name!r}"
    shown = ", ".join((fitting or known)[-5:])
    raise SnapshotMissing(
        said,
        where=str(store),
        remedy=f"choose one of: {shown}" if shown else "collect one: watchword collect",
    )


def snapshot_ids(store: Path) -> list[str]:
    """The ids of all snapshots of a store, oldest first."""
    return sorted(path.parent.name for path in (store / "snapshots").glob(f"*/{MANIFEST}"))


def unfinished(store: Path) -> str | None:
    """The id of the newest snapshot whose collection did not reach its end; ``None`` where there is none."""
    found = [one for one in snapshot_ids(store) if _manifest(store / "snapshots" / one)["finished"] is None]
    return found[-1] if found else None


def table_map(manifest: Mapping[str, Any]) -> TableMap:
    """The tables that were known when the snapshot was collected."""
    return TableMap(manifest["tables"], {table: tuple(only) for table, only in manifest["only"].items()})


def unpack_unit(folder: Path, unit: UnitStatus) -> list[tuple[UnitKey, Resource]]:
    """The rows of one unit.

    Raises:
        SnapshotDamaged: they cannot be read.
    """
    path = folder / unit.file
    try:
        with path.open("rb") as file:
            file.seek(unit.start)
            return list(unpack(file.read(unit.length)))
    except (OSError, ValueError) as error:
        raise SnapshotDamaged(
            f"the rows of unit {unit.key} cannot be read: {error}",
            where=str(path),
            remedy="collect anew, or restore the snapshot's folder from a copy",
        ) from error


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SnapshotDamaged(
            f"the snapshot's manifest cannot be read: {error}",
            where=str(folder / MANIFEST),
            remedy="collect anew, or restore the snapshot's folder from a copy",
        ) from error
    return found
