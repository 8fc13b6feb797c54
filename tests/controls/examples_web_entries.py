"""Examples of the controls of public web entries, APIs and sessions."""

from __future__ import annotations

from typing import Any

from tests.controls.builder import ACCOUNT, view
from tests.controls.examples import example
from watchword.model.estate import Estate
from watchword.model.snapshot import AccountView

Row = dict[str, Any]
WORLD = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
INSIDE = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
ALB = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/1"
ACL = "arn:aws:wafv2:eu-west-1:111122223333:regional/webacl/public/1"
OWN_GROUP = "arn:aws:wafv2:eu-west-1:111122223333:regional/rulegroup/own/1"


def managed(name: str, override: str = "None", **more: Any) -> Row:
    """A rule that runs a managed group."""
    statement = {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": name, **more}}
    return {"Name": name, "OverrideAction": {override: {}}, "Statement": statement}


def rule(name: str, statement: Row, action: str = "Block") -> Row:
    """A rule of the customer's own."""
    return {"Name": name, "Action": {action: {}}, "Statement": statement}


CORE = managed("AWSManagedRulesCommonRuleSet")
RATE = rule("rate", {"RateBasedStatement": {"Limit": 1000, "AggregateKeyType": "IP"}})
COUNTED_RATE = {**RATE, "Action": {"Count": {}}}
ANONYMOUS = managed("AWSManagedRulesAnonymousIpList")
GEO_STATEMENT = {"GeoMatchStatement": {"CountryCodes": ["KP"]}}
REFERENCE = {
    "Name": "own",
    "OverrideAction": {"None": {}},
    "Statement": {"RuleGroupReferenceStatement": {"ARN": OWN_GROUP}},
}


def acl(*rules: Row, **more: Any) -> Row:
    """A web ACL before the load balancer."""
    return {
        "_arn": ACL,
        "_name": "public",
        "DefaultAction": {"Allow": {}},
        "Rules": list(rules),
        "ApplicationLoadBalancerArns": [ALB],
        **more,
    }


def balancer(**more: Any) -> Row:
    """An internet-facing application load balancer."""
    return {
        "_arn": ALB,
        "_name": "web",
        "Type": "application",
        "Scheme": "internet-facing",
        "SecurityGroups": ["sg-1"],
        **more,
    }


def entries(tables: dict[str, Any], denied: list[str] | None = None) -> AccountView:
    """Entries of all kinds: none, unless given."""
    read: dict[str, Any] = {
        "elbv2.load_balancers": [],
        "apigateway.stages": [],
        "apigateway.rest_apis": [],
        "apigateway.domain_names": [],
        "apigatewayv2.apis": [],
        "apigatewayv2.stages": [],
        "apigatewayv2.domain_names": [],
        "global:cloudfront.distributions": [],
        "wafv2.web_acls": [],
        "wafv2.rule_groups": [],
        "global:wafv2.cloudfront_web_acls": [],
        "global:wafv2.cloudfront_rule_groups": [],
        "ec2.security_groups": [{"GroupId": "sg-1", "IpPermissions": [WORLD]}],
        "ec2.prefix_lists": [],
        **tables,
    }
    return view({key: rows for key, rows in read.items() if key not in (denied or [])}, denied=denied or [])


def before_balancer(*rules: Row, groups: list[Row] | None = None, **more: Any) -> AccountView:
    """The load balancer with a web ACL of these rules."""
    return entries(
        {
            "elbv2.load_balancers": [balancer()],
            "wafv2.web_acls": [acl(*rules, **more)],
            "wafv2.rule_groups": groups or [],
        }
    )


def own_group(*rules: Row) -> Row:
    """The customer's own rule group."""
    return {"_arn": OWN_GROUP, "_name": "own", "Rules": list(rules)}


API = "arn:aws:apigateway:eu-west-1::/restapis/a1"
HTTP_API = "arn:aws:apigateway:eu-west-1::/apis/h1"


def rest_api(**more: Any) -> Row:
    """A REST API with an address of its own."""
    return {
        "_arn": API,
        "_name": "orders",
        "id": "a1",
        "endpointConfiguration": {"types": ["REGIONAL"]},
        **more,
    }


def stage(**more: Any) -> Row:
    """The stage of the REST API."""
    return {"_arn": API + "/stages/prod", "_name": "orders/prod", "_parent": API, "stageName": "prod", **more}


def http_api(**more: Any) -> Row:
    """An HTTP API with an address of its own."""
    return {"_arn": HTTP_API, "_name": "partners", "ApiId": "h1", "ProtocolType": "HTTP", **more}


HTTP_STAGE = {"_arn": HTTP_API + "/stages/$default", "_parent": HTTP_API, "StageName": "$default"}
MTLS = {
    "_name": "api.abc.example",
    "MutualTlsAuthentication": {"TruststoreUri": "s3://trust/ca.pem"},
    "ApiMappings": [{"ApiId": "h1"}],
}
EDGE_ACL = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/edge/1"
SITE = {"_name": "site", "Enabled": True, "WebACLId": EDGE_ACL}

for _control, _good in (("NW-21", (CORE, RATE)), ("NW-25", (ANONYMOUS,))):
    example(_control, "met", "a good web ACL before a load balancer", before_balancer(*_good))
    example(
        _control,
        "met",
        "a good web ACL before a stage",
        entries(
            {
                "apigateway.rest_apis": [rest_api()],
                "apigateway.stages": [stage(webAclArn=ACL)],
                "wafv2.web_acls": [acl(*_good)],
            }
        ),
    )
    example(
        _control,
        "met",
        "a good web ACL before a distribution",
        entries(
            {
                "global:cloudfront.distributions": [SITE],
                "global:wafv2.cloudfront_web_acls": [{**acl(*_good), "_arn": EDGE_ACL}],
            }
        ),
    )
    example(_control, "gap", "no web ACL", entries({"elbv2.load_balancers": [balancer()]}))
    example(
        _control,
        "gap",
        "a stage without web ACL",
        entries({"apigateway.rest_apis": [rest_api()], "apigateway.stages": [stage()]}),
    )
    example(
        _control,
        "gap",
        "a distribution without web ACL",
        entries({"global:cloudfront.distributions": [{**SITE, "WebACLId": ""}]}),
    )
    example(
        _control,
        "gap",
        "an HTTP API",
        entries({"apigatewayv2.apis": [http_api()], "apigatewayv2.stages": [HTTP_STAGE]}),
    )
    example(
        _control,
        "not_applicable",
        "an HTTP API for clients with certificates",
        entries(
            {
                "apigatewayv2.apis": [http_api(DisableExecuteApiEndpoint=True)],
                "apigatewayv2.stages": [HTTP_STAGE],
                "apigatewayv2.domain_names": [MTLS],
            }
        ),
    )
    example(
        _control,
        "not_applicable",
        "security groups that do not admit the internet",
        entries(
            {
                "elbv2.load_balancers": [balancer()],
                "ec2.security_groups": [{"GroupId": "sg-1", "IpPermissions": [INSIDE]}],
            }
        ),
    )
    example(
        _control,
        "not_applicable",
        "internal, private, disabled and network entries",
        entries(
            {
                "elbv2.load_balancers": [
                    balancer(Scheme="internal"),
                    balancer(_arn="nlb", Type="network"),
                ],
                "apigateway.rest_apis": [rest_api(endpointConfiguration={"types": ["PRIVATE"]})],
                "apigateway.stages": [stage()],
                "global:cloudfront.distributions": [{**SITE, "Enabled": False}],
            }
        ),
    )
    example(
        _control,
        "unknown",
        "web ACLs denied",
        entries({"elbv2.load_balancers": [balancer()]}, denied=["wafv2.web_acls"]),
    )
    example(
        _control,
        "unknown",
        "the web ACL of a stage was not seen",
        entries({"apigateway.rest_apis": [rest_api()], "apigateway.stages": [stage(webAclArn=ACL)]}),
    )
    example(
        _control,
        "unknown",
        "the rules of the web ACL were not read",
        before_balancer(_holes={"Rules": "denied"}),
    )
    example(_control, "unknown", "load balancers denied", entries({}, denied=["elbv2.load_balancers"]))

example("NW-21", "gap", "managed rules without a limit of rate", before_balancer(CORE))
example("NW-21", "gap", "a limit of rate without managed rules", before_balancer(RATE))
example(
    "NW-21",
    "gap",
    "managed rules that count",
    before_balancer(managed("AWSManagedRulesSQLiRuleSet", "Count"), RATE),
)
example("NW-21", "gap", "a limit that counts", before_balancer(CORE, COUNTED_RATE))
example(
    "NW-21", "gap", "a list of addresses is no managed rule for requests", before_balancer(ANONYMOUS, RATE)
)
example(
    "NW-21",
    "met",
    "AWS's group against floods as limit",
    before_balancer(CORE, managed("AWSManagedRulesAntiDDoSRuleSet")),
)
example(
    "NW-21",
    "met",
    "the limit is in an own rule group",
    before_balancer(CORE, REFERENCE, groups=[own_group(RATE)]),
)
example(
    "NW-21",
    "gap",
    "the own rule group's limit is muted",
    before_balancer(
        CORE,
        {
            **REFERENCE,
            "Statement": {
                "RuleGroupReferenceStatement": {
                    "ARN": OWN_GROUP,
                    "RuleActionOverrides": [{"Name": "rate", "ActionToUse": {"Count": {}}}],
                }
            },
        },
        groups=[own_group(RATE)],
    ),
)
example("NW-21", "unknown", "the own rule group was not read", before_balancer(CORE, REFERENCE))
example(
    "NW-21",
    "met",
    "groups that Firewall Manager put first",
    before_balancer(
        RATE,
        PreProcessFirewallManagerRuleGroups=[
            {
                "Name": "fms",
                "OverrideAction": {"None": {}},
                "FirewallManagerStatement": {
                    "ManagedRuleGroupStatement": {"Name": "AWSManagedRulesCommonRuleSet"}
                },
            }
        ],
    ),
)
example("NW-25", "gap", "managed and rate rules only", before_balancer(CORE, RATE))
example(
    "NW-25",
    "met",
    "the list of ill-reputed addresses",
    before_balancer(managed("AWSManagedRulesAmazonIpReputationList")),
)
example(
    "NW-25", "gap", "a list that counts", before_balancer(managed("AWSManagedRulesAnonymousIpList", "Count"))
)
example(
    "NW-25",
    "gap",
    "a list whose rule counts",
    before_balancer(
        managed(
            "AWSManagedRulesAnonymousIpList",
            RuleActionOverrides=[{"Name": "AnonymousIPList", "ActionToUse": {"Count": {}}}],
        )
    ),
)
example(
    "NW-25",
    "met",
    "a list whose rule asks for a CAPTCHA, hosting providers aside",
    before_balancer(
        managed(
            "AWSManagedRulesAnonymousIpList",
            RuleActionOverrides=[
                {"Name": "AnonymousIPList", "ActionToUse": {"Captcha": {}}},
                {"Name": "HostingProviderIPList", "ActionToUse": {"Count": {}}},
            ],
        )
    ),
)
example(
    "NW-25",
    "gap",
    "the list's rule is excluded",
    before_balancer(managed("AWSManagedRulesAnonymousIpList", ExcludedRules=[{"Name": "AnonymousIPList"}])),
)
example("NW-25", "met", "a CAPTCHA by country", before_balancer(rule("geo", GEO_STATEMENT, "Captcha")))
example(
    "NW-25",
    "met",
    "everywhere but at home",
    before_balancer(rule("geo", {"NotStatement": {"Statement": GEO_STATEMENT}}, "Challenge")),
)
example(
    "NW-25",
    "met",
    "by country and path",
    before_balancer(
        rule("geo", {"AndStatement": {"Statements": [GEO_STATEMENT, {"ByteMatchStatement": {}}]}})
    ),
)
example(
    "NW-25", "gap", "countries that are only counted", before_balancer(rule("geo", GEO_STATEMENT, "Count"))
)
example(
    "NW-25",
    "met",
    "by country in an own rule group",
    before_balancer(REFERENCE, groups=[own_group(rule("geo", GEO_STATEMENT))]),
)
example(
    "NW-25",
    "met",
    "named addresses only",
    before_balancer(
        rule("office", {"IPSetReferenceStatement": {"ARN": "arn:aws:wafv2:::ipset/office"}}, "Allow"),
        DefaultAction={"Block": {}},
    ),
)
example(
    "NW-25",
    "gap",
    "blocks by default, but allows by header",
    before_balancer(rule("header", {"ByteMatchStatement": {}}, "Allow"), DefaultAction={"Block": {}}),
)


def methods(**types: str) -> Row:
    """The methods of the resource /orders."""
    listed = {verb: {"httpMethod": verb, "authorizationType": kind} for verb, kind in types.items()}
    return {"_parent": API, "_arn": API + "/resources/1", "path": "/orders", "resourceMethods": listed}


def ap07(tables: dict[str, Any], **more: Any) -> AccountView:
    """APIs of both kinds: none, unless given."""
    read: dict[str, Any] = {
        "apigateway.rest_apis": [],
        "apigateway.resources": [],
        "apigateway.stages": [],
        "apigateway.domain_names": [],
        "apigatewayv2.apis": [],
        "apigatewayv2.routes": [],
        "apigatewayv2.stages": [],
        "apigatewayv2.domain_names": [],
    }
    return view({**read, **tables}, **more)


def rest(resource: Row, api: Row | None = None, stages: list[Row] | None = None, **more: Any) -> AccountView:
    """One REST API with one resource."""
    return ap07(
        {
            "apigateway.rest_apis": [api or rest_api()],
            "apigateway.resources": [resource],
            "apigateway.stages": [stage()] if stages is None else stages,
        },
        **more,
    )


def routes(*keys: tuple[str, str], api: Row | None = None, **tables: Any) -> AccountView:
    """One HTTP API with routes of (key, type of authorization)."""
    rows = [
        {"_parent": HTTP_API, "_arn": f"{HTTP_API}/routes/{key}", "RouteKey": key, "AuthorizationType": kind}
        for key, kind in keys
    ]
    return ap07(
        {
            "apigatewayv2.apis": [api or http_api()],
            "apigatewayv2.routes": rows,
            "apigatewayv2.stages": [HTTP_STAGE],
            **{f"apigatewayv2.{key}": value for key, value in tables.items()},
        }
    )


def policy(principal: Any, condition: Row | None = None) -> Row:
    """A resource policy of an API."""
    statement = {"Effect": "Allow", "Principal": principal, "Action": "execute-api:Invoke", "Resource": "*"}
    return {"Statement": [{**statement, **({"Condition": condition} if condition else {})}]}


OPEN = methods(GET="NONE")
OFFICE = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}

example(
    "AP-07", "met", "every method has an authorizer", rest(methods(GET="AWS_IAM", POST="COGNITO_USER_POOLS"))
)
example("AP-07", "met", "preflight requests", rest(methods(GET="CUSTOM", OPTIONS="NONE")))
example("AP-07", "gap", "one method without", rest(methods(GET="AWS_IAM", DELETE="NONE")))
example(
    "AP-07",
    "gap",
    "an API key only",
    rest({**OPEN, "resourceMethods": {"GET": {"authorizationType": "NONE", "apiKeyRequired": True}}}),
)
example("AP-07", "not_applicable", "not deployed", rest(OPEN, stages=[]))
example("AP-07", "met", "declared public", rest(OPEN, estate=Estate(public=(API,))))
example(
    "AP-07", "met", "a policy that names an account", rest(OPEN, rest_api(policy=policy({"AWS": ACCOUNT})))
)
example("AP-07", "gap", "a policy that lets everybody in", rest(OPEN, rest_api(policy=policy("*"))))
example("AP-07", "gap", "a policy by address", rest(OPEN, rest_api(policy=policy("*", OFFICE))))
example(
    "AP-07",
    "gap",
    "a private API that asks nobody",
    rest(OPEN, rest_api(endpointConfiguration={"types": ["PRIVATE"]}, policy=policy("*"))),
)
example("AP-07", "met", "every route has an authorizer", routes(("GET /", "JWT"), ("$default", "AWS_IAM")))
example("AP-07", "gap", "a route without", routes(("GET /", "JWT"), ("$default", "NONE")))
example(
    "AP-07",
    "gap",
    "a WebSocket that anybody may connect to",
    routes(("$connect", "NONE"), api=http_api(ProtocolType="WEBSOCKET")),
)
example(
    "AP-07",
    "gap",
    "a WebSocket without a connect route",
    routes(("$default", "NONE"), api=http_api(ProtocolType="WEBSOCKET")),
)
example(
    "AP-07",
    "met",
    "a WebSocket that asks at connect",
    routes(("$connect", "AWS_IAM"), ("send", "NONE"), api=http_api(ProtocolType="WEBSOCKET")),
)
example(
    "AP-07",
    "met",
    "clients with certificates only",
    routes(("$default", "NONE"), api=http_api(DisableExecuteApiEndpoint=True), domain_names=[MTLS]),
)
example(
    "AP-07",
    "gap",
    "certificates at the domain, but the own address answers too",
    routes(("$default", "NONE"), domain_names=[MTLS]),
)
example("AP-07", "unknown", "APIs denied", view({"apigatewayv2.apis": []}, denied=["apigateway.rest_apis"]))
example(
    "AP-07",
    "unknown",
    "routes denied",
    view(
        {"apigateway.rest_apis": [], "apigatewayv2.apis": [http_api()], "apigatewayv2.stages": [HTTP_STAGE]},
        denied=["apigatewayv2.routes"],
    ),
)


def client(**more: Any) -> Row:
    """An app client of the pool."""
    return {"_name": "portal", "UserPoolId": "pool-1", "ClientId": "1", "EnableTokenRevocation": True, **more}


def listener(timeout: int | None, **more: Any) -> Row:
    """A listener that signs people in."""
    config = {"Issuer": "https://idp.abc.example", **({"SessionTimeout": timeout} if timeout else {})}
    return {
        "_arn": ALB + "/listener/1",
        "_name": "web:443",
        "LoadBalancerArn": ALB,
        "DefaultActions": [{"Type": "authenticate-oidc", "AuthenticateOidcConfig": config}],
        **more,
    }


def ap13(clients: list[Row] | None = None, listeners: list[Row] | None = None, **more: Any) -> AccountView:
    """App clients and listeners."""
    return view(
        {
            "cognito-idp.user_pool_clients": clients or [],
            "cognito-idp.user_pools": [{"Id": "pool-1", "_tags": more.get("tags", {})}],
            "elbv2.load_balancers": [balancer(_tags=more.get("tags", {}))],
            "elbv2.listeners": listeners or [],
            "elbv2.rules": more.get("rules", []),
        }
    )


RESTRICTED = {"data-classification": "restricted"}
QUARTER = {"AccessTokenValidity": 15, "TokenValidityUnits": {"AccessToken": "minutes"}}
FORWARD = {"Type": "forward", "TargetGroupArn": "tg"}
WEEK_RULE = {"_parent": ALB + "/listener/1", "_arn": "rule", "Actions": listener(None)["DefaultActions"]}

example("AP-13", "met", "AWS's default of an hour", ap13([client()]))
example(
    "AP-13",
    "met",
    "sixty minutes",
    ap13([client(AccessTokenValidity=60, TokenValidityUnits={"AccessToken": "minutes"})]),
)
example("AP-13", "met", "a sensitive pool with fifteen minutes", ap13([client(**QUARTER)], tags=RESTRICTED))
example("AP-13", "gap", "a sensitive pool with an hour", ap13([client()], tags=RESTRICTED))
example("AP-13", "gap", "a day", ap13([client(AccessTokenValidity=24)]))
example("AP-13", "gap", "tokens that cannot be revoked", ap13([client(EnableTokenRevocation=False)]))
example(
    "AP-13",
    "met",
    "a machine has no refresh tokens",
    ap13([client(EnableTokenRevocation=False, AllowedOAuthFlows=["client_credentials"])]),
)
example("AP-13", "met", "a listener's session of an hour", ap13(listeners=[listener(3600)]))
example("AP-13", "gap", "a listener's default of a week", ap13(listeners=[listener(None)]))
example(
    "AP-13",
    "gap",
    "a sensitive application's session of an hour",
    ap13(listeners=[listener(3600)], tags=RESTRICTED),
)
example(
    "AP-13",
    "gap",
    "a rule with a week",
    ap13(listeners=[listener(3600, DefaultActions=[FORWARD])], rules=[WEEK_RULE]),
)
example(
    "AP-13",
    "not_applicable",
    "a listener that signs nobody in",
    ap13(listeners=[listener(None, DefaultActions=[FORWARD])]),
)
example("AP-13", "unknown", "the client's pool was not seen", ap13([client(UserPoolId="pool-2")]))
example(
    "AP-13",
    "met,unknown",
    "listeners denied",
    view(
        {"cognito-idp.user_pool_clients": [client()], "cognito-idp.user_pools": [{"Id": "pool-1"}]},
        denied=["elbv2.listeners"],
    ),
)
