"""IAM Access Analyzer: it looks at the whole organisation, and somebody looks at what it finds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Final

from watchword.controls.identity.rows import days
from watchword.controls.judge import account_subject, region_subject
from watchword.controls.registry import Per, control, gap, met, met_if, not_applicable, unknown
from watchword.model.evidence import Evidence, EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.ids import Region
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

TRIAGE: Final = timedelta(days=30)
"""How long a finding of access from outside may stay without an answer."""

_ANALYZERS: Final = "accessanalyzer.analyzers"
_FINDINGS: Final = "accessanalyzer.findings"
_DELEGATED: Final = "organizations.delegated_administrators"
_PRINCIPAL: Final = "access-analyzer.amazonaws.com"


class Part(StrEnum):
    """What an account has to do with the organisation's analyzers."""

    ADMINISTRATOR = "administrator"
    MEMBER = "member"
    ALONE = "alone"


@control("ID-31", reads=(_ANALYZERS, _DELEGATED), about="regions with analyzers")
def organization_is_analysed(view: AccountView) -> Iterator[Judgement]:
    """The administrating account has analyzers of the whole organisation: outside access everywhere, unused access."""
    part, whose = _part(view)
    if part is Part.MEMBER:
        yield not_applicable(f"the organisation's analyzers belong into {whose}")
        return
    if not view.regions_of(_ANALYZERS):
        view.rows(_ANALYZERS)
    zone = "ACCOUNT" if part is Part.ALONE else "ORGANIZATION"
    for region in view.regions_of(_ANALYZERS):
        subject = region_subject(view, region, _ANALYZERS)
        try:
            rows = view.rows(_ANALYZERS, region)
        except EvidenceMissing as missing:
            yield unknown(missing.what, subject=subject)
            continue
        yield met_if(
            bool(_active(rows, zone)),
            f"access from outside is analysed in {region}",
            f"no active analyzer of type {zone} looks for access from outside in {region}",
            *_shown(view, region, rows),
            subject=subject,
        )
    yield _unused(view, f"{zone}_UNUSED_ACCESS")


def _unused(view: AccountView, kind: str) -> Judgement:
    """IAM is the same in every region: one analyzer of unused access suffices."""
    found = _active(view.readable(_ANALYZERS), kind)
    subject = account_subject(view)
    if found:
        said = f"unused access is analysed by {found[0].name} in {found[0].region}"
        return met(said, found[0].evidence("type"), found[0].evidence("status"), subject=subject)
    holes = view.holes_of(_ANALYZERS)
    if holes:
        return unknown(holes[0].sentence(), subject=subject)
    nothing = Evidence.of(_ANALYZERS, view.account.id, "analyzers", [])
    return gap(f"no active analyzer of type {kind} looks for unused access", nothing, subject=subject)


@control("ID-32", per=Per.REGION, reads=(_ANALYZERS, _FINDINGS, _DELEGATED), about="regions with analyzers")
def findings_are_answered(view: AccountView, region: Region) -> Iterator[Judgement]:
    """No finding of access from outside stays active for more than a month."""
    analyzers = view.rows(_ANALYZERS, region)
    looking = _active(analyzers, "ACCOUNT") + _active(analyzers, "ORGANIZATION")
    if not looking:
        part, whose = _part(view)
        if part is Part.MEMBER:
            yield not_applicable(f"what is found in {region} is answered in {whose}")
        else:
            yield unknown(
                f"nothing looks for access from outside in {region}: what would be found is not known"
            )
        return
    found = [row for row in view.rows(_FINDINGS, region) if _is_external(row)]
    if not found:
        yield met(f"no finding of access from outside is active in {region}", *_shown(view, region, looking))
    for row in found:
        yield _answered(view, row)


def _answered(view: AccountView, row: Resource) -> Judgement:
    try:
        age = view.now - row.time("createdAt")
    except EvidenceMissing as missing:
        return unknown(missing.what, subject=row)
    said = f"access from outside to this {row.text('resourceType')} has been found for {days(age.total_seconds())}"
    facts = tuple(row.evidence(path) for path in ("resource", "resourceOwnerAccount", "createdAt"))
    return met_if(
        age <= TRIAGE, said, f"{said} and was neither removed nor archived as intended", *facts, subject=row
    )


def _part(view: AccountView) -> tuple[Part, str]:
    """The account's part, and for members the account that administers, in words."""
    if view.organization is None:
        return Part.ALONE, ""
    admins = [
        row
        for row in view.of_organization().rows(_DELEGATED)
        if any(one.text("ServicePrincipal") == _PRINCIPAL for one in row.items("Services"))
    ]
    if any(row.text("Id") == view.account.id for row in admins):
        return Part.ADMINISTRATOR, ""
    if admins:
        return Part.MEMBER, f"the delegated administrator's account {admins[0].name}"
    if view.account.is_management:
        return Part.ADMINISTRATOR, ""
    return Part.MEMBER, "the management account"


def _active(rows: Iterator[Resource] | tuple[Resource, ...], kind: str) -> list[Resource]:
    return [row for row in rows if row.text("type") == kind and row.text("status") == "ACTIVE"]


def _is_external(row: Resource) -> bool:
    return row.text("findingType", absent="ExternalAccess") == "ExternalAccess"


def _shown(
    view: AccountView, region: Region, rows: list[Resource] | tuple[Resource, ...]
) -> tuple[Evidence, ...]:
    found = tuple(row.evidence(path) for row in rows for path in ("type", "status"))
    return found or (Evidence.of(_ANALYZERS, f"{view.account.id}/{region}", "analyzers", []),)
