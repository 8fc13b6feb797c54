"""API Gateway, HTTP and WebSocket APIs: with routes, stages, authorizers, domain names and VPC links.

Values of stage variables are replaced by fingerprints before anything is written.  Integrations are not read.
"""

from __future__ import annotations

from collections.abc import Iterable

from watchword.analysis.data import secrets
from watchword.collect.reads import Detail, Read, Row

_PATH = "arn:{partition}:apigateway:{region}::"
_GET = ("apigateway:GET",)


def _stage(row: Row) -> Iterable[Row]:
    """A stage without the values of its variables."""
    variables = row.get("StageVariables")
    return ({**row, "StageVariables": secrets.redacted(variables)} if isinstance(variables, dict) else row,)


READS: tuple[Read, ...] = (
    Read(
        "apigatewayv2.apis",
        "GetApis",
        take="Items[]",
        arn=_PATH + "/apis/{ApiId}",
        name="{Name}",
        kind="AWS::ApiGatewayV2::Api",
        actions=_GET,
    ),
    Read(
        "apigatewayv2.routes",
        "GetRoutes",
        take="Items[]",
        over="apigatewayv2.apis",
        arn=_PATH + "/apis/{parent.ApiId}/routes/{RouteId}",
        name="{parent.Name} {RouteKey}",
        kind="AWS::ApiGatewayV2::Route",
        params={"ApiId": "{ApiId}"},
        actions=_GET,
    ),
    Read(
        "apigatewayv2.stages",
        "GetStages",
        take="Items[]",
        over="apigatewayv2.apis",
        arn=_PATH + "/apis/{parent.ApiId}/stages/{StageName}",
        name="{parent.Name}/{StageName}",
        kind="AWS::ApiGatewayV2::Stage",
        params={"ApiId": "{ApiId}"},
        transform=_stage,
        actions=_GET,
    ),
    Read(
        "apigatewayv2.authorizers",
        "GetAuthorizers",
        take="Items[]",
        over="apigatewayv2.apis",
        arn=_PATH + "/apis/{parent.ApiId}/authorizers/{AuthorizerId}",
        name="{Name}",
        kind="AWS::ApiGatewayV2::Authorizer",
        params={"ApiId": "{ApiId}"},
        actions=_GET,
    ),
    Read(
        "apigatewayv2.domain_names",
        "GetDomainNames",
        take="Items[]",
        arn=_PATH + "/domainnames/{DomainName}",
        name="{DomainName}",
        kind="AWS::ApiGatewayV2::DomainName",
        actions=_GET,
        details=(
            Detail(
                "ApiMappings",
                "GetApiMappings",
                params={"DomainName": "{DomainName}"},
                take="Items[]",
                pages=True,
                none_when=("NotFoundException",),
                actions=_GET,
            ),
        ),
    ),
    Read(
        "apigatewayv2.vpc_links",
        "GetVpcLinks",
        take="Items[]",
        arn=_PATH + "/vpclinks/{VpcLinkId}",
        name="{Name}",
        kind="AWS::ApiGatewayV2::VpcLink",
        actions=_GET,
    ),
)
