"""Identity Center and its store over HTTP: who sees which instance, and what moto lacks."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from watchword.lab.backends import sso_admin

MANAGER = "123456789012"
BOUNDARY = {"ManagedPolicyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}


@pytest.fixture
def sso(client: Callable[..., Any]) -> Any:
    return client("sso-admin")


@pytest.fixture
def instance(sso: Any) -> str:
    return str(sso_admin.enable(MANAGER, "us-east-1", "company").instance_arn)


@pytest.fixture
def permission_set(sso: Any, instance: str) -> str:
    made = sso.create_permission_set(InstanceArn=instance, Name="Admin", SessionDuration="PT1H")
    return str(made["PermissionSet"]["PermissionSetArn"])


@pytest.fixture
def security(client: Callable[..., Any]) -> str:
    organizations = client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    status = organizations.create_account(Email="a@example.com", AccountName="security")[
        "CreateAccountStatus"
    ]
    return str(status["AccountId"])


def delegate(client: Callable[..., Any], account: str) -> None:
    principal = "sso.amazonaws.com"
    client("organizations").register_delegated_administrator(AccountId=account, ServicePrincipal=principal)


def test_there_is_no_instance_until_someone_enables_one(sso: Any, client: Callable[..., Any]) -> None:
    assert sso.list_instances()["Instances"] == []
    made = sso_admin.enable(MANAGER, "us-east-1", "company")
    (found,) = sso.list_instances()["Instances"]
    assert (found["InstanceArn"], found["OwnerAccountId"]) == (made.instance_arn, MANAGER)
    assert found["IdentityStoreId"] == made.identity_store_id
    assert client("sso-admin", region="eu-west-1").list_instances()["Instances"] == []
    assert sso.describe_instance(InstanceArn=made.instance_arn)["Name"] == "company"


def test_it_is_enabled_once(sso: Any, instance: str) -> None:
    with pytest.raises(ValueError, match="has an instance"):
        sso_admin.enable(MANAGER, "us-east-1")
    assert len(sso.list_instances()["Instances"]) == 1


def test_a_single_account_makes_its_own_instance_but_the_management_account_cannot(
    security: str, client: Callable[..., Any], refused: Callable[..., Any]
) -> None:
    assert refused(client("sso-admin").create_instance).code == "ValidationException"
    own = client("sso-admin", account=security)
    arn = own.create_instance(Name="mine")["InstanceArn"]
    assert [each["InstanceArn"] for each in own.list_instances()["Instances"]] == [arn]
    assert refused(own.create_instance).code == "ConflictException"
    own.delete_instance(InstanceArn=arn)
    assert own.list_instances()["Instances"] == []


def test_a_delegated_administrator_acts_on_the_instance_of_the_organisation(
    instance: str, permission_set: str, security: str, client: Callable[..., Any]
) -> None:
    theirs = client("sso-admin", account=security)
    assert theirs.list_instances()["Instances"] == []
    delegate(client, security)
    (found,) = theirs.list_instances()["Instances"]
    assert (found["InstanceArn"], found["OwnerAccountId"]) == (instance, MANAGER)
    assert theirs.list_permission_sets(InstanceArn=instance)["PermissionSets"] == [permission_set]

    store = found["IdentityStoreId"]
    made = client("identitystore", account=security).create_group(IdentityStoreId=store, DisplayName="staff")
    (group,) = client("identitystore").list_groups(IdentityStoreId=store)["Groups"]
    assert group["GroupId"] == made["GroupId"]


def test_permission_sets_keep_duration_policies_and_boundary(
    sso: Any, instance: str, permission_set: str, refused: Callable[..., Any]
) -> None:
    both = {"InstanceArn": instance, "PermissionSetArn": permission_set}
    assert sso.describe_permission_set(**both)["PermissionSet"]["SessionDuration"] == "PT1H"
    policy = json.dumps({"Version": "2012-10-17", "Statement": []})
    sso.put_inline_policy_to_permission_set(**both, InlinePolicy=policy)
    assert sso.get_inline_policy_for_permission_set(**both)["InlinePolicy"] == policy

    assert (
        refused(sso.get_permissions_boundary_for_permission_set, **both).code == "ResourceNotFoundException"
    )
    sso.put_permissions_boundary_to_permission_set(**both, PermissionsBoundary=BOUNDARY)
    assert sso.get_permissions_boundary_for_permission_set(**both)["PermissionsBoundary"] == BOUNDARY
    sso.delete_permissions_boundary_from_permission_set(**both)
    assert (
        refused(sso.get_permissions_boundary_for_permission_set, **both).code == "ResourceNotFoundException"
    )


@pytest.mark.parametrize("name", ["AdministratorAccess", "job-function/Billing"])
def test_policies_of_aws_are_attached_with_or_without_a_path(
    sso: Any, instance: str, permission_set: str, name: str, refused: Callable[..., Any]
) -> None:
    both = {"InstanceArn": instance, "PermissionSetArn": permission_set}
    arn = f"arn:aws:iam::aws:policy/{name}"
    sso.attach_managed_policy_to_permission_set(**both, ManagedPolicyArn=arn)
    (found,) = sso.list_managed_policies_in_permission_set(**both)["AttachedManagedPolicies"]
    assert (found["Arn"], found["Name"]) == (arn, name.rsplit("/", 1)[-1])
    attach = sso.attach_managed_policy_to_permission_set
    unknown = refused(attach, **both, ManagedPolicyArn="arn:aws:iam::aws:policy/Billing")
    assert unknown.code == "ResourceNotFoundException"


def test_an_assignment_provisions_its_permission_set_in_its_account(
    sso: Any, instance: str, permission_set: str
) -> None:
    both = {"InstanceArn": instance, "PermissionSetArn": permission_set}
    person = {"PrincipalType": "USER", "PrincipalId": "906711a2c4-0123abcd-1111-2222-3333-444455556666"}
    sso.create_account_assignment(**both, TargetId="222222222222", TargetType="AWS_ACCOUNT", **person)
    provisioned = sso.list_permission_sets_provisioned_to_account
    assert provisioned(InstanceArn=instance, AccountId="222222222222")["PermissionSets"] == [permission_set]
    assert provisioned(InstanceArn=instance, AccountId="333333333333")["PermissionSets"] == []
    assert sso.list_accounts_for_provisioned_permission_set(**both)["AccountIds"] == ["222222222222"]
    (assignment,) = sso.list_account_assignments_for_principal(InstanceArn=instance, **person)[
        "AccountAssignments"
    ]
    assert assignment["AccountId"] == "222222222222"
    (status,) = sso.list_account_assignment_creation_status(InstanceArn=instance)[
        "AccountAssignmentsCreationStatus"
    ]
    assert status["Status"] == "SUCCEEDED"


def test_applications_are_kept_with_their_assignments(
    sso: Any, instance: str, refused: Callable[..., Any]
) -> None:
    provider = "arn:aws:sso::aws:applicationProvider/custom-saml"
    made = sso.create_application(
        InstanceArn=instance,
        ApplicationProviderArn=provider,
        Name="wiki",
        Tags=[{"Key": "Owner", "Value": "it"}],
    )["ApplicationArn"]
    (found,) = sso.list_applications(InstanceArn=instance)["Applications"]
    assert (found["Name"], found["Status"], found["ApplicationArn"]) == ("wiki", "ENABLED", made)
    assert sso.list_tags_for_resource(InstanceArn=instance, ResourceArn=made)["Tags"] == [
        {"Key": "Owner", "Value": "it"}
    ]

    assert sso.get_application_assignment_configuration(ApplicationArn=made)["AssignmentRequired"] is True
    sso.put_application_assignment_configuration(ApplicationArn=made, AssignmentRequired=False)
    assert sso.get_application_assignment_configuration(ApplicationArn=made)["AssignmentRequired"] is False

    group = {"PrincipalType": "GROUP", "PrincipalId": "906711a2c4-0123abcd-1111-2222-3333-444455556666"}
    sso.create_application_assignment(ApplicationArn=made, **group)
    (assigned,) = sso.list_application_assignments(ApplicationArn=made)["ApplicationAssignments"]
    assert assigned == {"ApplicationArn": made, **group}
    of_group = sso.list_application_assignments_for_principal(InstanceArn=instance, **group)
    assert of_group["ApplicationAssignments"] == [assigned]

    sso.delete_application(ApplicationArn=made)
    assert refused(sso.describe_application, ApplicationArn=made).code == "ResourceNotFoundException"


def test_attributes_for_access_control_are_set_once_and_changed(
    sso: Any, instance: str, refused: Callable[..., Any]
) -> None:
    describe = sso.describe_instance_access_control_attribute_configuration
    assert refused(describe, InstanceArn=instance).code == "ResourceNotFoundException"
    attributes = [{"Key": "team", "Value": {"Source": ["${path:enterprise.department}"]}}]
    wanted = {
        "InstanceArn": instance,
        "InstanceAccessControlAttributeConfiguration": {"AccessControlAttributes": attributes},
    }
    sso.create_instance_access_control_attribute_configuration(**wanted)
    found = describe(InstanceArn=instance)
    assert found["Status"] == "ENABLED"
    assert found["InstanceAccessControlAttributeConfiguration"]["AccessControlAttributes"] == attributes
    again = refused(sso.create_instance_access_control_attribute_configuration, **wanted)
    assert again.code == "ConflictException"


def test_token_issuers_are_listed(sso: Any, instance: str) -> None:
    jwt = {
        "IssuerUrl": "https://idp.example.com",
        "ClaimAttributePath": "email",
        "IdentityStoreAttributePath": "emails.value",
        "JwksRetrievalOption": "OPEN_ID_DISCOVERY",
    }
    arn = sso.create_trusted_token_issuer(
        InstanceArn=instance,
        Name="idp",
        TrustedTokenIssuerType="OIDC_JWT",
        TrustedTokenIssuerConfiguration={"OidcJwtConfiguration": jwt},
    )["TrustedTokenIssuerArn"]
    (found,) = sso.list_trusted_token_issuers(InstanceArn=instance)["TrustedTokenIssuers"]
    assert (found["TrustedTokenIssuerArn"], found["Name"]) == (arn, "idp")
    detail = sso.describe_trusted_token_issuer(TrustedTokenIssuerArn=arn)
    assert detail["TrustedTokenIssuerConfiguration"]["OidcJwtConfiguration"] == jwt


def test_tags_of_permission_sets_are_those_of_their_creation_and_later(sso: Any, instance: str) -> None:
    made = sso.create_permission_set(InstanceArn=instance, Name="Tagged", Tags=[{"Key": "A", "Value": "1"}])
    arn = made["PermissionSet"]["PermissionSetArn"]
    sso.tag_resource(InstanceArn=instance, ResourceArn=arn, Tags=[{"Key": "B", "Value": "2"}])
    sso.untag_resource(InstanceArn=instance, ResourceArn=arn, TagKeys=["A"])
    found = sso.list_tags_for_resource(InstanceArn=instance, ResourceArn=arn)["Tags"]
    assert found == [{"Key": "B", "Value": "2"}]


def test_users_and_groups_of_the_store_change(
    instance: str, client: Callable[..., Any], refused: Callable[..., Any]
) -> None:
    (found,) = client("sso-admin").list_instances()["Instances"]
    store = {"IdentityStoreId": found["IdentityStoreId"]}
    identity = client("identitystore")
    name = {"GivenName": "Ann", "FamilyName": "Lee"}
    user = identity.create_user(
        **store,
        UserName="ann",
        Name=name,
        DisplayName="Ann Lee",
        Emails=[{"Value": "a@x.example", "Primary": True}],
    )["UserId"]
    operations = [
        {"AttributePath": "userType", "AttributeValue": "guest"},
        {"AttributePath": "name.familyName", "AttributeValue": "Ray"},
        {"AttributePath": "emails", "AttributeValue": [{"value": "ann@x.example", "primary": True}]},
    ]
    identity.update_user(**store, UserId=user, Operations=operations)
    changed = identity.describe_user(**store, UserId=user)
    assert (changed["UserType"], changed["Name"]["FamilyName"], changed["Name"]["GivenName"]) == (
        "guest",
        "Ray",
        "Ann",
    )
    assert changed["Emails"][0]["Value"] == "ann@x.example"

    group = identity.create_group(**store, DisplayName="staff")["GroupId"]
    identity.update_group(
        **store, GroupId=group, Operations=[{"AttributePath": "displayName", "AttributeValue": "everyone"}]
    )
    assert identity.describe_group(**store, GroupId=group)["DisplayName"] == "everyone"
    unknown = refused(
        identity.update_group, **store, GroupId="1234567890-" + group[-36:], Operations=operations[:1]
    )
    assert unknown.code == "ResourceNotFoundException"


def test_the_store_lists_users_groups_and_memberships(instance: str, client: Callable[..., Any]) -> None:
    (found,) = client("sso-admin").list_instances()["Instances"]
    store = {"IdentityStoreId": found["IdentityStoreId"]}
    identity = client("identitystore")
    user = identity.create_user(
        **store,
        UserName="ann",
        Name={"GivenName": "A", "FamilyName": "L"},
        DisplayName="Ann",
        UserType="employee",
    )["UserId"]
    group = identity.create_group(**store, DisplayName="staff")["GroupId"]
    identity.create_group_membership(**store, GroupId=group, MemberId={"UserId": user})
    assert identity.list_users(**store)["Users"][0]["UserType"] == "employee"
    (member,) = identity.list_group_memberships(**store, GroupId=group)["GroupMemberships"]
    assert member["MemberId"]["UserId"] == user
    of_user = identity.list_group_memberships_for_member(**store, MemberId={"UserId": user})[
        "GroupMemberships"
    ]
    assert [each["GroupId"] for each in of_user] == [group]
