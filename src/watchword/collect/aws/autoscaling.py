"""EC2 Auto Scaling: groups, and the launch configurations that older groups still start machines from."""

from __future__ import annotations

from watchword.collect import redaction
from watchword.collect.reads import Read

READS: tuple[Read, ...] = (
    Read(
        "autoscaling.groups",
        "DescribeAutoScalingGroups",
        take="AutoScalingGroups[]",
        arn="{AutoScalingGroupARN}",
        name="{AutoScalingGroupName}",
        kind="AWS::AutoScaling::AutoScalingGroup",
        params={"MaxRecords": 100},
    ),
    Read(
        "autoscaling.launch_configurations",
        "DescribeLaunchConfigurations",
        take="LaunchConfigurations[]",
        arn="{LaunchConfigurationARN}",
        name="{LaunchConfigurationName}",
        kind="AWS::AutoScaling::LaunchConfiguration",
        params={"MaxRecords": 100},
        transform=redaction.launch_configuration,
    ),
)
