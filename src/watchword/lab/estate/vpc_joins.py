"""What joins Company ABC's VPCs and what watches them: peerings, the transit gateway, endpoints, flow logs, guards.

Kept for later areas: ``tgw/network/eu-west-1/backbone``.  The bucket ``abc-flow-logs`` of the log archive account is
named here as the place of flow logs and is built elsewhere.
"""

from __future__ import annotations

import json
from typing import Any, Final

from moto.ec2.models import ec2_backends

from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import (
    ACCOUNTS,
    DATA,
    DEV,
    HOME,
    LOG_ARCHIVE,
    MANAGEMENT,
    NETWORK,
    PROD,
    REGIONS,
    LabAccount,
)
from watchword.lab.estate.vpc_plan import Vpc, plan

FLOW_LOG_BUCKET: Final = "arn:aws:s3:::abc-flow-logs"
_DEFAULT_FIELDS: Final = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
_ALL_FIELDS: Final = (
    "version account-id vpc-id subnet-id instance-id interface-id srcaddr dstaddr srcport dstport pkt-srcaddr "
    "pkt-dstaddr protocol tcp-flags flow-direction packets bytes start end action log-status"
)
_RESTRICTED: Final = ("data", "vault")
"""VPCs whose attachments to the transit gateway are labelled restricted."""

Place = tuple[LabAccount, str, str]
"""Account, region and name of a VPC."""


def build(lab: Builder) -> None:
    """Join the VPCs, and put guards and logs on them."""
    vpcs = plan(lab.after)
    _peerings(lab)
    _share(lab, _transit_gateway(lab, [vpc for vpc in vpcs if vpc.region == HOME]))
    _endpoints(lab)
    _warehouse_interface(lab)
    _flow_logs(lab, vpcs)
    _block_public_access(lab, vpcs)


def _named(kind: str, name: str, **tags: str) -> list[dict[str, Any]]:
    listed = [{"Key": key, "Value": value} for key, value in {"Name": name, **tags}.items()]
    return [{"ResourceType": kind, "Tags": listed}]


def _peerings(lab: Builder) -> None:
    """In ``before`` the data VPC is peered with its users; dev's peering with the shared services stays."""
    wanted: list[tuple[str, Place, Place]] = [
        ("dev-to-shared", (DEV, HOME, "dev"), (NETWORK, HOME, "shared"))
    ]
    if not lab.after:
        wanted.append(("app-to-data", (PROD, HOME, "app"), (DATA, HOME, "data")))
        wanted.append(("dev-to-data", (DEV, HOME, "dev"), (DATA, HOME, "data")))
    for name, mine, theirs in wanted:
        account, region, vpc = mine
        made = lab.client("ec2", account, region).create_vpc_peering_connection(
            VpcId=lab.ref("vpc", account, region, vpc),
            PeerVpcId=lab.ref("vpc", *theirs),
            PeerOwnerId=theirs[0].id,
            PeerRegion=theirs[1],
            TagSpecifications=_named("vpc-peering-connection", name),
        )
        peering = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        lab.client("ec2", theirs[0], theirs[1]).accept_vpc_peering_connection(VpcPeeringConnectionId=peering)


def _transit_gateway(lab: Builder, vpcs: list[Vpc]) -> str:
    """The backbone in the network account.

    In ``before`` everything hangs on the default route table but the vault; in ``after`` there is no default one: the
    restricted VPCs have a segment, workloads another, and the sandbox reaches the way out only.
    """
    client = lab.client("ec2", NETWORK)
    default = "disable" if lab.after else "enable"
    made = client.create_transit_gateway(
        Description="backbone",
        Options={"DefaultRouteTableAssociation": default, "DefaultRouteTablePropagation": default},
        TagSpecifications=_named("transit-gateway", "backbone"),
    )["TransitGateway"]
    gateway = lab.remember("tgw", NETWORK, HOME, "backbone", made["TransitGatewayId"])
    common = made["Options"]["AssociationDefaultRouteTableId"]
    client.create_tags(Resources=[common], Tags=[{"Key": "Name", "Value": "default"}])
    segments = {
        name: client.create_transit_gateway_route_table(
            TransitGatewayId=gateway, TagSpecifications=_named("transit-gateway-route-table", name)
        )["TransitGatewayRouteTable"]["TransitGatewayRouteTableId"]
        for name in ("restricted", "workloads", "outside")
    }
    for vpc in vpcs:
        attachment = _attach(lab, client, gateway, vpc)
        segment = _segment(vpc, lab.after)
        _move(attachment, common, segments.get(segment, ""))
        known_to = {"restricted": ("workloads",), "": ()}.get(segment, tuple(segments))
        for table in [segments[one] for one in known_to] or [common]:
            client.enable_transit_gateway_route_table_propagation(
                TransitGatewayRouteTableId=table, TransitGatewayAttachmentId=attachment
            )
    if lab.after:
        # The emulator makes a default route table although the options say that there is to be none.
        del ec2_backends[NETWORK.id][HOME].transit_gateways_route_tables[common]
    return gateway


def _segment(vpc: Vpc, after: bool) -> str:
    """The segment of a VPC's attachment; empty for the default route table."""
    if vpc.name == "vault":
        return "restricted"
    if not after:
        return ""
    return {"data": "restricted", "sandbox": "outside", "egress": "outside"}.get(vpc.name, "workloads")


def _attach(lab: Builder, client: Any, gateway: str, vpc: Vpc) -> str:
    """Attach a VPC; the emulator knows a transit gateway in its own account only, so the owner is set afterwards."""
    tier = "tgw" if "tgw" in vpc.tiers else vpc.tiers[-1]
    made = client.create_transit_gateway_vpc_attachment(
        TransitGatewayId=gateway,
        VpcId=lab.ref("vpc", vpc.account, HOME, vpc.name),
        SubnetIds=[lab.ref("subnet", vpc.account, HOME, f"{vpc.name}-{tier}-{zone}") for zone in "ab"],
    )["TransitGatewayVpcAttachment"]["TransitGatewayAttachmentId"]
    tags = {"data-classification": "restricted"} if vpc.name in _RESTRICTED else {}
    named = _named("", f"{vpc.account.alias}-{vpc.name}", **tags)
    client.create_tags(Resources=[made], Tags=named[0]["Tags"])
    attachment = ec2_backends[NETWORK.id][HOME].transit_gateway_attachments[made]
    attachment.resource_owner_id = vpc.account.id
    return str(made)


def _move(attachment: str, common: str, segment: str) -> None:
    """Associate an attachment with its segment instead of the default route table that the emulator chose."""
    backend = ec2_backends[NETWORK.id][HOME]
    if segment:
        backend.transit_gateways_route_tables[common].route_table_associations.pop(attachment)
        backend.associate_transit_gateway_route_table(attachment, segment)
        table = backend.transit_gateways_route_tables[segment]
        backend.transit_gateway_attachments[attachment].transit_gateway_route_table = table


def _share(lab: Builder, gateway: str) -> None:
    """The backbone and the shared VPC's subnets are shared within the organisation by RAM."""
    lab.client("ram", MANAGEMENT).enable_sharing_with_aws_organization()
    prefix = f"arn:aws:ec2:{HOME}:{NETWORK.id}"
    organization = lab.client("organizations", MANAGEMENT).describe_organization()["Organization"]["Arn"]
    subnets = [lab.ref("subnet", NETWORK, HOME, f"shared-private-{zone}") for zone in "ab"]
    for name, arns in (
        ("backbone", [f"{prefix}:transit-gateway/{gateway}"]),
        ("shared-subnets", [f"{prefix}:subnet/{subnet}" for subnet in subnets]),
    ):
        lab.client("ram", NETWORK).create_resource_share(
            name=name, resourceArns=arns, principals=[organization], allowExternalPrincipals=False
        )


def _endpoints(lab: Builder) -> None:
    """Ways to AWS's services that need no internet."""
    for account, vpc, group, services in (
        (PROD, "app", "app-endpoints", ("ssm", "ssmmessages", "ec2messages", "kms", "secretsmanager")),
        (DATA, "data", "data-endpoints", ("kms", "logs")),
    ):
        client, where = lab.client("ec2", account), lab.ref("vpc", account, HOME, vpc)
        tier = "app" if vpc == "app" else "private"
        tables = [lab.ref("route-table", account, HOME, f"{vpc}-private")]
        _endpoint(lab, client, where, "s3", VpcEndpointType="Gateway", RouteTableIds=tables)
        for service in services:
            _endpoint(
                lab,
                client,
                where,
                service,
                VpcEndpointType="Interface",
                SubnetIds=[lab.ref("subnet", account, HOME, f"{vpc}-{tier}-{zone}") for zone in "ab"],
                SecurityGroupIds=[lab.ref("sg", account, HOME, group)],
                PrivateDnsEnabled=True,
            )


def _endpoint(lab: Builder, client: Any, vpc: str, service: str, **more: Any) -> None:
    organization = lab.client("organizations", MANAGEMENT).describe_organization()["Organization"]["Id"]
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
    if lab.after:
        own = {"aws:PrincipalOrgID": organization, "aws:ResourceOrgID": organization}
        statement["Condition"] = {"StringEquals": own}
    client.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName=f"com.amazonaws.{HOME}.{service}",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
        TagSpecifications=_named("vpc-endpoint", service),
        **more,
    )


def _warehouse_interface(lab: Builder) -> None:
    """The interface of the warehouse, which the emulator does not make with the cluster."""
    tier = "private" if lab.after else "public"
    lab.client("ec2", DATA).create_network_interface(
        SubnetId=lab.ref("subnet", DATA, HOME, f"data-{tier}-a"),
        Groups=[lab.ref("sg", DATA, HOME, "data-warehouse")],
        Description="RedshiftNetworkInterface",
        TagSpecifications=_named("network-interface", "warehouse"),
    )


_LOGGED_BEFORE: Final = {
    "app": ("ALL", _ALL_FIELDS),
    "vault": ("ALL", _ALL_FIELDS),
    "egress": ("ALL", _ALL_FIELDS),
    "shared": ("ALL", _DEFAULT_FIELDS),
    "data": ("REJECT", _ALL_FIELDS),
}
"""Traffic and fields of the flow logs in ``before``; VPCs that are not here have none."""


def _flow_logs(lab: Builder, vpcs: tuple[Vpc, ...]) -> None:
    for vpc in vpcs:
        found = ("ALL", _ALL_FIELDS) if lab.after else _LOGGED_BEFORE.get(vpc.name)
        if found:
            _flow_log(lab, vpc, *found)


def _flow_log(lab: Builder, vpc: Vpc, traffic: str, fields: str) -> None:
    """A flow log into the log archive's bucket.

    The emulator looks for the bucket in the VPC's own account, so that the log is made for a stream and turned round.
    """
    made = lab.client("ec2", vpc.account, vpc.region).create_flow_logs(
        ResourceType="VPC",
        ResourceIds=[lab.ref("vpc", vpc.account, vpc.region, vpc.name)],
        TrafficType=traffic,
        LogDestinationType="kinesis-data-firehose",
        LogDestination=f"{FLOW_LOG_BUCKET}/{vpc.account.alias}",
        LogFormat=" ".join(f"${{{field}}}" for field in fields.split()),
        MaxAggregationInterval=60,
        TagSpecifications=_named("vpc-flow-log", f"{vpc.name}-flow"),
    )["FlowLogIds"]
    ec2_backends[vpc.account.id][vpc.region].flow_logs[made[0]].log_destination_type = "s3"


def _block_public_access(lab: Builder, vpcs: tuple[Vpc, ...]) -> None:
    """In ``before`` on in the log archive, and in prod with an exclusion that nobody declared; in ``after`` everywhere."""
    for account in ACCOUNTS:
        for region in REGIONS:
            mode = _block_mode(lab, account, region)
            if mode:
                lab.client("ec2", account, region).modify_vpc_block_public_access_options(
                    InternetGatewayBlockMode=mode
                )
    for vpc in vpcs:
        if vpc.public and (lab.after or vpc.name == "app"):
            tags = {"exposure": "public"} if lab.after else {}
            lab.client("ec2", vpc.account, vpc.region).create_vpc_block_public_access_exclusion(
                VpcId=lab.ref("vpc", vpc.account, vpc.region, vpc.name),
                InternetGatewayExclusionMode="allow-bidirectional",
                TagSpecifications=_named("vpc-block-public-access-exclusion", vpc.name, **tags),
            )


def _block_mode(lab: Builder, account: LabAccount, region: str) -> str:
    if account == LOG_ARCHIVE:
        return "block-bidirectional"
    if lab.after or (account, region) == (PROD, HOME):
        return "block-ingress"
    return ""
