"""What is read of IAM: people, roles, policies, credentials and identity providers of an account.

Everything comes from calls that answer for the whole account; nothing is asked user by user or role by role.  Policy
documents are kept parsed, and of a managed policy only the default version's, since no other version has any effect.
Secrets (the seeds of virtual MFA devices) are dropped before a row is kept.

Sources: https://docs.aws.amazon.com/IAM/latest/APIReference/API_Operations.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html (columns of the credential report).
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote

from watchword.collect.reads import Detail, Read, Row, Where

_ACCOUNT_ARN: Final = "arn:{partition}:iam::{account}:root"


def decoded_document(value: object) -> object:
    """A policy document as JSON: IAM's own API gives it URL-encoded, the AWS CLI and botocore give it parsed.

    A text that is neither is given back as it is, so that what AWS said is not lost.
    """
    if not isinstance(value, str):
        return value
    try:
        return json.loads(unquote(value))
    except ValueError:
        return value


def principal_rows(item: Row) -> Iterable[Row]:
    """A user, group or role with its inline and trust policies parsed."""
    row = dict(item)
    for key in ("UserPolicyList", "GroupPolicyList", "RolePolicyList"):
        if key in row:
            row[key] = [
                {**policy, "PolicyDocument": decoded_document(policy.get("PolicyDocument"))}
                for policy in row[key] or ()
            ]
    if "AssumeRolePolicyDocument" in row:
        row["AssumeRolePolicyDocument"] = decoded_document(row["AssumeRolePolicyDocument"])
    yield row


def policy_rows(item: Row) -> Iterable[Row]:
    """A managed policy with the document of its default version as ``Document``.

    AWS's own policies are left out unless something in the account uses them: there are more than a thousand.
    """
    used = (item.get("AttachmentCount") or 0) + (item.get("PermissionsBoundaryUsageCount") or 0)
    if ":iam::aws:policy/" in str(item.get("Arn")) and not used:
        return
    versions = item.get("PolicyVersionList") or []
    default = next((version for version in versions if version.get("IsDefaultVersion")), None)
    kept = {key: value for key, value in item.items() if key != "PolicyVersionList"}
    kept["PolicyVersionList"] = [{k: v for k, v in one.items() if k != "Document"} for one in versions]
    if default is not None:
        kept["Document"] = decoded_document(default.get("Document"))
    yield kept


def report_rows(item: Row) -> Iterable[Row]:
    """The rows of a credential report, one a user and one for the root user (``<root_account>``).

    The columns keep AWS's names and words (``true``, ``N/A``, ``no_information``, ``not_supported``); ``GeneratedTime``
    says how old they are: AWS makes a new report at most every four hours.
    """
    content: Any = item.get("Content", b"")
    text = content.decode() if isinstance(content, bytes) else _from_base64(str(content))
    for row in csv.DictReader(io.StringIO(text)):
        yield {**row, "GeneratedTime": item.get("GeneratedTime")}


def _from_base64(text: str) -> str:
    """The report as the AWS CLI prints it is Base64; one that begins with its first column is plain."""
    return text if text.startswith("user,") else base64.b64decode(text).decode()


def device_rows(item: Row) -> Iterable[Row]:
    """A virtual MFA device without its seed."""
    yield {key: value for key, value in item.items() if key not in {"Base32StringSeed", "QRCodePNG"}}


def role_setting_rows(item: Row) -> Iterable[Row]:
    """What ListRoles knows of a role and GetAccountAuthorizationDetails does not."""
    yield {key: item.get(key) for key in ("RoleName", "Arn", "MaxSessionDuration", "Description")}


def provider_rows(item: Row) -> Iterable[Row]:
    """An identity provider with the part of its ARN that people know it by as ``Name``."""
    yield {**item, "Name": str(item.get("Arn", "")).partition("-provider/")[2]}


_USERS = Read(
    table="iam.users",
    operation="GetAccountAuthorizationDetails",
    take="UserDetailList",
    arn="{Arn}",
    name="{UserName}",
    kind="AWS::IAM::User",
    where=Where.ACCOUNT,
    transform=principal_rows,
    splits=(
        Read(
            table="iam.groups",
            operation="GetAccountAuthorizationDetails",
            take="GroupDetailList",
            arn="{Arn}",
            name="{GroupName}",
            kind="AWS::IAM::Group",
            where=Where.ACCOUNT,
            transform=principal_rows,
        ),
        Read(
            table="iam.roles",
            operation="GetAccountAuthorizationDetails",
            take="RoleDetailList",
            arn="{Arn}",
            name="{RoleName}",
            kind="AWS::IAM::Role",
            where=Where.ACCOUNT,
            transform=principal_rows,
        ),
        Read(
            table="iam.policies",
            operation="GetAccountAuthorizationDetails",
            take="Policies",
            arn="{Arn}",
            name="{PolicyName}",
            kind="AWS::IAM::ManagedPolicy",
            where=Where.ACCOUNT,
            transform=policy_rows,
        ),
    ),
)

READS: tuple[Read, ...] = (
    _USERS,
    Read(
        table="iam.role_settings",
        operation="ListRoles",
        take="Roles",
        arn="{Arn}",
        name="{RoleName}",
        kind="AWS::IAM::Role",
        where=Where.ACCOUNT,
        transform=role_setting_rows,
    ),
    Read(
        table="iam.credential_report",
        operation="GetCredentialReport",
        arn="{arn}",
        name="{user}",
        kind="AWS::IAM::User",
        where=Where.ACCOUNT,
        transform=report_rows,
        prepare="GenerateCredentialReport",
        actions=("iam:GenerateCredentialReport", "iam:GetCredentialReport"),
    ),
    Read(
        table="iam.account_summary",
        operation="GetAccountSummary",
        take="SummaryMap",
        arn=_ACCOUNT_ARN,
        name="{account}",
        kind="AWS::::Account",
        where=Where.ACCOUNT,
    ),
    Read(
        table="iam.account_aliases",
        operation="ListAccountAliases",
        take="AccountAliases",
        scalar="AccountAlias",
        arn=_ACCOUNT_ARN,
        name="{AccountAlias}",
        kind="AWS::::Account",
        where=Where.ACCOUNT,
    ),
    Read(
        table="iam.password_policy",
        operation="GetAccountPasswordPolicy",
        take="PasswordPolicy",
        arn=_ACCOUNT_ARN,
        name="password policy",
        kind="AWS::::Account",
        where=Where.ACCOUNT,
        none_when=("NoSuchEntity",),
    ),
    Read(
        table="iam.virtual_mfa_devices",
        operation="ListVirtualMFADevices",
        take="VirtualMFADevices",
        arn="{SerialNumber}",
        kind="AWS::IAM::VirtualMFADevice",
        where=Where.ACCOUNT,
        transform=device_rows,
    ),
    Read(
        table="iam.saml_providers",
        operation="ListSAMLProviders",
        take="SAMLProviderList",
        arn="{Arn}",
        name="{Name}",
        kind="AWS::IAM::SAMLProvider",
        where=Where.ACCOUNT,
        transform=provider_rows,
        details=(Detail(key="", operation="GetSAMLProvider", params={"SAMLProviderArn": "{Arn}"}),),
    ),
    Read(
        table="iam.oidc_providers",
        operation="ListOpenIDConnectProviders",
        take="OpenIDConnectProviderList",
        arn="{Arn}",
        name="{Name}",
        kind="AWS::IAM::OIDCProvider",
        where=Where.ACCOUNT,
        transform=provider_rows,
        details=(
            Detail(
                key="", operation="GetOpenIDConnectProvider", params={"OpenIDConnectProviderArn": "{Arn}"}
            ),
        ),
    ),
    Read(
        table="iam.server_certificates",
        operation="ListServerCertificates",
        take="ServerCertificateMetadataList",
        arn="{Arn}",
        name="{ServerCertificateName}",
        kind="AWS::IAM::ServerCertificate",
        where=Where.ACCOUNT,
    ),
    Read(
        table="iam.service_specific_credentials",
        operation="ListServiceSpecificCredentials",
        take="ServiceSpecificCredentials",
        arn="arn:{partition}:iam::{account}:user/{UserName}/{ServiceSpecificCredentialId}",
        name="{ServiceSpecificCredentialId}",
        kind="AWS::IAM::ServiceSpecificCredential",
        where=Where.ACCOUNT,
        params={"AllUsers": True},
    ),
    Read(
        table="iam.organizations_features",
        operation="ListOrganizationsFeatures",
        arn="arn:{partition}:organizations:::organization/{OrganizationId}",
        name="{OrganizationId}",
        kind="AWS::Organizations::Organization",
        where=Where.ORGANIZATION,
        # AWS says so where IAM has no trusted access in the organisation: then neither feature can be on.
        none_when=("ServiceAccessNotEnabledException", "ServiceAccessNotEnabled"),
    ),
)
