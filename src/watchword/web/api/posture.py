"""Where the organisation stands: ``/overview``, ``/assessments``, ``/findings``, ``/controls``, ``/accounts``, ``/resources``.

All are of the newest assessment and snapshot in the process's folder; a list that goes on by its cursor stays with the one that it
began with.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from itertools import islice
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from watchword.controls.catalogue import catalogue
from watchword.controls.registry import Control
from watchword.controls.standing import Counts
from watchword.errors import RowMissing, SnapshotMissing
from watchword.model.evidence import Evidence
from watchword.model.finding import Finding
from watchword.model.ids import AccountId, ControlId
from watchword.model.resource import Resource
from watchword.model.roles import Permission
from watchword.model.verdict import Confidence, Pillar, Severity, Verdict
from watchword.store.assessments import assessments
from watchword.store.findings_index import FindingQuery, FindingRow
from watchword.store.snapshots import Snapshot
from watchword.web.api.acting import Filter, Id, Resources, plane_of
from watchword.web.api.pages import Page, Pages
from watchword.web.console.posture import Assessed, Posture
from watchword.web.control_plane import ControlPlane

READ: Final = Permission.POSTURE_READ

LARGEST_PAGE = 200
"""Findings of a page."""


class CountsOut(BaseModel):
    """How many subjects have each verdict."""

    met: int
    gap: int
    unknown: int
    not_applicable: int

    @classmethod
    def of(cls, counts: Counts) -> CountsOut:
        """From the room's value."""
        return cls(
            met=counts.met, gap=counts.gap, unknown=counts.unknown, not_applicable=counts.not_applicable
        )


class RequirementOut(BaseModel):
    """A requirement: its subjects, and its controls by their verdict."""

    id: str
    title: str
    subjects: CountsOut
    controls: CountsOut


class PillarOut(BaseModel):
    """A pillar: its subjects, and the lowest stage of its functions (``null``: nothing speaks of it)."""

    name: str
    subjects: CountsOut
    lowest_stage: str | None


class Overview(BaseModel):
    """Where the organisation stands; ``assessment`` is ``null`` where nothing has been assessed."""

    assessment: str | None
    snapshot: str | None
    subjects: CountsOut
    requirements: list[RequirementOut]
    pillars: list[PillarOut]
    holes: dict[str, int]


class AssessmentOut(BaseModel):
    """A finished assessment."""

    id: str


class FindingOut(BaseModel):
    """A finding without its evidence."""

    id: str
    control: str
    verdict: Verdict
    severity: str
    account: str
    region: str
    resource: str
    resource_type: str
    resource_name: str
    because: str


class EvidenceOut(BaseModel):
    """A pointer into the snapshot, and what stood there."""

    table: str
    resource: str
    path: str
    value: str
    digest: str


class FindingWhole(FindingOut):
    """A finding with its evidence."""

    confidence: Confidence
    missing: list[str]
    evidence: list[EvidenceOut]


class ControlOut(BaseModel):
    """A control, and how it stands in the newest assessment (``null``: it was not judged)."""

    id: str
    title: str
    severity: str
    pillar: Pillar
    requirements: list[str]
    why: str
    verdict: Verdict | None
    subjects: CountsOut | None


class AccountOut(BaseModel):
    """An account of the organisation, with the verdicts of its subjects."""

    id: str
    name: str
    status: str
    path: list[str]
    is_management: bool
    subjects: CountsOut | None


class ResourceOut(BaseModel):
    """A row of the snapshot."""

    account: str
    region: str
    service: str
    table: str
    type: str
    arn: str
    name: str
    tags: dict[str, str]


class SeverityWord(StrEnum):
    """Severities by their words."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


def router(plane: ControlPlane) -> APIRouter:  # noqa: ARG001
    """The routes."""
    made = Resources("posture")
    made.get("/overview", overview, READ)
    made.get("/assessments", assessment_list, READ, 422)
    made.get("/findings", finding_list, READ, 404, 422)
    made.get("/findings/{identifier}", finding, READ, 404, 422)
    made.get("/controls", control_list, READ, 422)
    made.get("/controls/{identifier}", control, READ, 404, 422)
    made.get("/accounts", account_list, READ, 422)
    made.get("/resources", resource_list, READ, 404, 422)
    return made.router


def overview(request: Request) -> Overview:
    """Where the organisation stands."""
    newest = _posture(request).newest()
    if newest is None:
        return Overview(
            assessment=None,
            snapshot=None,
            subjects=CountsOut.of(Counts()),
            requirements=[],
            pillars=[],
            holes={},
        )
    there = newest.standing
    return Overview(
        assessment=newest.folder.id,
        snapshot=str(newest.summary.get("snapshot", {}).get("id", "")) or None,
        subjects=CountsOut.of(there.subjects),
        requirements=[
            RequirementOut(
                id=one.value,
                title=one.title,
                subjects=CountsOut.of(group.subjects),
                controls=CountsOut.of(group.verdicts),
            )
            for one, group in there.requirements.items()
        ],
        pillars=[
            PillarOut(
                name=pillar.value,
                subjects=CountsOut.of(one.group.subjects),
                lowest_stage=None if one.lowest is None else one.lowest.word,
            )
            for pillar, one in there.pillars.items()
        ],
        holes={key: int(count) for key, count in newest.summary.get("holes", {}).items()},
    )


def assessment_list(request: Request, paging: Pages) -> Page[AssessmentOut]:
    """The finished assessments, the newest first."""
    known = sorted(assessments(plane_of(request).folder), reverse=True)
    after = str(paging.after[0]) if paging.after else None
    rows = [one for one in known if after is None or one < after][: paging.most]
    return paging.page(rows, lambda one: (one,), lambda one: AssessmentOut(id=one))


def finding_list(
    request: Request,
    paging: Pages,
    *,
    control: Filter = "",
    account: Filter = "",
    resource: Annotated[str, Query(max_length=2_000, description="An ARN.")] = "",
    q: Annotated[str, Query(max_length=200, description="Words that must all be there.")] = "",
    verdict: Annotated[list[Verdict] | None, Query(max_length=4)] = None,
    severity: Annotated[list[SeverityWord] | None, Query(max_length=4)] = None,
) -> Page[FindingOut]:
    """Findings, worst first; at most 200 a page."""
    name, number, size = "", 1, min(paging.limit, LARGEST_PAGE)
    if paging.after:
        name, number, size = str(paging.after[0]), int(str(paging.after[1])), int(str(paging.after[2]))
    assessed = _assessed(request, name)
    if assessed is None:
        return Page(items=[], next=None)
    found = assessed.index.page(
        FindingQuery(
            controls=frozenset({ControlId(control)}) if control else None,
            verdicts=frozenset(verdict or ()),
            severities=frozenset(Severity[one.name] for one in severity or ()),
            account=AccountId(account) if account else None,
            resource=resource,
            words=tuple(q.split()),
            page=number,
            size=size,
        )
    )
    more = number * size < found.total
    following = paging.link((assessed.folder.id, number + 1, size)) if more else None
    return Page(items=[_row(one) for one in found.rows], next=following)


def finding(request: Request, identifier: Id) -> FindingWhole:
    """A finding of the newest assessment, with its evidence."""
    assessed = _assessed(request, "")
    found = assessed.index.find(identifier) if assessed else None
    if found is None:
        raise RowMissing("there is no such finding in the newest assessment")
    return _whole(found)


def control_list(request: Request, paging: Pages) -> Page[ControlOut]:
    """The catalogue of controls, by id."""
    assessed = _assessed(request, "")
    after = str(paging.after[0]) if paging.after else ""
    rows = [one for one in catalogue() if one.id > after][: paging.most]
    return paging.page(rows, lambda one: (str(one.id),), lambda one: _control(one, assessed))


def control(request: Request, identifier: Id) -> ControlOut:
    """One control."""
    found = next((one for one in catalogue() if one.id == identifier), None)
    if found is None:
        raise RowMissing("there is no such control")
    return _control(found, _assessed(request, ""))


def account_list(request: Request, paging: Pages) -> Page[AccountOut]:
    """The accounts of the newest snapshot, by id."""
    assessed = _assessed(request, "")
    after = str(paging.after[0]) if paging.after else ""
    with _snapshot(request, "") as snapshot:
        known = snapshot.accounts() if snapshot else ()
    rows = [one for one in known if one.id > after][: paging.most]
    return paging.page(
        rows,
        lambda one: (str(one.id),),
        lambda one: AccountOut(
            id=one.id,
            name=one.name,
            status=one.status,
            path=list(one.path),
            is_management=one.is_management,
            subjects=CountsOut.of(assessed.counts[one.id])
            if assessed and one.id in assessed.counts
            else None,
        ),
    )


def resource_list(
    request: Request,
    paging: Pages,
    account: Annotated[str, Query(pattern=r"^\d{12}$", description="Whose resources.")],
    service: Filter = "",
    table: Filter = "",
) -> Page[ResourceOut]:
    """The resources of one account in the newest snapshot, in the snapshot's order."""
    name, first = (str(paging.after[0]), int(str(paging.after[1]))) if paging.after else ("", 0)
    with _snapshot(request, name) as snapshot:
        if snapshot is None or account not in {one.id for one in snapshot.accounts()}:
            raise RowMissing("there is no such account in the newest snapshot")
        wanted = _resources(snapshot, AccountId(account), service, table)
        rows = list(islice(wanted, first, first + paging.most))
        following = (snapshot.id, first + paging.limit)
    return paging.page(rows, lambda _: following, lambda one: _resource(*one))


def _resources(
    snapshot: Snapshot, account: AccountId, service: str, table: str
) -> Iterator[tuple[str, Resource]]:
    for unit, row in snapshot.rows(account):
        if service in {"", unit.service} and table in {"", row.table}:
            yield unit.service, row


def _posture(request: Request) -> Posture:
    made: Posture = request.app.state.posture
    return made


def _assessed(request: Request, name: str) -> Assessed | None:
    """An assessment by its id, the newest where none is named.

    Raises:
        RowMissing: the one that is named is no longer there.
    """
    there = _posture(request)
    if not name:
        return there.newest()
    if name not in assessments(plane_of(request).folder):
        raise RowMissing("the assessment that the list began with is no longer there: begin anew")
    return there.assessed(name)


@contextmanager
def _snapshot(request: Request, name: str) -> Iterator[Snapshot | None]:
    """A snapshot by its id, the newest where none is named; ``None`` where there is none."""
    try:
        snapshot = Snapshot.open(plane_of(request).folder, name or "latest")
    except SnapshotMissing:
        yield None
        return
    try:
        yield snapshot
    finally:
        snapshot.close()


def _row(one: FindingRow) -> FindingOut:
    return FindingOut(
        id=one.id,
        control=one.control,
        verdict=one.verdict,
        severity=one.severity.word,
        account=one.account,
        region=one.region,
        resource=one.resource,
        resource_type=one.kind,
        resource_name=one.name,
        because=one.because,
    )


def _whole(found: Finding) -> FindingWhole:
    subject = found.subject
    return FindingWhole(
        id=found.id,
        control=found.control,
        verdict=found.verdict,
        severity=found.severity.word,
        account=subject.account,
        region=subject.region,
        resource=subject.arn,
        resource_type=subject.kind,
        resource_name=subject.name,
        because=found.because,
        confidence=found.confidence,
        missing=list(found.missing),
        evidence=[_evidence(one) for one in found.evidence],
    )


def _evidence(one: Evidence) -> EvidenceOut:
    return EvidenceOut(
        table=one.table, resource=one.resource, path=one.path, value=one.value, digest=one.digest
    )


def _control(one: Control, assessed: Assessed | None) -> ControlOut:
    there = assessed.standings.get(one.id) if assessed else None
    return ControlOut(
        id=one.id,
        title=one.text.title,
        severity=one.text.severity.word,
        pillar=one.text.pillar,
        requirements=[each.value for each in one.text.requirements],
        why=one.text.why,
        verdict=None if there is None else there.verdict,
        subjects=None if there is None else CountsOut.of(there.counts),
    )


def _resource(service: str, row: Resource) -> ResourceOut:
    return ResourceOut(
        account=row.account,
        region=row.region,
        service=service,
        table=row.table,
        type=row.kind,
        arn=row.arn,
        name=row.name,
        tags=dict(row.tags),
    )
