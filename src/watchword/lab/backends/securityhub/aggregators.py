"""Cross-region aggregation: the one region of an account to which the others send their findings.

https://docs.aws.amazon.com/securityhub/latest/userguide/finding-aggregation.html
"""

from typing import Any
from uuid import uuid4

from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.registry import Handler
from watchword.lab.backends.securityhub.state import (
    Aggregator,
    SecurityHubState,
    administrator_of,
    securityhub_states,
    state_of,
)

# The modes that need a list of regions, and those that may not have one.
LISTING = ("ALL_REGIONS_EXCEPT_SPECIFIED", "SPECIFIED_REGIONS")
PLAIN = ("ALL_REGIONS", "NO_REGIONS")


def _aggregator(call: Call) -> tuple[SecurityHubState, Aggregator] | None:
    """The account's aggregator and the state of its home region, from whatever region it is asked for."""
    for state in securityhub_states[call.account].values():
        if state.aggregator:
            return state, state.aggregator
    return None


def _named(call: Call) -> tuple[SecurityHubState, Aggregator]:
    state_of(call)
    arn = call.params["FindingAggregatorArn"]
    found = _aggregator(call)
    if found is None or found[1].arn != arn:
        raise Refusal("ResourceNotFoundException", f"Finding aggregator {arn} not found")
    return found


def _regions(call: Call) -> tuple[str, ...]:
    mode, regions = call.params["RegionLinkingMode"], tuple(call.params.get("Regions", ()))
    if mode not in LISTING + PLAIN:
        raise call.refuse(f"Invalid parameter 'RegionLinkingMode': {mode}")
    if (mode in LISTING) != bool(regions):
        raise call.refuse(f"Regions must {'' if mode in LISTING else 'not '}be given with {mode}")
    return regions


def _create_finding_aggregator(call: Call) -> dict[str, Any]:
    state, regions = state_of(call), _regions(call)
    if administrator_of(call.account, call.region):
        raise call.refuse("A finding aggregator cannot be created by a member account.")
    if _aggregator(call):
        raise call.refuse("A finding aggregator already exists for this account.")
    arn = f"arn:{call.partition}:securityhub:{call.region}:{call.account}:finding-aggregator/{uuid4()}"
    state.aggregator = Aggregator(arn, call.region, call.params["RegionLinkingMode"], regions)
    return state.aggregator.describe()


def _update_finding_aggregator(call: Call) -> dict[str, Any]:
    state, old = _named(call)
    if old.home != call.region:
        raise call.refuse(f"The finding aggregator can be changed in {old.home} only.")
    state.aggregator = Aggregator(old.arn, old.home, call.params["RegionLinkingMode"], _regions(call))
    return state.aggregator.describe()


def _get_finding_aggregator(call: Call) -> dict[str, Any]:
    return _named(call)[1].describe()


def _list_finding_aggregators(call: Call) -> dict[str, Any]:
    state_of(call)
    found = _aggregator(call)
    return call.page("FindingAggregators", [{"FindingAggregatorArn": found[1].arn}] if found else [])


def _delete_finding_aggregator(call: Call) -> None:
    _named(call)[0].aggregator = None


OPERATIONS: dict[str, Handler] = {
    "CreateFindingAggregator": _create_finding_aggregator,
    "UpdateFindingAggregator": _update_finding_aggregator,
    "GetFindingAggregator": _get_finding_aggregator,
    "ListFindingAggregators": _list_finding_aggregators,
    "DeleteFindingAggregator": _delete_finding_aggregator,
}
