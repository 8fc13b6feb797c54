"""IAM over HTTP: the root user, the credential report, authorisation details and what moto forgets."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from watchword.lab.backends import iam_report, iam_root
from watchword.lab.backends.iam_root import RootUser

ACCOUNT = "123456789012"
THEN = datetime(2025, 2, 3, 4, 5, 6, tzinfo=UTC)
LATER = datetime(2025, 11, 12, tzinfo=UTC)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
READ = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
)
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.fixture(autouse=True)
def managed_policies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")


@pytest.fixture
def iam(client: Callable[..., Any]) -> Any:
    return client("iam")


def report(iam: Any) -> dict[str, dict[str, str]]:
    iam.generate_credential_report()
    text = iam.get_credential_report()["Content"].decode()
    return {row["user"]: row for row in csv.DictReader(text.splitlines())}


def test_a_new_root_user_has_a_password_alone(iam: Any) -> None:
    summary = iam.get_account_summary()["SummaryMap"]
    shown = [summary[f"Account{name}"] for name in ("PasswordPresent", "MFAEnabled", "AccessKeysPresent")]
    assert shown == [1, 0, 0]
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []


def test_what_is_said_of_a_root_user_shows_everywhere(iam: Any, client: Callable[..., Any]) -> None:
    root = RootUser(mfa="virtual", password_last_used=LATER, keys=(THEN,), keys_last_used=LATER, created=THEN)
    iam_root.set_root(ACCOUNT, root)
    summary = iam.get_account_summary()["SummaryMap"]
    assert (summary["AccountMFAEnabled"], summary["AccountAccessKeysPresent"]) == (1, 1)
    (device,) = iam.list_virtual_mfa_devices()["VirtualMFADevices"]
    assert device["SerialNumber"] == f"arn:aws:iam::{ACCOUNT}:mfa/root-account-mfa-device"
    assert device["User"]["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    assert device["User"]["PasswordLastUsed"] == LATER
    row = report(iam)["<root_account>"]
    assert row["arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    assert (row["mfa_active"], row["password_last_used"]) == ("true", "2025-11-12T00:00:00+00:00")
    assert (row["access_key_1_active"], row["access_key_2_active"]) == ("true", "false")
    assert row["access_key_1_last_rotated"] == "2025-02-03T04:05:06+00:00"
    assert client("iam", account="222222222222").get_account_summary()["SummaryMap"]["AccountMFAEnabled"] == 0


def test_a_hardware_device_of_root_is_not_virtual(iam: Any) -> None:
    iam_root.set_root(ACCOUNT, RootUser(mfa="hardware"))
    assert iam.get_account_summary()["SummaryMap"]["AccountMFAEnabled"] == 1
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []


def test_a_root_user_without_credentials_shows_none(iam: Any) -> None:
    iam_root.set_root(ACCOUNT, RootUser(password=False))
    assert iam.get_account_summary()["SummaryMap"]["AccountPasswordPresent"] == 0
    assert report(iam)["<root_account>"]["password_enabled"] == "false"


def test_an_unknown_kind_of_mfa_is_refused(iam: Any) -> None:
    with pytest.raises(ValueError, match="not 'sms'"):
        iam_root.set_root(ACCOUNT, RootUser(mfa="sms"))
    assert iam.get_account_summary()["SummaryMap"]["AccountMFAEnabled"] == 0


def test_a_report_must_be_generated_first(iam: Any, refused: Callable[..., Any]) -> None:
    assert refused(iam.get_credential_report).code == "ReportNotPresent"
    assert iam.generate_credential_report()["State"] == "STARTED"
    assert iam.generate_credential_report()["State"] == "COMPLETE"


def test_the_report_tells_the_dates_of_passwords_and_keys(iam: Any) -> None:
    iam.create_user(UserName="ann")
    iam.create_login_profile(UserName="ann", Password="Correct-horse-7")
    key = iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]
    spare = iam.create_access_key(UserName="ann")["AccessKey"]["AccessKeyId"]
    iam.update_access_key(UserName="ann", AccessKeyId=spare, Status="Inactive")
    iam_report.date_user(ACCOUNT, "ann", THEN)
    iam_report.date_password(ACCOUNT, "ann", changed=THEN, last_used=LATER)
    iam_report.date_key(ACCOUNT, key, created=THEN, last_used=LATER, service="ec2", region="eu-west-1")
    row = report(iam)["ann"]
    assert row["user_creation_time"] == row["password_last_changed"] == "2025-02-03T04:05:06+00:00"
    assert (row["password_enabled"], row["password_last_used"]) == ("true", "2025-11-12T00:00:00+00:00")
    assert row["password_next_rotation"] == "N/A"
    assert (row["access_key_1_active"], row["access_key_2_active"]) == ("true", "false")
    assert row["access_key_1_last_rotated"] == "2025-02-03T04:05:06+00:00"
    used = [row[f"access_key_1_last_used_{part}"] for part in ("date", "region", "service")]
    assert used == ["2025-11-12T00:00:00+00:00", "eu-west-1", "ec2"]
    assert row["access_key_2_last_used_date"] == "N/A"
    assert iam.get_user(UserName="ann")["User"]["PasswordLastUsed"] == LATER
    assert iam.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]["LastUsedDate"] == LATER


def test_passwords_must_be_changed_when_the_policy_says_so(iam: Any) -> None:
    iam.create_user(UserName="ann")
    iam.create_login_profile(UserName="ann", Password="Correct-horse-7")
    iam.update_account_password_policy(MaxPasswordAge=90)
    iam_report.date_password(ACCOUNT, "ann", changed=THEN)
    row = report(iam)["ann"]
    assert row["password_next_rotation"] == "2025-05-04T04:05:06+00:00"
    assert row["password_last_used"] == "no_information"


def test_a_user_without_a_password_has_no_dates_for_it(iam: Any) -> None:
    iam.create_user(UserName="robot")
    row = report(iam)["robot"]
    fields = [row[f"password_{part}"] for part in ("enabled", "last_used", "last_changed", "next_rotation")]
    assert fields == ["false", "N/A", "N/A", "N/A"]
    assert (row["mfa_active"], row["cert_1_active"], row["cert_1_last_rotated"]) == ("false", "false", "N/A")


def test_a_security_key_counts_as_mfa_and_is_no_virtual_device(iam: Any) -> None:
    iam.create_user(UserName="ann")
    serial = f"arn:aws:iam::{ACCOUNT}:u2f/user/ann/yubikey-ABCDEFGHIJ"
    iam.enable_mfa_device(
        UserName="ann", SerialNumber=serial, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )
    assert report(iam)["ann"]["mfa_active"] == "true"
    assert iam.list_mfa_devices(UserName="ann")["MFADevices"][0]["SerialNumber"] == serial
    assert iam.get_mfa_device(SerialNumber=serial, UserName="ann")["UserName"] == "ann"
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []


def test_virtual_devices_tell_their_users_and_hide_their_seeds(iam: Any) -> None:
    iam.create_user(UserName="ann")
    used, spare = (
        iam.create_virtual_mfa_device(VirtualMFADeviceName=name)["VirtualMFADevice"]["SerialNumber"]
        for name in ("ann", "spare")
    )
    iam.enable_mfa_device(
        UserName="ann", SerialNumber=used, AuthenticationCode1="123456", AuthenticationCode2="654321"
    )
    (assigned,) = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
    assert (assigned["SerialNumber"], assigned["User"]["UserName"]) == (used, "ann")
    assert "Base32StringSeed" not in assigned
    (free,) = iam.list_virtual_mfa_devices(AssignmentStatus="Unassigned")["VirtualMFADevices"]
    assert free["SerialNumber"] == spare


def test_details_show_users_with_groups_policies_tags_and_boundary(iam: Any) -> None:
    iam.create_group(GroupName="staff")
    iam.put_group_policy(GroupName="staff", PolicyName="read", PolicyDocument=READ)
    iam.create_user(UserName="ann", PermissionsBoundary=ADMIN, Tags=[{"Key": "Team", "Value": "it"}])
    iam.add_user_to_group(GroupName="staff", UserName="ann")
    iam.attach_user_policy(UserName="ann", PolicyArn=ADMIN)
    iam.put_user_policy(UserName="ann", PolicyName="read", PolicyDocument=READ)
    details = iam.get_account_authorization_details()
    (user,) = details["UserDetailList"]
    assert (user["UserName"], user["GroupList"]) == ("ann", ["staff"])
    assert user["AttachedManagedPolicies"] == [{"PolicyName": "AdministratorAccess", "PolicyArn": ADMIN}]
    assert user["UserPolicyList"] == [{"PolicyName": "read", "PolicyDocument": json.loads(READ)}]
    assert user["Tags"] == [{"Key": "Team", "Value": "it"}]
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == ADMIN
    (group,) = details["GroupDetailList"]
    assert group["GroupPolicyList"][0]["PolicyDocument"] == json.loads(READ)


def test_details_show_roles_with_trust_profile_last_use_and_boundary(iam: Any) -> None:
    iam.create_role(
        RoleName="web", AssumeRolePolicyDocument=TRUST, PermissionsBoundary=ADMIN, MaxSessionDuration=7200
    )
    iam.tag_role(RoleName="web", Tags=[{"Key": "Team", "Value": "it"}])
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    iam.put_role_policy(RoleName="web", PolicyName="read", PolicyDocument=READ)

    def role() -> Any:
        return iam.get_account_authorization_details(Filter=["Role"])["RoleDetailList"][0]

    assert role()["AssumeRolePolicyDocument"] == json.loads(TRUST)
    assert role()["InstanceProfileList"][0]["Roles"][0]["RoleName"] == "web"
    assert role()["RolePolicyList"][0]["PolicyDocument"] == json.loads(READ)
    assert role()["Tags"] == [{"Key": "Team", "Value": "it"}]
    assert role()["PermissionsBoundary"]["PermissionsBoundaryArn"] == ADMIN
    assert role()["RoleLastUsed"] == {}
    assert "MaxSessionDuration" not in role()
    iam_report.date_role(ACCOUNT, "web", last_used=LATER, region="eu-west-1")
    assert role()["RoleLastUsed"] == {"LastUsedDate": LATER, "Region": "eu-west-1"}
    assert iam.get_role(RoleName="web")["Role"]["MaxSessionDuration"] == 7200


def test_details_show_only_those_policies_of_aws_that_are_in_use(iam: Any) -> None:
    own = iam.create_policy(PolicyName="read", PolicyDocument=READ)["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=own, PolicyDocument=READ, SetAsDefault=True)

    def arns(*kinds: str) -> list[str]:
        details = iam.get_account_authorization_details(Filter=list(kinds))
        return [policy["Arn"] for policy in details["Policies"]]

    assert arns() == [own]
    iam.create_user(UserName="ann")
    iam.attach_user_policy(UserName="ann", PolicyArn=ADMIN)
    assert sorted(arns()) == sorted([own, ADMIN])
    assert arns("AWSManagedPolicy") == [ADMIN]
    assert arns("LocalManagedPolicy") == [own]
    (policy,) = iam.get_account_authorization_details(Filter=["LocalManagedPolicy"])["Policies"]
    versions = {version["VersionId"]: version for version in policy["PolicyVersionList"]}
    assert policy["DefaultVersionId"] == "v2"
    assert versions["v2"]["IsDefaultVersion"]
    assert versions["v2"]["Document"] == json.loads(READ)


def test_details_come_in_pages(iam: Any) -> None:
    for number in range(5):
        iam.create_user(UserName=f"user-{number}")
    iam.create_group(GroupName="staff")
    pages = list(
        iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 4})
    )
    assert [len(page["UserDetailList"]) for page in pages] == [4, 1]
    assert [len(page["GroupDetailList"]) for page in pages] == [0, 1]


def test_the_boundary_of_a_user_can_be_set_and_removed(iam: Any, refused: Callable[..., Any]) -> None:
    iam.create_user(UserName="ann")
    iam.put_user_permissions_boundary(UserName="ann", PermissionsBoundary=ADMIN)
    assert iam.get_user(UserName="ann")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == ADMIN
    iam.delete_user_permissions_boundary(UserName="ann")
    assert "PermissionsBoundary" not in iam.get_user(UserName="ann")["User"]
    unknown = "arn:aws:iam::aws:policy/Nothing"
    assert (
        refused(iam.put_user_permissions_boundary, UserName="ann", PermissionsBoundary=unknown).code
        == "NoSuchEntity"
    )


def test_service_credentials_are_listed_without_their_passwords(iam: Any) -> None:
    iam.create_user(UserName="ann")
    service = "codecommit.amazonaws.com"
    made = iam.create_service_specific_credential(UserName="ann", ServiceName=service)[
        "ServiceSpecificCredential"
    ]
    assert made["ServicePassword"]
    key = made["ServiceSpecificCredentialId"]
    iam.update_service_specific_credential(ServiceSpecificCredentialId=key, Status="Inactive")
    (found,) = iam.list_service_specific_credentials(UserName="ann")["ServiceSpecificCredentials"]
    assert (found["ServiceSpecificCredentialId"], found["Status"]) == (key, "Inactive")
    assert "ServicePassword" not in found
    iam.delete_service_specific_credential(ServiceSpecificCredentialId=key)
    assert iam.list_service_specific_credentials(UserName="ann")["ServiceSpecificCredentials"] == []


def test_root_access_is_managed_centrally_once_iam_is_trusted(
    iam: Any, client: Callable[..., Any], refused: Callable[..., Any]
) -> None:
    assert refused(iam.list_organizations_features).code == "OrganizationNotFoundException"
    organizations = client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    assert refused(iam.enable_organizations_root_sessions).code == "ServiceAccessNotEnabledException"
    organizations.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    assert iam.list_organizations_features()["EnabledFeatures"] == []
    iam.enable_organizations_root_sessions()
    iam.enable_organizations_root_credentials_management()
    both = ["RootCredentialsManagement", "RootSessions"]
    assert iam.list_organizations_features()["EnabledFeatures"] == both
    iam.disable_organizations_root_sessions()
    assert iam.list_organizations_features()["EnabledFeatures"] == both[:1]


def test_members_manage_root_access_only_when_it_is_delegated_to_them(
    client: Callable[..., Any], refused: Callable[..., Any]
) -> None:
    organizations = client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    organizations.enable_aws_service_access(ServicePrincipal="iam.amazonaws.com")
    member = organizations.create_account(Email="a@example.com", AccountName="security")[
        "CreateAccountStatus"
    ]["AccountId"]
    iam = client("iam", account=member)
    code = "AccountNotManagementOrDelegatedAdministratorException"
    assert refused(iam.list_organizations_features).code == code
    organizations.register_delegated_administrator(AccountId=member, ServicePrincipal="iam.amazonaws.com")
    assert iam.list_organizations_features()["EnabledFeatures"] == []
