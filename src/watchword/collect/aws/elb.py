"""Elastic Load Balancing of the first generation: Classic Load Balancers."""

from __future__ import annotations

from watchword.collect.reads import Read

READS: tuple[Read, ...] = (
    Read(
        "elb.load_balancers",
        "DescribeLoadBalancers",
        take="LoadBalancerDescriptions[]",
        arn="arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/{LoadBalancerName}",
        name="{LoadBalancerName}",
        kind="AWS::ElasticLoadBalancing::LoadBalancer",
    ),
)
