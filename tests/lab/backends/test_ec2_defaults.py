"""What EC2 does by itself where a client says nothing."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

import pytest


@pytest.fixture
def ec2(client: Callable[..., Any]) -> Any:
    return client("ec2")


def run(ec2: Any, **more: Any) -> str:
    made = ec2.run_instances(ImageId="ami-1", MinCount=1, MaxCount=1, **more)
    return str(made["Instances"][0]["InstanceId"])


def options(ec2: Any, instance: str) -> dict[str, Any]:
    found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    return dict(found["MetadataOptions"])


def test_a_change_of_metadata_options_leaves_the_others(ec2: Any) -> None:
    instance = run(ec2, MetadataOptions={"HttpTokens": "optional", "HttpPutResponseHopLimit": 3})
    ec2.modify_instance_metadata_options(InstanceId=instance, HttpTokens="required")
    found = options(ec2, instance)
    assert (found["HttpTokens"], found["HttpPutResponseHopLimit"]) == ("required", 3)
    assert (found["HttpEndpoint"], found["State"]) == ("enabled", "applied")


def test_new_instances_follow_the_metadata_defaults_where_they_say_nothing(ec2: Any) -> None:
    old = run(ec2)
    ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=2)
    assert options(ec2, old)["HttpTokens"] == "optional"
    new = options(ec2, run(ec2))
    assert (new["HttpTokens"], new["HttpPutResponseHopLimit"]) == ("required", 2)
    own = options(ec2, run(ec2, MetadataOptions={"HttpTokens": "optional"}))
    assert (own["HttpTokens"], own["HttpPutResponseHopLimit"]) == ("optional", 2)


def test_new_volumes_are_encrypted_where_the_region_says_so(ec2: Any, client: Callable[..., Any]) -> None:
    def volume() -> Any:
        return ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)

    assert volume()["Encrypted"] is False
    ec2.enable_ebs_encryption_by_default()
    assert volume()["Encrypted"] is True
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    ec2.modify_ebs_default_kms_key_id(KmsKeyId=key)
    assert volume()["KmsKeyId"] == key
    instance = run(ec2)
    volumes = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [instance]}])[
        "Volumes"
    ]
    assert [each["Encrypted"] for each in volumes] == [True]


@pytest.fixture
def network(ec2: Any) -> dict[str, str]:
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.8.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="e", Description="e", VpcId=vpc)["GroupId"]
    return {"vpc": vpc, "subnet": subnet, "group": group}


def test_an_interface_endpoint_stands_in_its_subnet_behind_its_group(
    ec2: Any, network: dict[str, str]
) -> None:
    made = ec2.create_vpc_endpoint(
        VpcId=network["vpc"],
        ServiceName="com.amazonaws.us-east-1.ssm",
        VpcEndpointType="Interface",
        SubnetIds=[network["subnet"]],
        SecurityGroupIds=[network["group"]],
    )["VpcEndpoint"]
    (interface,) = ec2.describe_network_interfaces(NetworkInterfaceIds=made["NetworkInterfaceIds"])[
        "NetworkInterfaces"
    ]
    assert ip_address(interface["PrivateIpAddress"]) in ip_network("10.9.8.0/24")
    assert [group["GroupId"] for group in interface["Groups"]] == [network["group"]]
    assert interface["InterfaceType"] == "vpc_endpoint"


def test_an_interface_endpoint_without_a_group_has_the_default_one(ec2: Any, network: dict[str, str]) -> None:
    made = ec2.create_vpc_endpoint(
        VpcId=network["vpc"],
        ServiceName="com.amazonaws.us-east-1.ssm",
        VpcEndpointType="Interface",
        SubnetIds=[network["subnet"]],
    )["VpcEndpoint"]
    assert [group["GroupName"] for group in made["Groups"]] == ["default"]


def test_an_endpoint_is_a_gateway_where_nothing_else_is_said(ec2: Any, network: dict[str, str]) -> None:
    ec2.create_vpc_endpoint(VpcId=network["vpc"], ServiceName="com.amazonaws.us-east-1.s3")
    (found,) = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    assert found["VpcEndpointType"] == "Gateway"
