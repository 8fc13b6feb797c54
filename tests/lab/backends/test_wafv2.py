"""AWS WAF over HTTP."""

from collections.abc import Callable
from typing import Any

LOAD_BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/web/1"
POOL = "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_1"
METRICS = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"}


def test_a_web_acl_lists_what_it_protects_by_type(
    client: Callable[..., Any], refused: Callable[..., Any]
) -> None:
    waf = client("wafv2")
    made = waf.create_web_acl(
        Name="public", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=METRICS
    )["Summary"]["ARN"]
    for resource in (LOAD_BALANCER, POOL):
        waf.associate_web_acl(WebACLArn=made, ResourceArn=resource)
    assert waf.list_resources_for_web_acl(WebACLArn=made)["ResourceArns"] == [LOAD_BALANCER]
    of_pools = waf.list_resources_for_web_acl(WebACLArn=made, ResourceType="COGNITO_USER_POOL")
    assert of_pools["ResourceArns"] == [POOL]
    missing = refused(waf.list_resources_for_web_acl, WebACLArn=made + "2")
    assert missing.code == "WAFNonexistentItemException"
