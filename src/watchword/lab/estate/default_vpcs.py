"""The default VPCs that AWS gives to every account in every region, and what Company ABC did about them.

In ``before`` they are still there in the management, dev and sandbox accounts, routed to the internet as AWS makes
them, and were deleted elsewhere.  In ``after`` there is none.
"""

from __future__ import annotations

from typing import Any

from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import ACCOUNTS, DEV, MANAGEMENT, REGIONS, SANDBOX

KEPT_BEFORE = (MANAGEMENT, DEV, SANDBOX)


def build(lab: Builder) -> None:
    """Dress the default VPCs that are kept as AWS makes them, and delete the others."""
    for account in ACCOUNTS:
        for region in REGIONS:
            client = lab.client("ec2", account, region)
            if account in KEPT_BEFORE and not lab.after:
                _dress(client)
            else:
                _delete(client)


def _default(client: Any) -> str:
    found = client.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    return str(found[0]["VpcId"])


def _dress(client: Any) -> None:
    """A name, and the internet gateway with its route that the emulator leaves out."""
    vpc = _default(client)
    client.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "default"}])
    gateway = client.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    client.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    tables = client.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["RouteTables"]
    client.create_route(
        RouteTableId=tables[0]["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway
    )


def _delete(client: Any) -> None:
    vpc = _default(client)
    for subnet in client.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]:
        client.delete_subnet(SubnetId=subnet["SubnetId"])
    client.delete_vpc(VpcId=vpc)
