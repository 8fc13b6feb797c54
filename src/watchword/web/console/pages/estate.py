"""Pages of the estate: accounts, services, resources, AWS identities; from the newest snapshot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import APIRouter, Request
from starlette.responses import Response

from watchword.errors import RowMissing
from watchword.model.evidence import Hole
from watchword.model.ids import AccountId
from watchword.model.resource import Resource
from watchword.model.snapshot import Account
from watchword.store.findings_index import FindingPage, FindingQuery
from watchword.store.snapshots import Snapshot, unpack_unit
from watchword.store.status import UnitStatus
from watchword.web.console.look import links
from watchword.web.console.look.words import cut
from watchword.web.console.pages.frame import page, query_of
from watchword.web.console.pages.posture import Reader, posture_of
from watchword.web.console.posture import Assessed
from watchword.web.console.views import estate

FINDINGS_SHOWN = 50

router = APIRouter(include_in_schema=False)


@contextmanager
def opened(request: Request) -> Iterator[Snapshot | None]:
    """The newest snapshot, let go of at the end."""
    snapshot = posture_of(request).snapshot()
    try:
        yield snapshot
    finally:
        if snapshot is not None:
            snapshot.close()


@router.get("/estate")
def accounts(request: Request, caller: Reader) -> Response:
    """All accounts."""
    newest = posture_of(request).newest()
    with opened(request) as snapshot:
        if snapshot is None:
            view = estate.EstateView(exists=False)
        else:
            resources: Counter[AccountId] = Counter()
            for unit in snapshot.units():
                resources[unit.key.account] += unit.count
            view = estate.estate_view(
                (one.account for one in snapshot.planned()),
                newest.counts if newest else {},
                resources,
                Counter(hole.account for hole in snapshot.holes()),
                snapshot=snapshot.id,
                read=snapshot.started,
                is_finished=snapshot.is_finished,
            )
    return page(request, caller, "Accounts and resources", "estate", view)


@router.get("/estate/{account}")
def account(request: Request, caller: Reader, account: str) -> Response:
    """One account."""
    newest = posture_of(request).newest()
    with opened(request) as snapshot:
        found = _account(snapshot, account)
        holes = _holes(snapshot, found)
        units = [(one.key.service, one.key.region, one.count) for one in _units(snapshot, found)]
    counts = newest.counts if newest else {}
    line = estate.account_line(
        found, counts, {found.id: sum(one[2] for one in units)}, {found.id: len(holes)}
    )
    view = estate.account_view(found, line, units, holes)
    return page(request, caller, line.name, "estate", view, crumbs=(("Accounts", links.ESTATE),))


@router.get("/estate/{account}/{service}")
def service(request: Request, caller: Reader, account: str, service: str) -> Response:
    """The resources of a service of an account."""
    with opened(request) as snapshot:
        found = _account(snapshot, account)
        rows = _rows(snapshot, found, service)
        holes = [one for one in _holes(snapshot, found) if one.service == service]
    if not rows and not holes:
        raise RowMissing("nothing of this service was looked at in this account")
    view = estate.service_view(found, service, rows, holes, query_of(request))
    title = f"{service} in {found.name or found.id}"
    return page(request, caller, title, "estate", view, crumbs=_crumbs(found))


@router.get("/estate/{account}/{service}/resource")
def resource(request: Request, caller: Reader, account: str, service: str) -> Response:
    """One resource: every row of the service that has the ARN of the address, those of its table first."""
    query = query_of(request)
    arn, table = query.get("arn", ""), query.get("table", "")
    with opened(request) as snapshot:
        found = _account(snapshot, account)
        rows = [one for one in _rows(snapshot, found, service) if one.arn == arn]
    if not rows:
        raise RowMissing("there is no such resource in the newest snapshot")
    rows.sort(key=lambda one: one.table != table)
    told = _findings(posture_of(request).newest(), arn)
    view = estate.resource_view(found, rows, told.rows if told else (), told.total if told else 0)
    crumbs = (*_crumbs(found), (service, links.at(links.ESTATE, found.id, service)))
    return page(request, caller, cut(view.name, 80), "estate", view, crumbs=crumbs)


@router.get("/identities")
def identities(request: Request, caller: Reader) -> Response:
    """IAM users and roles of the account that the address names, of the first where it names none."""
    query = query_of(request)
    with opened(request) as snapshot:
        several = snapshot.accounts() if snapshot else ()
        if snapshot is None or not several:
            view = estate.no_identities()
        else:
            chosen = next((one for one in several if one.id == query.get("account")), several[0])
            rows = _rows(snapshot, chosen, "iam")
            holes = [one for one in _holes(snapshot, chosen) if one.table in {*estate.IDENTITY_TABLES, "*"}]
            told = [one.sentence() for one in holes if one.service == "iam"]
            view = estate.identities_view(several, chosen, rows, query, told)
    return page(request, caller, "AWS identities", "identities", view)


def _account(snapshot: Snapshot | None, name: str) -> Account:
    found = (
        next((one.account for one in snapshot.planned() if one.account.id == name), None)
        if snapshot
        else None
    )
    if found is None:
        raise RowMissing("there is no such account in the newest snapshot")
    return found


def _units(snapshot: Snapshot | None, account: Account) -> list[UnitStatus]:
    return list(snapshot.units(account.id)) if snapshot else []


def _holes(snapshot: Snapshot | None, account: Account) -> list[Hole]:
    return list(snapshot.holes(account.id)) if snapshot else []


def _rows(snapshot: Snapshot | None, account: Account, service: str) -> list[Resource]:
    """The rows of a service of an account; those of other services are not unpacked."""
    if snapshot is None:
        return []
    units = (one for one in _units(snapshot, account) if one.key.service == service and one.length)
    return [row for unit in units for _, row in unpack_unit(snapshot.folder, unit)]


def _findings(newest: Assessed | None, arn: str) -> FindingPage | None:
    return newest.index.page(FindingQuery(resource=arn, size=FINDINGS_SHOWN)) if newest and arn else None


def _crumbs(account: Account) -> tuple[tuple[str, str], ...]:
    return (("Accounts", links.ESTATE), (account.name or account.id, links.at(links.ESTATE, account.id)))
