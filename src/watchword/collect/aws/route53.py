"""Route 53: hosted zones, their records, DNSSEC of public and VPCs of private zones, query logging, health checks."""

from __future__ import annotations

from collections.abc import Iterable

from watchword.collect.reads import Detail, Read, Row, Where

_ARN = "arn:{partition}:route53:::"


def _zone(row: Row) -> Iterable[Row]:
    """A zone under its bare id: ListHostedZones puts ``/hostedzone/`` before it, ARNs and other calls do not."""
    return ({**row, "Id": str(row["Id"]).rpartition("/")[2]},)


def _is_private(row: Row) -> bool:
    return bool((row.get("Config") or {}).get("PrivateZone"))


def _is_public(row: Row) -> bool:
    return not _is_private(row)


READS: tuple[Read, ...] = (
    Read(
        "route53.hosted_zones",
        "ListHostedZones",
        take="HostedZones[]",
        arn=_ARN + "hostedzone/{Id}",
        name="{Name}",
        kind="AWS::Route53::HostedZone",
        where=Where.ACCOUNT,
        transform=_zone,
        details=(
            Detail("VPCs", "GetHostedZone", params={"Id": "{Id}"}, take="VPCs", when=_is_private),
            Detail("DNSSEC", "GetDNSSEC", params={"HostedZoneId": "{Id}"}, take="Status", when=_is_public),
        ),
    ),
    Read(
        "route53.record_sets",
        "ListResourceRecordSets",
        take="ResourceRecordSets[]",
        over="route53.hosted_zones",
        arn=_ARN + "hostedzone/{parent.Id}/recordset/{Name}/{Type}",
        name="{Name} {Type}",
        kind="AWS::Route53::RecordSet",
        where=Where.ACCOUNT,
        params={"HostedZoneId": "{Id}"},
    ),
    Read(
        "route53.query_logging",
        "ListQueryLoggingConfigs",
        take="QueryLoggingConfigs[]",
        arn=_ARN + "queryloggingconfig/{Id}",
        kind="AWS::Route53::HostedZone",
        where=Where.ACCOUNT,
    ),
    Read(
        "route53.health_checks",
        "ListHealthChecks",
        take="HealthChecks[]",
        arn=_ARN + "healthcheck/{Id}",
        kind="AWS::Route53::HealthCheck",
        where=Where.ACCOUNT,
    ),
)
