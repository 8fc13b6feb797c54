"""Controls of detection: GuardDuty is on everywhere and its findings are dealt with; Security Hub gathers them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from watchword.controls.judge import account_subject, region_subject
from watchword.controls.registry import Per, control, gap, met, met_if, unknown
from watchword.model.evidence import Evidence, EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.ids import Region
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

TRIAGE: Final = timedelta(hours=24)
"""How long a high finding may be open before it is a gap."""

_HIGH: Final = 7.0
_FSBP: Final = "standards/aws-foundational-security-best-practices/"
_DELEGATED: Final = "organizations.delegated_administrators"


@control("LG-04", per=Per.REGION, reads=("guardduty.detectors", _DELEGATED), about="regions")
def guardduty_everywhere(view: AccountView, region: Region) -> Judgement:
    """A detector is on in the region; the delegated administrator's enrols every account by itself."""
    detectors = view.rows("guardduty.detectors", region)
    nothing = Evidence.of("guardduty.detectors", f"{view.account.id}/{region}", "DetectorIds", [])
    if not detectors:
        return gap(f"GuardDuty is not on in {region}", nothing)
    detector = detectors[0]
    facts = (detector.evidence("Status"), detector.evidence("Organization"))
    if detector.text("Status") != "ENABLED":
        return gap(f"the GuardDuty detector in {region} is suspended", *facts)
    if not _administers(view, "guardduty.amazonaws.com"):
        return met(f"GuardDuty is on in {region}", *facts)
    enrols = detector.text("Organization.AutoEnableOrganizationMembers", absent="NONE")
    return met_if(
        enrols == "ALL",
        f"GuardDuty is on in {region} and enrols all accounts of the organisation by itself",
        f"GuardDuty's administrator in {region} enrols accounts by itself only as {enrols}, not ALL",
        *facts,
    )


@control(
    "LG-05",
    per=Per.REGION,
    reads=("guardduty.findings", "guardduty.detectors"),
    about="regions with GuardDuty",
)
def guardduty_triage(view: AccountView, region: Region) -> Iterator[Judgement]:
    """No finding of high severity is left open for more than a day."""
    detectors = view.rows("guardduty.detectors", region)
    if not any(detector.text("Status") == "ENABLED" for detector in detectors):
        yield unknown(f"GuardDuty is not on in {region}: what it would find is not known")
        return
    own = [
        row
        for row in view.rows("guardduty.findings", region)
        if row.text("AccountId") == view.account.id and row.number("Severity") >= _HIGH
    ]
    if not own:
        yield met(f"no finding of high severity is open in {region}", detectors[0].evidence("Status"))
    for finding in own:
        yield _triaged(view, finding)


def _triaged(view: AccountView, finding: Resource) -> Judgement:
    age = view.now - finding.time("CreatedAt")
    facts = tuple(finding.evidence(path) for path in ("Type", "Severity", "CreatedAt"))
    hours = int(age.total_seconds() // 3600)
    said = f"{finding.text('Type')} (severity {finding.number('Severity'):g}) has been open for {hours} hours"
    return met_if(
        age <= TRIAGE, f"{said}, within a day", f"{said}, longer than a day", *facts, subject=finding
    )


@control(
    "LG-06",
    reads=("securityhub.hubs", "securityhub.standards", "securityhub.finding_aggregators", _DELEGATED),
)
def security_hub_central(view: AccountView) -> Iterator[Judgement]:
    """The hub and its foundational standard are on in each region; the administrator gathers all regions in one."""
    for region in view.regions_of("securityhub.hubs"):
        try:
            yield _hub(view, region)
        except EvidenceMissing as missing:
            yield unknown(missing.what, subject=region_subject(view, region, "securityhub.hubs"))
    if not view.regions_of("securityhub.hubs"):
        view.rows("securityhub.hubs")
    if _administers(view, "securityhub.amazonaws.com"):
        yield _aggregation(view)


def _hub(view: AccountView, region: Region) -> Judgement:
    subject = region_subject(view, region, "securityhub.hubs")
    hubs = view.rows("securityhub.hubs", region)
    if not hubs:
        nothing = Evidence.of("securityhub.hubs", f"{view.account.id}/{region}", "HubArn", None)
        return gap(f"Security Hub is not on in {region}", nothing, subject=subject)
    standards = view.rows("securityhub.standards", region)
    ready = [
        one
        for one in standards
        if _FSBP in one.text("StandardsArn") and one.text("StandardsStatus") != "FAILED"
    ]
    facts = (hubs[0].evidence("HubArn"), *(one.evidence("StandardsArn") for one in standards))
    return met_if(
        bool(ready),
        f"Security Hub and its foundational standard are on in {region}",
        f"Security Hub is on in {region}, but the AWS Foundational Security Best Practices standard is not",
        *facts,
        subject=subject,
    )


def _aggregation(view: AccountView) -> Judgement:
    subject = account_subject(view)
    aggregators = view.rows("securityhub.finding_aggregators")
    if not aggregators:
        nothing = Evidence.of("securityhub.finding_aggregators", view.account.id, "FindingAggregators", [])
        return gap(
            "the administrator of Security Hub gathers no regions in one place", nothing, subject=subject
        )
    mode = aggregators[0].text("RegionLinkingMode")
    return met_if(
        mode in {"ALL_REGIONS", "ALL_REGIONS_EXCEPT_SPECIFIED"},
        f"findings of all regions are gathered in {aggregators[0].text('FindingAggregationRegion')} ({mode})",
        f"findings are gathered from named regions only ({mode}): a new region would be missed",
        aggregators[0].evidence("RegionLinkingMode"),
        subject=subject,
    )


def _administers(view: AccountView, principal: str) -> bool:
    """Whether the account administers a service for the organisation; a lone account administers nothing."""
    return view.organization is not None and view.is_delegated_administrator(principal)
