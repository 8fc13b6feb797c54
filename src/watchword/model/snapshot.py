"""The snapshot as judging code sees it: the tables of one account (or of the organisation), with their holes.

A unit is (account, region, service).  A table ``service.rows`` is read if its unit was read and no hole covers it; to
ask for a table that was not read raises ``EvidenceMissing``, so that empty is never mistaken for unread.
How a snapshot is stored is the business of ``store``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from watchword.model.estate import Estate
from watchword.model.evidence import EvidenceMissing, Hole, HoleReason
from watchword.model.ids import GLOBAL, ORGANIZATION, AccountId, Region
from watchword.model.resource import Resource


class UndeclaredRead(Exception):
    """A control read a table that it does not name among those that it reads."""


@dataclass(frozen=True, slots=True, order=True)
class UnitKey:
    """What is collected, written and resumed as one: a service of a region of an account."""

    account: AccountId
    region: Region
    service: str

    def __str__(self) -> str:
        return f"{self.account}/{self.region}/{self.service}"


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the organisation.

    ``path`` is the chain of organisational units from the root, e.g. ``("Root", "Workloads", "Prod")``;
    ``ou_ids`` their ids in the same order (``r-…`` first).
    """

    id: AccountId
    name: str = ""
    email: str = ""
    status: str = "ACTIVE"
    path: tuple[str, ...] = ()
    ou_ids: tuple[str, ...] = ()
    is_management: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Name and id for people: ``prod (111122223333)``."""
        return f"{self.name} ({self.id})" if self.name else str(self.id)


@dataclass(frozen=True, slots=True)
class AccountView:
    """Everything that was seen of one account, or of the organisation (``account.id == ORGANIZATION``).

    ``units`` are the units that were read, ``holes`` what was not, ``tables`` the rows by (table, unit region).
    ``organization`` is the view of the organisation's own answers, ``None`` where this is that view itself or the
    account stands alone.  ``now`` is the instant at which the snapshot was begun (UTC): ages count from it.
    """

    account: Account
    now: datetime
    units: frozenset[UnitKey]
    holes: tuple[Hole, ...]
    tables: Mapping[tuple[str, Region], tuple[Resource, ...]]
    estate: Estate = field(default_factory=Estate)
    organization: AccountView | None = None
    declared: frozenset[str] | None = None
    """Where set, only these tables may be asked for (see ``controls.judge``)."""

    def rows(self, table: str, region: Region | None = None) -> tuple[Resource, ...]:
        """All rows of ``table`` in ``region``, or in every region of the unit where ``region`` is ``None``.

        Raises:
            EvidenceMissing: any part of what was asked for was not read.
        """
        self._refuse_undeclared(table)
        holes = self.holes_of(table, region)
        if holes:
            raise EvidenceMissing("; ".join(hole.sentence() for hole in holes[:3]), holes)
        regions = self.regions_of(table) if region is None else (region,)
        return tuple(row for one in regions for row in self.tables.get((table, one), ()))

    def readable(self, table: str) -> Iterator[Resource]:
        """The rows of ``table`` in those regions in which it was read; the rest is told by ``holes_of``."""
        self._refuse_undeclared(table)
        for region in self.regions_of(table):
            if not self.holes_of(table, region):
                yield from self.tables.get((table, region), ())

    def one(self, table: str, region: Region = GLOBAL) -> Resource:
        """The only row of a table that has one row an account and region (``iam.account_summary``).

        Raises:
            EvidenceMissing: not read, or there is no row or more than one.
        """
        found = self.rows(table, region)
        if len(found) != 1:
            raise EvidenceMissing(
                f"{table} in {self.account.id}/{region}: one row expected, {len(found)} found"
            )
        return found[0]

    def find(self, table: str, arn: str) -> Resource | None:
        """The row with this ARN (or id) in any region; ``None`` where there is none.

        Raises:
            EvidenceMissing: it was not found and some region was not read.
        """
        found = next((row for row in self.readable(table) if arn in {row.arn, row.name}), None)
        if found is None:
            self.rows(table)
        return found

    def regions_of(self, table: str) -> tuple[Region, ...]:
        """The regions of which the snapshot says anything about the table's service, read or hole, in order."""
        service = table.partition(".")[0]
        read = {unit.region for unit in self.units if unit.service == service}
        return tuple(sorted(read | {hole.region for hole in self.holes if hole.service == service}))

    def holes_of(self, table: str, region: Region | None = None) -> tuple[Hole, ...]:
        """Why ``table`` is not wholly there; empty where it was read in full (details of single rows aside)."""
        service = table.partition(".")[0]
        holes = tuple(
            hole
            for hole in self.holes
            if hole.service == service and hole.table in {table, "*"} and region in {None, hole.region}
            if not hole.resource
        )
        if holes or any(unit.service == service and region in {None, unit.region} for unit in self.units):
            return holes
        return (Hole(self.account.id, region or GLOBAL, service, table, HoleReason.NOT_COLLECTED),)

    def is_delegated_administrator(self, principal: str) -> bool:
        """Whether the account is the delegated administrator of a service (``guardduty.amazonaws.com``).

        Raises:
            EvidenceMissing: the organisation's delegations were not read.
        """
        rows = self.of_organization().rows("organizations.delegated_administrators")
        return any(
            row.text("Id") == self.account.id
            and any(service.text("ServicePrincipal") == principal for service in row.items("Services"))
            for row in rows
        )

    def of_organization(self) -> AccountView:
        """The organisation's own answers.

        Raises:
            EvidenceMissing: they were not read (a single account was assessed).
        """
        if self.account.id == ORGANIZATION:
            return self
        if self.organization is None:
            raise EvidenceMissing("the organisation was not read: only this account was assessed")
        return self.organization

    def organization_accounts(self) -> frozenset[AccountId]:
        """The ids of all accounts of the organisation.

        Raises:
            EvidenceMissing: they were not read.
        """
        rows = self.of_organization().rows("organizations.accounts")
        return frozenset(AccountId(row.text("Id")) for row in rows)

    def _refuse_undeclared(self, table: str) -> None:
        if self.declared is not None and table not in self.declared:
            declared = ", ".join(sorted(self.declared))
            raise UndeclaredRead(f"table {table} is read but not declared; declared are {declared}")
