"""Security standards: which there are, and which of them a hub has switched on.

What it does not do: list or evaluate the controls in a standard.
https://docs.aws.amazon.com/securityhub/latest/userguide/standards-reference.html
"""

from dataclasses import dataclass
from typing import Any

from watchword.lab.backends.call import Call
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.securityhub.state import SecurityHubState, state_of


@dataclass(frozen=True, slots=True)
class Standard:
    """A standard; `path` is the end of its ARN, and `default` says whether a new hub has it on."""

    name: str
    path: str
    default: bool = False

    def arn(self, partition: str, region: str) -> str:
        """Its ARN: rulesets, the oldest form, belong to no region."""
        place = "" if self.path.startswith("ruleset/") else region
        return f"arn:{partition}:securityhub:{place}::{self.path}"


STANDARDS = (
    Standard(
        "AWS Foundational Security Best Practices v1.0.0",
        "standards/aws-foundational-security-best-practices/v/1.0.0",
        default=True,
    ),
    Standard(
        "CIS AWS Foundations Benchmark v1.2.0", "ruleset/cis-aws-foundations-benchmark/v/1.2.0", default=True
    ),
    Standard("CIS AWS Foundations Benchmark v1.4.0", "standards/cis-aws-foundations-benchmark/v/1.4.0"),
    Standard("CIS AWS Foundations Benchmark v3.0.0", "standards/cis-aws-foundations-benchmark/v/3.0.0"),
    Standard("CIS AWS Foundations Benchmark v5.0.0", "standards/cis-aws-foundations-benchmark/v/5.0.0"),
    Standard("NIST Special Publication 800-53 Revision 5", "standards/nist-800-53/v/5.0.0"),
    Standard("NIST Special Publication 800-171 Revision 2", "standards/nist-800-171/v/2.0.0"),
    Standard("PCI DSS v3.2.1", "standards/pci-dss/v/3.2.1"),
    Standard("PCI DSS v4.0.1", "standards/pci-dss/v/4.0.1"),
    Standard("AWS Resource Tagging Standard v1.0.0", "standards/aws-resource-tagging-standard/v/1.0.0"),
)


def _subscription_arn(state: SecurityHubState, standard_arn: str) -> str:
    name = standard_arn.partition("/")[2]
    return f"arn:{state.partition}:securityhub:{state.region_name}:{state.account_id}:subscription/{name}"


def subscribe_defaults(state: SecurityHubState) -> None:
    """Switch on what AWS switches on for a new hub."""
    for standard in STANDARDS:
        if standard.default:
            state.standards[standard.arn(state.partition, state.region_name)] = {}


def _describe(state: SecurityHubState, arn: str, status: str) -> dict[str, Any]:
    return {
        "StandardsSubscriptionArn": _subscription_arn(state, arn),
        "StandardsArn": arn,
        "StandardsInput": state.standards[arn],
        "StandardsStatus": status,
        "StandardsControlsUpdatable": "READY_FOR_UPDATES" if status == "READY" else "NOT_READY_FOR_UPDATES",
    }


def _describe_standards(call: Call) -> dict[str, Any]:
    state_of(call)
    standards = [
        {
            "StandardsArn": standard.arn(call.partition, call.region),
            "Name": standard.name,
            "Description": f"The automated checks of {standard.name}.",
            "EnabledByDefault": standard.default,
            "StandardsManagedBy": {"Company": "AWS"},
        }
        for standard in STANDARDS
    ]
    return call.page("Standards", standards, default=100)


def _batch_enable_standards(call: Call) -> dict[str, Any]:
    state = state_of(call)
    known = {standard.arn(call.partition, call.region) for standard in STANDARDS}
    requests = call.params["StandardsSubscriptionRequests"]
    for request in requests:
        if request["StandardsArn"] not in known:
            raise call.refuse(f"Invalid parameter 'StandardsArn': {request['StandardsArn']}")
    for request in requests:
        state.standards.setdefault(request["StandardsArn"], request.get("StandardsInput", {}))
    return {
        "StandardsSubscriptions": [
            _describe(state, request["StandardsArn"], "PENDING") for request in requests
        ]
    }


def _batch_disable_standards(call: Call) -> dict[str, Any]:
    state = state_of(call)
    enabled = {_subscription_arn(state, arn): arn for arn in state.standards}
    wanted = call.params["StandardsSubscriptionArns"]
    for subscription in wanted:
        if subscription not in enabled:
            raise call.refuse(f"Invalid parameter 'StandardsSubscriptionArns': {subscription}")
    described = [_describe(state, enabled[subscription], "DELETING") for subscription in wanted]
    for subscription in wanted:
        state.standards.pop(enabled[subscription], None)
    return {"StandardsSubscriptions": described}


def _get_enabled_standards(call: Call) -> dict[str, Any]:
    state = state_of(call)
    wanted = call.params.get("StandardsSubscriptionArns", [])
    described = [_describe(state, arn, "READY") for arn in state.standards]
    chosen = [item for item in described if not wanted or item["StandardsSubscriptionArn"] in wanted]
    return call.page("StandardsSubscriptions", chosen, default=100)


OPERATIONS: dict[str, Handler] = {
    "DescribeStandards": _describe_standards,
    "BatchEnableStandards": _batch_enable_standards,
    "BatchDisableStandards": _batch_disable_standards,
    "GetEnabledStandards": _get_enabled_standards,
}
