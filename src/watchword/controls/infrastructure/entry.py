"""Controls of the ways into a machine: no shell for the internet, and no shell that asks for a key alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from watchword.controls.registry import Per, control, gap, met
from watchword.controls.sweep import Lookup, sweep
from watchword.model.evidence import Evidence, EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.ids import Region
from watchword.model.resource import Document, Resource
from watchword.model.snapshot import AccountView

_INSTANCES: Final = "ec2.instances"
_ROUTES: Final = "ec2.route_tables"
_ACLS: Final = "ec2.network_acls"
_GROUPS: Final = "ec2.security_groups"
_LISTS: Final = "ec2.prefix_lists"
_BLOCK: Final = "ec2.vpc_block_public_access_options"
_EXCLUSIONS: Final = "ec2.vpc_block_public_access_exclusions"
_NODES: Final = "ssm.instance_information"

SHELLS: Final = {22: "SSH", 3389: "RDP", 5985: "WinRM", 5986: "WinRM over TLS"}
"""TCP ports by which machines are administered."""

WIDE: Final = {4: 8, 6: 32}
"""A CIDR with a shorter prefix (by IP version) is no limit on who may come."""

_REPLIES: Final = (1024, 32768, 49152, 60999, 65535)
"""Ports to which a reply may go; network ACLs keep no state, so one of them must be open outwards."""

_GONE: Final = frozenset({"terminated", "shutting-down"})


@dataclass(frozen=True, slots=True)
class _Way:
    """An address of the internet on an interface: the IP version, and what is said of it."""

    version: int
    address: str
    interface: Document

    @property
    def everywhere(self) -> str:
        return "0.0.0.0/0" if self.version == 4 else "::/0"


@control(
    "IN-01",
    per=Per.REGION,
    reads=(_INSTANCES, _ROUTES, _ACLS, _GROUPS, _LISTS, _BLOCK, _EXCLUSIONS),
    about="instances",
)
def no_shell_for_the_internet(view: AccountView, region: Region) -> Iterator[Judgement]:
    """No management port of a machine answers the internet."""
    known = Lookup(view, region)
    yield from sweep(view, region, {_INSTANCES: lambda row: _from_the_internet(row, known)})


def _from_the_internet(row: Resource, known: Lookup) -> Judgement | None:
    if row.text("State.Name") in _GONE:
        return None
    facts = row.evidence("NetworkInterfaces")
    ways = [way for interface in row.items("NetworkInterfaces") for way in _ways(interface)]
    if not ways:
        return met("the machine has no address of the internet", facts)
    reasons = []
    for way in ways:
        ports, reason, proof = _open_ports(way, row, known)
        if ports:
            words = ", ".join(f"{port} ({SHELLS[port]})" for port in ports)
            return gap(f"{way.address} answers the whole internet on port {words}", facts, *proof)
        reasons.append(f"{way.address}: {reason}")
    return met("; ".join(reasons), facts)


def _ways(interface: Document) -> Iterator[_Way]:
    public = interface.text("Association.PublicIp", absent="")
    if public:
        yield _Way(4, public, interface)
    for address in interface.items("Ipv6Addresses"):
        yield _Way(6, address.text("Ipv6Address"), interface)


def _open_ports(way: _Way, row: Resource, known: Lookup) -> tuple[list[int], str, tuple[Evidence, ...]]:
    """The management ports that are open on this way; else why there are none; and the proof."""
    groups = list(_groups_of(way.interface, row, known))
    ports = [
        port for port in SHELLS if any(_group_admits(group, port, way.version, known) for group in groups)
    ]
    if not ports:
        return [], "its security groups admit no management port from everywhere", ()
    table = _route_table(way, known)
    if not _leads_out(table, way):
        return [], "its subnet has no route to an internet gateway", ()
    if _is_blocked(way, known):
        return [], "VPC Block Public Access keeps the internet out of its VPC", ()
    acl = _acl(way, known)
    ports = [port for port in ports if _acl_admits(acl, port, way)]
    proof = (
        *(group.evidence("IpPermissions") for group in groups),
        table.evidence("Routes"),
        acl.evidence("Entries"),
    )
    return ports, "its subnet's network ACL keeps the internet out", proof


# --- security groups --------------------------------------------------------------------------------------------------


def _groups_of(interface: Document, row: Resource, known: Lookup) -> Iterator[Resource]:
    for name in (group.text("GroupId") for group in interface.items("Groups")):
        group = known.find(_GROUPS, "GroupId", name)
        if group is None:
            raise EvidenceMissing(f"security group {name} of {row.where} is not among those that were read")
        yield group


def _group_admits(group: Resource, port: int, version: int, known: Lookup) -> bool:
    return any(
        is_wide(cidr, version)
        for rule in group.items("IpPermissions")
        if covers(rule, port)
        for cidr in _cidrs(rule, group, version, known)
    )


def _cidrs(rule: Document, group: Resource, version: int, known: Lookup) -> Iterator[str]:
    ranges, field = ("IpRanges", "CidrIp") if version == 4 else ("Ipv6Ranges", "CidrIpv6")
    for one in rule.items(ranges):
        yield one.text(field)
    for one in rule.items("PrefixListIds"):
        yield from _listed(one.text("PrefixListId"), group, known)


def _listed(name: str, group: Resource, known: Lookup) -> Iterator[str]:
    """The CIDRs of a prefix list; AWS's own lists hold AWS's networks and are never the whole internet."""
    found = known.find(_LISTS, "PrefixListId", name)
    if found is None:
        raise EvidenceMissing(f"prefix list {name} of {group.where} is not among those that were read")
    if found.text("OwnerId", absent="") != "AWS":
        for entry in found.items("Entries"):
            yield entry.text("Cidr")


def covers(rule: Document, port: int) -> bool:
    """Whether a rule of a security group is about the TCP port."""
    protocol = rule.text("IpProtocol")
    if protocol == "-1":
        return True
    low, high = rule.number("FromPort", absent=0), rule.number("ToPort", absent=65535)
    return protocol in {"tcp", "6"} and low <= port <= high


def is_wide(cidr: str, version: int) -> bool:
    """Whether the CIDR is of the IP version and so wide that it is no limit."""
    try:
        network = ip_network(cidr, strict=False)
    except ValueError as error:
        raise EvidenceMissing(f"{cidr!r} is no CIDR") from error
    return network.version == version and network.prefixlen < WIDE[version]


# --- routes, block, network ACL ---------------------------------------------------------------------------------------


def _of_subnet(rows: Iterable[Resource], subnet: str, vpc: str) -> Resource | None:
    """The route table or ACL that is associated with the subnet, or else the main or default one of the VPC."""
    main = None
    for row in rows:
        for link in row.items("Associations"):
            if link.text("SubnetId", absent="") == subnet:
                return row
            if link.flag("Main", absent=False) and row.text("VpcId") == vpc:
                main = row
        if row.flag("IsDefault", absent=False) and row.text("VpcId") == vpc:
            main = main or row
    return main


def _route_table(way: _Way, known: Lookup) -> Resource:
    subnet, vpc = way.interface.text("SubnetId"), way.interface.text("VpcId")
    found = _of_subnet(known.rows(_ROUTES), subnet, vpc)
    if found is None:
        raise EvidenceMissing(
            f"the route table of {subnet} is not visible (a shared subnet of another account?)"
        )
    return found


def _acl(way: _Way, known: Lookup) -> Resource:
    subnet, vpc = way.interface.text("SubnetId"), way.interface.text("VpcId")
    found = _of_subnet(known.rows(_ACLS), subnet, vpc)
    if found is None:
        raise EvidenceMissing(
            f"the network ACL of {subnet} is not visible (a shared subnet of another account?)"
        )
    return found


def _leads_out(table: Resource, way: _Way) -> bool:
    field = "DestinationCidrBlock" if way.version == 4 else "DestinationIpv6CidrBlock"
    return any(
        route.text("GatewayId", absent="").startswith("igw-")
        and route.text("State", absent="active") == "active"
        and is_wide(route.text(field, absent="10.0.0.0/8"), way.version)
        for route in table.items("Routes")
    )


def _is_blocked(way: _Way, known: Lookup) -> bool:
    """Whether VPC Block Public Access keeps the internet out: on for the region, and the VPC or subnet not excluded."""
    rows = known.rows(_BLOCK)
    modes = {one.text("InternetGatewayBlockMode", absent="off") for one in rows}
    if not modes & {"block-bidirectional", "block-ingress"}:
        return False
    places = (f":vpc/{way.interface.text('VpcId')}", f":subnet/{way.interface.text('SubnetId')}")
    return not any(
        one.text("ResourceArn").endswith(places)
        and one.text("InternetGatewayExclusionMode", absent="") == "allow-bidirectional"
        for one in known.rows(_EXCLUSIONS)
    )


def _acl_admits(acl: Resource, port: int, way: _Way) -> bool:
    inward = _decides(acl, port, way, egress=False)
    return inward and any(_decides(acl, reply, way, egress=True) for reply in _REPLIES)


def _decides(acl: Resource, port: int, way: _Way, *, egress: bool) -> bool:
    """Whether the internet at large passes: the first rule by number that is about it decides; none denies."""
    entries = [one for one in acl.items("Entries") if one.flag("Egress") is egress]
    for entry in sorted(entries, key=lambda one: one.number("RuleNumber")):
        field = "CidrBlock" if way.version == 4 else "Ipv6CidrBlock"
        cidr = entry.text(field, absent="")
        if not cidr or not _acl_covers(entry, port):
            continue
        allows = entry.text("RuleAction") == "allow"
        # To keep the internet out, a denial must name all of it; to let it in, a wide part is enough.
        if (allows and is_wide(cidr, way.version)) or cidr == way.everywhere:
            return allows
    return False


def _acl_covers(entry: Document, port: int) -> bool:
    protocol = entry.text("Protocol")
    if protocol == "-1":
        return True
    low, high = entry.number("PortRange.From", absent=0), entry.number("PortRange.To", absent=65535)
    return protocol in {"tcp", "6"} and low <= port <= high


# --- Systems Manager --------------------------------------------------------------------------------------------------


@control("IN-02", per=Per.REGION, reads=(_INSTANCES, _NODES, _GROUPS), about="running instances")
def administered_through_systems_manager(view: AccountView, region: Region) -> Iterator[Judgement]:
    """A machine is reached by Session Manager, and by no port that a key alone opens."""
    known = Lookup(view, region)
    yield from sweep(view, region, {_INSTANCES: lambda row: _managed(row, known)})


def _managed(row: Resource, known: Lookup) -> Judgement | None:
    if row.text("State.Name") != "running":
        return None
    node = known.find(_NODES, "InstanceId", row.text("InstanceId"))
    if node is None:
        missing = Evidence.of(_NODES, row.arn, "InstanceId", None)
        return gap("Systems Manager does not manage the machine", missing, row.evidence("IamInstanceProfile"))
    facts = node.evidence("PingStatus")
    if node.text("PingStatus") != "Online":
        last = node.text("LastPingDateTime", absent="an unknown time")
        return gap(f"Systems Manager has lost the machine since {last}", facts)
    return _key_path(row, known, facts)


def _key_path(row: Resource, known: Lookup, facts: Evidence) -> Judgement:
    key = row.text("KeyName", absent="")
    if not key:
        return met("Systems Manager reaches the machine, and it has no key pair", facts)
    groups = list(_all_groups(row, known))
    doors = sorted({port for group in groups for port in (22, 3389) if _opens(group, port)})
    if not doors:
        return met(
            f"Systems Manager reaches the machine, and no security group opens a port for key {key}", facts
        )
    words = " and ".join(SHELLS[port] for port in doors)
    return gap(
        f"beside Systems Manager, key pair {key} alone opens a shell by {words}",
        facts,
        *(group.evidence("IpPermissions") for group in groups),
    )


def _all_groups(row: Resource, known: Lookup) -> Iterator[Resource]:
    """The security groups of all interfaces of the machine."""
    for interface in row.items("NetworkInterfaces"):
        yield from _groups_of(interface, row, known)


def _opens(group: Resource, port: int) -> bool:
    """Whether the group admits the port from anywhere at all."""
    sources = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
    return any(
        covers(rule, port) and any(rule.items(one) for one in sources)
        for rule in group.items("IpPermissions")
    )
