"""IAM Identity Center: the instance, its permission sets with all policies, who has them where, users and groups.

The organisation's instance lives in one region that nobody tells beforehand, so that it is looked for in each.
Assignments are read for those pairs of permission set and account that exist, never for all that could.  Of people,
the user name and the status are kept; names, addresses and the like are not.

Source: https://docs.aws.amazon.com/singlesignon/latest/APIReference/welcome.html
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from watchword.collect.reads import Detail, Read, Row, Where

NONE: Final = ("ResourceNotFoundException",)

_KEPT_OF_USERS: Final = (
    "IdentityStoreId",
    "UserId",
    "UserArn",
    "UserName",
    "UserType",
    "UserStatus",
    "ExternalIds",
    "CreatedAt",
    "UpdatedAt",
)
_SET: Final = {"InstanceArn": "{_parent}", "PermissionSetArn": "{PermissionSetArn}"}


def user_rows(item: Row) -> Iterable[Row]:
    """A user without what is personal beyond the user name."""
    yield {key: item[key] for key in _KEPT_OF_USERS if key in item}


READS: Final = (
    Read(
        table="sso-admin.instances",
        operation="ListInstances",
        take="Instances[]",
        arn="{InstanceArn}",
        name="{IdentityStoreId}",
        kind="AWS::SSO::Instance",
        where=Where.ORGANIZATION_REGION,
        details=(
            Detail(key="Details", operation="DescribeInstance", params={"InstanceArn": "{InstanceArn}"}),
            Detail(
                key="AccessControlAttributes",
                operation="DescribeInstanceAccessControlAttributeConfiguration",
                params={"InstanceArn": "{InstanceArn}"},
                none_when=NONE,
            ),
            Detail(
                key="TrustedTokenIssuers",
                operation="ListTrustedTokenIssuers",
                params={"InstanceArn": "{InstanceArn}"},
                take="TrustedTokenIssuers",
                pages=True,
            ),
        ),
    ),
    Read(
        table="sso-admin.permission_sets",
        operation="ListPermissionSets",
        over="sso-admin.instances",
        params={"InstanceArn": "{InstanceArn}"},
        take="PermissionSets[]",
        scalar="PermissionSetArn",
        arn="{PermissionSetArn}",
        name="{Name}",
        kind="AWS::SSO::PermissionSet",
        where=Where.ORGANIZATION_REGION,
        details=(
            Detail(key="", operation="DescribePermissionSet", params=_SET, take="PermissionSet"),
            Detail(
                key="CustomerManagedPolicyReferences",
                operation="ListCustomerManagedPolicyReferencesInPermissionSet",
                params=_SET,
                take="CustomerManagedPolicyReferences",
                pages=True,
            ),
            Detail(
                key="InlinePolicy",
                operation="GetInlinePolicyForPermissionSet",
                params=_SET,
                take="InlinePolicy",
                parse_json=True,
            ),
            Detail(
                key="PermissionsBoundary",
                operation="GetPermissionsBoundaryForPermissionSet",
                params=_SET,
                take="PermissionsBoundary",
                none_when=NONE,
            ),
            Detail(
                key="Tags",
                operation="ListTagsForResource",
                params={"InstanceArn": "{_parent}", "ResourceArn": "{PermissionSetArn}"},
                take="Tags",
                pages=True,
            ),
        ),
    ),
    Read(
        table="sso-admin.managed_policies",
        operation="ListManagedPoliciesInPermissionSet",
        over="sso-admin.permission_sets",
        params=_SET,
        take="AttachedManagedPolicies[]",
        arn="{parent.PermissionSetArn}/{Arn}",
        name="{Name}",
        kind="AWS::IAM::ManagedPolicy",
        where=Where.ORGANIZATION_REGION,
        details=(
            Detail(
                key="DefaultVersionId",
                operation="GetPolicy",
                params={"PolicyArn": "{Arn}"},
                take="Policy.DefaultVersionId",
                client="iam",
            ),
            Detail(
                key="Document",
                operation="GetPolicyVersion",
                params={"PolicyArn": "{Arn}", "VersionId": "{DefaultVersionId}"},
                take="PolicyVersion.Document",
                parse_json=True,
                client="iam",
            ),
        ),
    ),
    Read(
        table="sso-admin.provisioned_accounts",
        operation="ListAccountsForProvisionedPermissionSet",
        over="sso-admin.permission_sets",
        params=_SET,
        take="AccountIds[]",
        scalar="AccountId",
        arn="{parent.PermissionSetArn}/{AccountId}",
        name="{AccountId}",
        kind="AWS::SSO::ProvisionedPermissionSet",
        where=Where.ORGANIZATION_REGION,
    ),
    Read(
        table="sso-admin.account_assignments",
        operation="ListAccountAssignments",
        over="sso-admin.provisioned_accounts",
        params={
            "InstanceArn": "{parent._parent}",
            "PermissionSetArn": "{_parent}",
            "AccountId": "{AccountId}",
        },
        take="AccountAssignments[]",
        arn="{PermissionSetArn}/{AccountId}/{PrincipalType}/{PrincipalId}",
        name="{PrincipalType} {PrincipalId}",
        kind="AWS::SSO::Assignment",
        where=Where.ORGANIZATION_REGION,
    ),
    Read(
        table="sso-admin.applications",
        operation="ListApplications",
        over="sso-admin.instances",
        params={"InstanceArn": "{InstanceArn}"},
        take="Applications[]",
        arn="{ApplicationArn}",
        name="{Name}",
        kind="AWS::SSO::Application",
        where=Where.ORGANIZATION_REGION,
        details=(
            Detail(
                key="AssignmentRequired",
                operation="GetApplicationAssignmentConfiguration",
                params={"ApplicationArn": "{ApplicationArn}"},
                take="AssignmentRequired",
            ),
        ),
    ),
    Read(
        table="sso-admin.users",
        operation="ListUsers",
        over="sso-admin.instances",
        params={"IdentityStoreId": "{IdentityStoreId}"},
        take="Users[]",
        arn="arn:{partition}:identitystore:::user/{UserId}",
        name="{UserName}",
        kind="AWS::IdentityStore::User",
        where=Where.ORGANIZATION_REGION,
        client="identitystore",
        transform=user_rows,
    ),
    Read(
        table="sso-admin.groups",
        operation="ListGroups",
        over="sso-admin.instances",
        params={"IdentityStoreId": "{IdentityStoreId}"},
        take="Groups[]",
        arn="arn:{partition}:identitystore:::group/{GroupId}",
        name="{DisplayName}",
        kind="AWS::IdentityStore::Group",
        where=Where.ORGANIZATION_REGION,
        client="identitystore",
        details=(
            Detail(
                key="Members",
                operation="ListGroupMemberships",
                params={"IdentityStoreId": "{IdentityStoreId}", "GroupId": "{GroupId}"},
                take="GroupMemberships[].MemberId.UserId",
                pages=True,
            ),
        ),
    ),
)
