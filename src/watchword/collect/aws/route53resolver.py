"""Route 53 Resolver: query logs and their VPCs, endpoints, forwarding rules, DNS Firewall."""

from __future__ import annotations

from watchword.collect.reads import Detail, Read

_ARN = "arn:{partition}:route53resolver:{region}:{account}:"

READS: tuple[Read, ...] = (
    Read(
        "route53resolver.query_log_configs",
        "ListResolverQueryLogConfigs",
        take="ResolverQueryLogConfigs[]",
        arn="{Arn}",
        name="{Name}",
        kind="AWS::Route53Resolver::ResolverQueryLoggingConfig",
    ),
    Read(
        "route53resolver.query_log_associations",
        "ListResolverQueryLogConfigAssociations",
        take="ResolverQueryLogConfigAssociations[]",
        arn=_ARN + "resolver-query-log-config/{ResolverQueryLogConfigId}/{Id}",
        kind="AWS::Route53Resolver::ResolverQueryLoggingConfigAssociation",
    ),
    Read(
        "route53resolver.endpoints",
        "ListResolverEndpoints",
        take="ResolverEndpoints[]",
        arn="{Arn}",
        name="{Name}",
        kind="AWS::Route53Resolver::ResolverEndpoint",
    ),
    Read(
        "route53resolver.rules",
        "ListResolverRules",
        take="ResolverRules[]",
        arn="{Arn}",
        name="{Name}",
        kind="AWS::Route53Resolver::ResolverRule",
    ),
    Read(
        "route53resolver.firewall_rule_groups",
        "ListFirewallRuleGroups",
        take="FirewallRuleGroups[]",
        arn="{Arn}",
        name="{Name}",
        kind="AWS::Route53Resolver::FirewallRuleGroup",
        details=(
            Detail(
                "Rules",
                "ListFirewallRules",
                params={"FirewallRuleGroupId": "{Id}"},
                take="FirewallRules[]",
                pages=True,
            ),
        ),
    ),
    Read(
        "route53resolver.firewall_associations",
        "ListFirewallRuleGroupAssociations",
        take="FirewallRuleGroupAssociations[]",
        arn="{Arn}",
        name="{Name}",
        kind="AWS::Route53Resolver::FirewallRuleGroupAssociation",
    ),
    Read(
        "route53resolver.firewall_configs",
        "ListFirewallConfigs",
        take="FirewallConfigs[]",
        arn=_ARN + "firewall-config/{Id}",
        kind="AWS::Route53Resolver::FirewallDomainList",
    ),
)
