"""Controls of ends of support: nothing runs for which nobody writes security updates any more."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from watchword.controls.endpoints.lifecycle import Line, line_of_platform, lines, version_of_platform
from watchword.controls.registry import Per, control, gap, met, unknown
from watchword.controls.sweep import RowRule, each, sweep
from watchword.model.evidence import Evidence
from watchword.model.finding import Judgement, Subject
from watchword.model.ids import Region
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Severity

_NODES: Final = "ssm.instance_information"
_INSTANCES: Final = "ec2.instances"
_FUNCTIONS: Final = "lambda.functions"
_CLUSTERS: Final = "eks.clusters"
_DATABASES: Final = "rds.instances"
_DB_CLUSTERS: Final = "rds.clusters"

_PUBLISHED: Final = frozenset(
    {"postgres", "mysql", "mariadb", "aurora-postgresql", "aurora-mysql", "sqlserver"}
)
"""Engines of RDS with a row in the table; editions of SQL Server are one (``sqlserver-se``)."""

_ELSEWHERE: Final = frozenset({"docdb", "neptune"})
"""Engines that RDS's API lists too, but for which no calendar of ends of support is published."""


@control(
    "EP-08",
    per=Per.REGION,
    reads=(_INSTANCES, _NODES, _FUNCTIONS, _CLUSTERS, _DATABASES, _DB_CLUSTERS),
    about="operating systems, runtimes and engines",
)
def nothing_past_support(view: AccountView, region: Region) -> Iterator[Judgement]:
    """No operating system, runtime, cluster or engine is past the end of its support."""
    yield from _machines(view, region)
    rules: dict[str, RowRule] = {
        _FUNCTIONS: partial(_function, view=view),
        _CLUSTERS: partial(_cluster, view=view),
        _DATABASES: partial(_database, view=view),
        _DB_CLUSTERS: partial(_database, view=view),
    }
    yield from sweep(view, region, rules)


def _machines(view: AccountView, region: Region) -> Iterator[Judgement]:
    """Managed nodes by their reported system; running machines that report none are unknown."""
    machines = {row.text("InstanceId"): row for row in view.rows(_INSTANCES, region)}
    nodes = {row.text("InstanceId"): row for row in view.rows(_NODES, region)}
    yield from each(nodes.values(), lambda row: _node(row, machines.get(row.text("InstanceId")), view))
    for name, row in machines.items():
        if name not in nodes and row.text("State.Name") == "running":
            yield unknown(
                "the machine reports no operating system: Systems Manager does not manage it",
                row.evidence("PlatformDetails"),
                subject=row,
            )


def _node(row: Resource, machine: Resource | None, view: AccountView) -> Judgement | None:
    if machine is not None and machine.text("State.Name") in {"terminated", "shutting-down"}:
        return None
    subject = machine or row
    platform, version = row.text("PlatformName"), row.text("PlatformVersion")
    facts = (row.evidence("PlatformName"), row.evidence("PlatformVersion"))
    line = line_of_platform(platform)
    if line is None:
        return unknown(f"no end of support is on record for {platform} {version}", *facts, subject=subject)
    return _judged(line, version_of_platform(line, platform, version), view, facts, subject)


def _function(row: Resource, *, view: AccountView) -> Judgement | None:
    if row.text("PackageType", absent="Zip") == "Image":
        return None
    return _judged(lines()["lambda"], row.text("Runtime"), view, (row.evidence("Runtime"),), row)


def _cluster(row: Resource, *, view: AccountView) -> Judgement:
    return _judged(lines()["eks"], row.text("version"), view, (row.evidence("version"),), row)


def _database(row: Resource, *, view: AccountView) -> Judgement | None:
    engine, version = row.text("Engine"), row.text("EngineVersion")
    if engine in _ELSEWHERE or (row.has("DBClusterIdentifier") and row.table == _DATABASES):
        # A cluster's members run the cluster's version and are judged with it.
        return None
    facts = (row.evidence("Engine"), row.evidence("EngineVersion"))
    key = "sqlserver" if engine.startswith("sqlserver-") else engine
    if key not in _PUBLISHED:
        return unknown(f"no end of support is on record for {engine} {version}", *facts)
    return _judged(lines()[key], version, view, facts, row)


def _judged(
    line: Line, version: str, view: AccountView, facts: tuple[Evidence, ...], subject: Resource | Subject
) -> Judgement:
    release = line.release(version)
    if release is None:
        return unknown(f"no end of support is on record for {line.what} {version}", *facts, subject=subject)
    end, today = line.ends[release], view.now.date()
    if end >= today:
        return met(f"{line.what} {version} is supported until {end}", *facts, subject=subject)
    said = f"support of {line.what} {version} ended on {end}, {(today - end).days} days ago"
    extended = line.extended.get(release)
    if extended is not None and extended >= today:
        paid = f"{said}; only AWS's paid extension, until {extended}, still brings security updates"
        return gap(paid, *facts, subject=subject, severity=Severity.MEDIUM)
    return gap(said, *facts, subject=subject)
