"""Controls of public web entries: a web ACL stands before each, and it does what it is there for.

An entry is an internet-facing Application Load Balancer, a stage of a REST API, an HTTP or WebSocket API, or a
CloudFront distribution.  Out of scope, with the reason, are those that only some can reach: security groups that do not
admit the internet, and custom domains that demand a client's certificate while the API's own address is off.  Network
Load Balancers, and services that AWS WAF cannot protect otherwise, are judged by other controls.

Source: https://docs.aws.amazon.com/waf/latest/developerguide/how-aws-waf-works-resources.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from watchword.analysis.network.apis import closed_to_strangers, own_address_field
from watchword.analysis.network.web_acl import (
    Groups,
    admits_named_addresses_only,
    inspecting_groups,
    origin_rules,
    rate_rules,
)
from watchword.controls.network.exposure import opened_by
from watchword.controls.network.tables import judge_tables
from watchword.controls.registry import control, gap, met, not_applicable
from watchword.model.evidence import Evidence, EvidenceMissing
from watchword.model.finding import Judgement
from watchword.model.ids import GLOBAL
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Severity

_READS: Final = (
    "elbv2.load_balancers",
    "apigateway.stages",
    "apigateway.rest_apis",
    "apigateway.domain_names",
    "apigatewayv2.apis",
    "apigatewayv2.stages",
    "apigatewayv2.domain_names",
    "cloudfront.distributions",
    "wafv2.web_acls",
    "wafv2.rule_groups",
    "wafv2.cloudfront_web_acls",
    "wafv2.cloudfront_rule_groups",
    "ec2.security_groups",
    "ec2.prefix_lists",
)
_ABOUT: Final = "web entries that face the internet"

AclJudge = Callable[[str, Resource, Groups, tuple[Evidence, ...]], Judgement]
"""Judges a web ACL: the entry in words, the web ACL, the customer's rule groups, evidence of the association."""


@control("NW-21", reads=_READS, about=_ABOUT)
def web_acl(view: AccountView) -> Iterator[Judgement]:
    """Every public web entry has a web ACL with managed rules and a limit of rate."""
    return _entries(view, _judge_protection)


@control("NW-25", reads=_READS, about=_ABOUT)
def risky_sources(view: AccountView) -> Iterator[Judgement]:
    """Every public web entry challenges or stops requests from anonymous, ill-reputed or unexpected places."""
    return _entries(view, _judge_sources)


def _entries(view: AccountView, judge: AclJudge) -> Iterator[Judgement]:
    return judge_tables(
        view,
        {
            "elbv2.load_balancers": lambda row, _: _load_balancer(row, view, judge),
            "apigateway.stages": lambda row, _: _stage(row, view, judge),
            "apigatewayv2.apis": _http_api,
            "cloudfront.distributions": lambda row, _: _distribution(row, view, judge),
        },
    )


def _judge_protection(entry: str, acl: Resource, groups: Groups, evidence: tuple[Evidence, ...]) -> Judgement:
    managed = inspecting_groups(acl)
    faults = [] if managed else ["has no acting managed rules that look at requests"]
    if managed and (rates := rate_rules(acl, groups)):
        because = f"web ACL {acl.name} of {entry} runs {', '.join(managed[:3])} and limits rates ({rates[0]})"
        return met(because, *evidence)
    if not rate_rules(acl, groups):
        faults.append("limits no rate of requests")
    return gap(f"web ACL {acl.name} of {entry} {' and '.join(faults)}", *evidence, severity=Severity.MEDIUM)


def _judge_sources(entry: str, acl: Resource, groups: Groups, evidence: tuple[Evidence, ...]) -> Judgement:
    if admits_named_addresses_only(acl):
        return met(f"web ACL {acl.name} of {entry} admits named addresses only", *evidence)
    rules = origin_rules(acl, groups)
    if rules:
        return met(f"web ACL {acl.name} of {entry} stops risky sources by {', '.join(rules[:3])}", *evidence)
    return gap(
        f"web ACL {acl.name} of {entry} treats anonymous, ill-reputed and distant sources like any other",
        *evidence,
    )


def _load_balancer(row: Resource, view: AccountView, judge: AclJudge) -> Judgement | None:
    if row.text("Type") != "application" or row.text("Scheme") != "internet-facing":
        return None
    entry = f"load balancer {row.name}"
    acls = view.rows("wafv2.web_acls", row.region)
    for acl in acls:
        if row.arn in acl.texts("ApplicationLoadBalancerArns"):
            evidence = (acl.evidence("ApplicationLoadBalancerArns"), acl.evidence("Rules"))
            return judge(entry, acl, _groups(view, row), evidence)
    shown = (row.evidence("Scheme"), row.evidence("SecurityGroups"))
    groups = row.texts("SecurityGroups")
    if groups and not opened_by(groups, row, view):
        return not_applicable(f"the security groups of {entry} do not admit the internet", *shown)
    return gap(f"no web ACL stands before {entry}", *shown)


def _stage(row: Resource, view: AccountView, judge: AclJudge) -> Judgement | None:
    api = view.find("apigateway.rest_apis", row.text("_parent"))
    if api is None or "PRIVATE" in api.texts("endpointConfiguration.types"):
        return None
    entry = f"stage {row.name}"
    arn = row.text("webAclArn", absent="")
    if not arn:
        closed = closed_to_strangers(api, view)
        if closed:
            return not_applicable(f"{entry}: {closed}", api.evidence(own_address_field(api)))
        return gap(f"no web ACL stands before {entry}", row.evidence("webAclArn"))
    return _by_arn(entry, arn, row, view, judge)


def _by_arn(entry: str, arn: str, row: Resource, view: AccountView, judge: AclJudge) -> Judgement:
    """The judgement of the entry whose row names its web ACL."""
    table = "wafv2.web_acls" if row.region != GLOBAL else "wafv2.cloudfront_web_acls"
    acl = next((one for one in view.rows(table, row.region) if one.arn == arn), None)
    if acl is None:
        raise EvidenceMissing(f"the web ACL {arn} of {entry} was not seen")
    field = "webAclArn" if row.region != GLOBAL else "WebACLId"
    return judge(entry, acl, _groups(view, row), (row.evidence(field), acl.evidence("Rules")))


def _http_api(row: Resource, view: AccountView) -> Judgement | None:
    stages = [one for one in view.rows("apigatewayv2.stages", row.region) if one.text("_parent") == row.arn]
    if not stages:
        return None
    closed = closed_to_strangers(row, view)
    evidence = (row.evidence("ProtocolType"), row.evidence(own_address_field(row)))
    if closed:
        return not_applicable(f"API {row.name}: {closed}", *evidence)
    return gap(
        f"AWS WAF cannot stand before {row.text('ProtocolType', absent='HTTP')} API {row.name}, which answers the internet",
        *evidence,
        severity=Severity.MEDIUM,
    )


def _distribution(row: Resource, view: AccountView, judge: AclJudge) -> Judgement | None:
    if not row.flag("Enabled"):
        return None
    entry = f"distribution {row.name}"
    arn = row.text("WebACLId", absent="")
    if not arn:
        return gap(f"no web ACL stands before {entry}", row.evidence("WebACLId"))
    if not arn.startswith("arn:"):
        return gap(
            f"the web ACL of {entry} is one of AWS WAF Classic, which was retired", row.evidence("WebACLId")
        )
    return _by_arn(entry, arn, row, view, judge)


def _groups(view: AccountView, row: Resource) -> Groups:
    """The customer's rule groups by ARN, as far as they were read."""
    table = "wafv2.rule_groups" if row.region != GLOBAL else "wafv2.cloudfront_rule_groups"
    return {group.arn: group for group in view.readable(table)}
