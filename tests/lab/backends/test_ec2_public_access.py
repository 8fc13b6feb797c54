"""EC2's account-wide guards: they begin with AWS's defaults and keep what is set, for one region."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture
def ec2(client: Callable[..., Any]) -> Any:
    return client("ec2")


def vpc_of(ec2: Any) -> str:
    return str(ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


def test_vpcs_are_not_blocked_at_first(ec2: Any) -> None:
    options = ec2.describe_vpc_block_public_access_options()["VpcBlockPublicAccessOptions"]
    assert options == {
        "AwsAccountId": "123456789012",
        "AwsRegion": "us-east-1",
        "State": "default-state",
        "InternetGatewayBlockMode": "off",
        "ManagedBy": "account",
        "ExclusionsAllowed": "allowed",
    }


def test_the_block_of_vpcs_is_kept_for_its_region(ec2: Any, client: Callable[..., Any]) -> None:
    ec2.modify_vpc_block_public_access_options(InternetGatewayBlockMode="block-bidirectional")
    options = ec2.describe_vpc_block_public_access_options()["VpcBlockPublicAccessOptions"]
    assert (options["InternetGatewayBlockMode"], options["State"]) == (
        "block-bidirectional",
        "update-complete",
    )
    assert options["LastUpdateTimestamp"].tzinfo is not None
    elsewhere = client("ec2", region="eu-west-1").describe_vpc_block_public_access_options()
    assert elsewhere["VpcBlockPublicAccessOptions"]["InternetGatewayBlockMode"] == "off"


def test_an_unknown_block_mode_is_refused(client: Callable[..., Any], refused: Callable[..., Any]) -> None:
    ec2 = client("ec2", unchecked=True)
    refusal = refused(ec2.modify_vpc_block_public_access_options, InternetGatewayBlockMode="sometimes")
    assert refusal.code == "InvalidParameterValue"
    assert "block-bidirectional" in refusal.message


def test_an_exclusion_names_its_vpc_and_can_be_found_changed_and_deleted(ec2: Any) -> None:
    vpc = vpc_of(ec2)
    made = ec2.create_vpc_block_public_access_exclusion(
        VpcId=vpc, InternetGatewayExclusionMode="allow-egress", TagSpecifications=[TAGS]
    )["VpcBlockPublicAccessExclusion"]
    assert made["ResourceArn"] == f"arn:aws:ec2:us-east-1:123456789012:vpc/{vpc}"
    assert made["Tags"] == TAGS["Tags"]

    key = made["ExclusionId"]
    ec2.modify_vpc_block_public_access_exclusion(
        ExclusionId=key, InternetGatewayExclusionMode="allow-bidirectional"
    )
    (found,) = ec2.describe_vpc_block_public_access_exclusions(ExclusionIds=[key])[
        "VpcBlockPublicAccessExclusions"
    ]
    assert found["InternetGatewayExclusionMode"] == "allow-bidirectional"

    ec2.delete_vpc_block_public_access_exclusion(ExclusionId=key)
    assert ec2.describe_vpc_block_public_access_exclusions()["VpcBlockPublicAccessExclusions"] == []


TAGS = {
    "ResourceType": "vpc-block-public-access-exclusion",
    "Tags": [{"Key": "Reason", "Value": "web"}],
}


def test_an_exclusion_needs_one_network_that_exists(ec2: Any, refused: Callable[..., Any]) -> None:
    def code(**network: str) -> str:
        create = ec2.create_vpc_block_public_access_exclusion
        return str(refused(create, InternetGatewayExclusionMode="allow-egress", **network).code)

    assert code() == "InvalidParameterCombination"
    assert code(VpcId="vpc-1", SubnetId="subnet-1") == "InvalidParameterCombination"
    assert code(VpcId="vpc-1") == "InvalidVpcID.NotFound"
    assert code(SubnetId="subnet-1") == "InvalidSubnetID.NotFound"
    assert ec2.describe_vpc_block_public_access_exclusions()["VpcBlockPublicAccessExclusions"] == []


def test_public_sharing_of_images_is_blocked_and_unblocked(ec2: Any) -> None:
    assert ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"] == "unblocked"
    ec2.enable_image_block_public_access(ImageBlockPublicAccessState="block-new-sharing")
    state = ec2.get_image_block_public_access_state()
    assert (state["ImageBlockPublicAccessState"], state["ManagedBy"]) == ("block-new-sharing", "account")
    ec2.disable_image_block_public_access()
    assert ec2.get_image_block_public_access_state()["ImageBlockPublicAccessState"] == "unblocked"


def test_public_sharing_of_snapshots_is_blocked_and_unblocked(ec2: Any) -> None:
    assert ec2.get_snapshot_block_public_access_state()["State"] == "unblocked"
    ec2.enable_snapshot_block_public_access(State="block-all-sharing")
    assert ec2.get_snapshot_block_public_access_state()["State"] == "block-all-sharing"
    ec2.disable_snapshot_block_public_access()
    assert ec2.get_snapshot_block_public_access_state()["State"] == "unblocked"


def test_the_serial_console_is_off_until_it_is_enabled(ec2: Any) -> None:
    assert ec2.get_serial_console_access_status()["SerialConsoleAccessEnabled"] is False
    ec2.enable_serial_console_access()
    assert ec2.get_serial_console_access_status()["SerialConsoleAccessEnabled"] is True
    ec2.disable_serial_console_access()
    assert ec2.get_serial_console_access_status()["SerialConsoleAccessEnabled"] is False


def test_metadata_defaults_are_empty_until_set_and_forgotten_without_preference(ec2: Any) -> None:
    def level() -> Any:
        return ec2.get_instance_metadata_defaults().get("AccountLevel", {})

    assert "HttpTokens" not in level()
    ec2.modify_instance_metadata_defaults(HttpTokens="required", HttpPutResponseHopLimit=1)
    assert level() == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1, "ManagedBy": "account"}
    ec2.modify_instance_metadata_defaults(HttpTokens="no-preference", HttpPutResponseHopLimit=-1)
    assert level() == {"ManagedBy": "account"}


def test_volumes_are_encrypted_with_the_key_of_aws_until_another_is_chosen(ec2: Any) -> None:
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"
    key = "arn:aws:kms:us-east-1:123456789012:key/k"
    ec2.modify_ebs_default_kms_key_id(KmsKeyId=key)
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == key
    ec2.reset_ebs_default_kms_key_id()
    assert ec2.get_ebs_default_kms_key_id()["KmsKeyId"] == "alias/aws/ebs"


def test_encryption_by_default_of_volumes_is_kept_for_its_region(
    ec2: Any, client: Callable[..., Any]
) -> None:
    ec2.enable_ebs_encryption_by_default()
    assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is True
    elsewhere = client("ec2", region="eu-west-1")
    assert elsewhere.get_ebs_encryption_by_default()["EbsEncryptionByDefault"] is False
