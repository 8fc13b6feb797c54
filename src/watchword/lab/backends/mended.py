"""Small gaps in services that are otherwise as they should be.

What it does: mends what `_GAPS` lists, and lists authorizers of HTTP APIs. What it does not do: more than the docstring
of each function says.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.apigatewayv2.models import apigatewayv2_backends
from moto.apigatewayv2.responses import ApiGatewayV2Response
from moto.apigatewayv2.urls import url_paths
from moto.cloudtrail.models import Trail
from moto.ec2.models import ec2_backends
from moto.elbv2.models import ELBv2Backend
from moto.opensearch.models import OpenSearchServiceBackend
from moto.redshift.models import RedshiftBackend
from moto.s3.models import S3Backend

from watchword.lab.backends import registry
from watchword.lab.backends.around import Around, around
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.tables import Item

Own = Callable[..., Any]


def _put_event_selectors(own: Own, trail: Any, event_selectors: Any, advanced_event_selectors: Any) -> None:
    """CloudTrail: plain selectors replace advanced ones, and the other way round.

    https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
    """
    own(trail, event_selectors, advanced_event_selectors)
    if event_selectors:
        trail.advanced_event_selectors = []


def _create_listener(own: Own, backend: Any, *arguments: Any, **named: Any) -> Any:
    """Elastic Load Balancing: a listener without TLS has no security policy."""
    listener = own(backend, *arguments, **named)
    if listener.protocol not in ("HTTPS", "TLS"):
        listener.ssl_policy = None
    return listener


def _create_domain(own: Own, backend: Any, *arguments: Any, **named: Any) -> Any:
    """OpenSearch: a domain in a VPC tells the VPC and zones of its subnets."""
    domain = own(backend, *arguments, **named)
    if domain.vpc_options:
        every = ec2_backends[backend.account_id][backend.region_name].describe_subnets()
        subnets = [subnet for subnet in every if subnet.id in domain.vpc_options.get("SubnetIds", [])]
        zones = sorted({subnet.availability_zone for subnet in subnets})
        found = {"VPCId": subnets[0].vpc_id, "AvailabilityZones": zones} if subnets else {}
        domain.vpc_options = {**domain.vpc_options, **found}
    return domain


def _create_cluster(own: Own, backend: Any, *arguments: Any, **named: Any) -> Any:
    """Redshift: a cluster tells the VPC of its subnets."""
    cluster = own(backend, *arguments, **named)
    group = backend.subnet_groups.get(cluster.cluster_subnet_group_name)
    if group is not None:
        cluster.vpc_id = group.vpc_id
    return cluster


def _get_bucket_encryption(own: Own, backend: Any, bucket_name: str) -> Any:
    """S3: every bucket encrypts with S3's own keys where nobody chose otherwise, since 5 January 2023.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html
    """
    plain = {
        "Rule": {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
            "BucketKeyEnabled": "false",
        }
    }
    return own(backend, bucket_name) or plain


_GAPS: Iterable[tuple[type, str, Around]] = (
    (Trail, "put_event_selectors", _put_event_selectors),
    (ELBv2Backend, "create_listener", _create_listener),
    (OpenSearchServiceBackend, "create_domain", _create_domain),
    (RedshiftBackend, "create_cluster", _create_cluster),
    (S3Backend, "get_bucket_encryption", _get_bucket_encryption),
)


def _authorizers(call: Call) -> Item:
    api: Any = apigatewayv2_backends[call.account][call.region].apis.get(call.params["ApiId"])
    if api is None:
        raise Refusal("NotFoundException", f"Invalid API identifier specified {call.params['ApiId']}")
    return {"Items": [_authorizer(each) for each in api.authorizers.values()]}


def _authorizer(authorizer: Any) -> Item:
    members = {
        "AuthorizerCredentialsArn": authorizer.auth_creds_arn,
        "AuthorizerId": authorizer.id,
        "AuthorizerPayloadFormatVersion": authorizer.auth_payload_format_version,
        "AuthorizerResultTtlInSeconds": authorizer.auth_result_ttl,
        "AuthorizerType": authorizer.authorizer_type,
        "AuthorizerUri": authorizer.authorizer_uri,
        "EnableSimpleResponses": authorizer.enable_simple_response,
        "IdentitySource": authorizer.identity_source,
        "JwtConfiguration": _titled(authorizer.jwt_config),
        "Name": authorizer.name,
    }
    return {name: value for name, value in members.items() if value is not None}


def _titled(members: Mapping[str, Any] | None) -> Item | None:
    """Moto keeps the members as they come over the wire, in small letters."""
    return None if members is None else {name.capitalize(): value for name, value in members.items()}


OPERATIONS: Mapping[str, registry.Handler] = {"GetAuthorizers": _authorizers}


def install() -> None:
    """Mend the gaps."""
    for owner, method, mended in _GAPS:
        around(owner, method, mended)
    registry.extend(ApiGatewayV2Response, url_paths, OPERATIONS, invalid="BadRequestException")
