"""AWS WAF: which resources a web ACL protects.

What it does: lists, by type, the resources that were associated with a web ACL. What it does not do: judge requests.
Reference: https://docs.aws.amazon.com/waf/latest/APIReference/API_ListResourcesForWebACL.html
"""

from collections.abc import Mapping
from typing import Any

from moto.wafv2.models import wafv2_backends
from moto.wafv2.responses import WAFV2Response
from moto.wafv2.urls import url_paths

from watchword.lab.backends import registry
from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.tables import Item

# The beginning of the ARN's resource part, by type; the service where one type has the whole of it.
_TYPES = {
    "APPLICATION_LOAD_BALANCER": ":elasticloadbalancing:",
    "API_GATEWAY": ":apigateway:",
    "APPSYNC": ":appsync:",
    "COGNITO_USER_POOL": ":cognito-idp:",
    "APP_RUNNER_SERVICE": ":apprunner:",
    "VERIFIED_ACCESS_INSTANCE": ":ec2:",
    "AMPLIFY": ":amplify:",
}


def _resources(call: Call) -> Item:
    arn = call.params["WebACLArn"]
    acls: Any = wafv2_backends[call.account][call.region].wacls
    if arn not in acls:
        raise Refusal("WAFNonexistentItemException", "AWS WAF couldn't find the web ACL that you named.")
    service = _TYPES[call.params.get("ResourceType", "APPLICATION_LOAD_BALANCER")]
    return {"ResourceArns": [one for one in acls[arn].associated_resources if service in one]}


OPERATIONS: Mapping[str, Handler] = {"ListResourcesForWebACL": _resources}


def install() -> None:
    """Add the operation to moto's WAF."""
    registry.extend(WAFV2Response, url_paths, OPERATIONS, invalid="WAFInvalidParameterException")
