"""EC2 as far as networks go: VPCs and what is in, at the border of, and between them, and the ways in for people.

Machines are in ``ec2_compute``.  Pre-shared keys of VPN tunnels are dropped before anything is kept.  Entries of prefix
lists are read only of lists that are the customer's own: AWS's lists are in every region and cost a call each.  Paths
analysed by Network Access Analyzer are not read: what reaches what is worked out from the rows.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from watchword.collect.reads import Detail, Read, Row

# A row without a name template is called by its Name tag, or else by its id.
_ARN = "arn:{partition}:ec2:{region}:{account}:"
_OWNED = "arn:{partition}:ec2:{region}:{OwnerId}:"
_REGION_KIND = "AWS::::Region"
_PAGE = {"MaxResults": 1000}
_ROUTE_STATES = [{"Name": "state", "Values": ["active", "blackhole"]}]


def _endpoint(row: Row) -> Iterable[Row]:
    """An endpoint with its policy parsed."""
    policy = row.get("PolicyDocument")
    return ({**row, "PolicyDocument": json.loads(policy)} if isinstance(policy, str) and policy else row,)


def _tunnels(row: Row) -> Iterable[Row]:
    """A VPN connection without the configuration and options that hold its pre-shared keys."""
    kept = {key: value for key, value in row.items() if key != "CustomerGatewayConfiguration"}
    options = kept.get("Options")
    if isinstance(options, dict):
        tunnels = [
            {key: value for key, value in one.items() if key != "PreSharedKey"}
            for one in options.get("TunnelOptions") or []
        ]
        kept["Options"] = {**options, "TunnelOptions": tunnels}
    return (kept,)


def _is_own_list(row: Row) -> bool:
    return row.get("OwnerId") != "AWS"


def _detail(key: str, operation: str, parameter: str, take: str, **more: Any) -> Detail:  # noqa: ANN401
    """A detail asked for by the row's own id."""
    return Detail(key, operation, params={parameter: f"{{{parameter}}}"}, take=take, **more)


_VPCS: tuple[Read, ...] = (
    Read(
        "ec2.vpcs",
        "DescribeVpcs",
        take="Vpcs[]",
        arn=_OWNED + "vpc/{VpcId}",
        kind="AWS::EC2::VPC",
        params=_PAGE,
    ),
    Read(
        "ec2.subnets",
        "DescribeSubnets",
        take="Subnets[]",
        arn=_OWNED + "subnet/{SubnetId}",
        kind="AWS::EC2::Subnet",
        params=_PAGE,
    ),
    Read(
        "ec2.route_tables",
        "DescribeRouteTables",
        take="RouteTables[]",
        arn=_OWNED + "route-table/{RouteTableId}",
        kind="AWS::EC2::RouteTable",
        params={"MaxResults": 100},
    ),
    Read(
        "ec2.network_acls",
        "DescribeNetworkAcls",
        take="NetworkAcls[]",
        arn=_OWNED + "network-acl/{NetworkAclId}",
        kind="AWS::EC2::NetworkAcl",
        params=_PAGE,
    ),
    Read(
        "ec2.security_groups",
        "DescribeSecurityGroups",
        take="SecurityGroups[]",
        arn=_OWNED + "security-group/{GroupId}",
        name="{GroupName}",
        kind="AWS::EC2::SecurityGroup",
        params=_PAGE,
    ),
    Read(
        "ec2.security_group_vpc_associations",
        "DescribeSecurityGroupVpcAssociations",
        take="SecurityGroupVpcAssociations[]",
        arn=_ARN + "security-group/{GroupId}/vpc/{VpcId}",
        name="{GroupId} in {VpcId}",
        kind="AWS::EC2::SecurityGroupVpcAssociation",
        params=_PAGE,
    ),
    Read(
        "ec2.network_interfaces",
        "DescribeNetworkInterfaces",
        take="NetworkInterfaces[]",
        arn=_OWNED + "network-interface/{NetworkInterfaceId}",
        kind="AWS::EC2::NetworkInterface",
        params=_PAGE,
        tags="TagSet",
    ),
    Read(
        "ec2.flow_logs",
        "DescribeFlowLogs",
        take="FlowLogs[]",
        arn=_ARN + "vpc-flow-log/{FlowLogId}",
        kind="AWS::EC2::FlowLog",
        params=_PAGE,
    ),
    Read(
        "ec2.dhcp_options",
        "DescribeDhcpOptions",
        take="DhcpOptions[]",
        arn=_OWNED + "dhcp-options/{DhcpOptionsId}",
        kind="AWS::EC2::DHCPOptions",
        params=_PAGE,
    ),
    Read(
        "ec2.prefix_lists",
        "DescribeManagedPrefixLists",
        take="PrefixLists[]",
        arn=_ARN + "prefix-list/{PrefixListId}",
        name="{PrefixListName}",
        kind="AWS::EC2::PrefixList",
        params={"MaxResults": 100},
        details=(
            _detail(
                "Entries",
                "GetManagedPrefixListEntries",
                "PrefixListId",
                "Entries[]",
                pages=True,
                when=_is_own_list,
            ),
        ),
    ),
)

_BORDERS: tuple[Read, ...] = (
    Read(
        "ec2.internet_gateways",
        "DescribeInternetGateways",
        take="InternetGateways[]",
        arn=_OWNED + "internet-gateway/{InternetGatewayId}",
        kind="AWS::EC2::InternetGateway",
        params=_PAGE,
    ),
    Read(
        "ec2.egress_only_internet_gateways",
        "DescribeEgressOnlyInternetGateways",
        take="EgressOnlyInternetGateways[]",
        arn=_ARN + "egress-only-internet-gateway/{EgressOnlyInternetGatewayId}",
        kind="AWS::EC2::EgressOnlyInternetGateway",
        params={"MaxResults": 255},
    ),
    Read(
        "ec2.nat_gateways",
        "DescribeNatGateways",
        take="NatGateways[]",
        arn=_ARN + "natgateway/{NatGatewayId}",
        kind="AWS::EC2::NatGateway",
        params=_PAGE,
    ),
    Read(
        "ec2.addresses",
        "DescribeAddresses",
        take="Addresses[]",
        arn=_ARN + "elastic-ip/{AllocationId}",
        kind="AWS::EC2::EIP",
    ),
    Read(
        "ec2.vpc_block_public_access_options",
        "DescribeVpcBlockPublicAccessOptions",
        take="VpcBlockPublicAccessOptions",
        arn=_ARN + "account/{account}",
        name="VPC block public access in {region}",
        kind="AWS::EC2::VPCBlockPublicAccessOptions",
    ),
    Read(
        "ec2.vpc_block_public_access_exclusions",
        "DescribeVpcBlockPublicAccessExclusions",
        take="VpcBlockPublicAccessExclusions[]",
        arn=_ARN + "vpc-block-public-access-exclusion/{ExclusionId}",
        kind="AWS::EC2::VPCBlockPublicAccessExclusion",
        params=_PAGE,
    ),
    Read(
        "ec2.vpc_endpoints",
        "DescribeVpcEndpoints",
        take="VpcEndpoints[]",
        arn=_ARN + "vpc-endpoint/{VpcEndpointId}",
        kind="AWS::EC2::VPCEndpoint",
        params=_PAGE,
        transform=_endpoint,
    ),
    Read(
        "ec2.vpc_endpoint_services",
        "DescribeVpcEndpointServiceConfigurations",
        take="ServiceConfigurations[]",
        arn=_ARN + "vpc-endpoint-service/{ServiceId}",
        kind="AWS::EC2::VPCEndpointService",
        params=_PAGE,
        details=(
            _detail(
                "AllowedPrincipals",
                "DescribeVpcEndpointServicePermissions",
                "ServiceId",
                "AllowedPrincipals[]",
                pages=True,
            ),
        ),
    ),
    Read(
        "ec2.vpc_endpoint_connections",
        "DescribeVpcEndpointConnections",
        take="VpcEndpointConnections[]",
        arn=_ARN + "vpc-endpoint-service/{ServiceId}/{VpcEndpointId}",
        name="{VpcEndpointId}",
        kind="AWS::EC2::VPCEndpoint",
        # Only an account that offers services has connections to them.
        over="ec2.vpc_endpoint_services",
        params={**_PAGE, "Filters": [{"Name": "service-id", "Values": ["{ServiceId}"]}]},
    ),
)

_BETWEEN: tuple[Read, ...] = (
    Read(
        "ec2.vpc_peering_connections",
        "DescribeVpcPeeringConnections",
        take="VpcPeeringConnections[]",
        arn=_ARN + "vpc-peering-connection/{VpcPeeringConnectionId}",
        kind="AWS::EC2::VPCPeeringConnection",
        params=_PAGE,
    ),
    Read(
        "ec2.transit_gateways",
        "DescribeTransitGateways",
        take="TransitGateways[]",
        arn="{TransitGatewayArn}",
        kind="AWS::EC2::TransitGateway",
        params=_PAGE,
    ),
    Read(
        "ec2.transit_gateway_attachments",
        "DescribeTransitGatewayAttachments",
        take="TransitGatewayAttachments[]",
        arn=_ARN + "transit-gateway-attachment/{TransitGatewayAttachmentId}",
        kind="AWS::EC2::TransitGatewayAttachment",
        params=_PAGE,
    ),
    Read(
        "ec2.transit_gateway_vpc_attachments",
        "DescribeTransitGatewayVpcAttachments",
        take="TransitGatewayVpcAttachments[]",
        arn=_ARN + "transit-gateway-attachment/{TransitGatewayAttachmentId}",
        kind="AWS::EC2::TransitGatewayVpcAttachment",
        params=_PAGE,
    ),
    Read(
        "ec2.transit_gateway_peering_attachments",
        "DescribeTransitGatewayPeeringAttachments",
        take="TransitGatewayPeeringAttachments[]",
        arn=_ARN + "transit-gateway-attachment/{TransitGatewayAttachmentId}",
        kind="AWS::EC2::TransitGatewayPeeringAttachment",
        params=_PAGE,
    ),
    Read(
        # Only the owner of a transit gateway is shown its route tables.
        "ec2.transit_gateway_route_tables",
        "DescribeTransitGatewayRouteTables",
        take="TransitGatewayRouteTables[]",
        arn=_ARN + "transit-gateway-route-table/{TransitGatewayRouteTableId}",
        kind="AWS::EC2::TransitGatewayRouteTable",
        params=_PAGE,
    ),
    Read(
        "ec2.transit_gateway_associations",
        "GetTransitGatewayRouteTableAssociations",
        take="Associations[]",
        over="ec2.transit_gateway_route_tables",
        arn=_ARN
        + "transit-gateway-route-table/{parent.TransitGatewayRouteTableId}/association/{TransitGatewayAttachmentId}",
        name="{TransitGatewayAttachmentId}",
        kind="AWS::EC2::TransitGatewayRouteTableAssociation",
        params={"TransitGatewayRouteTableId": "{TransitGatewayRouteTableId}", **_PAGE},
    ),
    Read(
        "ec2.transit_gateway_propagations",
        "GetTransitGatewayRouteTablePropagations",
        take="TransitGatewayRouteTablePropagations[]",
        over="ec2.transit_gateway_route_tables",
        arn=_ARN
        + "transit-gateway-route-table/{parent.TransitGatewayRouteTableId}/propagation/{TransitGatewayAttachmentId}",
        name="{TransitGatewayAttachmentId}",
        kind="AWS::EC2::TransitGatewayRouteTablePropagation",
        params={"TransitGatewayRouteTableId": "{TransitGatewayRouteTableId}", **_PAGE},
    ),
    Read(
        "ec2.transit_gateway_routes",
        "SearchTransitGatewayRoutes",
        take="Routes[]",
        over="ec2.transit_gateway_route_tables",
        arn=_ARN
        + "transit-gateway-route-table/{parent.TransitGatewayRouteTableId}/route/{DestinationCidrBlock}",
        name="{DestinationCidrBlock}",
        kind="AWS::EC2::TransitGatewayRoute",
        params={"TransitGatewayRouteTableId": "{TransitGatewayRouteTableId}", "Filters": _ROUTE_STATES},
    ),
    Read(
        "ec2.vpn_connections",
        "DescribeVpnConnections",
        take="VpnConnections[]",
        arn=_ARN + "vpn-connection/{VpnConnectionId}",
        kind="AWS::EC2::VPNConnection",
        transform=_tunnels,
    ),
    Read(
        "ec2.vpn_gateways",
        "DescribeVpnGateways",
        take="VpnGateways[]",
        arn=_ARN + "vpn-gateway/{VpnGatewayId}",
        kind="AWS::EC2::VPNGateway",
    ),
    Read(
        "ec2.customer_gateways",
        "DescribeCustomerGateways",
        take="CustomerGateways[]",
        arn=_ARN + "customer-gateway/{CustomerGatewayId}",
        kind="AWS::EC2::CustomerGateway",
    ),
)

_PEOPLE: tuple[Read, ...] = (
    Read(
        "ec2.client_vpn_endpoints",
        "DescribeClientVpnEndpoints",
        take="ClientVpnEndpoints[]",
        arn=_ARN + "client-vpn-endpoint/{ClientVpnEndpointId}",
        kind="AWS::EC2::ClientVpnEndpoint",
        params=_PAGE,
        details=(
            _detail(
                "AuthorizationRules",
                "DescribeClientVpnAuthorizationRules",
                "ClientVpnEndpointId",
                "AuthorizationRules[]",
                pages=True,
            ),
            _detail(
                "TargetNetworks",
                "DescribeClientVpnTargetNetworks",
                "ClientVpnEndpointId",
                "ClientVpnTargetNetworks[]",
                pages=True,
            ),
        ),
    ),
    Read(
        "ec2.instance_connect_endpoints",
        "DescribeInstanceConnectEndpoints",
        take="InstanceConnectEndpoints[]",
        arn="{InstanceConnectEndpointArn}",
        kind="AWS::EC2::InstanceConnectEndpoint",
        params={"MaxResults": 50},
    ),
    Read(
        "ec2.verified_access_instances",
        "DescribeVerifiedAccessInstances",
        take="VerifiedAccessInstances[]",
        arn=_ARN + "verified-access-instance/{VerifiedAccessInstanceId}",
        kind="AWS::EC2::VerifiedAccessInstance",
        params={"MaxResults": 200},
        details=(
            Detail(
                "Logging",
                "DescribeVerifiedAccessInstanceLoggingConfigurations",
                params={"VerifiedAccessInstanceIds": ["{VerifiedAccessInstanceId}"]},
                take="LoggingConfigurations[]",
                pages=True,
            ),
        ),
    ),
    Read(
        "ec2.verified_access_trust_providers",
        "DescribeVerifiedAccessTrustProviders",
        take="VerifiedAccessTrustProviders[]",
        arn=_ARN + "verified-access-trust-provider/{VerifiedAccessTrustProviderId}",
        kind="AWS::EC2::VerifiedAccessTrustProvider",
        params={"MaxResults": 200},
    ),
    Read(
        # Read over the instances, so that a region without Verified Access costs no call for groups and endpoints.
        "ec2.verified_access_groups",
        "DescribeVerifiedAccessGroups",
        take="VerifiedAccessGroups[]",
        over="ec2.verified_access_instances",
        arn="{VerifiedAccessGroupArn}",
        kind="AWS::EC2::VerifiedAccessGroup",
        params={"VerifiedAccessInstanceId": "{VerifiedAccessInstanceId}"},
        details=(_detail("Policy", "GetVerifiedAccessGroupPolicy", "VerifiedAccessGroupId", ""),),
    ),
    Read(
        "ec2.verified_access_endpoints",
        "DescribeVerifiedAccessEndpoints",
        take="VerifiedAccessEndpoints[]",
        over="ec2.verified_access_instances",
        arn=_ARN + "verified-access-endpoint/{VerifiedAccessEndpointId}",
        kind="AWS::EC2::VerifiedAccessEndpoint",
        params={"VerifiedAccessInstanceId": "{VerifiedAccessInstanceId}"},
        details=(_detail("Policy", "GetVerifiedAccessEndpointPolicy", "VerifiedAccessEndpointId", ""),),
    ),
)

READS: tuple[Read, ...] = _VPCS + _BORDERS + _BETWEEN + _PEOPLE
