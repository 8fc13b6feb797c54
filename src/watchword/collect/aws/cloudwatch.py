"""CloudWatch alarms, of metrics and composite."""

from __future__ import annotations

from typing import Final

from watchword.collect.reads import Read

READS: Final = (
    Read(
        table="cloudwatch.alarms",
        operation="DescribeAlarms",
        params={"AlarmTypes": ["MetricAlarm", "CompositeAlarm"]},
        take="MetricAlarms[]",
        arn="{AlarmArn}",
        name="{AlarmName}",
        kind="AWS::CloudWatch::Alarm",
        splits=(
            Read(
                table="cloudwatch.composite_alarms",
                operation="DescribeAlarms",
                take="CompositeAlarms[]",
                arn="{AlarmArn}",
                name="{AlarmName}",
                kind="AWS::CloudWatch::CompositeAlarm",
            ),
        ),
    ),
)
