"""From an HTTP request to the AWS operation that it asks for, with its parameters.

What it does: tells service, operation, region and parameters of a request in any of AWS's protocols (query, EC2, JSON,
REST) by botocore's service models and moto's routers and parsers. What it does not do: say which IAM action that is, or
check any parameter.
"""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from botocore.exceptions import UnknownServiceError
from moto.core.model import OperationModel
from moto.core.parse import PROTOCOL_PARSERS, RequestDict, RequestParserError
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from werkzeug.exceptions import HTTPException, NotFound

from watchword.lab.backends.call import service_model
from watchword.lab.gateway import Environ

# Where the name that a request is signed for is not boto3's name of the service: what it can be, most likely first.
_SIGNED_FOR: Final[Mapping[str, tuple[str, ...]]] = {
    "access-analyzer": ("accessanalyzer",),
    "airflow": ("mwaa",),
    "aoss": ("opensearchserverless",),
    "apigateway": ("apigateway", "apigatewayv2"),
    "appconfig": ("appconfig", "appconfigdata"),
    "aps": ("amp",),
    "awsssoportal": ("sso",),
    "bedrock": ("bedrock", "bedrock-runtime", "bedrock-agent", "bedrock-agent-runtime"),
    "cassandra": ("keyspaces",),
    "cloudcontrolapi": ("cloudcontrol",),
    "cloudhsm": ("cloudhsmv2", "cloudhsm"),
    "dynamodb": ("dynamodb", "dynamodbstreams"),
    "elasticfilesystem": ("efs",),
    "elasticloadbalancing": ("elbv2", "elb"),
    "elasticmapreduce": ("emr",),
    "email": ("ses", "sesv2"),
    "es": ("opensearch", "es"),
    "geo": ("location",),
    "greengrass": ("greengrassv2", "greengrass"),
    "iotdata": ("iot-data",),
    "kinesisanalytics": ("kinesisanalyticsv2", "kinesisanalytics"),
    "lex": ("lexv2-models", "lex-models"),
    "mobiletargeting": ("pinpoint",),
    "monitoring": ("cloudwatch",),
    "rds": ("rds", "neptune", "docdb"),
    "s3": ("s3control", "s3"),
    "sagemaker": ("sagemaker", "sagemaker-runtime", "sagemaker-metrics"),
    "servicecatalog": ("servicecatalog", "servicecatalog-appregistry"),
    "servicequotas": ("service-quotas",),
    "ses": ("sesv2", "ses"),
    "sso": ("sso-admin",),
    "sso-oauth": ("sso-oidc",),
    "states": ("stepfunctions",),
    "tagging": ("resourcegroupstaggingapi",),
    "timestream": ("timestream-write", "timestream-query"),
}

# Operations that clients send without a signature, and the service of the form's Action or the target's prefix.
_UNSIGNED: Final[Mapping[str, str]] = {
    "AssumeRoleWithSAML": "sts",
    "AssumeRoleWithWebIdentity": "sts",
    "AWSCognitoIdentityService": "cognito-identity",
    "AWSCognitoIdentityProviderService": "cognito-idp",
}

_HOME: Final = "us-east-1"
_SIGNATURE = re.compile(r"Credential=([^/,\s]+)/[^/]*/([^/]*)/([^/]*)/aws4_request")
_VERSION = re.compile(r"Version=(\d{4}-\d\d-\d\d)")


@dataclass(frozen=True, slots=True)
class Signer:
    """What the signature says of a request: access key id (empty: unsigned), region and service."""

    key: str = ""
    region: str = _HOME
    service: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """The operation that a request asks for.

    `service` is boto3's name; `params` holds the input members under AWS's names, absent ones left out; `headers` have
    lower-case names; `query` is the query string's, `body` the whole body.
    """

    signer: Signer
    service: str
    model: OperationModel
    params: Mapping[str, Any]
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    method: str
    path: str

    @property
    def operation(self) -> str:
        """AWS's name of the operation."""
        return self.model.name

    @property
    def region(self) -> str:
        """The region that is asked."""
        return self.signer.region


def signer_of(environ: Environ) -> Signer:
    """Who signed, by the Authorization header or a presigned URL; nobody where there is no signature."""
    given = environ.get("HTTP_AUTHORIZATION", "")
    found = _SIGNATURE.search(given)
    if found is None:
        query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        if "AWSAccessKeyId" in query:
            return Signer(query["AWSAccessKeyId"], _HOME, "s3")
        found = _SIGNATURE.search(f"Credential={query.get('X-Amz-Credential', '')}")
    return Signer(*found.groups()) if found else Signer()


def read(environ: Environ) -> Asked | None:
    """The operation that a request asks for; None where it is none that AWS's models know.

    The body is read and put back, so that the request can be answered afterwards.
    """
    body = _body(environ)
    signer = signer_of(environ)
    named = signer.service.lower() or _service_of_unsigned(environ, body)
    for service in _candidates(named, environ):
        found = _matched(service, environ, body)
        if found is not None:
            model, labels = found
            return _asked(_Found(signer, service, model, labels), environ, body)
    return None


def _body(environ: Environ) -> bytes:
    told = environ.get("CONTENT_LENGTH")
    stream = environ["wsgi.input"]
    body: bytes = stream.read() if environ.get("wsgi.input_terminated") else stream.read(int(told or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _service_of_unsigned(environ: Environ, body: bytes) -> str:
    """The service of a request that nobody signed; S3 where nothing says otherwise."""
    target = environ.get("HTTP_X_AMZ_TARGET", "").split(".")[0]
    if target:
        return _UNSIGNED.get(target, "")
    form = body if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded") else b""
    query = dict(parse_qsl(form.decode("latin-1"))) | dict(parse_qsl(environ.get("QUERY_STRING", "")))
    action = query.get("Action")
    return "s3" if action is None else _UNSIGNED.get(action, "")


def _candidates(named: str, environ: Environ) -> tuple[str, ...]:
    if named == "s3":
        control = environ.get("PATH_INFO", "").startswith("/v20180820/")
        return ("s3control",) if control else ("s3",)
    return _SIGNED_FOR.get(named, (named,) if named else ())


def _matched(service: str, environ: Environ, body: bytes) -> tuple[OperationModel, dict[str, Any]] | None:
    """The operation of one service that a request fits, and the labels of its path."""
    try:
        model = service_model(service)
        operation, labels = get_service_router(service).match(_request(environ, body))
    except (UnknownServiceError, NotFound, NotImplementedError, HTTPException):
        return None
    version = _VERSION.search(body[:100_000].decode("latin-1"))
    if model.protocol == "query" and version is not None and version[1] != model.api_version:
        return None
    return operation, labels


def _request(environ: Environ, body: bytes) -> Request:
    return Request({**environ, "wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True})


@dataclass(frozen=True, slots=True)
class _Found:
    """An operation, and the labels of its path."""

    signer: Signer
    service: str
    model: OperationModel
    labels: Mapping[str, Any]


def _asked(found: _Found, environ: Environ, body: bytes) -> Asked:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    return Asked(
        signer=found.signer,
        service=found.service,
        model=found.model,
        params=_params(found.model, found.labels, _request(environ, body)),
        headers=headers | {"content-type": environ.get("CONTENT_TYPE", "")},
        query=dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
        body=body,
        method=environ["REQUEST_METHOD"],
        path=environ.get("PATH_INFO", "/"),
    )


def _params(model: OperationModel, labels: Mapping[str, Any], request: Request) -> dict[str, Any]:
    """The input members; only the path's where the body is not what the operation takes, which the service refuses."""
    if model.input_shape is None:
        return dict(labels)
    protocol = determine_request_protocol(model.service_model, request.content_type)
    values: Any = request.values
    content: RequestDict = {
        "method": request.method,
        "values": values,
        "headers": request.headers,
        "body": request.data,
        "url_path": request.path,
        "url_params": dict(labels),
    }
    try:
        parsed: dict[str, Any] = PROTOCOL_PARSERS[protocol](model, map_type=dict).parse(content)
    except (RequestParserError, ValueError, KeyError, TypeError, AttributeError):
        return dict(labels)
    return {name: value for name, value in parsed.items() if value is not None}
