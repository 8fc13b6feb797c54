"""Cognito over HTTP: what moto forgets of user pools and identity pools."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from watchword.lab.backends import cognito

BLOCK = {"Actions": {"EventAction": "BLOCK"}}


@pytest.fixture
def idp(client: Callable[..., Any]) -> Any:
    return client("cognito-idp")


def pool_of(idp: Any, **more: Any) -> str:
    return str(idp.create_user_pool(PoolName="guests", **more)["UserPool"]["Id"])


def test_threat_protection_and_sign_up_are_kept_with_the_pool(idp: Any) -> None:
    pool = pool_of(
        idp,
        UserPoolAddOns={"AdvancedSecurityMode": "ENFORCED"},
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
        UserPoolTags={"Owner": "it"},
    )
    found = idp.describe_user_pool(UserPoolId=pool)["UserPool"]
    assert found["UserPoolAddOns"]["AdvancedSecurityMode"] == "ENFORCED"
    assert found["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert idp.list_tags_for_resource(ResourceArn=found["Arn"])["Tags"] == {"Owner": "it"}


def test_a_pool_begins_open_to_sign_up_and_without_factors(idp: Any) -> None:
    pool = pool_of(idp)
    found = idp.describe_user_pool(UserPoolId=pool)["UserPool"]
    assert found["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is False
    assert idp.get_user_pool_mfa_config(UserPoolId=pool)["MfaConfiguration"] == "OFF"


def test_risk_configurations_are_kept_for_pool_and_client(idp: Any, refused: Callable[..., Any]) -> None:
    pool = pool_of(idp, UserPoolAddOns={"AdvancedSecurityMode": "AUDIT"})
    app = idp.create_user_pool_client(UserPoolId=pool, ClientName="web")["UserPoolClient"]["ClientId"]
    asked = idp.describe_risk_configuration(UserPoolId=pool)["RiskConfiguration"]
    assert asked == {"UserPoolId": pool}
    idp.set_risk_configuration(UserPoolId=pool, CompromisedCredentialsRiskConfiguration=BLOCK)
    idp.set_risk_configuration(
        UserPoolId=pool, ClientId=app, RiskExceptionConfiguration={"SkippedIPRangeList": ["192.0.2.0/24"]}
    )
    of_pool = idp.describe_risk_configuration(UserPoolId=pool)["RiskConfiguration"]
    assert of_pool["CompromisedCredentialsRiskConfiguration"] == BLOCK
    of_client = idp.describe_risk_configuration(UserPoolId=pool, ClientId=app)["RiskConfiguration"]
    assert of_client["RiskExceptionConfiguration"]["SkippedIPRangeList"] == ["192.0.2.0/24"]
    assert "CompromisedCredentialsRiskConfiguration" not in of_client
    unknown = refused(idp.set_risk_configuration, UserPoolId=pool, ClientId="none")
    assert unknown.code == "ResourceNotFoundException"


def test_risk_needs_threat_protection(idp: Any, refused: Callable[..., Any]) -> None:
    refusal = refused(
        idp.set_risk_configuration, UserPoolId=pool_of(idp), CompromisedCredentialsRiskConfiguration=BLOCK
    )
    assert refusal.code == "UserPoolAddOnNotEnabledException"


def test_all_kinds_of_factors_are_kept(idp: Any, refused: Callable[..., Any]) -> None:
    pool = pool_of(idp)
    webauthn = {"RelyingPartyId": "example.com", "UserVerification": "required"}
    idp.set_user_pool_mfa_config(
        UserPoolId=pool,
        MfaConfiguration="ON",
        SoftwareTokenMfaConfiguration={"Enabled": True},
        WebAuthnConfiguration=webauthn,
    )
    found = idp.get_user_pool_mfa_config(UserPoolId=pool)
    assert (found["MfaConfiguration"], found["SoftwareTokenMfaConfiguration"]) == ("ON", {"Enabled": True})
    assert found["WebAuthnConfiguration"] == webauthn
    assert "SmsMfaConfiguration" not in found
    assert refused(idp.set_user_pool_mfa_config, UserPoolId=pool, MfaConfiguration="ON").code == (
        "InvalidParameterException"
    )


def test_log_delivery_is_kept(idp: Any) -> None:
    pool = pool_of(idp)
    logs = idp.get_log_delivery_configuration(UserPoolId=pool)["LogDeliveryConfiguration"]
    assert logs["LogConfigurations"] == []
    group = {"LogGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:cognito"}
    wanted = [{"LogLevel": "INFO", "EventSource": "userAuthEvents", "CloudWatchLogsConfiguration": group}]
    idp.set_log_delivery_configuration(UserPoolId=pool, LogConfigurations=wanted)
    kept = idp.get_log_delivery_configuration(UserPoolId=pool)["LogDeliveryConfiguration"]
    assert kept["LogConfigurations"] == wanted


def test_sign_ins_are_listed_newest_first(idp: Any, refused: Callable[..., Any]) -> None:
    pool = pool_of(idp)
    idp.admin_create_user(UserPoolId=pool, Username="guest")
    for day in (1, 2):
        when = datetime(2026, 1, day, tzinfo=UTC)
        cognito.record_sign_in("123456789012", "us-east-1", pool, "guest", CreationDate=when)
    events = idp.admin_list_user_auth_events(UserPoolId=pool, Username="guest")["AuthEvents"]
    assert [event["CreationDate"].day for event in events] == [2, 1]
    assert (
        refused(idp.admin_list_user_auth_events, UserPoolId=pool, Username="x").code
        == "UserNotFoundException"
    )


def test_tags_of_pools_change(idp: Any) -> None:
    arn = idp.describe_user_pool(UserPoolId=pool_of(idp))["UserPool"]["Arn"]
    idp.tag_resource(ResourceArn=arn, Tags={"A": "1", "B": "2"})
    idp.untag_resource(ResourceArn=arn, TagKeys=["A"])
    assert idp.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"B": "2"}


def test_identity_pools_keep_their_roles(client: Callable[..., Any], refused: Callable[..., Any]) -> None:
    identity = client("cognito-identity")
    made = identity.create_identity_pool(IdentityPoolName="app", AllowUnauthenticatedIdentities=True)
    pool = made["IdentityPoolId"]
    assert identity.describe_identity_pool(IdentityPoolId=pool)["AllowUnauthenticatedIdentities"] is True
    assert identity.get_identity_pool_roles(IdentityPoolId=pool).get("Roles", {}) == {}
    roles = {"unauthenticated": "arn:aws:iam::123456789012:role/guest"}
    mapping = {"p": {"Type": "Token", "AmbiguousRoleResolution": "Deny"}}
    identity.set_identity_pool_roles(IdentityPoolId=pool, Roles=roles, RoleMappings=mapping)
    found = identity.get_identity_pool_roles(IdentityPoolId=pool)
    assert (found["Roles"], found["RoleMappings"]) == (roles, mapping)
    unknown = refused(identity.get_identity_pool_roles, IdentityPoolId="us-east-1:none")
    assert unknown.code == "ResourceNotFoundException"
