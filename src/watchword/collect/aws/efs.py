"""EFS: file systems with their policies, mount targets (where they are reachable), access points."""

from __future__ import annotations

from typing import Final

from watchword.collect.reads import Detail, Read

READS: Final = (
    Read(
        table="efs.file_systems",
        operation="DescribeFileSystems",
        take="FileSystems[]",
        arn="{FileSystemArn}",
        name="{Name}",
        kind="AWS::EFS::FileSystem",
        actions=("elasticfilesystem:DescribeFileSystems",),
        details=(
            Detail(
                "Policy",
                "DescribeFileSystemPolicy",
                {"FileSystemId": "{FileSystemId}"},
                "Policy",
                none_when=("PolicyNotFound",),
                parse_json=True,
                actions=("elasticfilesystem:DescribeFileSystemPolicy",),
            ),
        ),
    ),
    Read(
        table="efs.mount_targets",
        operation="DescribeMountTargets",
        over="efs.file_systems",
        params={"FileSystemId": "{FileSystemId}"},
        take="MountTargets[]",
        arn="arn:{partition}:elasticfilesystem:{region}:{account}:mount-target/{MountTargetId}",
        name="{MountTargetId}",
        kind="AWS::EFS::MountTarget",
        actions=("elasticfilesystem:DescribeMountTargets",),
        details=(
            Detail(
                "SecurityGroups",
                "DescribeMountTargetSecurityGroups",
                {"MountTargetId": "{MountTargetId}"},
                "SecurityGroups",
                actions=("elasticfilesystem:DescribeMountTargetSecurityGroups",),
            ),
        ),
    ),
    Read(
        table="efs.access_points",
        operation="DescribeAccessPoints",
        take="AccessPoints[]",
        arn="{AccessPointArn}",
        name="{Name}",
        kind="AWS::EFS::AccessPoint",
        actions=("elasticfilesystem:DescribeAccessPoints",),
    ),
)
