"""EC2's account-wide guards: block public access for VPCs, images and snapshots, and the defaults of a region.

What it does: keeps the settings per account and region and begins with AWS's defaults. What it does not do: enforce
them; an image can be made public although the guard is on, as moto knows nothing of it.
Reference: https://docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from moto.ec2.models import ec2_backends
from moto.ec2.responses import EC2Response
from moto.ec2.urls import url_paths

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.ec2_items import found, listed, tables, tags
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item, hex_id

_EXCLUSION = "VpcBlockPublicAccessExclusion"
_BY_ACCOUNT = {"ManagedBy": "account"}

# What EC2 encrypts volumes with where nobody chose a key.
_AWS_MANAGED_KEY = "alias/aws/ebs"


def _vpc_options(call: Call) -> Item:
    return tables(call).setting(
        "VpcBlockPublicAccessOptions",
        AwsAccountId=call.account,
        AwsRegion=call.region,
        State="default-state",
        InternetGatewayBlockMode="off",
        ManagedBy="account",
        ExclusionsAllowed="allowed",
    )


def _describe_vpc_options(call: Call) -> Item:
    return {"VpcBlockPublicAccessOptions": _vpc_options(call)}


def _modify_vpc_options(call: Call) -> Item:
    mode = call.params["InternetGatewayBlockMode"]
    now = datetime.now(UTC)
    _vpc_options(call).update(InternetGatewayBlockMode=mode, State="update-complete", LastUpdateTimestamp=now)
    return _describe_vpc_options(call)


def _exclusions(call: Call) -> dict[str, Item]:
    return tables(call).table(_EXCLUSION)


def _excluded(call: Call) -> str:
    """The ARN of the VPC or subnet that the exclusion is for, which must exist."""
    vpc, subnet = call.params.get("VpcId", ""), call.params.get("SubnetId", "")
    if bool(vpc) == bool(subnet):
        raise Refusal("InvalidParameterCombination", "Specify either a VpcId or a SubnetId")
    backend = ec2_backends[call.account][call.region]
    if vpc:
        backend.get_vpc(vpc)
    else:
        backend.get_subnet(subnet)
    kind = f"vpc/{vpc}" if vpc else f"subnet/{subnet}"
    return f"arn:{call.partition}:ec2:{call.region}:{call.account}:{kind}"


def _create_exclusion(call: Call) -> Item:
    key = hex_id("vpcbpa-exclude")
    now = datetime.now(UTC)
    _exclusions(call)[key] = {
        "ExclusionId": key,
        "InternetGatewayExclusionMode": call.params["InternetGatewayExclusionMode"],
        "ResourceArn": _excluded(call),
        "State": "create-complete",
        "CreationTimestamp": now,
        "LastUpdateTimestamp": now,
        "Tags": tags(call),
    }
    return {_EXCLUSION: _exclusions(call)[key]}


def _modify_exclusion(call: Call) -> Item:
    exclusion = found(_exclusions(call), call.params["ExclusionId"], _EXCLUSION)
    mode = call.params["InternetGatewayExclusionMode"]
    now = datetime.now(UTC)
    exclusion.update(InternetGatewayExclusionMode=mode, State="update-complete", LastUpdateTimestamp=now)
    return {_EXCLUSION: exclusion}


def _delete_exclusion(call: Call) -> Item:
    exclusion = found(_exclusions(call), call.params["ExclusionId"], _EXCLUSION)
    del _exclusions(call)[exclusion["ExclusionId"]]
    return {_EXCLUSION: {**exclusion, "State": "delete-complete", "DeletionTimestamp": datetime.now(UTC)}}


def _describe_exclusions(call: Call) -> Item:
    return listed(call, f"{_EXCLUSION}s", _exclusions(call), "ExclusionIds", _EXCLUSION)


def _guard(name: str, member: str, off: object, managed: bool = False) -> Handler:
    """Read a setting of the region; `off` is where it begins, and whom it is managed by is told where asked."""

    def handle(call: Call) -> Item:
        value = tables(call).setting(name, value=off)["value"]
        return {member: value, **(_BY_ACCOUNT if managed else {})}

    return handle


def _set_guard(name: str, member: str, value: object = None) -> Handler:
    """Write a setting of the region: the given value, or else the input's member."""

    def handle(call: Call) -> Item:
        chosen = call.params[member] if value is None else value
        tables(call).setting(name)["value"] = chosen
        return {member: chosen}

    return handle


def _metadata_defaults(call: Call) -> Item:
    return {"AccountLevel": tables(call).setting("InstanceMetadataDefaults")}


def _modify_metadata_defaults(call: Call) -> Item:
    defaults = tables(call).setting("InstanceMetadataDefaults")
    defaults.update(_BY_ACCOUNT)
    for name, value in call.params.items():
        if value in ("no-preference", -1):
            defaults.pop(name, None)
        else:
            defaults[name] = value
    return {"Return": True}


OPERATIONS: Mapping[str, Handler] = {
    "DescribeVpcBlockPublicAccessOptions": _describe_vpc_options,
    "ModifyVpcBlockPublicAccessOptions": _modify_vpc_options,
    "CreateVpcBlockPublicAccessExclusion": _create_exclusion,
    "ModifyVpcBlockPublicAccessExclusion": _modify_exclusion,
    "DeleteVpcBlockPublicAccessExclusion": _delete_exclusion,
    "DescribeVpcBlockPublicAccessExclusions": _describe_exclusions,
    "GetImageBlockPublicAccessState": _guard(
        "images", "ImageBlockPublicAccessState", "unblocked", managed=True
    ),
    "EnableImageBlockPublicAccess": _set_guard("images", "ImageBlockPublicAccessState"),
    "DisableImageBlockPublicAccess": _set_guard("images", "ImageBlockPublicAccessState", "unblocked"),
    "GetSnapshotBlockPublicAccessState": _guard("snapshots", "State", "unblocked", managed=True),
    "EnableSnapshotBlockPublicAccess": _set_guard("snapshots", "State"),
    "DisableSnapshotBlockPublicAccess": _set_guard("snapshots", "State", "unblocked"),
    "GetSerialConsoleAccessStatus": _guard("console", "SerialConsoleAccessEnabled", False, managed=True),
    "EnableSerialConsoleAccess": _set_guard("console", "SerialConsoleAccessEnabled", True),
    "DisableSerialConsoleAccess": _set_guard("console", "SerialConsoleAccessEnabled", False),
    "GetEbsDefaultKmsKeyId": _guard("ebs key", "KmsKeyId", _AWS_MANAGED_KEY),
    "ModifyEbsDefaultKmsKeyId": _set_guard("ebs key", "KmsKeyId"),
    "ResetEbsDefaultKmsKeyId": _set_guard("ebs key", "KmsKeyId", _AWS_MANAGED_KEY),
    "GetInstanceMetadataDefaults": _metadata_defaults,
    "ModifyInstanceMetadataDefaults": _modify_metadata_defaults,
}


def install() -> None:
    """Add the operations to moto's EC2."""
    registry.extend(EC2Response, url_paths, OPERATIONS, invalid="InvalidParameterValue")
