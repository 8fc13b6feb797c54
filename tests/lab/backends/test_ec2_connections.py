"""What crosses the border of a VPC, worked out of the emulator's own state across accounts."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def ec2(client: Callable[..., Any]) -> Any:
    return client("ec2")


@pytest.fixture
def service(ec2: Any, client: Callable[..., Any]) -> dict[str, Any]:
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    balancer = client("elbv2").create_load_balancer(Name="nlb", Subnets=[subnet], Type="network")
    made = ec2.create_vpc_endpoint_service_configuration(
        NetworkLoadBalancerArns=[balancer["LoadBalancers"][0]["LoadBalancerArn"]], AcceptanceRequired=True
    )
    return dict(made["ServiceConfiguration"])


def test_the_owner_of_a_service_sees_and_decides_on_connections_from_other_accounts(
    ec2: Any, client: Callable[..., Any], service: dict[str, Any]
) -> None:
    other = client("ec2", account="222222222222")
    vpc = other.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    endpoint = other.create_vpc_endpoint(
        VpcId=vpc, ServiceName=service["ServiceName"], VpcEndpointType="Interface"
    )["VpcEndpoint"]["VpcEndpointId"]

    def state() -> str:
        (found,) = ec2.describe_vpc_endpoint_connections()["VpcEndpointConnections"]
        assert (found["VpcEndpointId"], found["VpcEndpointOwner"]) == (endpoint, "222222222222")
        return str(found["VpcEndpointState"])

    assert state() == "pendingAcceptance"
    both = {"ServiceId": service["ServiceId"], "VpcEndpointIds": [endpoint]}
    assert ec2.accept_vpc_endpoint_connections(**both).get("Unsuccessful", []) == []
    assert state() == "available"
    ec2.reject_vpc_endpoint_connections(**both)
    assert state() == "rejected"
    assert other.describe_vpc_endpoint_connections()["VpcEndpointConnections"] == []


def test_deciding_on_an_unknown_connection_reports_it(ec2: Any, service: dict[str, Any]) -> None:
    answer = ec2.accept_vpc_endpoint_connections(ServiceId=service["ServiceId"], VpcEndpointIds=["vpce-0"])
    assert answer["Unsuccessful"][0]["ResourceId"] == "vpce-0"


def group_of(ec2: Any, vpc: str) -> str:
    return str(ec2.create_security_group(GroupName=f"in-{vpc}", Description="x", VpcId=vpc)["GroupId"])


def test_a_group_that_is_named_across_a_peering_is_referenced(ec2: Any) -> None:
    home, away = (ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"] for number in (1, 2))
    peering = ec2.create_vpc_peering_connection(VpcId=home, PeerVpcId=away)["VpcPeeringConnection"]
    named, naming = group_of(ec2, home), group_of(ec2, away)
    assert ec2.describe_security_group_references(GroupId=[named])["SecurityGroupReferenceSet"] == []

    permission = {
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
        "UserIdGroupPairs": [{"GroupId": named}],
    }
    ec2.authorize_security_group_ingress(GroupId=naming, IpPermissions=[permission])
    (reference,) = ec2.describe_security_group_references(GroupId=[named])["SecurityGroupReferenceSet"]
    assert reference == {
        "GroupId": named,
        "ReferencingVpcId": away,
        "VpcPeeringConnectionId": peering["VpcPeeringConnectionId"],
    }


def test_a_group_named_in_its_own_vpc_is_not_referenced(ec2: Any) -> None:
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    group = group_of(ec2, vpc)
    permission = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])
    assert ec2.describe_security_group_references(GroupId=[group])["SecurityGroupReferenceSet"] == []


def test_a_group_is_shared_with_another_vpc_and_taken_back(ec2: Any, refused: Callable[..., Any]) -> None:
    home, away = (ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"] for number in (1, 2))
    both = {"GroupId": group_of(ec2, home), "VpcId": away}
    ec2.associate_security_group_vpc(**both)
    (found,) = ec2.describe_security_group_vpc_associations()["SecurityGroupVpcAssociations"]
    assert {name: found[name] for name in both} == both
    assert found["State"] == "associated"
    ec2.disassociate_security_group_vpc(**both)
    assert ec2.describe_security_group_vpc_associations()["SecurityGroupVpcAssociations"] == []
    assert refused(ec2.disassociate_security_group_vpc, **both).code.endswith("NotFound")
