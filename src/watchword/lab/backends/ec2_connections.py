"""What crosses the border of a VPC: endpoint connections, references to security groups, shared security groups.

What it does: works the answers out of moto's own state, across the accounts of the lab. What it does not do: keep
a state of its own beyond accepted connections and shared groups.
Reference: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSecurityGroupReferences.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from moto.ec2.models import ec2_backends
from moto.ec2.responses import EC2Response
from moto.ec2.urls import url_paths

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call
from watchword.lab.backends.ec2_items import filtered, found, tables
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item

_ASSOCIATION = "SecurityGroupVpcAssociation"


def _everyone(call: Call) -> Iterator[tuple[str, Any]]:
    """Each account with its EC2 in the region of the call."""
    for account, backends in list(ec2_backends.items()):
        yield account, backends[call.region]


def _endpoint_connections(call: Call) -> Item:
    services = ec2_backends[call.account][call.region].configurations.values()
    connections = [item for service in services for item in _connections(call, service)]
    return call.page("VpcEndpointConnections", filtered(call, connections), 1000)


def _connections(call: Call, service: Any) -> Iterator[Item]:
    decided = tables(call).table(f"connections of {service.id}")
    waiting = "pendingAcceptance" if service.acceptance_required else "available"
    for owner, backend in _everyone(call):
        for endpoint in backend.vpc_end_points.values():
            if endpoint.service_name == service.service_name:
                state = decided.get(endpoint.id, {}).get("state", waiting)
                yield _connection(service, owner, endpoint, state)


def _connection(service: Any, owner: str, endpoint: Any, state: str) -> Item:
    return {
        "ServiceId": service.id,
        "VpcEndpointId": endpoint.id,
        "VpcEndpointOwner": owner,
        "VpcEndpointState": state,
        "CreationTimestamp": endpoint.creation_timestamp,
        "NetworkLoadBalancerArns": list(service.network_load_balancer_arns),
        "GatewayLoadBalancerArns": list(service.gateway_load_balancer_arns),
        "IpAddressType": "ipv4",
    }


def _decide(state: str) -> Handler:
    def handle(call: Call) -> Item:
        service = found_service(call)
        decided = tables(call).table(f"connections of {service.id}")
        known = {each["VpcEndpointId"] for each in _connections(call, service)}
        asked = call.params["VpcEndpointIds"]
        decided.update({key: {"state": state} for key in asked if key in known})
        return {"Unsuccessful": [_unknown(key) for key in asked if key not in known]}

    return handle


def found_service(call: Call) -> Any:
    """The endpoint service that a call names by its id; InvalidVpcEndpointServiceId.NotFound where it is missing."""
    services = ec2_backends[call.account][call.region].configurations
    return found(services, call.params["ServiceId"], "VpcEndpointService")


def _unknown(key: str) -> Item:
    message = f"The VPC endpoint connection '{key}' does not exist"
    return {"ResourceId": key, "Error": {"Code": "InvalidVpcEndpointId.NotFound", "Message": message}}


def _group_references(call: Call) -> Item:
    asked = set(call.params["GroupId"])
    peerings = ec2_backends[call.account][call.region].vpc_pcxs.values()
    references = {
        (group, other.vpc_id)
        for _, backend in _everyone(call)
        for other in backend.describe_security_groups()
        for group in asked & _referenced(other)
    }
    pairs = ((group, vpc, _peering(call, group, vpc, peerings)) for group, vpc in sorted(references))
    members = ("GroupId", "ReferencingVpcId", "VpcPeeringConnectionId")
    return {"SecurityGroupReferenceSet": [dict(zip(members, pair, strict=True)) for pair in pairs if pair[2]]}


def _referenced(group: Any) -> set[str]:
    """The ids of the security groups that the rules of a group name."""
    rules = [*group.ingress_rules, *group.egress_rules]
    return {rule.source_group["GroupId"] for rule in rules if "GroupId" in rule.source_group}


def _peering(call: Call, group: str, vpc: str, peerings: Any) -> str:
    """The peering between the group's VPC and another; empty where there is none, as within the same VPC."""
    home = ec2_backends[call.account][call.region].get_security_group_from_id(group)
    ends = {home.vpc_id, vpc} if home else set()
    return next((peering.id for peering in peerings if {peering.vpc.id, peering.peer_vpc.id} == ends), "")


def _share_group(call: Call) -> Item:
    group, vpc = call.params["GroupId"], call.params["VpcId"]
    owner = next((account for account, backend in _everyone(call) if vpc in backend.vpcs), call.account)
    tables(call).table(_ASSOCIATION)[f"{group} {vpc}"] = {
        "GroupId": group,
        "VpcId": vpc,
        "VpcOwnerId": owner,
        "State": "associated",
        "GroupOwnerId": call.account,
    }
    return {"State": "associating"}


def _unshare_group(call: Call) -> Item:
    key = f"{call.params['GroupId']} {call.params['VpcId']}"
    found(tables(call).table(_ASSOCIATION), key, _ASSOCIATION)
    del tables(call).table(_ASSOCIATION)[key]
    return {"State": "disassociating"}


def _shared_groups(call: Call) -> Item:
    return call.page(f"{_ASSOCIATION}s", filtered(call, tables(call).table(_ASSOCIATION).values()), 1000)


OPERATIONS: Mapping[str, Handler] = {
    "DescribeVpcEndpointConnections": _endpoint_connections,
    "AcceptVpcEndpointConnections": _decide("available"),
    "RejectVpcEndpointConnections": _decide("rejected"),
    "DescribeSecurityGroupReferences": _group_references,
    "AssociateSecurityGroupVpc": _share_group,
    "DisassociateSecurityGroupVpc": _unshare_group,
    "DescribeSecurityGroupVpcAssociations": _shared_groups,
}


def install() -> None:
    """Add the operations to moto's EC2."""
    registry.extend(EC2Response, url_paths, OPERATIONS, invalid="InvalidParameterValue")
