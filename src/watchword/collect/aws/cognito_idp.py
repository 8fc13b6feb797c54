"""Amazon Cognito user pools: their settings, factors, reaction to risk, clients, groups, identity providers, users.

Of users nothing personal is read: no attribute but their ``sub``, of whose name only a hash is kept, and only where a
pool is small enough to be a directory of guests or staff rather than of customers.

Source: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/Welcome.html
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from watchword.collect.reads import Detail, Read, Row

LISTED: Final = 5_000
"""Up to how many users (as Cognito estimates) the users of a pool are read; a call gives 60."""

_POOL: Final = {"UserPoolId": "{Id}"}
_KEPT_OF_USERS: Final = ("Enabled", "UserStatus", "UserCreateDate", "UserLastModifiedDate")
_RISK_KEPT: Final = (
    "CompromisedCredentialsRiskConfiguration",
    "AccountTakeoverRiskConfiguration",
    "RiskExceptionConfiguration",
    "LastModifiedDate",
)


def without_people(users: list[Row]) -> list[Row]:
    """Users as hashes of their names, with their states and dates."""
    return [
        {
            "Id": hashlib.sha256(str(user["Username"]).encode()).hexdigest()[:20],
            **{key: user[key] for key in _KEPT_OF_USERS if key in user},
        }
        for user in users
    ]


def without_secret(client: Row) -> Row:
    """A client's settings with its secret replaced by whether it has one."""
    kept = {key: value for key, value in client.items() if key != "ClientSecret"}
    return {**kept, "HasClientSecret": "ClientSecret" in client}


def reaction(configuration: dict[str, Any]) -> Row:
    """A risk configuration without the texts of its e-mails."""
    kept = {key: configuration[key] for key in _RISK_KEPT if configuration.get(key) is not None}
    takeover = kept.get("AccountTakeoverRiskConfiguration")
    if takeover:
        shown = {key: value for key, value in takeover.items() if key != "NotifyConfiguration"}
        kept["AccountTakeoverRiskConfiguration"] = shown
    return kept


def _is_small(row: Row) -> bool:
    return int(row.get("EstimatedNumberOfUsers") or 0) <= LISTED


READS: Final = (
    Read(
        table="cognito-idp.user_pools",
        operation="ListUserPools",
        params={"MaxResults": 60},
        take="UserPools[]",
        arn="arn:{partition}:cognito-idp:{region}:{account}:userpool/{Id}",
        name="{Name}",
        kind="AWS::Cognito::UserPool",
        tags="UserPoolTags",
        details=(
            Detail(key="", operation="DescribeUserPool", params=_POOL, take="UserPool"),
            Detail(key="Factors", operation="GetUserPoolMfaConfig", params=_POOL),
            Detail(
                key="Risk",
                operation="DescribeRiskConfiguration",
                params=_POOL,
                take="RiskConfiguration",
                none_when=("UserPoolAddOnNotEnabledException",),
                transform=reaction,
            ),
            Detail(
                key="LogDelivery",
                operation="GetLogDeliveryConfiguration",
                params=_POOL,
                take="LogDeliveryConfiguration.LogConfigurations",
            ),
            Detail(
                key="Users",
                operation="ListUsers",
                params={**_POOL, "AttributesToGet": ["sub"]},
                take="Users",
                pages=True,
                when=_is_small,
                transform=without_people,
            ),
        ),
    ),
    Read(
        table="cognito-idp.user_pool_clients",
        operation="ListUserPoolClients",
        over="cognito-idp.user_pools",
        params={**_POOL, "MaxResults": 60},
        take="UserPoolClients[]",
        arn="arn:{partition}:cognito-idp:{region}:{account}:userpool/{UserPoolId}/client/{ClientId}",
        name="{ClientName}",
        kind="AWS::Cognito::UserPoolClient",
        details=(
            Detail(
                key="",
                operation="DescribeUserPoolClient",
                params={"UserPoolId": "{UserPoolId}", "ClientId": "{ClientId}"},
                take="UserPoolClient",
                transform=without_secret,
            ),
            Detail(
                key="Risk",
                operation="DescribeRiskConfiguration",
                params={"UserPoolId": "{UserPoolId}", "ClientId": "{ClientId}"},
                take="RiskConfiguration",
                none_when=("UserPoolAddOnNotEnabledException",),
                transform=reaction,
            ),
        ),
    ),
    Read(
        table="cognito-idp.groups",
        operation="ListGroups",
        over="cognito-idp.user_pools",
        params=_POOL,
        take="Groups[]",
        arn="arn:{partition}:cognito-idp:{region}:{account}:userpool/{UserPoolId}/group/{GroupName}",
        name="{GroupName}",
        kind="AWS::Cognito::UserPoolGroup",
    ),
    Read(
        table="cognito-idp.identity_providers",
        operation="ListIdentityProviders",
        over="cognito-idp.user_pools",
        params=_POOL,
        take="Providers[]",
        arn="arn:{partition}:cognito-idp:{region}:{account}:userpool/{parent.Id}/provider/{ProviderName}",
        name="{ProviderName}",
        kind="AWS::Cognito::UserPoolIdentityProvider",
    ),
)
