"""Examples of the controls of segmentation, exposure, flow logs and block public access."""

from __future__ import annotations

from typing import Any

from tests.controls.builder import ACCOUNT, organization, view
from tests.controls.examples import example
from watchword.analysis.network.placement import WORKLOADS
from watchword.model.estate import Estate
from watchword.model.snapshot import AccountView

RESTRICTED = {"data-classification": "restricted"}
Row = dict[str, Any]


def vpc(name: str = "data", **more: Any) -> Row:
    """A VPC of the account, called ``name`` and with the id ``vpc-<name>``."""
    arn = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:vpc/vpc-{name}"
    return {"_arn": arn, "_name": name, "VpcId": f"vpc-{name}", "OwnerId": ACCOUNT, **more}


def database(name: str = "payroll", where: str = "data", **more: Any) -> Row:
    """A database in a VPC."""
    arn = f"arn:aws:rds:eu-west-1:{ACCOUNT}:db:{name}"
    return {"_arn": arn, "_name": name, "DBSubnetGroup": {"VpcId": f"vpc-{where}"}, **more}


def instance(name: str = "web", where: str = "data", **more: Any) -> Row:
    """A running machine in a VPC."""
    return {"_name": name, "VpcId": f"vpc-{where}", "State": {"Name": "running"}, **more}


def workloads(**tables: Any) -> dict[str, Any]:
    """Every table of workloads, empty unless given (``rds_instances=[…]``)."""
    return {name: tables.get(name.replace(".", "_"), []) for name in WORKLOADS}


def nw02(vpcs: list[Row], denied: list[str] | None = None, **tables: Any) -> AccountView:
    """VPCs with workloads."""
    read = {key: rows for key, rows in workloads(**tables).items() if key not in (denied or [])}
    return view({"ec2.vpcs": vpcs, **read}, denied=denied or [])


SENSITIVE = database(_tags=RESTRICTED)

example("NW-02", "met", "a labelled database alone", nw02([vpc()], rds_instances=[SENSITIVE]))
example("NW-02", "met", "a labelled VPC that is empty", nw02([vpc(_tags=RESTRICTED)]))
example(
    "NW-02",
    "met",
    "a database by the label of its cluster",
    nw02(
        [vpc()],
        rds_instances=[database(DBClusterIdentifier="ledger")],
        rds_clusters=[{"_name": "ledger", "_tags": RESTRICTED}],
    ),
)
example(
    "NW-02",
    "met",
    "the machine beside it was terminated",
    nw02([vpc()], rds_instances=[SENSITIVE], ec2_instances=[instance(State={"Name": "terminated"})]),
)
example(
    "NW-02",
    "gap",
    "a web server beside it",
    nw02([vpc()], rds_instances=[SENSITIVE], ec2_instances=[instance()]),
)
example(
    "NW-02",
    "gap",
    "a function beside it, although domains were not read",
    nw02(
        [vpc()],
        denied=["opensearch.domains"],
        rds_instances=[SENSITIVE],
        lambda_functions=[{"_name": "report", "VpcConfig": {"VpcId": "vpc-data"}}],
    ),
)
example(
    "NW-02",
    "met",
    "the web server is in another VPC",
    nw02([vpc(), vpc("web")], rds_instances=[SENSITIVE], ec2_instances=[instance(where="web")]),
)
example("NW-02", "not_applicable", "nothing sensitive at all", nw02([vpc()], ec2_instances=[instance()]))
example(
    "NW-02",
    "unknown",
    "functions denied beside a sensitive database",
    nw02([vpc()], denied=["lambda.functions"], rds_instances=[SENSITIVE]),
)
example("NW-02", "unknown", "databases denied", nw02([vpc()], denied=["rds.instances"]))
example("NW-02", "unknown", "VPCs denied", view(denied=["ec2.vpcs"]))


def table(*routes: Row, where: str = "data") -> Row:
    """The main route table of a VPC."""
    return {
        "_name": f"main-{where}",
        "VpcId": f"vpc-{where}",
        "Associations": [{"Main": True}],
        "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}, *routes],
    }


OUT = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}
IPV6_OUT = {"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1", "State": "active"}
NAT = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"}


def nw03(*routes: Row, mode: str = "off", exclusions: list[Row] | None = None, **more: Any) -> AccountView:
    """A sensitive VPC with these routes."""
    return view(
        {
            "ec2.vpcs": [vpc(_tags=RESTRICTED)],
            **workloads(),
            "ec2.route_tables": [table(*routes)],
            "ec2.network_interfaces": [],
            "ec2.vpc_block_public_access_options": [{"InternetGatewayBlockMode": mode}],
            "ec2.vpc_block_public_access_exclusions": exclusions or [],
            **more,
        }
    )


PUBLIC_INTERFACE = {"_name": "eni-1", "VpcId": "vpc-data", "Association": {"PublicIp": "54.1.2.3"}}

example("NW-03", "met", "no route out", nw03())
example("NW-03", "met", "out through NAT, which is another control's matter", nw03(NAT))
example("NW-03", "met", "a route to a gateway that is gone", nw03({**OUT, "State": "blackhole"}))
example("NW-03", "gap", "a default route to an internet gateway", nw03(OUT))
example("NW-03", "gap", "the same for IPv6", nw03(IPV6_OUT))
example(
    "NW-03",
    "gap",
    "a narrow route to an internet gateway",
    nw03({**OUT, "DestinationCidrBlock": "198.51.100.0/24"}),
)
example("NW-03", "gap", "a public address", nw03(**{"ec2.network_interfaces": [PUBLIC_INTERFACE]}))
example("NW-03", "gap", "blocked for now by block public access", nw03(OUT, mode="block-bidirectional"))
example(
    "NW-03",
    "not_applicable",
    "an ordinary VPC with a route out",
    nw03(OUT, **{"ec2.vpcs": [vpc()]}),
)
example(
    "NW-03",
    "unknown",
    "route tables denied",
    view(
        {"ec2.vpcs": [vpc(_tags=RESTRICTED)], **workloads(), "ec2.network_interfaces": []},
        denied=["ec2.route_tables"],
    ),
)


def peering(status: str = "active", mine: str = "data", **more: Any) -> Row:
    """A peering of one of our VPCs to another account's."""
    return {
        "_name": "data-to-partner",
        "Status": {"Code": status},
        "RequesterVpcInfo": {"VpcId": "vpc-theirs", "OwnerId": "999988887777"},
        "AccepterVpcInfo": {"VpcId": f"vpc-{mine}", "OwnerId": ACCOUNT},
        **more,
    }


def nw04(*peerings: Row, vpcs: list[Row] | None = None, **tables: Any) -> AccountView:
    """Peerings of a sensitive VPC ``data`` and an ordinary one ``web``."""
    own = vpcs if vpcs is not None else [vpc(_tags=RESTRICTED), vpc("web")]
    return view({"ec2.vpc_peering_connections": peerings, "ec2.vpcs": own, **workloads(**tables)})


example("NW-04", "met", "between ordinary VPCs", nw04(peering(mine="web")))
example("NW-04", "gap", "a sensitive VPC is one end", nw04(peering()))
example("NW-04", "gap", "not yet accepted", nw04(peering("pending-acceptance")))
example(
    "NW-04",
    "gap",
    "to a VPC that holds a labelled database",
    nw04(peering(), vpcs=[vpc()], rds_instances=[SENSITIVE]),
)
example("NW-04", "not_applicable", "deleted a while ago", nw04(peering("deleted")))
example("NW-04", "unknown", "our own end was not seen", nw04(peering(), vpcs=[]))
example("NW-04", "unknown", "peerings denied", view(denied=["ec2.vpc_peering_connections"]))
example(
    "NW-04",
    "unknown",
    "what lies in the VPC was not read",
    view(
        {"ec2.vpc_peering_connections": [peering(mine="web")], "ec2.vpcs": [vpc("web")]},
        denied=list(WORKLOADS),
    ),
)


def permission(port: int, *sources: str, protocol: str = "tcp", to: int | None = None, **more: Any) -> Row:
    """An ingress permission."""
    return {
        "IpProtocol": protocol,
        "FromPort": port,
        "ToPort": port if to is None else to,
        "IpRanges": [{"CidrIp": one} for one in sources if ":" not in one],
        "Ipv6Ranges": [{"CidrIpv6": one} for one in sources if ":" in one],
        **more,
    }


def group(*permissions: Row) -> Row:
    """A security group with the id sg-1."""
    return {"_name": "web", "GroupId": "sg-1", "IpPermissions": list(permissions)}


USED = [{"_name": "eni-1", "VpcId": "vpc-data", "Groups": [{"GroupId": "sg-1"}]}]


def nw10(*permissions: Row, **more: Any) -> AccountView:
    """A group that an interface uses."""
    return view(
        {
            "ec2.security_groups": [group(*permissions)],
            "ec2.prefix_lists": [],
            "ec2.network_interfaces": USED,
            "elbv2.load_balancers": [],
            "elbv2.listeners": [],
            **more,
        }
    )


WORLD = "0.0.0.0/0"
OWN_LIST = {"PrefixListId": "pl-1", "OwnerId": ACCOUNT, "Entries": [{"Cidr": "0.0.0.0/1"}]}
AWS_LIST = {"PrefixListId": "pl-1", "OwnerId": "AWS", "Entries": None}
FROM_LIST = {**permission(22), "PrefixListIds": [{"PrefixListId": "pl-1"}]}
BALANCER = {
    "_arn": "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/1",
    "Scheme": "internet-facing",
    "SecurityGroups": ["sg-1"],
}
LISTENER = {"LoadBalancerArn": BALANCER["_arn"], "Port": 8443}

example("NW-10", "met", "no rules", nw10())
example(
    "NW-10", "met", "web ports for everybody", nw10(permission(443, WORLD, "::/0"), permission(80, WORLD))
)
example("NW-10", "met", "HTTP/3", nw10(permission(443, WORLD, protocol="udp")))
example("NW-10", "met", "SSH from the company", nw10(permission(22, "10.0.0.0/8", "203.0.113.0/24")))
example("NW-10", "met", "ping", nw10(permission(8, WORLD, protocol="icmp", to=-1)))
example("NW-10", "met", "an AWS prefix list", nw10(FROM_LIST, **{"ec2.prefix_lists": [AWS_LIST]}))
example(
    "NW-10",
    "met",
    "the port that its public load balancer listens on",
    nw10(permission(8443, WORLD), **{"elbv2.load_balancers": [BALANCER], "elbv2.listeners": [LISTENER]}),
)
example("NW-10", "gap", "SSH from everywhere", nw10(permission(22, WORLD)))
example("NW-10", "gap", "SSH from every IPv6 address", nw10(permission(22, "::/0")))
example(
    "NW-10", "gap", "SSH from both halves of the internet", nw10(permission(22, "0.0.0.0/1", "128.0.0.0/1"))
)
example("NW-10", "gap", "everything", nw10({"IpProtocol": "-1", "IpRanges": [{"CidrIp": WORLD}]}))
example("NW-10", "gap", "a range that holds web ports and more", nw10(permission(80, WORLD, to=443)))
example(
    "NW-10",
    "gap",
    "an own prefix list of half the internet",
    nw10(FROM_LIST, **{"ec2.prefix_lists": [OWN_LIST]}),
)
example(
    "NW-10",
    "gap",
    "another port than its load balancer listens on",
    nw10(permission(9000, WORLD), **{"elbv2.load_balancers": [BALANCER], "elbv2.listeners": [LISTENER]}),
)
example("NW-10", "gap", "attached to nothing", nw10(permission(22, WORLD), **{"ec2.network_interfaces": []}))
example("NW-10", "unknown", "groups denied", view(denied=["ec2.security_groups"]))
example("NW-10", "unknown", "a prefix list that was not seen", nw10(FROM_LIST))


def nw09(**tables: Any) -> AccountView:
    """Databases of all kinds."""
    read = {
        "rds.instances": [],
        "rds.clusters": [],
        "redshift.clusters": [],
        "opensearch.domains": [],
        "ec2.route_tables": [table(OUT)],
        "ec2.security_groups": [group(permission(5432, WORLD))],
        "ec2.prefix_lists": [],
    }
    return view({**read, **{name.replace("_", ".", 1): rows for name, rows in tables.items()}})


def public_database(flag: bool = True, **more: Any) -> Row:
    """A database with a public address, in a public subnet and with an open group."""
    place = {"VpcId": "vpc-data", "Subnets": [{"SubnetIdentifier": "subnet-1"}]}
    groups = [{"VpcSecurityGroupId": "sg-1"}]
    return database(PubliclyAccessible=flag, DBSubnetGroup=place, VpcSecurityGroups=groups, **more)


WAREHOUSE = {"_name": "dwh", "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1"}]}

example("NW-09", "met", "a private database", nw09(rds_instances=[public_database(False)]))
example(
    "NW-09",
    "met",
    "a domain in a VPC",
    nw09(opensearch_domains=[{"_name": "s", "VPCOptions": {"VPCId": "vpc-1"}}]),
)
example(
    "NW-09",
    "met",
    "a private warehouse",
    nw09(redshift_clusters=[{**WAREHOUSE, "PubliclyAccessible": False}]),
)
example("NW-09", "gap", "public and open", nw09(rds_instances=[public_database()]))
example(
    "NW-09",
    "gap",
    "public, but no subnet leads out",
    nw09(rds_instances=[public_database()], ec2_route_tables=[table()]),
)
example(
    "NW-09",
    "gap",
    "public, but the group admits nobody",
    nw09(rds_instances=[public_database()], ec2_security_groups=[group()]),
)
example(
    "NW-09", "gap", "a public warehouse", nw09(redshift_clusters=[{**WAREHOUSE, "PubliclyAccessible": True}])
)
example(
    "NW-09",
    "gap",
    "a public warehouse whose group was not seen",
    nw09(redshift_clusters=[{**WAREHOUSE, "PubliclyAccessible": True}], ec2_security_groups=[]),
)
example("NW-09", "gap", "a domain with a public endpoint", nw09(opensearch_domains=[{"_name": "s"}]))
example(
    "NW-09",
    "gap,met",
    "one of each",
    nw09(rds_instances=[public_database(), public_database(False, _arn="b", _name="b")]),
)
example(
    "NW-09",
    "gap",
    "a public Multi-AZ cluster",
    nw09(
        rds_clusters=[
            {"_name": "c", "PubliclyAccessible": True, "VpcSecurityGroups": [{"VpcSecurityGroupId": "sg-1"}]}
        ]
    ),
)
example(
    "NW-09",
    "not_applicable",
    "an Aurora cluster without instances",
    nw09(rds_clusters=[{"_name": "c", "Engine": "aurora-mysql", "PubliclyAccessible": False}]),
)
example(
    "NW-09",
    "unknown",
    "domains whose description is missing",
    nw09(opensearch_domains=[{"_name": "s", "_holes": {"VPCOptions": "denied"}}]),
)
example(
    "NW-09",
    "met,unknown",
    "warehouses denied",
    view(
        {
            "rds.instances": [public_database(False)],
            "rds.clusters": [],
            "opensearch.domains": [],
        },
        denied=["redshift.clusters"],
    ),
)

TGW = {"TransitGatewayId": "tgw-1", "OwnerId": ACCOUNT, "_name": "backbone"}
ORG = organization(
    {
        "organizations.accounts": [
            {"Id": "777777777777", "_name": "data", "_tags": {"data-classification": "Restricted"}},
            {"Id": "666666666666", "_name": "prod"},
        ]
    }
)


def attachment(name: str, owner: str = "777777777777", **more: Any) -> Row:
    """An attachment of another account's VPC."""
    return {
        "_name": name,
        "_arn": f"arn:aws:ec2:eu-west-1:{ACCOUNT}:transit-gateway-attachment/{name}",
        "TransitGatewayAttachmentId": name,
        "TransitGatewayId": "tgw-1",
        "ResourceType": "vpc",
        "ResourceId": f"vpc-{name}",
        "ResourceOwnerId": owner,
        "State": "available",
        **more,
    }


def route_table(name: str, default: bool = False, **more: Any) -> Row:
    """A route table of the transit gateway; its ARN is its name."""
    flags = {"DefaultAssociationRouteTable": default, "DefaultPropagationRouteTable": default}
    return {
        "_name": name,
        "_arn": name,
        "TransitGatewayRouteTableId": name,
        "TransitGatewayId": "tgw-1",
        **flags,
        **more,
    }


def relation(where: str, name: str, state: str = "associated") -> Row:
    """An association or propagation of an attachment in a route table."""
    return {"_parent": where, "_arn": where + name, "TransitGatewayAttachmentId": name, "State": state}


def nw15(gateways: dict[str, Any] | None = None, **tables: Any) -> AccountView:
    """The transit gateway's account: data's and prod's VPCs, a default table and a segment."""
    read: dict[str, Any] = {
        "ec2.transit_gateways": [TGW],
        "ec2.transit_gateway_attachments": [attachment("data"), attachment("prod", "666666666666")],
        "ec2.transit_gateway_route_tables": [route_table("default", default=True), route_table("segment")],
        "ec2.transit_gateway_associations": [relation("segment", "data"), relation("default", "prod")],
        "ec2.transit_gateway_propagations": [],
        "ec2.transit_gateway_routes": [],
        "ec2.vpcs": [],
        **workloads(),
    }
    return view(
        {**read, **(gateways or {}), **{f"ec2.transit_gateway_{key}": rows for key, rows in tables.items()}},
        organization=ORG,
    )


ROUTE = {
    "_parent": "default",
    "DestinationCidrBlock": "10.30.0.0/16",
    "State": "active",
    "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "data"}],
}

example("NW-15", "met", "a segment of its own", nw15())
example(
    "NW-15",
    "met",
    "known to the workloads' table on purpose",
    nw15(propagations=[relation("segment", "data", "enabled")]),
)
example("NW-15", "gap", "associated with the default table", nw15(associations=[relation("default", "data")]))
example(
    "NW-15",
    "gap",
    "propagates to the default table",
    nw15(propagations=[relation("default", "data", "enabled")]),
)
example(
    "NW-15",
    "met",
    "a propagation that was switched off",
    nw15(propagations=[relation("default", "data", "disabled")]),
)
example("NW-15", "gap", "a static route of the default table", nw15(routes=[ROUTE]))
example("NW-15", "met", "a blackhole of the default table", nw15(routes=[{**ROUTE, "State": "blackhole"}]))
example(
    "NW-15",
    "gap",
    "shares its table with an ordinary VPC",
    nw15(associations=[relation("segment", "data"), relation("segment", "prod")]),
)
example(
    "NW-15",
    "gap",
    "labelled itself",
    nw15(
        attachments=[attachment("prod", "666666666666", _tags=RESTRICTED)],
        associations=[relation("default", "prod")],
    ),
)
example(
    "NW-15",
    "not_applicable",
    "no sensitive VPC is attached",
    nw15(attachments=[attachment("prod", "666666666666")]),
)
example(
    "NW-15",
    "not_applicable",
    "a participant's own view",
    nw15({"ec2.transit_gateways": [{**TGW, "OwnerId": "555555555555"}]}),
)
example("NW-15", "unknown", "attachments denied", view(denied=["ec2.transit_gateway_attachments"]))
example(
    "NW-15",
    "unknown",
    "route tables denied",
    view(
        {
            "ec2.transit_gateways": [TGW],
            "ec2.transit_gateway_attachments": [attachment("data")],
            "ec2.vpcs": [],
        },
        denied=["ec2.transit_gateway_route_tables"],
        organization=ORG,
    ),
)

SUBNET_ARN = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:subnet/subnet-1"
EXCLUSION = {
    "_name": "vpcbpa-exclude-1",
    "ResourceArn": SUBNET_ARN,
    "InternetGatewayExclusionMode": "allow-bidirectional",
    "State": "create-complete",
}


def nw16(mode: str, *exclusions: Row, subnet_tags: dict[str, str] | None = None, **more: Any) -> AccountView:
    """A region with block public access in a mode."""
    return view(
        {
            "ec2.vpc_block_public_access_options": [{"InternetGatewayBlockMode": mode}],
            "ec2.vpc_block_public_access_exclusions": exclusions,
            "ec2.vpcs": [vpc()],
            "ec2.subnets": [{"_arn": SUBNET_ARN, "SubnetId": "subnet-1", "_tags": subnet_tags or {}}],
        },
        **more,
    )


example("NW-16", "met", "ingress blocked", nw16("block-ingress"))
example("NW-16", "met", "both ways blocked", nw16("block-bidirectional"))
example(
    "NW-16",
    "met",
    "an exclusion tagged public",
    nw16("block-ingress", {**EXCLUSION, "_tags": {"exposure": "public"}}),
)
example(
    "NW-16",
    "met",
    "a subnet tagged public",
    nw16("block-ingress", EXCLUSION, subnet_tags={"exposure": "public"}),
)
example(
    "NW-16",
    "met",
    "a subnet declared public",
    nw16("block-ingress", EXCLUSION, estate=Estate(public=(SUBNET_ARN,))),
)
example(
    "NW-16",
    "met",
    "an exclusion for the way out",
    nw16("block-bidirectional", {**EXCLUSION, "InternetGatewayExclusionMode": "allow-egress"}),
)
example(
    "NW-16",
    "met",
    "an exclusion that was deleted",
    nw16("block-ingress", {**EXCLUSION, "State": "delete-complete"}),
)
example("NW-16", "gap", "off", nw16("off"))
example("NW-16", "gap", "an exclusion that nobody declared", nw16("block-ingress", EXCLUSION))
example("NW-16", "unknown", "options denied", view(denied=["ec2.vpc_block_public_access_options"]))
example(
    "NW-16",
    "unknown",
    "exclusions denied",
    view(
        {"ec2.vpc_block_public_access_options": [{"InternetGatewayBlockMode": "block-ingress"}]},
        denied=["ec2.vpc_block_public_access_exclusions"],
    ),
)

FULL = "${version} ${vpc-id} ${srcaddr} ${pkt-srcaddr} ${pkt-dstaddr} ${tcp-flags} ${flow-direction}"


def flow_log(resource: str = "vpc-data", **more: Any) -> Row:
    """A flow log of everything, in another account's bucket."""
    return {
        "_name": "fl-1",
        "ResourceId": resource,
        "FlowLogStatus": "ACTIVE",
        "DeliverLogsStatus": "SUCCESS",
        "TrafficType": "ALL",
        "LogFormat": FULL,
        "LogDestinationType": "s3",
        "LogDestination": "arn:aws:s3:::abc-flow-logs/prod",
        **more,
    }


def nw19(*logs: Row, org: AccountView | None = ORG, **more: Any) -> AccountView:
    """A VPC with one subnet and these flow logs."""
    return view(
        {
            "ec2.vpcs": [vpc()],
            "ec2.flow_logs": logs,
            "ec2.subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-data"}],
            "ec2.network_interfaces": USED,
            "global:s3.buckets": [{"_name": "own"}],
            **more,
        },
        organization=org,
    )


example("NW-19", "met", "everything, in another account", nw19(flow_log()))
example("NW-19", "met", "each subnet has one", nw19(flow_log("subnet-1")))
example(
    "NW-19", "met", "a poor one beside a good one", nw19(flow_log(TrafficType="REJECT", _arn="2"), flow_log())
)
example(
    "NW-19", "met", "a lone account's own bucket", nw19(flow_log(LogDestination="arn:aws:s3:::own"), org=None)
)
example("NW-19", "met", "through Firehose", nw19(flow_log(LogDestinationType="kinesis-data-firehose")))
example("NW-19", "gap", "none", nw19())
example("NW-19", "gap", "none, and nothing in it", nw19(**{"ec2.network_interfaces": []}))
example("NW-19", "gap", "rejected traffic only", nw19(flow_log(TrafficType="REJECT")))
example("NW-19", "gap", "the default format", nw19(flow_log(LogFormat="${version} ${srcaddr} ${dstaddr}")))
example("NW-19", "gap", "its own account's bucket", nw19(flow_log(LogDestination="arn:aws:s3:::own/logs")))
example(
    "NW-19",
    "gap",
    "its own log group",
    nw19(flow_log(LogDestinationType="cloud-watch-logs", LogDestination=None)),
)
example("NW-19", "gap", "does not deliver", nw19(flow_log(DeliverLogsStatus="FAILED")))
example(
    "NW-19",
    "not_applicable",
    "a VPC that another account shares",
    nw19(**{"ec2.vpcs": [vpc(OwnerId="999988887777")]}),
)
example("NW-19", "unknown", "flow logs denied", view({"ec2.vpcs": [vpc()]}, denied=["ec2.flow_logs"]))
example(
    "NW-19",
    "unknown",
    "whether the bucket is its own was not read",
    view(
        {"ec2.vpcs": [vpc()], "ec2.flow_logs": [flow_log()], "ec2.subnets": [], "ec2.network_interfaces": []},
        denied=["global:s3.buckets"],
        organization=ORG,
    ),
)

example(
    "NW-10",
    "gap",
    "an open port is seen without the prefix lists, which the group does not name",
    view(
        {
            "ec2.security_groups": [
                {"_name": "open", "GroupId": "sg-1", "IpPermissions": [permission(22, WORLD)]},
            ],
            "ec2.network_interfaces": [],
            "elbv2.load_balancers": [],
            "elbv2.listeners": [],
        },
        denied=["ec2.prefix_lists"],
    ),
)
