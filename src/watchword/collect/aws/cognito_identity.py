"""Amazon Cognito identity pools: whom they admit, and which roles they give.

Source: https://docs.aws.amazon.com/cognitoidentity/latest/APIReference/Welcome.html
"""

from __future__ import annotations

from typing import Final

from watchword.collect.reads import Detail, Read

_POOL: Final = {"IdentityPoolId": "{IdentityPoolId}"}

READS: Final = (
    Read(
        table="cognito-identity.identity_pools",
        operation="ListIdentityPools",
        params={"MaxResults": 60},
        take="IdentityPools[]",
        arn="arn:{partition}:cognito-identity:{region}:{account}:identitypool/{IdentityPoolId}",
        name="{IdentityPoolName}",
        kind="AWS::Cognito::IdentityPool",
        tags="IdentityPoolTags",
        details=(
            Detail(key="", operation="DescribeIdentityPool", params=_POOL),
            Detail(key="", operation="GetIdentityPoolRoles", params=_POOL),
        ),
    ),
)
