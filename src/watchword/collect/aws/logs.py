"""CloudWatch Logs: log groups, metric filters, resource policies."""

from __future__ import annotations

from typing import Final

from watchword.collect.reads import Read

READS: Final = (
    Read(
        table="logs.log_groups",
        operation="DescribeLogGroups",
        take="logGroups[]",
        arn="arn:{partition}:logs:{region}:{account}:log-group:{logGroupName}",
        name="{logGroupName}",
        kind="AWS::Logs::LogGroup",
    ),
    Read(
        table="logs.metric_filters",
        operation="DescribeMetricFilters",
        take="metricFilters[]",
        arn="arn:{partition}:logs:{region}:{account}:log-group:{logGroupName}:metric-filter:{filterName}",
        name="{filterName}",
        kind="AWS::Logs::MetricFilter",
    ),
    Read(
        table="logs.resource_policies",
        operation="DescribeResourcePolicies",
        take="resourcePolicies[]",
        arn="arn:{partition}:logs:{region}:{account}:resource-policy:{policyName}",
        name="{policyName}",
        kind="AWS::Logs::ResourcePolicy",
    ),
)
