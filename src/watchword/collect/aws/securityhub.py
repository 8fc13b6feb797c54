"""Security Hub: the hub, enabled standards, cross-region aggregation, members."""

from __future__ import annotations

from typing import Final

from watchword.collect.reads import Detail, Read

NOT_ENABLED: Final = ("InvalidAccessException", "ResourceNotFoundException")
"""By these codes Security Hub says that it is not enabled, or that the account does not administer it."""

READS: Final = (
    Read(
        table="securityhub.hubs",
        operation="DescribeHub",
        arn="{HubArn}",
        name="security-hub",
        kind="AWS::SecurityHub::Hub",
        none_when=NOT_ENABLED,
    ),
    Read(
        table="securityhub.standards",
        operation="GetEnabledStandards",
        take="StandardsSubscriptions[]",
        arn="{StandardsSubscriptionArn}",
        name="{StandardsArn}",
        kind="AWS::SecurityHub::Standard",
        none_when=NOT_ENABLED,
    ),
    Read(
        table="securityhub.finding_aggregators",
        operation="ListFindingAggregators",
        take="FindingAggregators[]",
        arn="{FindingAggregatorArn}",
        name="finding-aggregator",
        kind="AWS::SecurityHub::FindingAggregator",
        none_when=NOT_ENABLED,
        details=(
            Detail(
                key="",
                operation="GetFindingAggregator",
                params={"FindingAggregatorArn": "{FindingAggregatorArn}"},
            ),
        ),
    ),
    Read(
        table="securityhub.members",
        operation="ListMembers",
        params={"OnlyAssociated": False},
        take="Members[]",
        arn="arn:{partition}:securityhub:{region}:{account}:member/{AccountId}",
        name="{AccountId}",
        kind="AWS::SecurityHub::Member",
        none_when=NOT_ENABLED,
    ),
)
