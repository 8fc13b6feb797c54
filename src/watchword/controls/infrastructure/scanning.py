"""Controls of Amazon Inspector: everything that runs is scanned, and what is found is patched in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Final

from watchword.controls.registry import Per, control, gap, met, met_if, not_applicable, unknown
from watchword.controls.sweep import each
from watchword.model.evidence import Evidence, EvidenceMissing
from watchword.model.finding import Judgement, Subject
from watchword.model.ids import Region
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

_STATUS: Final = "inspector2.account_status"
_ORGANIZATION: Final = "inspector2.organization_configuration"
_FINDINGS: Final = "inspector2.findings"
_COVERAGE: Final = "inspector2.coverage"
_INSTANCES: Final = "ec2.instances"
_FUNCTIONS: Final = "lambda.functions"
_REPOSITORIES: Final = "ecr.repositories"
_DELEGATED: Final = "organizations.delegated_administrators"

SCANS: Final = {"ec2": "EC2", "ecr": "ECR", "lambda": "Lambda"}
"""The kinds of scan that must be on: field of the API to the word for people."""

PATCH_WITHIN: Final = timedelta(days=15)
"""How old a critical or exploitable finding may become: CISA BOD 19-02 gives 15 days for critical ones."""

_IDLE: Final = frozenset(
    {
        "RESOURCE_TERMINATED",
        "EC2_INSTANCE_STOPPED",
        "RESOURCE_STOPPED",
        "SCAN_ELIGIBILITY_EXPIRED",
        "IMAGE_ARCHIVED",
    }
)
"""Reasons of Inspector not to scan something that does not run."""


@control(
    "IN-15",
    per=Per.REGION,
    reads=(_STATUS, _ORGANIZATION, _INSTANCES, _FUNCTIONS, _REPOSITORIES, _DELEGATED),
    about="regions with workloads",
)
def inspector_everywhere(view: AccountView, region: Region) -> Iterator[Judgement]:
    """Inspector scans machines, images and functions; its administrator enrols new accounts by itself."""
    workloads = _workloads(view, region)
    if workloads:
        yield _own_scans(view, region)
    else:
        nothing = Evidence.of(_INSTANCES, f"{view.account.id}/{region}", "InstanceId", [])
        yield not_applicable(f"there is nothing in {region} that Inspector could scan", nothing)
    if _administers(view):
        yield _enrolment(view, region)


def _workloads(view: AccountView, region: Region) -> bool:
    running = any(row.text("State.Name") == "running" for row in view.rows(_INSTANCES, region))
    return running or bool(view.rows(_FUNCTIONS, region)) or bool(view.rows(_REPOSITORIES, region))


def _own_scans(view: AccountView, region: Region) -> Judgement:
    rows = [row for row in view.rows(_STATUS, region) if row.text("accountId") == view.account.id]
    if not rows:
        raise EvidenceMissing(f"Inspector gave no status of the account in {region}")
    row = rows[0]
    state = row.document("resourceState")
    off = [word for key, word in SCANS.items() if state.text(f"{key}.status", absent="DISABLED") != "ENABLED"]
    return met_if(
        not off,
        f"Inspector scans {', '.join(SCANS.values())} in {region}",
        f"Inspector does not scan {', '.join(off)} in {region}",
        row.evidence("resourceState"),
    )


def _administers(view: AccountView) -> bool:
    """Whether the account administers Inspector for the organisation; where no organisation was read, it does not."""
    if view.organization is None:
        return False
    return view.is_delegated_administrator("inspector2.amazonaws.com")


def _enrolment(view: AccountView, region: Region) -> Judgement:
    rows = view.rows(_ORGANIZATION, region)
    if not rows:
        raise EvidenceMissing(f"Inspector's settings for the organisation in {region} were not to be had")
    auto = rows[0].document("autoEnable")
    off = [word for key, word in SCANS.items() if not auto.flag(key, absent=False)]
    return met_if(
        not off,
        f"Inspector's administrator enrols new accounts in {region} by itself",
        f"Inspector's administrator does not switch on {', '.join(off)} scans for new accounts in {region}",
        rows[0].evidence("autoEnable"),
    )


@control(
    "IN-16",
    per=Per.REGION,
    reads=(_COVERAGE, _FINDINGS, _INSTANCES, _FUNCTIONS),
    about="workloads",
)
def critical_vulnerabilities_patched(view: AccountView, region: Region) -> Iterator[Judgement]:
    """No critical or exploitable vulnerability is older than fifteen days."""
    covered = {
        _bare(row.text("resourceId")): row
        for row in view.rows(_COVERAGE, region)
        if row.text("scanType", absent="PACKAGE") == "PACKAGE"
        and row.text("resourceType") != "AWS_ECR_REPOSITORY"
    }
    late = _late(view, region)
    names = _names(view, region)
    yield from each(
        covered.values(), lambda row: _covered(row, late.get(_bare(row.text("resourceId")), []), names, view)
    )
    for resource in sorted(late.keys() - covered.keys()):
        yield _gap_of(late[resource], view, names.get(resource) or _subject(late[resource][0], resource))
    for resource, subject in sorted(names.items()):
        if resource not in covered and resource not in late:
            yield unknown("Inspector does not cover it: what is vulnerable is not known", subject=subject)


def _bare(resource: str) -> str:
    """The id without the qualifier that Inspector adds to functions."""
    return resource.removesuffix(":$LATEST")


def _late(view: AccountView, region: Region) -> Mapping[str, list[Resource]]:
    """By resource, the findings that had to be closed by now."""
    found: dict[str, list[Resource]] = defaultdict(list)
    for row in view.rows(_FINDINGS, region):
        grave = row.text("severity") == "CRITICAL" or row.text("exploitAvailable", absent="NO") == "YES"
        active = row.text("status") == "ACTIVE" and row.text("type") == "PACKAGE_VULNERABILITY"
        if grave and active and view.now - row.time("firstObservedAt") > PATCH_WITHIN:
            for resource in row.items("resources"):
                found[_bare(resource.text("id"))].append(row)
    return found


def _names(view: AccountView, region: Region) -> dict[str, Subject]:
    """The running machines and the functions of the region, by the id under which Inspector knows them."""
    machines = {
        row.text("InstanceId"): Subject.of(row)
        for row in view.rows(_INSTANCES, region)
        if row.text("State.Name") == "running"
    }
    # Functions that are container images are scanned in the registry, and are not among Inspector's functions.
    zipped = (row for row in view.rows(_FUNCTIONS, region) if row.text("PackageType", absent="Zip") == "Zip")
    return machines | {row.arn: Subject.of(row) for row in zipped}


def _covered(
    row: Resource, late: list[Resource], names: Mapping[str, Subject], view: AccountView
) -> Judgement | None:
    resource = _bare(row.text("resourceId"))
    subject = names.get(resource) or _subject(row, resource)
    if late:
        return _gap_of(late, view, subject)
    reason = row.text("scanStatus.reason", absent="")
    if reason in _IDLE:
        return None
    if row.text("scanStatus.statusCode") != "ACTIVE":
        return unknown(f"Inspector does not scan it: {reason}", row.evidence("scanStatus"), subject=subject)
    return met(
        f"nothing critical or exploitable has been open for more than {PATCH_WITHIN.days} days",
        row.evidence("scanStatus"),
        subject=subject,
    )


def _gap_of(late: list[Resource], view: AccountView, subject: Subject) -> Judgement:
    oldest = min(late, key=lambda row: row.time("firstObservedAt"))
    days = (view.now - oldest.time("firstObservedAt")).days
    more = f" and {len(late) - 1} more" if len(late) > 1 else ""
    exploit = ", for which exploits exist" if oldest.text("exploitAvailable", absent="NO") == "YES" else ""
    fix = ""
    if oldest.text("fixAvailable", absent="YES") == "NO":
        fix = "; there is no fix yet, so the workload must be isolated or the risk accepted"
    title = oldest.text("title", absent=oldest.name)
    return gap(
        f"{title} ({oldest.text('severity').lower()}{exploit}) has been open for {days} days{more}{fix}",
        *(row.evidence("firstObservedAt") for row in late[:5]),
        subject=subject,
    )


def _subject(row: Resource, resource: str) -> Subject:
    """What Inspector scans and no table of the snapshot has: container images above all, named by repository and tag."""
    metadata = row.raw("resourceMetadata") or {}
    repository = resource.partition(":repository/")[2].partition("/sha256:")[0]
    digest = resource.rpartition("sha256:")[2][:12]
    tags = (metadata.get("ecrImage") or {}).get("tags") or []
    name = f"{repository}:{tags[0] if tags else digest}" if repository else resource.rpartition("/")[2]
    kind = "AWS::ECR::Repository" if repository else row.kind
    return Subject(row.account, row.region, resource if resource.startswith("arn:") else row.arn, kind, name)
