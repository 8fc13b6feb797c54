"""Controls of exposure: databases are not public, and security groups do not admit the internet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from watchword.analysis.network.sources import Opening, openings
from watchword.analysis.network.subnets import routing_of
from watchword.controls.network.tables import judge_tables
from watchword.controls.registry import control, gap, met
from watchword.model.evidence import EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Severity

_GROUPS: Final = ("ec2.security_groups", "ec2.prefix_lists")
_BY_INSTANCES: Final = ("aurora", "docdb", "neptune")
_WEB_PORTS: Final = (80, 443)
_ADMINISTRATION: Final = {22: "SSH", 3389: "RDP", 5985: "WinRM", 5986: "WinRM", 23: "Telnet", 2375: "Docker"}


@control(
    "NW-09",
    reads=(
        "rds.instances",
        "rds.clusters",
        "redshift.clusters",
        "opensearch.domains",
        "ec2.route_tables",
        *_GROUPS,
    ),
    about="databases, warehouses and search domains",
)
def database_not_public(view: AccountView) -> Iterator[Judgement]:
    """No database, warehouse or search domain has an address on the internet."""
    return judge_tables(
        view,
        {
            "rds.instances": _database,
            "rds.clusters": _database_cluster,
            "redshift.clusters": _warehouse,
            "opensearch.domains": _search,
        },
    )


def _database(row: Resource, view: AccountView) -> Judgement:
    subnets = [one.text("SubnetIdentifier") for one in row.items("DBSubnetGroup.Subnets")]
    groups = [one.text("VpcSecurityGroupId") for one in row.items("VpcSecurityGroups")]
    return _flagged(row, view, "database", (row.text("DBSubnetGroup.VpcId", absent=""), subnets, groups))


def _database_cluster(row: Resource, view: AccountView) -> Judgement | None:
    """Only Multi-AZ clusters are public by a flag of their own; those of Aurora and its kin are by their instances.

    Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBCluster.html
    """
    if row.text("Engine", absent="").startswith(_BY_INSTANCES) or not row.has("PubliclyAccessible"):
        return None
    groups = [one.text("VpcSecurityGroupId") for one in row.items("VpcSecurityGroups")]
    return _flagged(row, view, "database cluster", ("", [], groups))


def _warehouse(row: Resource, view: AccountView) -> Judgement:
    groups = [one.text("VpcSecurityGroupId") for one in row.items("VpcSecurityGroups")]
    return _flagged(row, view, "warehouse", ("", [], groups))


def _flagged(
    row: Resource, view: AccountView, noun: str, place: tuple[str, list[str], list[str]]
) -> Judgement:
    evidence = row.evidence("PubliclyAccessible")
    if not row.flag("PubliclyAccessible"):
        return met(f"{noun} {row.name} has private addresses only", evidence)
    because = f"{noun} {row.name} is publicly accessible"
    try:
        closed = _what_closes(row, view, *place)
    except EvidenceMissing as missing:
        return gap(
            f"{because} (whether a security group or route stops it is not known: {missing.what})", evidence
        )
    if closed:
        return gap(f"{because}, although {closed} now", evidence, severity=Severity.HIGH)
    return gap(f"{because}, and its security groups admit the internet", evidence)


def _what_closes(row: Resource, view: AccountView, vpc: str, subnets: list[str], groups: list[str]) -> str:
    """What keeps the internet out in spite of the public address; empty where nothing does."""
    if subnets:
        routing = routing_of(view, row.region)
        if not any(routing.is_public(subnet, vpc) for subnet in subnets):
            return "none of its subnets routes to an internet gateway"
    if not opened_by(groups, row, view):
        return "no security group of it admits the internet"
    return ""


def opened_by(groups: Iterable[str], row: Resource, view: AccountView) -> tuple[Opening, ...]:
    """What the security groups with these ids open to the internet, in the region of the row.

    Raises:
        EvidenceMissing: a group or prefix list was not seen.
    """
    lists = {one.text("PrefixListId"): one for one in view.rows("ec2.prefix_lists", row.region)}
    known = {one.text("GroupId"): one for one in view.rows("ec2.security_groups", row.region)}
    found: list[Opening] = []
    for name in groups:
        if name not in known:
            raise EvidenceMissing(f"security group {name} of {row.name} was not seen")
        found += openings(known[name], lists)
    return tuple(found)


def _search(row: Resource, view: AccountView) -> Judgement:  # noqa: ARG001 (all judges have one form)
    evidence = row.evidence("VPCOptions")
    if row.text("VPCOptions.VPCId", absent=""):
        return met(f"search domain {row.name} has an endpoint in its VPC only", evidence)
    policy = row.evidence("AccessPolicies")
    return gap(f"search domain {row.name} has an endpoint on the internet", evidence, policy)


@control(
    "NW-10",
    each="ec2.security_groups",
    reads=("ec2.prefix_lists", "ec2.network_interfaces", "elbv2.load_balancers", "elbv2.listeners"),
)
def no_wide_ingress(group: Resource, view: AccountView) -> Judgement:
    """A security group admits the internet to web ports, or to the ports that its load balancer listens on, only."""
    found = openings(group, _prefix_lists(group, view))
    evidence = group.evidence("IpPermissions")
    if not found:
        return met(f"security group {group.name} admits nobody from the internet", evidence)
    beyond = [one for one in found if not one.within(("tcp", "udp"), _WEB_PORTS)]
    if beyond:
        listened = _ports_of_load_balancers(group, view)
        beyond = [one for one in beyond if not one.within(("tcp", "udp", "tls"), listened)]
    if not beyond:
        shown = ", ".join(map(str, found[:3]))
        return met(f"security group {group.name} admits the internet to what it serves: {shown}", evidence)
    because = f"security group {group.name} admits {_sentence(beyond)}"
    if _is_unused(group, view):
        return gap(f"{because}; it is attached to nothing", evidence, severity=Severity.LOW)
    return gap(because, evidence, severity=_severity(beyond))


def _prefix_lists(group: Resource, view: AccountView) -> dict[str, Resource]:
    """The region's prefix lists by id; they are needed only by a group that names one."""
    if not any(rule.items("PrefixListIds") for rule in group.items("IpPermissions")):
        return {}
    return {one.text("PrefixListId"): one for one in view.rows("ec2.prefix_lists", group.region)}


def _sentence(found: list[Opening]) -> str:
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    return ", ".join(map(str, found[:3])) + more


def _severity(found: list[Opening]) -> Severity | None:
    """Ports of remote administration, or everything, are worse than the control says."""
    administration = any(one.first <= port <= one.last for one in found for port in _ADMINISTRATION)
    return Severity.CRITICAL if administration else None


def _ports_of_load_balancers(group: Resource, view: AccountView) -> frozenset[int]:
    """The ports on which internet-facing load balancers with this group listen."""
    balancers = {
        one.arn
        for one in view.rows("elbv2.load_balancers", group.region)
        if group.text("GroupId") in one.texts("SecurityGroups")
        and one.text("Scheme", absent="") == "internet-facing"
    }
    if not balancers:
        return frozenset()
    return frozenset(
        int(one.number("Port"))
        for one in view.rows("elbv2.listeners", group.region)
        if one.text("LoadBalancerArn") in balancers
    )


def _is_unused(group: Resource, view: AccountView) -> bool:
    """Whether no interface and no load balancer is known to have the group; not known counts as used."""
    name = group.text("GroupId")
    try:
        interfaces = view.rows("ec2.network_interfaces", group.region)
        attached = any(
            one.text("GroupId", absent="") == name for row in interfaces for one in row.items("Groups")
        )
        balancers = view.rows("elbv2.load_balancers", group.region)
        return not attached and not any(name in one.texts("SecurityGroups") for one in balancers)
    except EvidenceMissing:
        return False
