"""Examples of the ways into machines: IN-01 and IN-02."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.controls.builder import view
from tests.controls.examples import example
from watchword.model.snapshot import AccountView

WORLD = "0.0.0.0/0"


def rule(port: int, *cidrs: str, to: int = 0, protocol: str = "tcp", **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"IpProtocol": protocol, **more}
    if protocol != "-1":
        made |= {"FromPort": port, "ToPort": to or port}
    made["IpRanges"] = [{"CidrIp": one} for one in cidrs if ":" not in one]
    made["Ipv6Ranges"] = [{"CidrIpv6": one} for one in cidrs if ":" in one]
    return made


def entry(
    number: int, action: str, cidr: str, *, egress: bool = False, ports: tuple[int, int] | None = None
) -> dict[str, Any]:
    field = "Ipv6CidrBlock" if ":" in cidr else "CidrBlock"
    made: dict[str, Any] = {"RuleNumber": number, "RuleAction": action, "Egress": egress, field: cidr}
    if ports is None:
        return {**made, "Protocol": "-1"}
    return {**made, "Protocol": "6", "PortRange": {"From": ports[0], "To": ports[1]}}


OUT = entry(100, "allow", WORLD, egress=True)
OPEN_ACL = [
    entry(100, "allow", WORLD),
    entry(101, "allow", "::/0"),
    OUT,
    entry(101, "allow", "::/0", egress=True),
]
IGW = [{"DestinationCidrBlock": WORLD, "GatewayId": "igw-1", "State": "active"}]
IGW6 = [*IGW, {"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1", "State": "active"}]
NAT = [{"DestinationCidrBlock": WORLD, "NatGatewayId": "nat-1", "State": "active"}]


def machine(
    rules: Sequence[Mapping[str, Any]], *, public: bool = True, ipv6: bool = False, **more: Any
) -> dict[str, Any]:
    interface: dict[str, Any] = {"SubnetId": "subnet-1", "VpcId": "vpc-1", "Groups": [{"GroupId": "sg-1"}]}
    if public:
        interface["Association"] = {"PublicIp": "203.0.113.7"}
    if ipv6:
        interface["Ipv6Addresses"] = [{"Ipv6Address": "2001:db8::7"}]
    return {
        "_name": "web-1",
        "_rules": rules,
        "InstanceId": "i-1",
        "State": {"Name": "running"},
        "SecurityGroups": [{"GroupId": "sg-1"}],
        "NetworkInterfaces": [interface],
        **more,
    }


def network(
    row: Mapping[str, Any],
    *,
    routes: Sequence[Mapping[str, Any]] = IGW,
    main: bool = False,
    acl: Sequence[Mapping[str, Any]] = OPEN_ACL,
    lists: Sequence[Mapping[str, Any]] = (),
    block: str = "off",
    exclusions: Sequence[Mapping[str, Any]] = (),
    nodes: Sequence[Mapping[str, Any]] = (),
    denied: Sequence[str] = (),
    tables: bool = True,
) -> AccountView:
    link = {"Main": True} if main else {"SubnetId": "subnet-1", "Main": False}
    return view(
        {
            "ec2.instances": [row],
            "ec2.security_groups": [
                {"_name": "web", "GroupId": "sg-1", "IpPermissions": row["_rules"]},
                {"_name": "closed", "_arn": "arn:closed", "GroupId": "sg-2", "IpPermissions": []},
            ],
            "ec2.route_tables": [{"VpcId": "vpc-1", "Associations": [link], "Routes": routes}]
            if tables
            else [],
            "ec2.network_acls": [
                {
                    "VpcId": "vpc-1",
                    "IsDefault": True,
                    "Associations": [{"SubnetId": "subnet-1"}],
                    "Entries": acl,
                }
            ],
            "ec2.prefix_lists": lists,
            "ec2.vpc_block_public_access_options": [{"InternetGatewayBlockMode": block}],
            "ec2.vpc_block_public_access_exclusions": exclusions,
            "ssm.instance_information": nodes,
        },
        denied=denied,
    )


SSH = rule(22, WORLD)
example("IN-01", "gap", "SSH for the world in a public subnet", network(machine([SSH])))
example("IN-01", "gap", "RDP inside a wide range of ports", network(machine([rule(3000, WORLD, to=4000)])))
example("IN-01", "gap", "every protocol", network(machine([rule(0, WORLD, protocol="-1")])))
example("IN-01", "gap", "half of the internet is no limit", network(machine([rule(22, "128.0.0.0/1")])))
example(
    "IN-01",
    "gap",
    "the main route table decides where none is associated",
    network(machine([SSH]), main=True),
)
example(
    "IN-01", "gap", "a stopped machine with an address", network(machine([SSH], State={"Name": "stopped"}))
)
example(
    "IN-01", "not_applicable", "a terminated machine", network(machine([SSH], State={"Name": "terminated"}))
)
BETWEEN = machine([SSH])
BETWEEN["NetworkInterfaces"][0]["Groups"].append({"GroupId": "sg-2"})
example("IN-01", "gap", "one open group beside a closed one is enough", network(BETWEEN))
example("IN-01", "met", "no public address", network(machine([SSH], public=False)))
example("IN-01", "met", "SSH for an office", network(machine([rule(22, "203.0.113.0/24")])))
example("IN-01", "met", "HTTPS for the world", network(machine([rule(443, WORLD)])))
example("IN-01", "met", "UDP 22 is no shell", network(machine([rule(22, WORLD, protocol="udp")])))
example("IN-01", "met", "a private subnet behind NAT", network(machine([SSH]), routes=NAT))
example(
    "IN-01",
    "met",
    "a route to a gateway that is gone",
    network(machine([SSH]), routes=[{**IGW[0], "State": "blackhole"}]),
)
example("IN-01", "met", "an IPv6 rule without an IPv6 address", network(machine([rule(22, "::/0")])))
example(
    "IN-01", "gap", "SSH for the IPv6 world", network(machine([rule(22, "::/0")], ipv6=True), routes=IGW6)
)
example(
    "IN-01", "met", "IPv6 without a route out", network(machine([rule(22, "::/0")], public=False, ipv6=True))
)
example(
    "IN-01",
    "met",
    "the network ACL denies first",
    network(machine([SSH]), acl=[entry(90, "deny", WORLD, ports=(22, 22)), *OPEN_ACL]),
)
example(
    "IN-01",
    "gap",
    "the network ACL denies too late",
    network(machine([SSH]), acl=[*OPEN_ACL, entry(200, "deny", WORLD)]),
)
example(
    "IN-01",
    "gap",
    "the network ACL denies one network only",
    network(machine([SSH]), acl=[entry(90, "deny", "198.51.100.0/24"), *OPEN_ACL]),
)
example(
    "IN-01",
    "met",
    "the network ACL admits the company only",
    network(machine([SSH]), acl=[entry(100, "allow", "10.0.0.0/8"), OUT]),
)
example(
    "IN-01",
    "met",
    "the network ACL lets no reply out",
    network(machine([SSH]), acl=[entry(100, "allow", WORLD)]),
)
example(
    "IN-01",
    "gap",
    "replies to high ports are enough",
    network(
        machine([SSH]),
        acl=[entry(100, "allow", WORLD), entry(100, "allow", WORLD, egress=True, ports=(32768, 60999))],
    ),
)
example("IN-01", "met", "the region blocks the internet", network(machine([SSH]), block="block-ingress"))
example(
    "IN-01",
    "gap",
    "the VPC is excluded from the block",
    network(
        machine([SSH]),
        block="block-bidirectional",
        exclusions=[
            {
                "ResourceArn": "arn:aws:ec2:eu-west-1:1:vpc/vpc-1",
                "InternetGatewayExclusionMode": "allow-bidirectional",
            }
        ],
    ),
)
LISTED = rule(22, PrefixListIds=[{"PrefixListId": "pl-1"}])
example(
    "IN-01",
    "gap",
    "a prefix list with the world in it",
    network(
        machine([LISTED]), lists=[{"PrefixListId": "pl-1", "OwnerId": "1", "Entries": [{"Cidr": WORLD}]}]
    ),
)
example(
    "IN-01",
    "met",
    "a prefix list of AWS",
    network(machine([LISTED]), lists=[{"PrefixListId": "pl-1", "OwnerId": "AWS"}]),
)
example("IN-01", "unknown", "a prefix list that was not read", network(machine([LISTED])))
example("IN-01", "unknown", "a subnet shared by another account", network(machine([SSH]), tables=False))
example(
    "IN-01",
    "unknown",
    "security groups were not read",
    network(machine([SSH]), denied=["ec2.security_groups"]),
)
example(
    "IN-01",
    "met",
    "without an address the groups do not matter",
    network(machine([SSH], public=False), denied=["ec2.security_groups"]),
)
example("IN-01", "unknown", "instances were not read", network(machine([SSH]), denied=["ec2.instances"]))

ONLINE = [{"_name": "i-1", "InstanceId": "i-1", "PingStatus": "Online"}]
LOST = [
    {
        "_name": "i-1",
        "InstanceId": "i-1",
        "PingStatus": "ConnectionLost",
        "LastPingDateTime": "2026-05-01T00:00:00Z",
    }
]
example("IN-02", "met", "managed, and without a key pair", network(machine([SSH]), nodes=ONLINE))
example("IN-02", "gap", "not managed", network(machine([])))
example("IN-02", "gap", "managed once", network(machine([]), nodes=LOST))
example(
    "IN-02",
    "met",
    "a key pair that no port fits",
    network(machine([rule(443, WORLD)], KeyName="ops"), nodes=ONLINE),
)
example(
    "IN-02",
    "gap",
    "a key pair and SSH from the company",
    network(machine([rule(22, "10.0.0.0/8")], KeyName="ops"), nodes=ONLINE),
)
example(
    "IN-02",
    "gap",
    "a key pair and RDP from another group",
    network(machine([rule(3389, UserIdGroupPairs=[{"GroupId": "sg-2"}])], KeyName="ops"), nodes=ONLINE),
)
example("IN-02", "not_applicable", "a stopped machine", network(machine([], State={"Name": "stopped"})))
example("IN-02", "unknown", "nodes were not read", network(machine([]), denied=["ssm.instance_information"]))
