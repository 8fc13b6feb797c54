"""AWS Verified Access, asked over HTTP by boto3 and by the AWS CLI."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

CEDAR = 'permit(principal, action, resource) when { context.identity.groups.contains("staff") };'


@pytest.fixture
def ec2(client: Callable[..., Any]) -> Any:
    return client("ec2")


@pytest.fixture
def instance(ec2: Any) -> str:
    made = ec2.create_verified_access_instance(
        Description="staff", TagSpecifications=[{"ResourceType": "verified-access-instance", "Tags": [OWNER]}]
    )
    return str(made["VerifiedAccessInstance"]["VerifiedAccessInstanceId"])


OWNER = {"Key": "Owner", "Value": "it"}


def group_of(ec2: Any, instance: str, **more: str) -> str:
    made = ec2.create_verified_access_group(VerifiedAccessInstanceId=instance, **more)
    return str(made["VerifiedAccessGroup"]["VerifiedAccessGroupId"])


def endpoint_of(ec2: Any, group: str, **more: Any) -> dict[str, Any]:
    made = ec2.create_verified_access_endpoint(
        VerifiedAccessGroupId=group,
        EndpointType="network-interface",
        AttachmentType="vpc",
        ApplicationDomain="wiki.example.com",
        DomainCertificateArn="arn:aws:acm:us-east-1:123456789012:certificate/c",
        EndpointDomainPrefix="wiki",
        NetworkInterfaceOptions={"NetworkInterfaceId": "eni-1", "Protocol": "https", "Port": 443},
        **more,
    )
    return dict(made["VerifiedAccessEndpoint"])


def provider_of(ec2: Any) -> str:
    oidc = {"Issuer": "https://idp.example.com", "ClientId": "c", "ClientSecret": "hush", "Scope": "openid"}
    made = ec2.create_verified_access_trust_provider(
        TrustProviderType="user",
        UserTrustProviderType="oidc",
        PolicyReferenceName="identity",
        OidcOptions=oidc,
    )
    return str(made["VerifiedAccessTrustProvider"]["VerifiedAccessTrustProviderId"])


def test_what_is_created_is_described(ec2: Any, instance: str) -> None:
    (found,) = ec2.describe_verified_access_instances()["VerifiedAccessInstances"]
    assert found["VerifiedAccessInstanceId"] == instance
    assert found["Description"] == "staff"
    assert found["Tags"] == [OWNER]
    assert found["FipsEnabled"] is False
    assert found["CreationTime"]


def test_a_trust_provider_is_attached_shown_with_the_instance_and_detached(ec2: Any, instance: str) -> None:
    both = {"VerifiedAccessInstanceId": instance, "VerifiedAccessTrustProviderId": provider_of(ec2)}
    attached = ec2.attach_verified_access_trust_provider(**both)["VerifiedAccessInstance"]
    (shown,) = attached["VerifiedAccessTrustProviders"]
    assert shown["UserTrustProviderType"] == "oidc"
    assert shown["VerifiedAccessTrustProviderId"] == both["VerifiedAccessTrustProviderId"]

    ec2.detach_verified_access_trust_provider(**both)
    (found,) = ec2.describe_verified_access_instances()["VerifiedAccessInstances"]
    assert not found.get("VerifiedAccessTrustProviders")


def test_the_client_secret_of_an_identity_provider_is_never_shown(ec2: Any) -> None:
    provider_of(ec2)
    (found,) = ec2.describe_verified_access_trust_providers()["VerifiedAccessTrustProviders"]
    assert found["OidcOptions"]["ClientId"] == "c"
    assert "ClientSecret" not in found["OidcOptions"]


def test_a_policy_given_at_creation_is_enabled(ec2: Any, instance: str) -> None:
    group = group_of(ec2, instance, PolicyDocument=CEDAR)
    policy = ec2.get_verified_access_group_policy(VerifiedAccessGroupId=group)
    assert (policy["PolicyEnabled"], policy["PolicyDocument"]) == (True, CEDAR)


def test_without_a_policy_none_is_enabled(ec2: Any, instance: str) -> None:
    policy = ec2.get_verified_access_group_policy(VerifiedAccessGroupId=group_of(ec2, instance))
    assert policy["PolicyEnabled"] is False
    assert "PolicyDocument" not in policy


def test_the_policy_of_an_endpoint_can_be_set_and_switched_off(ec2: Any, instance: str) -> None:
    endpoint = endpoint_of(ec2, group_of(ec2, instance))["VerifiedAccessEndpointId"]
    ec2.modify_verified_access_endpoint_policy(
        VerifiedAccessEndpointId=endpoint, PolicyEnabled=True, PolicyDocument=CEDAR
    )
    assert (
        ec2.get_verified_access_endpoint_policy(VerifiedAccessEndpointId=endpoint)["PolicyDocument"] == CEDAR
    )
    ec2.modify_verified_access_endpoint_policy(VerifiedAccessEndpointId=endpoint, PolicyEnabled=False)
    policy = ec2.get_verified_access_endpoint_policy(VerifiedAccessEndpointId=endpoint)
    assert policy["PolicyEnabled"] is False


def test_an_endpoint_belongs_to_the_instance_of_its_group(ec2: Any, instance: str) -> None:
    group = group_of(ec2, instance)
    made = endpoint_of(ec2, group, SecurityGroupIds=["sg-1"])
    assert made["Status"]["Code"] == "active"
    assert made["SecurityGroupIds"] == ["sg-1"]
    other = ec2.create_verified_access_instance()["VerifiedAccessInstance"]["VerifiedAccessInstanceId"]

    def count(**owner: str) -> int:
        return len(ec2.describe_verified_access_endpoints(**owner)["VerifiedAccessEndpoints"])

    assert count(VerifiedAccessInstanceId=instance) == count(VerifiedAccessGroupId=group) == 1
    assert count(VerifiedAccessInstanceId=other) == 0


def test_access_logs_are_off_until_they_are_configured(ec2: Any, instance: str) -> None:
    def logs() -> Any:
        (found,) = ec2.describe_verified_access_instance_logging_configurations()["LoggingConfigurations"]
        return found["AccessLogs"]

    assert not any(logs()[target]["Enabled"] for target in ("S3", "CloudWatchLogs", "KinesisDataFirehose"))
    wanted = {"S3": {"Enabled": True, "BucketName": "logs"}, "IncludeTrustContext": True}
    ec2.modify_verified_access_instance_logging_configuration(
        VerifiedAccessInstanceId=instance, AccessLogs=wanted
    )
    assert logs()["S3"] == {"Enabled": True, "BucketName": "logs", "DeliveryStatus": {"Code": "success"}}
    assert logs()["IncludeTrustContext"] is True
    assert logs()["CloudWatchLogs"]["Enabled"] is False


def test_an_instance_with_groups_cannot_be_deleted(
    ec2: Any, instance: str, refused: Callable[..., Any]
) -> None:
    group = group_of(ec2, instance)
    refusal = refused(ec2.delete_verified_access_instance, VerifiedAccessInstanceId=instance)
    assert refusal.code == "DependencyViolation"
    ec2.delete_verified_access_group(VerifiedAccessGroupId=group)
    ec2.delete_verified_access_instance(VerifiedAccessInstanceId=instance)
    assert ec2.describe_verified_access_instances()["VerifiedAccessInstances"] == []


def test_unknown_ids_are_refused_as_not_found(ec2: Any, refused: Callable[..., Any]) -> None:
    refusal = refused(ec2.create_verified_access_group, VerifiedAccessInstanceId="vai-0")
    assert refusal.code == "InvalidVerifiedAccessInstanceId.NotFound"


def test_a_trust_provider_needs_the_kind_that_fits_its_type(ec2: Any, refused: Callable[..., Any]) -> None:
    refusal = refused(
        ec2.create_verified_access_trust_provider, TrustProviderType="device", PolicyReferenceName="device"
    )
    assert refusal.code == "MissingParameter"
    assert "DeviceTrustProviderType" in refusal.message


def test_a_group_moves_and_keeps_what_is_not_changed(ec2: Any, instance: str) -> None:
    group = group_of(ec2, instance, Description="wiki")
    other = ec2.create_verified_access_instance()["VerifiedAccessInstance"]["VerifiedAccessInstanceId"]
    ec2.modify_verified_access_group(VerifiedAccessGroupId=group, VerifiedAccessInstanceId=other)
    (found,) = ec2.describe_verified_access_groups(VerifiedAccessInstanceId=other)["VerifiedAccessGroups"]
    assert found["Description"] == "wiki"
    assert found["Owner"] == "123456789012"


def test_answers_come_in_pages_and_pass_filters(ec2: Any, instance: str) -> None:
    for _ in range(5):
        ec2.create_verified_access_instance()
    first = ec2.describe_verified_access_instances(MaxResults=5)
    second = ec2.describe_verified_access_instances(MaxResults=5, NextToken=first["NextToken"])
    assert len(first["VerifiedAccessInstances"]) == 5
    assert len(second["VerifiedAccessInstances"]) == 1
    assert "NextToken" not in second
    tagged = ec2.describe_verified_access_instances(Filters=[{"Name": "tag:Owner", "Values": ["it"]}])
    assert [each["VerifiedAccessInstanceId"] for each in tagged["VerifiedAccessInstances"]] == [instance]


def test_accounts_and_regions_are_apart(client: Callable[..., Any], instance: str) -> None:
    for elsewhere in (client("ec2", account="222222222222"), client("ec2", region="eu-west-1")):
        assert elsewhere.describe_verified_access_instances()["VerifiedAccessInstances"] == []


def test_the_aws_cli_reads_the_answers(lab_endpoint: str, instance: str) -> None:
    aws = Path(sys.executable).with_name("aws")
    if not aws.exists():
        pytest.skip("the AWS CLI is not installed beside this Python")
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
    command = [str(aws), "--endpoint-url", lab_endpoint, "--region", "us-east-1", "--output", "json"]
    done = subprocess.run(
        [*command, "ec2", "describe-verified-access-instances"],
        env=environment,
        capture_output=True,
        check=True,
    )
    (found,) = json.loads(done.stdout)["VerifiedAccessInstances"]
    assert found["VerifiedAccessInstanceId"] == instance
