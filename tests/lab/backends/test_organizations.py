"""Organizations over HTTP: who may ask, which services can be delegated, and what moto lacks."""

import json
from collections.abc import Callable
from typing import Any

import pytest

DENY = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
)


@pytest.fixture
def organizations(client: Callable[..., Any]) -> Any:
    made = client("organizations")
    made.create_organization(FeatureSet="ALL")
    return made


@pytest.fixture
def root(organizations: Any) -> str:
    return str(organizations.list_roots()["Roots"][0]["Id"])


@pytest.fixture
def member(organizations: Any) -> str:
    status = organizations.create_account(Email="a@example.com", AccountName="security")[
        "CreateAccountStatus"
    ]
    return str(status["AccountId"])


@pytest.mark.parametrize("service", ["iam", "sso", "securityhub", "inspector2", "cloudtrail", "config"])
def test_services_that_support_it_can_be_delegated(organizations: Any, member: str, service: str) -> None:
    principal = f"{service}.amazonaws.com"
    organizations.enable_aws_service_access(ServicePrincipal=principal)
    organizations.register_delegated_administrator(AccountId=member, ServicePrincipal=principal)
    (found,) = organizations.list_delegated_administrators(ServicePrincipal=principal)[
        "DelegatedAdministrators"
    ]
    assert found["Id"] == member
    (delegated,) = organizations.list_delegated_services_for_account(AccountId=member)["DelegatedServices"]
    assert delegated["ServicePrincipal"] == principal


def test_members_see_the_organisation_only_as_delegated_administrators(
    organizations: Any, member: str, root: str, client: Callable[..., Any], refused: Callable[..., Any]
) -> None:
    theirs = client("organizations", account=member)
    assert theirs.describe_organization()["Organization"]["MasterAccountId"] == "123456789012"
    assert refused(theirs.list_accounts).code == "AccessDeniedException"
    assert refused(theirs.list_roots).code == "AccessDeniedException"

    organizations.register_delegated_administrator(AccountId=member, ServicePrincipal="iam.amazonaws.com")
    assert {account["Id"] for account in theirs.list_accounts()["Accounts"]} == {"123456789012", member}
    assert theirs.list_roots()["Roots"][0]["Id"] == root
    refusal = refused(theirs.create_organizational_unit, ParentId=root, Name="mine")
    assert refusal.code == "AccessDeniedException"


def test_an_account_outside_sees_no_organisation(
    organizations: Any, client: Callable[..., Any], refused: Callable[..., Any]
) -> None:
    stranger = client("organizations", account="999999999999")
    assert refused(stranger.describe_organization).code == "AWSOrganizationsNotInUseException"


def test_resource_control_policies_are_enabled_attached_and_listed(
    organizations: Any, root: str, member: str
) -> None:
    kind = "RESOURCE_CONTROL_POLICY"
    organizations.enable_policy_type(RootId=root, PolicyType=kind)
    made = organizations.create_policy(Content=DENY, Description="d", Name="perimeter", Type=kind)["Policy"]
    policy = made["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=policy, TargetId=member)
    listed = organizations.list_policies_for_target(TargetId=member, Filter=kind)["Policies"]
    assert policy in [each["Id"] for each in listed]
    assert json.loads(organizations.describe_policy(PolicyId=policy)["Policy"]["Content"]) == json.loads(DENY)
    targets = organizations.list_targets_for_policy(PolicyId=policy)["Targets"]
    assert [target["TargetId"] for target in targets] == [member]
    enabled = organizations.list_roots()["Roots"][0]["PolicyTypes"]
    assert {"Type": kind, "Status": "ENABLED"} in enabled


def test_the_resource_policy_is_kept(organizations: Any, refused: Callable[..., Any]) -> None:
    assert refused(organizations.describe_resource_policy).code == "ResourcePolicyNotFoundException"
    organizations.put_resource_policy(Content=DENY)
    first = organizations.describe_resource_policy()["ResourcePolicy"]
    assert json.loads(first["Content"]) == json.loads(DENY)
    organizations.put_resource_policy(Content="{}")
    second = organizations.describe_resource_policy()["ResourcePolicy"]
    assert second["ResourcePolicySummary"] == first["ResourcePolicySummary"]
    organizations.delete_resource_policy()
    assert refused(organizations.describe_resource_policy).code == "ResourcePolicyNotFoundException"


def test_a_tag_policy_on_a_unit_is_effective_for_its_accounts(
    organizations: Any, root: str, member: str, refused: Callable[..., Any]
) -> None:
    asked = {"PolicyType": "TAG_POLICY", "TargetId": member}
    assert (
        refused(organizations.describe_effective_policy, **asked).code == "EffectivePolicyNotFoundException"
    )
    organizations.enable_policy_type(RootId=root, PolicyType="TAG_POLICY")
    content = json.dumps({"tags": {"owner": {"tag_key": {"@@assign": "owner"}}}})
    made = organizations.create_policy(Content=content, Description="d", Name="tags", Type="TAG_POLICY")[
        "Policy"
    ]
    organizations.attach_policy(PolicyId=made["PolicySummary"]["Id"], TargetId=root)
    effective = organizations.describe_effective_policy(**asked)["EffectivePolicy"]
    assert (json.loads(effective["PolicyContent"]), effective["TargetId"]) == (json.loads(content), member)


def test_nobody_was_invited(organizations: Any) -> None:
    assert organizations.list_handshakes_for_organization()["Handshakes"] == []
