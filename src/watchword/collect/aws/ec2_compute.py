"""EC2 as far as machines go: instances, images, snapshots, volumes, launch templates, keys, and the region's defaults.

Networks are in another module.  User data costs a call an instance, which is the only way to see credentials in it; of
it only a fingerprint is kept.
"""

from __future__ import annotations

from watchword.collect import redaction
from watchword.collect.reads import Detail, Read, Row

# A row without a name template is called by its Name tag, or else by its id.
_ARN = "arn:{partition}:ec2:{region}:{account}:"
_DEFAULTS = _ARN + "account/{account}"
_REGION_KIND = "AWS::::Region"


def _alive(row: Row) -> bool:
    return (row.get("State") or {}).get("Name") not in {"terminated", "shutting-down"}


READS: tuple[Read, ...] = (
    Read(
        "ec2.instances",
        "DescribeInstances",
        take="Reservations[].Instances[]",
        arn=_ARN + "instance/{InstanceId}",
        kind="AWS::EC2::Instance",
        params={"MaxResults": 1000},
        details=(
            Detail(
                "UserData",
                "DescribeInstanceAttribute",
                params={"InstanceId": "{InstanceId}", "Attribute": "userData"},
                take="UserData.Value",
                when=_alive,
                none_when=("InvalidInstanceID.NotFound",),
                transform=redaction.user_data,
            ),
        ),
    ),
    Read(
        "ec2.images",
        "DescribeImages",
        take="Images[]",
        arn="arn:{partition}:ec2:{region}::image/{ImageId}",
        name="{Name}",
        kind="AWS::EC2::Image",
        params={"Owners": ["self"], "IncludeDeprecated": True},
    ),
    Read(
        "ec2.snapshots",
        "DescribeSnapshots",
        take="Snapshots[]",
        arn="arn:{partition}:ec2:{region}::snapshot/{SnapshotId}",
        kind="AWS::EC2::Snapshot",
        params={"OwnerIds": ["self"], "MaxResults": 1000},
    ),
    Read(
        # Those of the account's snapshots from which everybody may make a volume: one call instead of one a snapshot.
        "ec2.public_snapshots",
        "DescribeSnapshots",
        take="Snapshots[]",
        arn="arn:{partition}:ec2:{region}::snapshot/{SnapshotId}",
        kind="AWS::EC2::Snapshot",
        params={"OwnerIds": ["self"], "RestorableByUserIds": ["all"], "MaxResults": 1000},
    ),
    Read(
        "ec2.volumes",
        "DescribeVolumes",
        take="Volumes[]",
        arn=_ARN + "volume/{VolumeId}",
        kind="AWS::EC2::Volume",
        params={"MaxResults": 500},
    ),
    Read(
        "ec2.launch_templates",
        "DescribeLaunchTemplates",
        take="LaunchTemplates[]",
        arn=_ARN + "launch-template/{LaunchTemplateId}",
        name="{LaunchTemplateName}",
        kind="AWS::EC2::LaunchTemplate",
    ),
    Read(
        # Without a template's id, "$Default" gives the default version of every template of the region.
        # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplateVersions.html
        "ec2.launch_template_versions",
        "DescribeLaunchTemplateVersions",
        take="LaunchTemplateVersions[]",
        arn=_ARN + "launch-template/{LaunchTemplateId}",
        name="{LaunchTemplateName}",
        kind="AWS::EC2::LaunchTemplate",
        params={"Versions": ["$Default"], "MaxResults": 200},
        transform=redaction.launch_template,
    ),
    Read(
        "ec2.key_pairs",
        "DescribeKeyPairs",
        take="KeyPairs[]",
        arn=_ARN + "key-pair/{KeyPairId}",
        name="{KeyName}",
        kind="AWS::EC2::KeyPair",
    ),
    Read(
        "ec2.ebs_defaults",
        "GetEbsEncryptionByDefault",
        arn=_DEFAULTS,
        name="EBS defaults in {region}",
        kind=_REGION_KIND,
        # Which key is the default matters only where encryption by default is on.
        details=(
            Detail(
                "DefaultKmsKeyId",
                "GetEbsDefaultKmsKeyId",
                take="KmsKeyId",
                when=lambda row: bool(row.get("EbsEncryptionByDefault")),
            ),
        ),
    ),
    Read(
        "ec2.instance_metadata_defaults",
        "GetInstanceMetadataDefaults",
        arn=_DEFAULTS,
        name="instance metadata defaults in {region}",
        kind=_REGION_KIND,
    ),
    Read(
        "ec2.image_public_access",
        "GetImageBlockPublicAccessState",
        arn=_DEFAULTS,
        name="block public access for images in {region}",
        kind=_REGION_KIND,
    ),
    Read(
        "ec2.snapshot_public_access",
        "GetSnapshotBlockPublicAccessState",
        arn=_DEFAULTS,
        name="block public access for snapshots in {region}",
        kind="AWS::EC2::SnapshotBlockPublicAccess",
    ),
    Read(
        "ec2.serial_console",
        "GetSerialConsoleAccessStatus",
        arn=_DEFAULTS,
        name="serial console in {region}",
        kind=_REGION_KIND,
    ),
)
