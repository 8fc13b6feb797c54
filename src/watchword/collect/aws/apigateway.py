"""API Gateway, REST APIs: with policies, methods, stages, authorizers and custom domain names.

Values of stage variables are replaced by fingerprints before anything is written.  API keys are not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from watchword.analysis.data import secrets
from watchword.collect.reads import Detail, Read, Row

_PATH = "arn:{partition}:apigateway:{region}::"
_LISTED = {"limit": 500}


def _api(row: Row) -> Iterable[Row]:
    """An API with its resource policy parsed: AWS gives it as JSON text whose quotes are escaped once more."""
    policy = row.get("policy")
    return ({**row, "policy": _policy(policy)} if isinstance(policy, str) and policy else row,)


def _policy(text: str) -> Any:  # noqa: ANN401
    try:
        return json.loads(text)
    except ValueError:
        return json.loads(json.loads(f'"{text}"'))


def _stage(row: Row) -> Iterable[Row]:
    """A stage without the values of its variables."""
    variables = row.get("variables")
    return ({**row, "variables": secrets.redacted(variables)} if isinstance(variables, dict) else row,)


READS: tuple[Read, ...] = (
    Read(
        "apigateway.rest_apis",
        "GetRestApis",
        take="items[]",
        arn=_PATH + "/restapis/{id}",
        name="{name}",
        kind="AWS::ApiGateway::RestApi",
        params=_LISTED,
        tags="tags",
        transform=_api,
        actions=("apigateway:GET",),
    ),
    Read(
        "apigateway.resources",
        "GetResources",
        take="items[]",
        over="apigateway.rest_apis",
        arn=_PATH + "/restapis/{parent.id}/resources/{id}",
        name="{parent.name}{path}",
        kind="AWS::ApiGateway::Resource",
        params={"restApiId": "{id}", "embed": ["methods"], **_LISTED},
        actions=("apigateway:GET",),
    ),
    Read(
        "apigateway.stages",
        "GetStages",
        take="item[]",
        over="apigateway.rest_apis",
        arn=_PATH + "/restapis/{parent.id}/stages/{stageName}",
        name="{parent.name}/{stageName}",
        kind="AWS::ApiGateway::Stage",
        params={"restApiId": "{id}"},
        tags="tags",
        transform=_stage,
        actions=("apigateway:GET",),
    ),
    Read(
        "apigateway.authorizers",
        "GetAuthorizers",
        take="items[]",
        over="apigateway.rest_apis",
        arn=_PATH + "/restapis/{parent.id}/authorizers/{id}",
        name="{name}",
        kind="AWS::ApiGateway::Authorizer",
        params={"restApiId": "{id}"},
        actions=("apigateway:GET",),
    ),
    Read(
        "apigateway.domain_names",
        "GetDomainNames",
        take="items[]",
        arn=_PATH + "/domainnames/{domainName}",
        name="{domainName}",
        kind="AWS::ApiGateway::DomainName",
        params=_LISTED,
        tags="tags",
        actions=("apigateway:GET",),
        details=(
            Detail(
                "basePathMappings",
                "GetBasePathMappings",
                params={"domainName": "{domainName}"},
                take="items[]",
                pages=True,
                none_when=("NotFoundException",),
                actions=("apigateway:GET",),
            ),
        ),
    ),
)
