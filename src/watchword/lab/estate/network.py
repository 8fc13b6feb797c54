"""Company ABC: its web entries: load balancers, APIs, CloudFront, the web ACLs before them, and its domain names.

Kept for later areas: ``lb/…/<name>`` (ARN) of prod ``web``, ``staff``, ``legacy-portal``, ``internal-api``, ``sftp`` and
dev ``dev-web``; ``certificate/prod/eu-west-1/www`` and ``certificate/data/…``; ``api/…/<name>`` (id) of prod
``orders``, ``payments``, ``partners`` and, in ``before``, dev ``preview``; ``zone/network/global/abc.example``.

The flaws of ``before``: the legacy portal, the orders API and the site of static files have no web ACL; others' web ACLs
let anonymous sources in or lack a limit of rate; routes of two APIs ask nobody; the staff's load balancer believes a
sign-in for a week.
"""

from __future__ import annotations

from typing import Any, Final

from moto.ec2.models import ec2_backends

from watchword.lab.estate import web_acls, web_apis
from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import DEV, HOME, IDENTITY, NETWORK, PROD, LabAccount

_DOMAIN: Final = "abc.example"


def build(lab: Builder) -> None:
    """Build this area of the company."""
    certificates = {account: _certificate(lab, account) for account in (PROD, DEV)}
    for balancer in _balancers(lab.after):
        _balancer(lab, balancer, certificates[balancer["account"]])
    web_apis.build(lab)
    web_acls.build(lab)
    _distributions(lab)
    _names(lab)
    _name_controllers(lab)


def _certificate(lab: Builder, account: LabAccount) -> str:
    made = lab.client("acm", account).request_certificate(DomainName=f"*.{_DOMAIN}", ValidationMethod="DNS")
    return lab.remember("certificate", account, HOME, "www", made["CertificateArn"])


def _balancers(after: bool) -> list[dict[str, Any]]:
    """Account, name, subnets, group (none: a network load balancer), whether people sign in, whether it is internal."""
    prod: dict[str, Any] = {"account": PROD, "subnets": "app-public", "group": "app-web-lb"}
    found: list[dict[str, Any]] = [
        {**prod, "name": "web"},
        {**prod, "name": "staff", "session": 3_600 if after else 604_800},
        {**prod, "name": "console", "session": 900, "tags": {"owner": "platform@abc.example"}},
        {**prod, "name": "internal-api", "subnets": "app-app", "group": "app-app", "scheme": "internal"},
        {**prod, "name": "sftp", "group": ""},
        {"account": DEV, "name": "dev-web", "subnets": "dev-public", "group": "dev-web-lb"},
    ]
    return found if after else [*found, {**prod, "name": "legacy-portal"}]


def _balancer(lab: Builder, one: dict[str, Any], certificate: str) -> None:
    account: LabAccount = one["account"]
    client = lab.client("elbv2", account)
    group = one["group"]
    made = client.create_load_balancer(
        Name=one["name"],
        Type="application" if group else "network",
        Scheme=one.get("scheme", "internet-facing"),
        Subnets=[lab.ref("subnet", account, HOME, f"{one['subnets']}-{zone}") for zone in "ab"],
        Tags=[
            {"Key": key, "Value": value} for key, value in {"app": one["name"], **one.get("tags", {})}.items()
        ],
        **({"SecurityGroups": [lab.ref("sg", account, HOME, group)]} if group else {}),
    )["LoadBalancers"][0]
    arn = lab.remember("lb", account, HOME, one["name"], made["LoadBalancerArn"])
    if group:
        _web_listeners(client, arn, one, certificate, made["VpcId"])
    else:
        target = _target(client, one["name"], "TCP", 22, made["VpcId"])
        forward = [{"Type": "forward", "TargetGroupArn": target}]
        client.create_listener(LoadBalancerArn=arn, Protocol="TCP", Port=22, DefaultActions=forward)


def _target(client: Any, name: str, protocol: str, port: int, vpc: str) -> str:
    made = client.create_target_group(Name=name, Protocol=protocol, Port=port, VpcId=vpc, TargetType="ip")
    return str(made["TargetGroups"][0]["TargetGroupArn"])


def _web_listeners(client: Any, arn: str, one: dict[str, Any], certificate: str, vpc: str) -> None:
    target = _target(client, one["name"], "HTTP", 8080, vpc)
    forward: dict[str, Any] = {"Type": "forward", "TargetGroupArn": target}
    actions = [forward]
    if "session" in one:
        actions = [{**_sign_in(one["session"]), "Order": 1}, {**forward, "Order": 2}]
    client.create_listener(
        LoadBalancerArn=arn,
        Protocol="HTTPS",
        Port=443,
        SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06",
        Certificates=[{"CertificateArn": certificate}],
        DefaultActions=actions,
    )
    if one.get("scheme") != "internal":
        redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
        client.create_listener(
            LoadBalancerArn=arn,
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "redirect", "RedirectConfig": redirect}],
        )


def _sign_in(session: int) -> dict[str, Any]:
    issuer = f"https://login.{_DOMAIN}"
    return {
        "Type": "authenticate-oidc",
        "AuthenticateOidcConfig": {
            "Issuer": issuer,
            "AuthorizationEndpoint": f"{issuer}/authorize",
            "TokenEndpoint": f"{issuer}/token",
            "UserInfoEndpoint": f"{issuer}/userinfo",
            "ClientId": "alb",
            "ClientSecret": "not-a-real-secret",
            "SessionTimeout": session,
        },
    }


def _distributions(lab: Builder) -> None:
    """The shop's site, and one with static files that has no web ACL in ``before``."""
    edge = lab.ref("web-acl", PROD, "global", "edge")
    for name, acl in (("www", edge), ("static", edge if lab.after else "")):
        lab.client("cloudfront", PROD).create_distribution_with_tags(
            DistributionConfigWithTags={
                "DistributionConfig": _distribution(name, acl),
                "Tags": {"Items": [{"Key": "Name", "Value": name}]},
            }
        )


def _distribution(name: str, acl: str) -> dict[str, Any]:
    origin = {
        "Id": "origin",
        "DomainName": f"origin-{name}.{_DOMAIN}",
        "CustomOriginConfig": {
            "HTTPPort": 80,
            "HTTPSPort": 443,
            "OriginProtocolPolicy": "https-only",
            "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
        },
    }
    return {
        "CallerReference": name,
        "Comment": f"{name} of ABC",
        "Enabled": True,
        "WebACLId": acl,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {
            "TargetOriginId": "origin",
            "ViewerProtocolPolicy": "redirect-to-https",
            "MinTTL": 0,
            "ForwardedValues": {"QueryString": True, "Cookies": {"Forward": "none"}},
        },
    }


def _names(lab: Builder) -> None:
    """The public zone in the network account, and a private one for prod's VPC."""
    client = lab.client("route53", NETWORK)
    public = client.create_hosted_zone(Name=_DOMAIN, CallerReference="public")["HostedZone"]["Id"]
    lab.remember("zone", NETWORK, "global", _DOMAIN, public)
    records = [("www", "d111111abcdef8.cloudfront.net"), ("staff", "staff.eu-west-1.elb.amazonaws.com")]
    if not lab.after:
        records.append(("portal", "legacy-portal.eu-west-1.elb.amazonaws.com"))
    for name, target in records:
        change = {
            "Name": f"{name}.{_DOMAIN}",
            "Type": "CNAME",
            "TTL": 300,
            "ResourceRecords": [{"Value": target}],
        }
        client.change_resource_record_sets(
            HostedZoneId=public, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": change}]}
        )
    lab.client("route53", PROD).create_hosted_zone(
        Name=f"internal.{_DOMAIN}",
        CallerReference="private",
        HostedZoneConfig={"PrivateZone": True},
        VPC={"VPCRegion": HOME, "VPCId": lab.ref("vpc", PROD, HOME, "app")},
    )


def _name_controllers(lab: Builder) -> None:
    """Call the security groups of directories after the directories' names.

    AWS calls them after the directory's id, which is made up anew whenever the estate changes.
    """
    for account in (IDENTITY, DEV):
        for directory in lab.client("ds", account).describe_directories()["DirectoryDescriptions"]:
            for group in ec2_backends[account.id][HOME].describe_security_groups():
                if group.name == f"{directory['DirectoryId']}_controllers":
                    group.name = group.group_name = f"{directory['ShortName'].lower()}_controllers"
