"""Company ABC's APIs of API Gateway in each state.

REST APIs of prod: ``payments`` asks by IAM from the beginning; ``orders`` lets anybody post in ``before``.  HTTP APIs:
prod's ``partners`` asks nobody in ``before``, and in ``after`` only admits clients with a certificate; dev's ``preview``
asks for a token, and is gone in ``after``.  Prod's ``drafts`` has never been deployed.
"""

from __future__ import annotations

from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import DEV, HOME, PROD, LabAccount


def build(lab: Builder) -> None:
    """Make the APIs."""
    _rest_api(lab, "payments", {"GET": "AWS_IAM", "POST": "AWS_IAM", "OPTIONS": "NONE"})
    _rest_api(lab, "orders", {"GET": "AWS_IAM", "POST": "AWS_IAM" if lab.after else "NONE"})
    _rest_api(lab, "drafts", {"GET": "NONE"}, deployed=False)
    _partners(lab)
    if not lab.after:
        _http_api(lab, DEV, "preview", "JWT")


def _rest_api(lab: Builder, name: str, methods: dict[str, str], *, deployed: bool = True) -> None:
    client = lab.client("apigateway", PROD)
    made = client.create_rest_api(name=name, endpointConfiguration={"types": ["REGIONAL"]})
    api = lab.remember("api", PROD, HOME, name, made["id"])
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    resource = client.create_resource(restApiId=api, parentId=root, pathPart=name)["id"]
    for verb, authorization in methods.items():
        where = {"restApiId": api, "resourceId": resource, "httpMethod": verb}
        client.put_method(**where, authorizationType=authorization)
        client.put_integration(**where, type="MOCK")
    if deployed:
        client.create_deployment(restApiId=api, stageName="prod")


def _http_api(
    lab: Builder, account: LabAccount, name: str, authorization: str, *, own_address: bool = True
) -> str:
    client = lab.client("apigatewayv2", account)
    made = client.create_api(Name=name, ProtocolType="HTTP", DisableExecuteApiEndpoint=not own_address)
    api = lab.remember("api", account, HOME, name, made["ApiId"])
    more: dict[str, str] = {}
    if authorization == "JWT":
        authorizer = client.create_authorizer(
            ApiId=api,
            Name="sign-in",
            AuthorizerType="JWT",
            IdentitySource=["$request.header.Authorization"],
            JwtConfiguration={"Issuer": "https://login.abc.example", "Audience": [name]},
        )
        more["AuthorizerId"] = authorizer["AuthorizerId"]
    for route in (f"GET /{name}", f"POST /{name}"):
        client.create_route(ApiId=api, RouteKey=route, AuthorizationType=authorization, **more)
    client.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
    return api


def _partners(lab: Builder) -> None:
    api = _http_api(lab, PROD, "partners", "NONE", own_address=not lab.after)
    client = lab.client("apigatewayv2", PROD)
    domain = "partners.abc.example"
    trust = {"MutualTlsAuthentication": {"TruststoreUri": "s3://abc-trust/partners.pem"}} if lab.after else {}
    client.create_domain_name(
        DomainName=domain,
        DomainNameConfigurations=[
            {
                "CertificateArn": lab.ref("certificate", PROD, HOME, "www"),
                "EndpointType": "REGIONAL",
                "SecurityPolicy": "TLS_1_2",
            }
        ],
        **trust,
    )
    client.create_api_mapping(ApiId=api, DomainName=domain, Stage="$default")
