"""Ways into a VPC for people: Client VPN endpoints and EC2 Instance Connect endpoints.

What it does: keeps endpoints with their target networks, authorisation rules and routes. What it does not do: carry
traffic; there are never connections.
Reference: https://docs.aws.amazon.com/vpn/latest/clientvpn-admin/what-is.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from moto.ec2.models import EC2Backend, ec2_backends
from moto.ec2.responses import EC2Response
from moto.ec2.urls import url_paths

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.ec2_items import filtered, found, listed, now_text, tables, tags
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item, hex_id, shared_members

_VPN = "ClientVpnEndpoint"
_CONNECT = "InstanceConnectEndpoint"


def _vpns(call: Call) -> dict[str, Item]:
    return tables(call).table(_VPN)


def _vpn(call: Call) -> Item:
    return found(_vpns(call), call.params["ClientVpnEndpointId"], _VPN)


def _parts(call: Call, kind: str) -> dict[str, Item]:
    """The rules, routes or target networks of the VPN endpoint that a call names."""
    return tables(call).table(f"{kind} of {_vpn(call)['ClientVpnEndpointId']}")


def _authentication(option: Item) -> Item:
    """EC2 spells the members of this option otherwise in its answers than in its requests."""
    shown = {"Type": option["Type"]}
    if "ActiveDirectory" in option:
        shown["ActiveDirectory"] = option["ActiveDirectory"]
    if "MutualAuthentication" in option:
        chain = option["MutualAuthentication"]["ClientRootCertificateChainArn"]
        shown["MutualAuthentication"] = {"ClientRootCertificateChain": chain}
    if "FederatedAuthentication" in option:
        federated = option["FederatedAuthentication"].items()
        shown["FederatedAuthentication"] = {name.replace("SAML", "Saml"): value for name, value in federated}
    return shown


def _described(call: Call) -> Item:
    """The members of a Create or Modify request in the form of answers."""
    members = shared_members(call, _VPN)
    if "AuthenticationOptions" in members:
        members["AuthenticationOptions"] = [
            _authentication(each) for each in members["AuthenticationOptions"]
        ]
    if "DnsServers" in members and isinstance(members["DnsServers"], Mapping):
        members["DnsServers"] = members["DnsServers"].get("CustomDnsServers", [])
    if "DevicePostureOptions" in members:
        members["DevicePostureOptions"].pop("Enabled", None)
    if call.params.get("ClientConnectOptions", {}).get("Enabled"):
        members["ClientConnectOptions"]["Status"] = {"Code": "applied"}
    return members


def _create_vpn(call: Call) -> Item:
    key = hex_id("cvpn-endpoint")
    dns = f"*.{key}.prod.clientvpn.{call.region}.amazonaws.com"
    portal = call.params.get("SelfServicePortal") == "enabled"
    _vpns(call)[key] = {
        "SplitTunnel": False,
        "TransportProtocol": "udp",
        "VpnPort": 443,
        "SessionTimeoutHours": 24,
        "ClientConnectOptions": {"Enabled": False},
        "ClientLoginBannerOptions": {"Enabled": False},
        **_described(call),
        "ClientVpnEndpointId": key,
        "Status": {"Code": "pending-associate"},
        "CreationTime": now_text(),
        "DnsName": dns,
        "VpnProtocol": "openvpn",
        "AssociatedTargetNetworks": [],
        "Tags": tags(call),
        **(
            {"SelfServicePortalUrl": f"https://self-service.clientvpn.amazonaws.com/endpoints/{key}"}
            if portal
            else {}
        ),
    }
    return {"ClientVpnEndpointId": key, "Status": {"Code": "pending-associate"}, "DnsName": dns}


def _describe_vpns(call: Call) -> Item:
    return listed(call, "ClientVpnEndpoints", _vpns(call), "ClientVpnEndpointIds", _VPN)


def _modify_vpn(call: Call) -> Item:
    _vpn(call).update(_described(call))
    return {"Return": True}


def _delete_vpn(call: Call) -> Item:
    if _parts(call, "targets"):
        raise Refusal("DependencyViolation", "The Client VPN endpoint still has associated target networks")
    del _vpns(call)[_vpn(call)["ClientVpnEndpointId"]]
    return {"Status": {"Code": "deleting"}}


def _associate(call: Call) -> Item:
    endpoint = _vpn(call)
    subnet = ec2_backends[call.account][call.region].get_subnet(call.params.get("SubnetId", ""))
    key = hex_id("cvpn-assoc")
    target = {
        "AssociationId": key,
        "VpcId": subnet.vpc_id,
        "TargetNetworkId": subnet.id,
        "ClientVpnEndpointId": endpoint["ClientVpnEndpointId"],
        "Status": {"Code": "associated"},
        "SecurityGroups": endpoint.get("SecurityGroupIds", []),
    }
    _parts(call, "targets")[key] = target
    _parts(call, "routes")[subnet.id] = _route(call, subnet.cidr_block, subnet.id, "associate")
    _refresh(call, endpoint)
    return {"AssociationId": key, "Status": target["Status"]}


def _disassociate(call: Call) -> Item:
    key = call.params["AssociationId"]
    target = found(_parts(call, "targets"), key, "ClientVpnAssociation")
    del _parts(call, "targets")[key]
    _parts(call, "routes").pop(target["TargetNetworkId"], None)
    _refresh(call, _vpn(call))
    return {"AssociationId": key, "Status": {"Code": "disassociating"}}


def _refresh(call: Call, endpoint: Item) -> None:
    """An endpoint is available while it has a target network, and lies in the VPC of the target."""
    targets = list(_parts(call, "targets").values())
    endpoint["AssociatedTargetNetworks"] = [
        {"NetworkId": target["TargetNetworkId"], "NetworkType": "vpc"} for target in targets
    ]
    endpoint["Status"] = {"Code": "available" if targets else "pending-associate"}
    if targets:
        endpoint.setdefault("VpcId", targets[0]["VpcId"])


def _describe_targets(call: Call) -> Item:
    targets = _parts(call, "targets")
    return listed(call, "ClientVpnTargetNetworks", targets, "AssociationIds", "ClientVpnAssociation")


def _rule_key(call: Call) -> str:
    return f"{call.params['TargetNetworkCidr']} {call.params.get('AccessGroupId', '')}"


def _authorize(call: Call) -> Item:
    group, everybody = call.params.get("AccessGroupId"), call.params.get("AuthorizeAllGroups", False)
    if bool(group) == bool(everybody):
        raise Refusal("MissingParameter", "Specify either AccessGroupId or AuthorizeAllGroups")
    _parts(call, "rules")[_rule_key(call)] = {
        "ClientVpnEndpointId": call.params["ClientVpnEndpointId"],
        "GroupId": group or "",
        "AccessAll": everybody,
        "DestinationCidr": call.params["TargetNetworkCidr"],
        "Status": {"Code": "active"},
        **shared_members(call, "AuthorizationRule"),
    }
    return {"Status": {"Code": "authorizing"}}


def _revoke(call: Call) -> Item:
    if _parts(call, "rules").pop(_rule_key(call), None) is None:
        raise Refusal("InvalidClientVpnEndpointAuthorizationRuleNotFound", "The rule does not exist")
    return {"Status": {"Code": "revoking"}}


def _describe_rules(call: Call) -> Item:
    return call.page("AuthorizationRules", filtered(call, _parts(call, "rules").values()), 1000)


def _route(call: Call, cidr: str, subnet: str, origin: str) -> Item:
    return {
        "ClientVpnEndpointId": call.params["ClientVpnEndpointId"],
        "DestinationCidr": cidr,
        "TargetSubnet": subnet,
        "Type": "Nat",
        "Origin": origin,
        "Status": {"Code": "active"},
    }


def _create_route(call: Call) -> Item:
    cidr, subnet = call.params["DestinationCidrBlock"], call.params.get("TargetVpcSubnetId", "")
    described = {"Description": call.params["Description"]} if "Description" in call.params else {}
    _parts(call, "routes")[f"{cidr} {subnet}"] = {**_route(call, cidr, subnet, "add-route"), **described}
    return {"Status": {"Code": "creating"}}


def _describe_routes(call: Call) -> Item:
    return call.page("Routes", filtered(call, _parts(call, "routes").values()), 1000)


def _describe_connections(call: Call) -> Item:
    return call.page("Connections", list(_parts(call, "connections").values()), 1000)


def _default_group(backend: EC2Backend, vpc: str) -> list[str]:
    group = backend.get_default_security_group(vpc)
    return [group.id] if group else []


def _create_connect(call: Call) -> Item:
    backend = ec2_backends[call.account][call.region]
    subnet = backend.get_subnet(call.params["SubnetId"])
    groups = call.params.get("SecurityGroupIds") or _default_group(backend, subnet.vpc_id)
    key = hex_id("eice")
    purpose = f"EC2 Instance Connect Endpoint {key}"
    interface = backend.create_network_interface(subnet, "", group_ids=groups, description=purpose)
    arn = f"arn:{call.partition}:ec2:{call.region}:{call.account}:instance-connect-endpoint/{key}"
    tables(call).table(_CONNECT)[key] = {
        "PreserveClientIp": False,
        "IpAddressType": "ipv4",
        **shared_members(call, "Ec2InstanceConnectEndpoint"),
        "OwnerId": call.account,
        "InstanceConnectEndpointId": key,
        "InstanceConnectEndpointArn": arn,
        "State": "create-complete",
        "DnsName": f"{key}.ec2-instance-connect-endpoint.{call.region}.amazonaws.com",
        "NetworkInterfaceIds": [interface.id],
        "VpcId": subnet.vpc_id,
        "AvailabilityZone": subnet.availability_zone,
        "CreatedAt": datetime.now(UTC),
        "SecurityGroupIds": groups,
        "Tags": tags(call),
    }
    return {_CONNECT: tables(call).table(_CONNECT)[key]}


def _describe_connects(call: Call) -> Item:
    table = tables(call).table(_CONNECT)
    return listed(call, "InstanceConnectEndpoints", table, "InstanceConnectEndpointIds", _CONNECT)


def _delete_connect(call: Call) -> Item:
    endpoint = found(tables(call).table(_CONNECT), call.params["InstanceConnectEndpointId"], _CONNECT)
    del tables(call).table(_CONNECT)[endpoint["InstanceConnectEndpointId"]]
    backend = ec2_backends[call.account][call.region]
    for interface in endpoint["NetworkInterfaceIds"]:
        backend.delete_network_interface(interface)
    return {_CONNECT: {**endpoint, "State": "delete-in-progress"}}


OPERATIONS: Mapping[str, Handler] = {
    "CreateClientVpnEndpoint": _create_vpn,
    "DescribeClientVpnEndpoints": _describe_vpns,
    "ModifyClientVpnEndpoint": _modify_vpn,
    "DeleteClientVpnEndpoint": _delete_vpn,
    "AssociateClientVpnTargetNetwork": _associate,
    "DisassociateClientVpnTargetNetwork": _disassociate,
    "DescribeClientVpnTargetNetworks": _describe_targets,
    "AuthorizeClientVpnIngress": _authorize,
    "RevokeClientVpnIngress": _revoke,
    "DescribeClientVpnAuthorizationRules": _describe_rules,
    "CreateClientVpnRoute": _create_route,
    "DescribeClientVpnRoutes": _describe_routes,
    "DescribeClientVpnConnections": _describe_connections,
    "CreateInstanceConnectEndpoint": _create_connect,
    "DescribeInstanceConnectEndpoints": _describe_connects,
    "DeleteInstanceConnectEndpoint": _delete_connect,
}


def install() -> None:
    """Add the operations to moto's EC2."""
    registry.extend(EC2Response, url_paths, OPERATIONS, invalid="InvalidParameterValue")
