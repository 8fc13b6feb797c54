"""AWS Network Firewall: firewalls with logging, their policies, the account's own rule groups."""

from __future__ import annotations

from typing import Any

from watchword.collect.reads import Detail, Read


def _without_token(answer: Any) -> Any:  # noqa: ANN401
    """The answer without the token for changes, which differs from call to call."""
    return {key: value for key, value in answer.items() if key != "UpdateToken"}


READS: tuple[Read, ...] = (
    Read(
        "network-firewall.firewalls",
        "ListFirewalls",
        take="Firewalls[]",
        arn="{FirewallArn}",
        name="{FirewallName}",
        kind="AWS::NetworkFirewall::Firewall",
        details=(
            Detail("", "DescribeFirewall", params={"FirewallArn": "{FirewallArn}"}, take="Firewall"),
            Detail(
                "LoggingConfiguration",
                "DescribeLoggingConfiguration",
                params={"FirewallArn": "{FirewallArn}"},
                take="LoggingConfiguration",
            ),
        ),
    ),
    Read(
        "network-firewall.policies",
        "ListFirewallPolicies",
        take="FirewallPolicies[]",
        arn="{Arn}",
        name="{Name}",
        kind="AWS::NetworkFirewall::FirewallPolicy",
        details=(
            Detail(
                "",
                "DescribeFirewallPolicy",
                params={"FirewallPolicyArn": "{Arn}"},
                transform=_without_token,
            ),
        ),
    ),
    Read(
        "network-firewall.rule_groups",
        "ListRuleGroups",
        take="RuleGroups[]",
        arn="{Arn}",
        name="{Name}",
        kind="AWS::NetworkFirewall::RuleGroup",
        params={"Scope": "ACCOUNT"},
        details=(
            Detail(
                "",
                "DescribeRuleGroup",
                params={"RuleGroupArn": "{Arn}"},
                transform=_without_token,
            ),
        ),
    ),
)
