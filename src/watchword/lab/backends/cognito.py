"""Cognito: threat protection, factors and log delivery of user pools, and the roles of identity pools.

What it does: keeps what moto forgets of pools and fills in AWS's defaults. What it does not do: judge the risk of a
sign-in.
Reference: https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-settings-threat-protection.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from moto.cognitoidentity import urls as identity_urls
from moto.cognitoidentity.models import cognitoidentity_backends
from moto.cognitoidentity.responses import CognitoIdentityResponse
from moto.cognitoidp import urls
from moto.cognitoidp.models import CognitoIdpUserPool, cognitoidp_backends
from moto.cognitoidp.responses import CognitoIdpResponse

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item, Tables, regional, shared_members, uuid

cognito_tables = regional("cognito-idp")

_FACTORS = ("SmsMfaConfiguration", "SoftwareTokenMfaConfiguration", "EmailMfaConfiguration")


def _tables(call: Call) -> Tables:
    return cognito_tables[call.account][call.region]


def _pool(call: Call) -> CognitoIdpUserPool:
    key = call.params["UserPoolId"]
    found = cognitoidp_backends[call.account][call.region].user_pools.get(key)
    if found is None:
        raise Refusal("ResourceNotFoundException", f"User pool {key} does not exist.")
    return found


def _set_risk(call: Call) -> Item:
    pool, client = _pool(call), call.params.get("ClientId", "")
    mode = pool.extended_config.get("UserPoolAddOns", {}).get("AdvancedSecurityMode", "OFF")
    if mode == "OFF":
        raise Refusal(
            "UserPoolAddOnNotEnabledException", "Threat protection is not enabled for the user pool."
        )
    if client and client not in pool.clients:
        raise Refusal("ResourceNotFoundException", f"User pool client {client} does not exist.")
    given = shared_members(call, "RiskConfigurationType")
    _tables(call).table(f"risk of {pool.id}")[client] = {**given, "LastModifiedDate": datetime.now(UTC)}
    return _describe_risk(call)


def _describe_risk(call: Call) -> Item:
    """A client without a configuration of its own shows none; the pool's applies to it all the same."""
    pool, client = _pool(call), call.params.get("ClientId", "")
    asked = {"UserPoolId": pool.id, **({"ClientId": client} if client else {})}
    kept = _tables(call).table(f"risk of {pool.id}").get(client, {})
    return {"RiskConfiguration": {**asked, **kept}}


def _set_factors(call: Call) -> Item:
    pool, given = _pool(call), call.params
    mode = given.get("MfaConfiguration", pool.mfa_config)
    if mode != "OFF" and not any(factor in given for factor in _FACTORS):
        raise Refusal("InvalidParameterException", "At least one MFA configuration must be provided.")
    pool.mfa_config = mode
    pool.sms_mfa_config = given.get("SmsMfaConfiguration")
    pool.token_mfa_config = given.get("SoftwareTokenMfaConfiguration")
    more = {name: given[name] for name in ("EmailMfaConfiguration", "WebAuthnConfiguration") if name in given}
    _tables(call).table("factors")[pool.id] = more
    return _get_factors(call)


def _get_factors(call: Call) -> Item:
    pool = _pool(call)
    both = {
        "SmsMfaConfiguration": pool.sms_mfa_config,
        "SoftwareTokenMfaConfiguration": pool.token_mfa_config,
    }
    kept = {name: value for name, value in both.items() if value is not None}
    return {**kept, "MfaConfiguration": pool.mfa_config, **_tables(call).table("factors").get(pool.id, {})}


def _set_logs(call: Call) -> Item:
    given = {"UserPoolId": _pool(call).id, "LogConfigurations": call.params["LogConfigurations"]}
    _tables(call).table("logs")[given["UserPoolId"]] = given
    return {"LogDeliveryConfiguration": given}


def _get_logs(call: Call) -> Item:
    key = _pool(call).id
    none = {"UserPoolId": key, "LogConfigurations": []}
    return {"LogDeliveryConfiguration": _tables(call).table("logs").get(key, none)}


def record_sign_in(account: str, region: str, pool: str, user: str, **event: Any) -> str:
    """Add an event to a user's history; gives its id.

    `event` are members of AWS's AuthEventType, such as CreationDate, EventResponse, EventRisk, EventContextData.
    """
    key = uuid()
    item = {
        "EventId": key,
        "EventType": "SignIn",
        "CreationDate": datetime.now(UTC),
        "EventResponse": "Pass",
        **event,
    }
    cognito_tables[account][region].table(f"events of {pool} {user}")[key] = item
    return key


def _auth_events(call: Call) -> Item:
    pool, user = _pool(call), call.params["Username"]
    if user not in pool.users:
        raise Refusal("UserNotFoundException", "User does not exist.")
    events = _tables(call).table(f"events of {pool.id} {user}").values()
    newest = sorted(events, key=lambda event: event["CreationDate"], reverse=True)
    return call.page("AuthEvents", newest, 60)


def _pool_of_arn(call: Call) -> CognitoIdpUserPool:
    arn = call.params["ResourceArn"]
    pools = cognitoidp_backends[call.account][call.region].user_pools.values()
    found = next((pool for pool in pools if pool.arn == arn), None)
    if found is None:
        raise Refusal("ResourceNotFoundException", f"User pool {arn} does not exist.")
    return found


def _tags(call: Call) -> dict[str, str]:
    tags: dict[str, str] = _pool_of_arn(call).extended_config.setdefault("UserPoolTags", {})
    return tags


def _list_tags(call: Call) -> Item:
    return {"Tags": _tags(call)}


def _tag(call: Call) -> None:
    _tags(call).update(call.params["Tags"])


def _untag(call: Call) -> None:
    for key in call.params["TagKeys"]:
        _tags(call).pop(key, None)


def _identity_pool(call: Call) -> str:
    key: str = call.params["IdentityPoolId"]
    if key not in cognitoidentity_backends[call.account][call.region].identity_pools:
        raise Refusal("ResourceNotFoundException", f"IdentityPool '{key}' not found.")
    return key


def _set_roles(call: Call) -> None:
    key = _identity_pool(call)
    given = {name: call.params[name] for name in ("Roles", "RoleMappings") if name in call.params}
    _tables(call).table("identity pool roles")[key] = given


def _get_roles(call: Call) -> Item:
    key = _identity_pool(call)
    kept = _tables(call).table("identity pool roles").get(key, {})
    return {"IdentityPoolId": key, **kept}


USER_POOL_OPERATIONS: Mapping[str, Handler] = {
    "SetRiskConfiguration": _set_risk,
    "DescribeRiskConfiguration": _describe_risk,
    "SetUserPoolMfaConfig": _set_factors,
    "GetUserPoolMfaConfig": _get_factors,
    "SetLogDeliveryConfiguration": _set_logs,
    "GetLogDeliveryConfiguration": _get_logs,
    "AdminListUserAuthEvents": _auth_events,
    "ListTagsForResource": _list_tags,
    "TagResource": _tag,
    "UntagResource": _untag,
}

IDENTITY_POOL_OPERATIONS: Mapping[str, Handler] = {
    "SetIdentityPoolRoles": _set_roles,
    "GetIdentityPoolRoles": _get_roles,
}


def install() -> None:
    """Add the operations to moto's two services of Cognito."""
    invalid = "InvalidParameterException"
    registry.extend(CognitoIdpResponse, urls.url_paths, USER_POOL_OPERATIONS, invalid=invalid)
    registry.extend(
        CognitoIdentityResponse, identity_urls.url_paths, IDENTITY_POOL_OPERATIONS, invalid=invalid
    )
