"""Controls that guard a network as a whole: VPC block public access, and flow logs."""

from __future__ import annotations

from typing import Final

from watchword.analysis.data.sensitivity import tag_of
from watchword.controls.registry import Per, control, gap, met
from watchword.model.evidence import Evidence, EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.ids import Region
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Severity

_OPTIONS: Final = "ec2.vpc_block_public_access_options"
_EXCLUSIONS: Final = "ec2.vpc_block_public_access_exclusions"
EXPOSURE_TAG: Final = "exposure"
"""The tag by which an exclusion, VPC or subnet says that it is meant to face the internet: ``public``."""
_BLOCKING: Final = {
    "block-bidirectional": "blocks traffic with internet gateways both ways",
    "block-ingress": "blocks what internet gateways let in",
}
_NEEDED_FIELDS: Final = ("vpc-id", "pkt-srcaddr", "pkt-dstaddr", "tcp-flags", "flow-direction")
"""What tells who really talked to whom: fields of versions 3 to 5 that the default format (2) lacks.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
"""


@control(
    "NW-16",
    per=Per.REGION,
    reads=(_OPTIONS, _EXCLUSIONS, "ec2.vpcs", "ec2.subnets"),
    about="regions with EC2",
)
def vpc_block_public_access(view: AccountView, region: Region) -> Judgement:
    """VPC block public access is on, and what it excludes is meant to be public."""
    options = view.one(_OPTIONS, region)
    evidence = options.evidence("InternetGatewayBlockMode")
    mode = options.text("InternetGatewayBlockMode")
    if mode not in _BLOCKING:
        return gap(f"VPC block public access is off in {region}", evidence)
    exclusions = [
        row
        for row in view.rows(_EXCLUSIONS, region)
        if not row.text("State", absent="").startswith(("delete", "disable"))
    ]
    shown = (evidence, *(row.evidence("ResourceArn") for row in exclusions[:6]))
    undeclared = [row for row in exclusions if not _is_declared(row, view)]
    if undeclared:
        names = ", ".join(row.text("ResourceArn").rpartition(":")[2] for row in undeclared[:3])
        return gap(
            f"VPC block public access in {region} excludes {names}, which nobody declared public", *shown
        )
    number = f", {len(exclusions)} declared exclusions aside" if exclusions else ""
    return met(f"VPC block public access in {region} {_BLOCKING[mode]}{number}", *shown)


def _is_declared(exclusion: Resource, view: AccountView) -> bool:
    """Whether an exclusion lets out only, or it or what it excludes is declared or tagged as public."""
    if exclusion.text("InternetGatewayExclusionMode", absent="") == "allow-egress":
        return True
    arn = exclusion.text("ResourceArn")
    if view.estate.is_public_by_intent(arn) or tag_of(exclusion.tags, EXPOSURE_TAG) == "public":
        return True
    rows = (*view.rows("ec2.vpcs", exclusion.region), *view.rows("ec2.subnets", exclusion.region))
    return any(row.arn == arn and tag_of(row.tags, EXPOSURE_TAG) == "public" for row in rows)


@control(
    "NW-19",
    each="ec2.vpcs",
    reads=("ec2.flow_logs", "ec2.subnets", "ec2.network_interfaces", "s3.buckets"),
    about="VPCs of this account",
)
def flow_logs(vpc: Resource, view: AccountView) -> Judgement | None:
    """The VPC has a flow log of all traffic, with the fields that tell who talked to whom, kept in another account."""
    if vpc.text("OwnerId") != view.account.id:
        return None
    logs = _covering(vpc, view)
    if not logs:
        about = f"no flow log records VPC {vpc.name}"
        empty = _is_empty(vpc, view)
        if empty:
            return gap(
                f"{about}, in which there is nothing now", vpc.evidence("VpcId"), severity=Severity.LOW
            )
        return gap(about, vpc.evidence("VpcId"))
    judged = [(log, _faults(log, view)) for log in logs]
    for log, faults in judged:
        if not faults:
            return met(f"flow log {log.name} records all traffic of VPC {vpc.name} in full", *_facts(log))
    log, faults = min(judged, key=lambda one: max(severity for severity, _ in one[1]))
    because = "; ".join(
        f"flow log {one.name} {', '.join(text for _, text in found)}" for one, found in judged
    )
    worst = max(severity for severity, _ in faults)
    return gap(f"VPC {vpc.name}: {because}", *_facts(log), severity=worst)


def _covering(vpc: Resource, view: AccountView) -> list[Resource]:
    """The flow logs of the VPC; or, where each of its subnets has one, those."""
    logs = view.rows("ec2.flow_logs", vpc.region)
    own = [log for log in logs if log.text("ResourceId") == vpc.text("VpcId")]
    if own:
        return own
    subnets = {
        row.text("SubnetId")
        for row in view.rows("ec2.subnets", vpc.region)
        if row.text("VpcId") == vpc.text("VpcId")
    }
    of_subnets = [log for log in logs if log.text("ResourceId") in subnets]
    return of_subnets if subnets and {log.text("ResourceId") for log in of_subnets} == subnets else []


def _is_empty(vpc: Resource, view: AccountView) -> bool:
    try:
        interfaces = view.rows("ec2.network_interfaces", vpc.region)
    except EvidenceMissing:
        return False
    return not any(row.text("VpcId", absent="") == vpc.text("VpcId") for row in interfaces)


def _faults(log: Resource, view: AccountView) -> list[tuple[Severity, str]]:
    faults: list[tuple[Severity, str]] = []
    if log.text("FlowLogStatus") != "ACTIVE" or log.text("DeliverLogsStatus", absent="") == "FAILED":
        faults.append((Severity.HIGH, "does not deliver"))
    traffic = log.text("TrafficType", absent="ALL")
    if traffic == "ACCEPT":
        faults.append((Severity.MEDIUM, "leaves out what was rejected"))
    if traffic == "REJECT":
        faults.append((Severity.MEDIUM, "leaves out what was accepted"))
    lacking = [field for field in _NEEDED_FIELDS if f"${{{field}}}" not in log.text("LogFormat")]
    if lacking:
        faults.append((Severity.LOW, f"lacks {', '.join(lacking)}"))
    if view.organization is not None and not _is_elsewhere(log, view):
        faults.append((Severity.LOW, "is kept in the account that it records"))
    return faults


def _is_elsewhere(log: Resource, view: AccountView) -> bool:
    """Whether the log is written to another account's bucket, or into a delivery stream of Firehose."""
    kind = log.text("LogDestinationType", absent="cloud-watch-logs")
    target = log.text("LogDestination", absent="")
    if kind == "cloud-watch-logs":
        return view.account.id not in target and log.has("DeliverCrossAccountRole")
    if kind != "s3":
        return True
    bucket = target.partition(":::")[2].partition("/")[0]
    return all(row.name != bucket for row in view.rows("s3.buckets"))


def _facts(log: Resource) -> tuple[Evidence, ...]:
    paths = ("ResourceId", "FlowLogStatus", "TrafficType", "LogFormat", "LogDestination")
    return tuple(log.evidence(path) for path in paths)
