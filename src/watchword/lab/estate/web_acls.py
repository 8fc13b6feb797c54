"""Company ABC's web ACLs in each state, and what they stand before.

In ``before``: ``web`` has managed rules and a limit of rate, but no eye for where requests come from; ``dev`` asks by
country and does little else; ``edge`` does both.  In ``after`` each does all.
Kept for later areas: ``web-acl/…/<name>`` (ARN).
"""

from __future__ import annotations

from typing import Any, Final

from watchword.lab.estate.builder import Builder
from watchword.lab.estate.company import DEV, HOME, PROD, LabAccount

_EDGE_REGION: Final = "us-east-1"


def build(lab: Builder) -> None:
    """Make the web ACLs and put them before their entries."""
    core, known = (
        _managed("AWSManagedRulesCommonRuleSet", 10),
        _managed("AWSManagedRulesKnownBadInputsRuleSet", 11),
    )
    origin = [_managed("AWSManagedRulesAmazonIpReputationList", 1), _anonymous()]
    countries = _rule("countries", 5, {"GeoMatchStatement": {"CountryCodes": ["KP", "IR"]}}, "Captcha")
    full = [*origin, core, known, _rate()]
    web = _acl(lab, PROD, "web", full if lab.after else [core, known, _rate()])
    dev = _acl(lab, DEV, "dev", [*full, countries] if lab.after else [countries, core])
    _acl(lab, PROD, "edge", full)
    names = ("web", "staff", "console")
    for name in names:
        _protect(lab, PROD, web, lab.ref("lb", PROD, HOME, name))
    _protect(lab, DEV, dev, lab.ref("lb", DEV, HOME, "dev-web"))
    for api in ("payments", "orders") if lab.after else ("payments",):
        stage = f"arn:aws:apigateway:{HOME}::/restapis/{lab.ref('api', PROD, HOME, api)}/stages/prod"
        _protect(lab, PROD, web, stage)


def _protect(lab: Builder, account: LabAccount, acl: str, resource: str) -> None:
    lab.client("wafv2", account).associate_web_acl(WebACLArn=acl, ResourceArn=resource)


def _acl(lab: Builder, account: LabAccount, name: str, rules: list[dict[str, Any]]) -> str:
    """A web ACL; the one called edge is CloudFront's and lives in us-east-1."""
    is_edge = name == "edge"
    made = lab.client("wafv2", account, _EDGE_REGION if is_edge else HOME).create_web_acl(
        Name=name,
        Scope="CLOUDFRONT" if is_edge else "REGIONAL",
        DefaultAction={"Allow": {}},
        Rules=rules,
        VisibilityConfig=_metrics(name),
    )["Summary"]["ARN"]
    return lab.remember("web-acl", account, "global" if is_edge else HOME, name, made)


def _metrics(name: str) -> dict[str, Any]:
    return {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}


def _managed(name: str, priority: int, **more: Any) -> dict[str, Any]:
    return {
        "Name": name,
        "Priority": priority,
        "OverrideAction": {"None": {}},
        "Statement": {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": name, **more}},
        "VisibilityConfig": _metrics(name),
    }


def _anonymous() -> dict[str, Any]:
    """Anonymous sources solve a CAPTCHA; hosting providers, where partners have their machines, are only counted."""
    overrides = [
        {"Name": "AnonymousIPList", "ActionToUse": {"Captcha": {}}},
        {"Name": "HostingProviderIPList", "ActionToUse": {"Count": {}}},
    ]
    return _managed("AWSManagedRulesAnonymousIpList", 2, RuleActionOverrides=overrides)


def _rate() -> dict[str, Any]:
    return _rule("rate", 20, {"RateBasedStatement": {"Limit": 1_000, "AggregateKeyType": "IP"}}, "Block")


def _rule(name: str, priority: int, statement: dict[str, Any], action: str) -> dict[str, Any]:
    return {
        "Name": name,
        "Priority": priority,
        "Action": {action: {}},
        "Statement": statement,
        "VisibilityConfig": _metrics(name),
    }
