"""Macie: whether it is on, automated discovery, what it found, what it knows of the buckets.

Where Macie is off, AWS answers every question with AccessDeniedException and the sentence "Macie is not enabled": that
is no hole but an empty table.
"""

from __future__ import annotations

from typing import Final

from watchword.collect.reads import Detail, Read

_OFF: Final = ("AccessDeniedException: Macie is not enabled",)
_NOT_ADMINISTRATOR: Final = (
    *_OFF,
    "AccessDeniedException: isn't the delegated",
    "AccessDeniedException: Macie administrator",
)
_ARN: Final = "arn:{partition}:macie2:{region}:{account}:"

READS: Final = (
    Read(
        table="macie2.session",
        operation="GetMacieSession",
        arn=_ARN + "session",
        name="Macie",
        kind="AWS::Macie::Session",
        none_when=_OFF,
    ),
    Read(
        table="macie2.automated_discovery",
        operation="GetAutomatedDiscoveryConfiguration",
        arn=_ARN + "automated-discovery",
        name="automated discovery",
        kind="AWS::Macie::AutomatedDiscovery",
        none_when=_OFF,
    ),
    Read(
        table="macie2.administrator",
        operation="GetAdministratorAccount",
        take="administrator",
        arn=_ARN + "administrator",
        name="{accountId}",
        kind="AWS::Macie::Administrator",
        none_when=(*_OFF, "ResourceNotFoundException"),
    ),
    Read(
        table="macie2.organization_configuration",
        operation="DescribeOrganizationConfiguration",
        arn=_ARN + "organization-configuration",
        name="organisation configuration",
        kind="AWS::Macie::OrganizationConfiguration",
        none_when=_NOT_ADMINISTRATOR,
    ),
    Read(
        table="macie2.members",
        operation="ListMembers",
        take="members[]",
        arn="{arn}",
        name="{accountId}",
        kind="AWS::Macie::Member",
        tags="tags",
        none_when=_NOT_ADMINISTRATOR,
    ),
    Read(
        table="macie2.findings",
        operation="ListFindings",
        params={"findingCriteria": {"criterion": {"archived": {"eq": ["false"]}}}},
        take="findingIds[]",
        scalar="id",
        arn=_ARN + "finding/{id}",
        name="{title}",
        kind="AWS::Macie::Finding",
        tags="",
        none_when=_OFF,
        details=(Detail("", "GetFindings", take="findings", batch=("findingIds", 50, "id", "id")),),
    ),
    Read(
        table="macie2.buckets",
        operation="DescribeBuckets",
        take="buckets[]",
        arn="{bucketArn}",
        name="{bucketName}",
        kind="AWS::Macie::Bucket",
        tags="tags",
        none_when=_OFF,
    ),
)
