"""Elastic Load Balancing: application, network and gateway load balancers with listeners, rules, targets, attributes.

Which web ACL stands before a load balancer is told by the web ACL (``wafv2.web_acls``).  Client secrets of listeners'
OIDC actions are not in AWS's answers.
"""

from __future__ import annotations

from watchword.collect.reads import Detail, Read

_LISTED = {"PageSize": 400}


def _tags(arn_field: str) -> Detail:
    return Detail(
        "", "DescribeTags", take="TagDescriptions", batch=("ResourceArns", 20, arn_field, "ResourceArn")
    )


READS: tuple[Read, ...] = (
    Read(
        "elbv2.load_balancers",
        "DescribeLoadBalancers",
        take="LoadBalancers[]",
        arn="{LoadBalancerArn}",
        name="{LoadBalancerName}",
        kind="AWS::ElasticLoadBalancingV2::LoadBalancer",
        params=_LISTED,
        actions=("elasticloadbalancing:DescribeLoadBalancers",),
        details=(
            _tags("LoadBalancerArn"),
            Detail(
                "Attributes",
                "DescribeLoadBalancerAttributes",
                params={"LoadBalancerArn": "{LoadBalancerArn}"},
                take="Attributes",
            ),
        ),
    ),
    Read(
        "elbv2.listeners",
        "DescribeListeners",
        take="Listeners[]",
        over="elbv2.load_balancers",
        arn="{ListenerArn}",
        name="{parent.LoadBalancerName}:{Port}",
        kind="AWS::ElasticLoadBalancingV2::Listener",
        params={"LoadBalancerArn": "{LoadBalancerArn}", **_LISTED},
    ),
    Read(
        "elbv2.rules",
        "DescribeRules",
        take="Rules[]",
        over="elbv2.listeners",
        arn="{RuleArn}",
        name="rule {Priority}",
        kind="AWS::ElasticLoadBalancingV2::ListenerRule",
        params={"ListenerArn": "{ListenerArn}", **_LISTED},
    ),
    Read(
        "elbv2.target_groups",
        "DescribeTargetGroups",
        take="TargetGroups[]",
        arn="{TargetGroupArn}",
        name="{TargetGroupName}",
        kind="AWS::ElasticLoadBalancingV2::TargetGroup",
        params=_LISTED,
        details=(
            Detail(
                "TargetHealth",
                "DescribeTargetHealth",
                params={"TargetGroupArn": "{TargetGroupArn}"},
                take="TargetHealthDescriptions",
            ),
        ),
    ),
)
