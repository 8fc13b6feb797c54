"""Client VPN and EC2 Instance Connect endpoints over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest

SAML = "arn:aws:iam::123456789012:saml-provider/staff"


@pytest.fixture
def ec2(client: Callable[..., Any]) -> Any:
    return client("ec2")


@pytest.fixture
def subnet(ec2: Any) -> str:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return str(ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"])


@pytest.fixture
def vpn(ec2: Any) -> str:
    made = ec2.create_client_vpn_endpoint(
        ClientCidrBlock="10.99.0.0/22",
        ServerCertificateArn="arn:aws:acm:us-east-1:123456789012:certificate/c",
        AuthenticationOptions=[
            {"Type": "federated-authentication", "FederatedAuthentication": {"SAMLProviderArn": SAML}}
        ],
        ConnectionLogOptions={"Enabled": False},
        SplitTunnel=True,
        SessionTimeoutHours=8,
        TagSpecifications=[
            {"ResourceType": "client-vpn-endpoint", "Tags": [{"Key": "Owner", "Value": "it"}]}
        ],
    )
    assert made["Status"]["Code"] == "pending-associate"
    return str(made["ClientVpnEndpointId"])


def test_a_client_vpn_endpoint_is_described_as_it_was_made(ec2: Any, vpn: str) -> None:
    (found,) = ec2.describe_client_vpn_endpoints(ClientVpnEndpointIds=[vpn])["ClientVpnEndpoints"]
    assert found["AuthenticationOptions"] == [
        {"Type": "federated-authentication", "FederatedAuthentication": {"SamlProviderArn": SAML}}
    ]
    assert found["ConnectionLogOptions"] == {"Enabled": False}
    assert (found["SplitTunnel"], found["SessionTimeoutHours"], found["VpnPort"]) == (True, 8, 443)
    assert found["Tags"] == [{"Key": "Owner", "Value": "it"}]


def test_mutual_authentication_is_spelt_as_answers_spell_it(ec2: Any) -> None:
    chain = {"ClientRootCertificateChainArn": "arn:aws:acm:us-east-1:123456789012:certificate/r"}
    ec2.create_client_vpn_endpoint(
        ServerCertificateArn="arn:aws:acm:us-east-1:123456789012:certificate/c",
        AuthenticationOptions=[{"Type": "certificate-authentication", "MutualAuthentication": chain}],
        ConnectionLogOptions={"Enabled": True, "CloudwatchLogGroup": "vpn"},
    )
    (found,) = ec2.describe_client_vpn_endpoints()["ClientVpnEndpoints"]
    (option,) = found["AuthenticationOptions"]
    assert option["MutualAuthentication"]["ClientRootCertificateChain"].endswith("certificate/r")
    assert found["ConnectionLogOptions"]["CloudwatchLogGroup"] == "vpn"


def test_a_target_network_makes_the_endpoint_available(ec2: Any, vpn: str, subnet: str) -> None:
    association = ec2.associate_client_vpn_target_network(ClientVpnEndpointId=vpn, SubnetId=subnet)
    (found,) = ec2.describe_client_vpn_endpoints()["ClientVpnEndpoints"]
    assert found["Status"]["Code"] == "available"
    (target,) = ec2.describe_client_vpn_target_networks(ClientVpnEndpointId=vpn)["ClientVpnTargetNetworks"]
    assert (target["TargetNetworkId"], target["VpcId"]) == (subnet, found["VpcId"])
    (route,) = ec2.describe_client_vpn_routes(ClientVpnEndpointId=vpn)["Routes"]
    assert (route["DestinationCidr"], route["Origin"]) == ("10.0.1.0/24", "associate")

    ec2.disassociate_client_vpn_target_network(
        ClientVpnEndpointId=vpn, AssociationId=association["AssociationId"]
    )
    (found,) = ec2.describe_client_vpn_endpoints()["ClientVpnEndpoints"]
    assert found["Status"]["Code"] == "pending-associate"


def test_an_endpoint_with_targets_cannot_be_deleted(
    ec2: Any, vpn: str, subnet: str, refused: Callable[..., Any]
) -> None:
    ec2.associate_client_vpn_target_network(ClientVpnEndpointId=vpn, SubnetId=subnet)
    assert refused(ec2.delete_client_vpn_endpoint, ClientVpnEndpointId=vpn).code == "DependencyViolation"


def test_rules_are_for_one_group_or_for_everybody(ec2: Any, vpn: str, refused: Callable[..., Any]) -> None:
    ec2.authorize_client_vpn_ingress(
        ClientVpnEndpointId=vpn, TargetNetworkCidr="10.0.1.0/24", AccessGroupId="admins", Description="db"
    )
    ec2.authorize_client_vpn_ingress(
        ClientVpnEndpointId=vpn, TargetNetworkCidr="0.0.0.0/0", AuthorizeAllGroups=True
    )
    rules = ec2.describe_client_vpn_authorization_rules(ClientVpnEndpointId=vpn)["AuthorizationRules"]
    assert [(rule["DestinationCidr"], rule.get("GroupId", ""), rule["AccessAll"]) for rule in rules] == [
        ("10.0.1.0/24", "admins", False),
        ("0.0.0.0/0", "", True),
    ]
    assert rules[0]["Description"] == "db"
    neither = refused(
        ec2.authorize_client_vpn_ingress, ClientVpnEndpointId=vpn, TargetNetworkCidr="10.0.2.0/24"
    )
    assert neither.code == "MissingParameter"

    ec2.revoke_client_vpn_ingress(
        ClientVpnEndpointId=vpn, TargetNetworkCidr="0.0.0.0/0", RevokeAllGroups=True
    )
    assert (
        len(ec2.describe_client_vpn_authorization_rules(ClientVpnEndpointId=vpn)["AuthorizationRules"]) == 1
    )


def test_an_unknown_vpn_endpoint_is_not_found(ec2: Any, refused: Callable[..., Any]) -> None:
    refusal = refused(ec2.describe_client_vpn_authorization_rules, ClientVpnEndpointId="cvpn-endpoint-0")
    assert refusal.code == "InvalidClientVpnEndpointId.NotFound"


def test_an_instance_connect_endpoint_stands_in_its_subnet(ec2: Any, subnet: str) -> None:
    made = ec2.create_instance_connect_endpoint(SubnetId=subnet, PreserveClientIp=True)[
        "InstanceConnectEndpoint"
    ]
    (found,) = ec2.describe_instance_connect_endpoints()["InstanceConnectEndpoints"]
    assert found == made
    assert (found["SubnetId"], found["PreserveClientIp"], found["State"]) == (subnet, True, "create-complete")
    (interface,) = ec2.describe_network_interfaces(NetworkInterfaceIds=found["NetworkInterfaceIds"])[
        "NetworkInterfaces"
    ]
    assert interface["SubnetId"] == subnet
    assert [group["GroupId"] for group in interface["Groups"]] == found["SecurityGroupIds"]

    ec2.delete_instance_connect_endpoint(InstanceConnectEndpointId=found["InstanceConnectEndpointId"])
    assert ec2.describe_instance_connect_endpoints()["InstanceConnectEndpoints"] == []


def test_an_instance_connect_endpoint_needs_a_subnet_that_exists(
    ec2: Any, refused: Callable[..., Any]
) -> None:
    refusal = refused(ec2.create_instance_connect_endpoint, SubnetId="subnet-1")
    assert refusal.code == "InvalidSubnetID.NotFound"
