"""The estate as it was read: accounts, their services, resources, and one resource with everything that was read of it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from watchword.controls.standing import Counts
from watchword.model.evidence import EvidenceMissing, Hole
from watchword.model.ids import AccountId
from watchword.model.resource import HOLES_KEY, Resource
from watchword.model.snapshot import Account
from watchword.store.findings_index import FindingRow
from watchword.web.console.look import links
from watchword.web.console.look.words import plain
from watchword.web.console.views.findings import page_of
from watchword.web.console.views.lists import FilterBar, Pager, chips, pager, select

SIZE: Final = 50
HOLES: Final = 100
LARGEST_TEXT: Final = 60_000
"""Characters of a resource's JSON that are shown."""

IDENTITY_TABLES: Final = ("iam.users", "iam.roles")


@dataclass(frozen=True, slots=True)
class ServiceCount:
    """A service of an account: how many resources were read, in how many regions, and how many places were not seen."""

    service: str
    href: str
    resources: int
    regions: int
    holes: int


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account in the list."""

    href: str
    name: str
    id: str
    path: str
    status: str
    is_management: bool
    resources: int
    counts: Counts
    holes: int


@dataclass(frozen=True, slots=True)
class EstateView:
    """All accounts; ``exists`` is ``False`` where nothing was read yet."""

    template: ClassVar[str] = "estate.html.j2"
    exists: bool = True
    snapshot: str = ""
    read: datetime | None = None
    is_finished: bool = True
    accounts: tuple[AccountLine, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountView:
    """One account with its services and what was not seen of it."""

    template: ClassVar[str] = "estate_account.html.j2"
    account: AccountLine
    email: str
    tags: tuple[tuple[str, str], ...]
    services: tuple[ServiceCount, ...]
    holes: tuple[str, ...]
    more_holes: int


@dataclass(frozen=True, slots=True)
class ResourceLine:
    """A resource in a list."""

    href: str
    name: str
    kind: str
    table: str
    region: str
    arn: str


@dataclass(frozen=True, slots=True)
class ServiceView:
    """The resources of a service of an account."""

    template: ClassVar[str] = "estate_service.html.j2"
    account: str
    account_id: str
    service: str
    filters: FilterBar
    resources: tuple[ResourceLine, ...]
    pager: Pager
    holes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowView:
    """A row of a table: its JSON, and the details that could not be read."""

    table: str
    text: str
    missing: tuple[str, ...] = ()
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class ResourceView:
    """One resource: what it is, its rows, its findings."""

    template: ClassVar[str] = "estate_resource.html.j2"
    name: str
    arn: str
    kind: str
    account: str
    account_id: str
    region: str
    tags: tuple[tuple[str, str], ...]
    rows: tuple[RowView, ...]
    findings: tuple[FindingRow, ...]
    more_findings: int = 0


@dataclass(frozen=True, slots=True)
class IdentityLine:
    """An IAM user or role."""

    href: str
    name: str
    kind: str
    account: str
    arn: str
    created: datetime | None
    used: datetime | None
    policies: int | None
    findings: str


@dataclass(frozen=True, slots=True)
class IdentitiesView:
    """IAM users and roles of one account."""

    template: ClassVar[str] = "identities.html.j2"
    filters: FilterBar
    identities: tuple[IdentityLine, ...]
    pager: Pager
    exists: bool = True
    not_read: tuple[str, ...] = ()


def estate_view(
    accounts: Iterable[Account],
    counts: Mapping[AccountId, Counts],
    resources: Mapping[AccountId, int],
    holes: Mapping[AccountId, int],
    *,
    snapshot: str = "",
    read: datetime | None = None,
    is_finished: bool = True,
) -> EstateView:
    """All accounts with what was read and found of each."""
    lines = (account_line(one, counts, resources, holes) for one in accounts)
    ordered = tuple(sorted(lines, key=lambda one: (-one.counts.gap, one.name.casefold(), one.id)))
    return EstateView(True, snapshot, read, is_finished, ordered)


def account_line(
    account: Account,
    counts: Mapping[AccountId, Counts],
    resources: Mapping[AccountId, int],
    holes: Mapping[AccountId, int],
) -> AccountLine:
    """An account in a list."""
    return AccountLine(
        links.at(links.ESTATE, account.id),
        account.name or account.id,
        account.id,
        " / ".join(account.path),
        account.status,
        account.is_management,
        resources.get(account.id, 0),
        counts.get(account.id, Counts()),
        holes.get(account.id, 0),
    )


def account_view(
    account: Account, line: AccountLine, units: Iterable[tuple[str, str, int]], holes: Sequence[Hole]
) -> AccountView:
    """One account; ``units`` are service, region, number of resources."""
    resources: dict[str, int] = defaultdict(int)
    regions: dict[str, set[str]] = defaultdict(set)
    for service, region, number in units:
        resources[service] += number
        if number:
            regions[service].add(region)
    missing: dict[str, int] = defaultdict(int)
    for hole in holes:
        missing[hole.service] += 1
    services = tuple(
        ServiceCount(
            one,
            links.at(links.ESTATE, account.id, one),
            resources.get(one, 0),
            len(regions.get(one, ())),
            missing.get(one, 0),
        )
        for one in sorted(resources.keys() | missing.keys())
    )
    told = tuple(hole.sentence() for hole in holes[:HOLES])
    return AccountView(line, account.email, _tags(account.tags), services, told, max(len(holes) - HOLES, 0))


def service_view(
    account: Account, service: str, rows: Sequence[Resource], holes: Iterable[Hole], query: Mapping[str, str]
) -> ServiceView:
    """The resources of a service; ``query`` has ``table``, ``region``, ``q`` and ``page``."""
    path = links.at(links.ESTATE, account.id, service)
    text = " ".join(query.get("q", "")[:200].split())
    told = {"table": query.get("table", ""), "region": query.get("region", ""), "q": text}
    selects = (
        select("table", "Table", _counted(row.table for row in rows), told["table"]),
        select("region", "Region", _counted(row.region for row in rows), told["region"]),
    )
    words = text.casefold().split()
    found = [
        row
        for row in rows
        if told["table"] in {"", row.table}
        and told["region"] in {"", row.region}
        and all(word in f"{row.name}\n{row.arn}".casefold() for word in words)
    ]
    page = page_of(query)
    bar = FilterBar(path, selects, text, "Search resources", chips=chips(path, told, selects, text))
    shown = found[(page - 1) * SIZE : page * SIZE]
    return ServiceView(
        account.name or account.id,
        account.id,
        service,
        bar,
        tuple(_resource_line(account.id, service, one) for one in shown),
        pager(path, told, len(found), page, SIZE),
        tuple(hole.sentence() for hole in holes)[:HOLES],
    )


def _counted(values: Iterable[str]) -> list[tuple[str, str]]:
    return [(one, one) for one in sorted(set(values))]


def _resource_line(account: str, service: str, row: Resource) -> ResourceLine:
    return ResourceLine(
        links.at(links.ESTATE, account, service, "resource", arn=row.arn, table=row.table),
        row.name or row.arn,
        row.kind,
        row.table,
        row.region,
        row.arn,
    )


def resource_view(
    account: Account, rows: Sequence[Resource], findings: Sequence[FindingRow], total: int
) -> ResourceView:
    """One resource from its rows, of which there is at least one; ``total`` is how many findings it has."""
    first = rows[0]
    return ResourceView(
        first.name or first.arn,
        first.arn,
        first.kind,
        account.name or account.id,
        account.id,
        first.region,
        _tags(first.tags),
        tuple(_row_view(one) for one in rows),
        tuple(findings),
        max(total - len(findings), 0),
    )


def _row_view(row: Resource) -> RowView:
    shown = {key: value for key, value in row.data.items() if key != HOLES_KEY}
    text = json.dumps(shown, indent=2, ensure_ascii=False, default=str)
    holes = row.data.get(HOLES_KEY)
    missing = tuple(f"{field}: {why}" for field, why in holes.items()) if isinstance(holes, Mapping) else ()
    return RowView(row.table, text[:LARGEST_TEXT], missing, len(text) > LARGEST_TEXT)


def _tags(tags: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((str(key), str(value)) for key, value in tags.items()))


def identities_view(
    accounts: Sequence[Account],
    chosen: Account,
    rows: Iterable[Resource],
    query: Mapping[str, str],
    not_read: Iterable[str] = (),
) -> IdentitiesView:
    """Users and roles of the chosen account; ``query`` has ``kind``, ``q`` and ``page``."""
    text = " ".join(query.get("q", "")[:200].split())
    kinds = {"iam.users": "users", "iam.roles": "roles"}
    told = {"account": str(chosen.id), "kind": query.get("kind", ""), "q": text}
    selects = (
        select("account", "Account", ((one.id, one.label) for one in accounts), chosen.id, any_label="–"),
        select("kind", "Kind", kinds.items(), told["kind"], any_label="users and roles"),
    )
    found = sorted(
        (
            row
            for row in rows
            if row.table in kinds
            and told["kind"] in {"", row.table}
            and all(word in f"{row.name}\n{row.arn}".casefold() for word in text.casefold().split())
        ),
        key=lambda row: (row.table != "iam.users", row.name.casefold()),
    )
    page = page_of(query)
    bar = FilterBar(links.IDENTITIES, selects, text, "Search identities")
    return IdentitiesView(
        bar,
        tuple(_identity(chosen, row) for row in found[(page - 1) * SIZE : page * SIZE]),
        pager(links.IDENTITIES, told, len(found), page, SIZE),
        not_read=tuple(not_read),
    )


def no_identities() -> IdentitiesView:
    """The list before anything was read."""
    return IdentitiesView(
        FilterBar(links.IDENTITIES), (), pager(links.IDENTITIES, {}, 0, 1, SIZE), exists=False
    )


def _identity(account: Account, row: Resource) -> IdentityLine:
    used = "RoleLastUsed.LastUsedDate" if row.table == "iam.roles" else "PasswordLastUsed"
    return IdentityLine(
        links.at(links.ESTATE, account.id, "iam", "resource", arn=row.arn, table=row.table),
        row.name,
        plain(row.table.partition(".")[2].removesuffix("s")),
        account.name or account.id,
        row.arn,
        _time(row, "CreateDate"),
        _time(row, used),
        _policies(row),
        links.at(links.FINDINGS, resource=row.arn),
    )


def _time(row: Resource, path: str) -> datetime | None:
    try:
        return row.time(path, absent=None)
    except EvidenceMissing:
        return None


def _policies(row: Resource) -> int | None:
    """How many policies hang on an identity; ``None`` where that was not read."""
    inline = row.data.get("UserPolicyList" if row.table == "iam.users" else "RolePolicyList")
    attached = row.data.get("AttachedManagedPolicies")
    if not isinstance(inline, list) and not isinstance(attached, list):
        return None
    return sum(len(one) for one in (inline, attached) if isinstance(one, list))
