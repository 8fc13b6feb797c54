"""AWS Config: recorders with their status, delivery channels, aggregators, rules."""

from __future__ import annotations

from typing import Final

from watchword.collect.reads import Read

READS: Final = (
    Read(
        table="config.recorders",
        operation="DescribeConfigurationRecorders",
        take="ConfigurationRecorders[]",
        arn="arn:{partition}:config:{region}:{account}:config-recorder/{name}",
        name="{name}",
        kind="AWS::Config::ConfigurationRecorder",
    ),
    Read(
        table="config.recorder_statuses",
        operation="DescribeConfigurationRecorderStatus",
        take="ConfigurationRecordersStatus[]",
        arn="arn:{partition}:config:{region}:{account}:config-recorder/{name}",
        name="{name}",
        kind="AWS::Config::ConfigurationRecorder",
    ),
    Read(
        table="config.delivery_channels",
        operation="DescribeDeliveryChannels",
        take="DeliveryChannels[]",
        arn="arn:{partition}:config:{region}:{account}:delivery-channel/{name}",
        name="{name}",
        kind="AWS::Config::DeliveryChannel",
    ),
    Read(
        table="config.aggregators",
        operation="DescribeConfigurationAggregators",
        take="ConfigurationAggregators[]",
        arn="{ConfigurationAggregatorArn}",
        name="{ConfigurationAggregatorName}",
        kind="AWS::Config::ConfigurationAggregator",
    ),
    Read(
        table="config.rules",
        operation="DescribeConfigRules",
        take="ConfigRules[]",
        arn="{ConfigRuleArn}",
        name="{ConfigRuleName}",
        kind="AWS::Config::ConfigRule",
    ),
)
