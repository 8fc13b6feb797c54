"""Directory Service over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest

RADIUS = {
    "RadiusServers": ["10.0.0.5"],
    "RadiusPort": 1812,
    "RadiusTimeout": 5,
    "RadiusRetries": 3,
    "SharedSecret": "very-secret-word",
    "AuthenticationProtocol": "MS-CHAPv2",
    "DisplayLabel": "MFA",
}


@pytest.fixture
def ds(client: Callable[..., Any]) -> Any:
    return client("ds")


@pytest.fixture
def directory(ds: Any, client: Callable[..., Any]) -> str:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")[
            "Subnet"
        ]
        for n, zone in enumerate("ab")
    ]
    settings = {"VpcId": vpc, "SubnetIds": [subnet["SubnetId"] for subnet in subnets]}
    made = ds.create_microsoft_ad(
        Name="corp.example.com", Password="Passw0rd!", VpcSettings=settings, Edition="Standard"
    )
    return str(made["DirectoryId"])


def ldaps(ds: Any, directory: str) -> list[str]:
    found = ds.describe_ldaps_settings(DirectoryId=directory)["LDAPSSettingsInfo"]
    return [setting["LDAPSStatus"] for setting in found]


def test_ldaps_is_enabled_disabled_and_enabled_again(
    ds: Any, directory: str, refused: Callable[..., Any]
) -> None:
    assert ldaps(ds, directory) == []
    ds.enable_ldaps(DirectoryId=directory, Type="Client")
    assert ldaps(ds, directory) == ["Enabled"]
    again = refused(ds.enable_ldaps, DirectoryId=directory, Type="Client")
    assert again.code == "InvalidLDAPSStatusException"
    ds.disable_ldaps(DirectoryId=directory, Type="Client")
    assert ldaps(ds, directory) == ["Disabled"]
    ds.enable_ldaps(DirectoryId=directory, Type="Client")
    assert ldaps(ds, directory) == ["Enabled"]


def test_radius_is_shown_without_its_secret(ds: Any, directory: str, refused: Callable[..., Any]) -> None:
    def shown() -> Any:
        return ds.describe_directories(DirectoryIds=[directory])["DirectoryDescriptions"][0]

    assert "RadiusStatus" not in shown()
    ds.enable_radius(DirectoryId=directory, RadiusSettings=RADIUS)
    assert shown()["RadiusStatus"] == "Completed"
    assert shown()["RadiusSettings"] == {
        name: value for name, value in RADIUS.items() if name != "SharedSecret"
    }
    again = refused(ds.enable_radius, DirectoryId=directory, RadiusSettings=RADIUS)
    assert again.code == "EntityAlreadyExistsException"
    ds.disable_radius(DirectoryId=directory)
    assert "RadiusStatus" not in shown()


def test_smart_cards_are_switched(ds: Any, directory: str, refused: Callable[..., Any]) -> None:
    both = {"DirectoryId": directory, "Type": "SmartCard"}
    assert (
        ds.describe_client_authentication_settings(DirectoryId=directory)["ClientAuthenticationSettingsInfo"]
        == []
    )
    ds.enable_client_authentication(**both)
    (found,) = ds.describe_client_authentication_settings(**both)["ClientAuthenticationSettingsInfo"]
    assert found["Status"] == "Enabled"
    assert refused(ds.enable_client_authentication, **both).code == "InvalidClientAuthStatusException"


def test_a_managed_directory_has_a_controller_in_each_subnet(ds: Any, directory: str) -> None:
    found = ds.describe_domain_controllers(DirectoryId=directory)["DomainControllers"]
    assert [controller["AvailabilityZone"] for controller in found] == ["us-east-1a", "us-east-1b"]
    assert {controller["Status"] for controller in found} == {"Active"}


def test_data_access_topics_and_forwarders_are_kept(ds: Any, directory: str) -> None:
    assert ds.describe_directory_data_access(DirectoryId=directory)["DataAccessStatus"] == "Disabled"
    ds.enable_directory_data_access(DirectoryId=directory)
    assert ds.describe_directory_data_access(DirectoryId=directory)["DataAccessStatus"] == "Enabled"
    ds.register_event_topic(DirectoryId=directory, TopicName="health")
    (topic,) = ds.describe_event_topics(DirectoryId=directory)["EventTopics"]
    assert topic["TopicArn"] == "arn:aws:sns:us-east-1:123456789012:health"
    ds.create_conditional_forwarder(
        DirectoryId=directory, RemoteDomainName="old.example.com", DnsIpAddrs=["192.0.2.1"]
    )
    (forwarder,) = ds.describe_conditional_forwarders(DirectoryId=directory)["ConditionalForwarders"]
    assert forwarder["DnsIpAddrs"] == ["192.0.2.1"]


def test_an_unknown_directory_is_not_found(ds: Any, refused: Callable[..., Any]) -> None:
    refusal = refused(ds.describe_client_authentication_settings, DirectoryId="d-1234567890")
    assert refusal.code == "DirectoryDoesNotExistException"
