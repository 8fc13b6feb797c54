"""Controls of the record of configuration: AWS Config records everything, everywhere, seen from one place."""

from __future__ import annotations

from collections.abc import Iterator

from watchword.controls.judge import account_subject, region_subject
from watchword.controls.registry import control, gap, met, met_if, unknown
from watchword.model.evidence import Evidence, EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.ids import Region
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

_DELEGATED = "organizations.delegated_administrators"
_READS = (
    "config.recorders",
    "config.recorder_statuses",
    "config.delivery_channels",
    "config.aggregators",
    _DELEGATED,
)


@control("LG-07", reads=_READS, about="regions")
def config_recorder(view: AccountView) -> Iterator[Judgement]:
    """Each region records all types and delivers them; the organisation is seen from one account."""
    for region in view.regions_of("config.recorders"):
        try:
            yield _region(view, region)
        except EvidenceMissing as missing:
            yield unknown(missing.what, subject=region_subject(view, region, "config.recorders"))
    if not view.regions_of("config.recorders"):
        view.rows("config.recorders")
    if view.organization is not None and _aggregates(view):
        yield _aggregator(view)


def _region(view: AccountView, region: Region) -> Judgement:
    subject = region_subject(view, region, "config.recorders")
    recorders = view.rows("config.recorders", region)
    if not recorders:
        nothing = Evidence.of("config.recorders", f"{view.account.id}/{region}", "ConfigurationRecorders", [])
        return gap(f"AWS Config has no recorder in {region}", nothing, subject=subject)
    statuses = {row.text("name"): row for row in view.rows("config.recorder_statuses", region)}
    faults = _faults(recorders[0], statuses.get(recorders[0].text("name")))
    if not view.rows("config.delivery_channels", region):
        faults.append("has nowhere to deliver to")
    facts = (
        recorders[0].evidence("recordingGroup"),
        *(row.evidence("recording") for row in statuses.values()),
    )
    if faults:
        return gap(f"the recorder in {region} {', '.join(faults)}", *facts, subject=subject)
    return met(f"AWS Config records all supported types in {region}", *facts, subject=subject)


def _faults(recorder: Resource, status: Resource | None) -> list[str]:
    faults = []
    if not _records_all(recorder):
        faults.append("does not record all types of resources")
    if status is None or not status.flag("recording"):
        faults.append("is stopped")
    elif status.text("lastStatus", absent="PENDING").upper() == "FAILURE":
        faults.append(f"fails to deliver ({status.text('lastErrorCode', absent='no code given')})")
    return faults


def _records_all(recorder: Resource) -> bool:
    strategy = recorder.text("recordingGroup.recordingStrategy.useOnly", absent="")
    return (
        recorder.flag("recordingGroup.allSupported", absent=False)
        or strategy == "ALL_SUPPORTED_RESOURCE_TYPES"
    )


def _aggregates(view: AccountView) -> bool:
    """Whether the organisation's aggregator must be in this account: Config's administrator, else the management's."""
    if view.is_delegated_administrator("config.amazonaws.com"):
        return True
    delegated = view.of_organization().rows(_DELEGATED)
    elsewhere = any(
        service.text("ServicePrincipal") == "config.amazonaws.com"
        for row in delegated
        for service in row.items("Services")
    )
    return view.account.is_management and not elsewhere


def _aggregator(view: AccountView) -> Judgement:
    rows = view.rows("config.aggregators")
    whole = [row for row in rows if row.flag("OrganizationAggregationSource.AllAwsRegions", absent=False)]
    facts = [row.evidence("OrganizationAggregationSource") for row in rows]
    nothing = Evidence.of("config.aggregators", view.account.id, "ConfigurationAggregators", [])
    return met_if(
        bool(whole),
        "an aggregator gathers the whole organisation in all regions",
        "no aggregator gathers the whole organisation in all regions",
        *(facts or [nothing]),
        subject=account_subject(view),
    )
