"""What a collection set out to read, as it is kept with the snapshot.

From the plan and the status of its units follows what is missing: a unit that was planned and not reached, a region or
a service that the user left out.  Such holes are computed when the snapshot is read, so that they cost no space.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from watchword.model.evidence import Hole, HoleReason
from watchword.model.ids import GLOBAL, ORGANIZATION, AccountId, Region
from watchword.model.snapshot import Account, UnitKey

REGIONAL: Final = frozenset({"region", "organization_region"})
"""Scopes of tables that are read in every region; the others are read once, in ``global``."""
OF_ORGANIZATION: Final = frozenset({"organization", "organization_region"})
"""Scopes of tables that are the organisation's."""

WHOLE_UNIT: Final = "*"
"""The table of a hole that covers all tables of its unit."""


@dataclass(frozen=True, slots=True)
class PlannedAccount:
    """An account (or the organisation), the regions in which it is read, and those that were left out by the user."""

    account: Account
    regions: tuple[Region, ...] = ()
    excluded: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True)
class TableMap:
    """Every table that the collectors know, with its scope (``region``, ``account``, ``organization``, …).

    ``only`` gives the regions of tables whose API lives in some only.
    """

    scopes: Mapping[str, str]
    only: Mapping[str, tuple[Region, ...]] = field(default_factory=dict)
    _by_service: Mapping[tuple[str, bool], tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        found: dict[tuple[str, bool], tuple[str, ...]] = {}
        for table, scope in self.scopes.items():
            key = (table.partition(".")[0], scope in OF_ORGANIZATION)
            found[key] = (*found.get(key, ()), table)
        object.__setattr__(self, "_by_service", found)

    @property
    def services(self) -> tuple[str, ...]:
        """All services, in order."""
        return tuple(sorted({table.partition(".")[0] for table in self.scopes}))

    def of_unit(self, unit: UnitKey) -> tuple[str, ...]:
        """The tables that are read in a unit."""
        return tuple(table for table in self._of_view(unit) if self._lies_in(table, unit.region))

    def units(self, planned: PlannedAccount, services: Iterable[str]) -> Iterator[UnitKey]:
        """The units of an account that have any table, for ``services``."""
        for service in services:
            for where in (GLOBAL, *planned.regions):
                unit = UnitKey(planned.account.id, where, service)
                if self.of_unit(unit):
                    yield unit

    def holes(self, unit: UnitKey, reason: HoleReason, detail: str = "") -> tuple[Hole, ...]:
        """Holes that say that nothing of the unit was read; one, unless other units hold tables of the service."""
        tables = self.of_unit(unit)
        covered: tuple[str, ...] = tables if len(tables) < len(self._of_view(unit)) else (WHOLE_UNIT,)
        return tuple(Hole(unit.account, unit.region, unit.service, one, reason, detail) for one in covered)

    def _of_view(self, unit: UnitKey) -> tuple[str, ...]:
        return self._by_service.get((unit.service, unit.account == ORGANIZATION), ())

    def _lies_in(self, table: str, where: Region) -> bool:
        if self.scopes[table] not in REGIONAL:
            return where == GLOBAL
        return where != GLOBAL and (table not in self.only or where in self.only[table])


def excluded_holes(tables: TableMap, planned: PlannedAccount, services: Iterable[str]) -> Iterator[Hole]:
    """Holes of what the user left out of an account: regions, and services not among ``services``."""
    chosen = set(services)
    said = "not assessed: left out by the user"
    outside = PlannedAccount(planned.account, planned.excluded)
    for unit in tables.units(outside, tables.services):
        if unit.region != GLOBAL:
            yield from tables.holes(unit, HoleReason.OUT_OF_SCOPE, said)
    for unit in tables.units(planned, (one for one in tables.services if one not in chosen)):
        yield from tables.holes(unit, HoleReason.OUT_OF_SCOPE, said)


def account_to_json(account: Account) -> dict[str, Any]:
    """An account as JSON."""
    return {
        "id": account.id,
        "name": account.name,
        "email": account.email,
        "status": account.status,
        "path": list(account.path),
        "ou_ids": list(account.ou_ids),
        "is_management": account.is_management,
        "tags": dict(account.tags),
    }


def account_from_json(found: Mapping[str, Any]) -> Account:
    """An account from what ``account_to_json`` made."""
    return Account(
        AccountId(found["id"]),
        found["name"],
        found["email"],
        found["status"],
        tuple(found["path"]),
        tuple(found["ou_ids"]),
        found["is_management"],
        found["tags"],
    )
