"""AWS WAF: web ACLs with rules and what they protect, rule groups, IP sets, logging.

What belongs to CloudFront lives in us-east-1 and has tables of its own (``wafv2.cloudfront_…``), read once an account;
which distribution a web ACL of CloudFront protects is told by the distribution (``WebACLId``).
"""

from __future__ import annotations

from watchword.collect.reads import Detail, Read, Where

_CLOUDFRONT_REGIONS = ("us-east-1",)
_PROTECTED = ("APPLICATION_LOAD_BALANCER", "API_GATEWAY", "APPSYNC", "COGNITO_USER_POOL")


def _resources(kind: str) -> Detail:
    """The resources of one type that the web ACL protects: AWS asks for the type."""
    key = "".join(word.capitalize() for word in kind.split("_")) + "Arns"
    return Detail(
        key,
        "ListResourcesForWebACL",
        params={"WebACLArn": "{ARN}", "ResourceType": kind},
        take="ResourceArns",
    )


def _reads(prefix: str, scope: str, where: Where, regions: tuple[str, ...]) -> tuple[Read, ...]:
    named = {"Name": "{Name}", "Scope": scope, "Id": "{Id}"}
    listed = {"Scope": scope, "Limit": 100}
    protected = tuple(map(_resources, _PROTECTED)) if where is Where.REGION else ()
    return (
        Read(
            f"wafv2.{prefix}web_acls",
            "ListWebACLs",
            take="WebACLs[]",
            arn="{ARN}",
            name="{Name}",
            kind="AWS::WAFv2::WebACL",
            params=listed,
            where=where,
            regions=regions,
            details=(Detail("", "GetWebACL", params=named, take="WebACL"), *protected),
        ),
        Read(
            f"wafv2.{prefix}rule_groups",
            "ListRuleGroups",
            take="RuleGroups[]",
            arn="{ARN}",
            name="{Name}",
            kind="AWS::WAFv2::RuleGroup",
            params=listed,
            where=where,
            regions=regions,
            details=(Detail("", "GetRuleGroup", params=named, take="RuleGroup"),),
        ),
        Read(
            f"wafv2.{prefix}ip_sets",
            "ListIPSets",
            take="IPSets[]",
            arn="{ARN}",
            name="{Name}",
            kind="AWS::WAFv2::IPSet",
            params=listed,
            where=where,
            regions=regions,
            details=(Detail("", "GetIPSet", params=named, take="IPSet"),),
        ),
        Read(
            f"wafv2.{prefix}logging",
            "ListLoggingConfigurations",
            take="LoggingConfigurations[]",
            arn="{ResourceArn}/logging",
            kind="AWS::WAFv2::LoggingConfiguration",
            params=listed,
            where=where,
            regions=regions,
        ),
    )


READS: tuple[Read, ...] = (
    *_reads("", "REGIONAL", Where.REGION, ()),
    *_reads("cloudfront_", "CLOUDFRONT", Where.ACCOUNT, _CLOUDFRONT_REGIONS),
)
