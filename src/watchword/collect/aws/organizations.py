"""AWS Organizations: the organisation, its accounts, policies with contents and targets, delegated administrators.

The tree of organisational units is walked when a collection is planned; each account of a snapshot knows its path.
"""

from __future__ import annotations

from typing import Final

from watchword.collect.reads import Detail, Read, Where

NOT_ENABLED: Final = ("PolicyTypeNotEnabledException",)

_POLICY_DETAILS: Final = (
    Detail(
        key="Content",
        operation="DescribePolicy",
        params={"PolicyId": "{Id}"},
        take="Policy.Content",
        parse_json=True,
    ),
    Detail(
        key="Targets",
        operation="ListTargetsForPolicy",
        params={"PolicyId": "{Id}"},
        take="Targets",
        pages=True,
    ),
)


def _policies(table: str, kind: str) -> Read:
    return Read(
        table=f"organizations.{table}",
        operation="ListPolicies",
        params={"Filter": kind},
        take="Policies[]",
        arn="{Arn}",
        name="{Name}",
        kind="AWS::Organizations::Policy",
        where=Where.ORGANIZATION,
        none_when=NOT_ENABLED,
        details=_POLICY_DETAILS,
    )


READS: Final = (
    Read(
        table="organizations.organization",
        operation="DescribeOrganization",
        take="Organization",
        arn="{Arn}",
        name="{Id}",
        kind="AWS::Organizations::Organization",
        where=Where.ORGANIZATION,
    ),
    Read(
        table="organizations.roots",
        operation="ListRoots",
        take="Roots[]",
        arn="{Arn}",
        name="{Name}",
        kind="AWS::Organizations::Root",
        where=Where.ORGANIZATION,
    ),
    Read(
        table="organizations.accounts",
        operation="ListAccounts",
        take="Accounts[]",
        arn="{Arn}",
        name="{Name}",
        kind="AWS::Organizations::Account",
        where=Where.ORGANIZATION,
    ),
    _policies("service_control_policies", "SERVICE_CONTROL_POLICY"),
    _policies("resource_control_policies", "RESOURCE_CONTROL_POLICY"),
    Read(
        table="organizations.delegated_administrators",
        operation="ListDelegatedAdministrators",
        take="DelegatedAdministrators[]",
        arn="{Arn}",
        name="{Name}",
        kind="AWS::Organizations::Account",
        where=Where.ORGANIZATION,
        details=(
            Detail(
                key="Services",
                operation="ListDelegatedServicesForAccount",
                params={"AccountId": "{Id}"},
                take="DelegatedServices",
                pages=True,
            ),
        ),
    ),
    Read(
        table="organizations.resource_policy",
        operation="DescribeResourcePolicy",
        take="ResourcePolicy",
        arn="{ResourcePolicySummary.Arn}",
        name="resource policy",
        kind="AWS::Organizations::ResourcePolicy",
        where=Where.ORGANIZATION,
        none_when=("ResourcePolicyNotFoundException",),
    ),
    Read(
        table="organizations.service_access",
        operation="ListAWSServiceAccessForOrganization",
        take="EnabledServicePrincipals[]",
        arn="arn:{partition}:organizations::{account}:service-access/{ServicePrincipal}",
        name="{ServicePrincipal}",
        kind="AWS::Organizations::ServiceAccess",
        where=Where.ORGANIZATION,
    ),
)
