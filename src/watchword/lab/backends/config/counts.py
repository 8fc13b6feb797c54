"""How many resources of each type, account or region are recorded.

https://docs.aws.amazon.com/config/latest/APIReference/API_GetDiscoveredResourceCounts.html
"""

from collections import Counter
from typing import Any

from watchword.lab.backends.call import Call
from watchword.lab.backends.config.recorded import aggregated, recorded
from watchword.lab.backends.registry import Handler

# What a grouping, and a filter, look at in an item.
_GROUPED_BY = {"RESOURCE_TYPE": "resourceType", "ACCOUNT_ID": "accountId", "AWS_REGION": "awsRegion"}
_FILTERED_BY = {"ResourceType": "resourceType", "AccountId": "accountId", "Region": "awsRegion"}


def _most_first(counter: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))


def _get_discovered_resource_counts(call: Call) -> dict[str, Any]:
    wanted = call.params.get("resourceTypes")
    items = recorded(call.account, call.region)
    counter = Counter(item["resourceType"] for item in items if not wanted or item["resourceType"] in wanted)
    counts = [{"resourceType": kind, "count": number} for kind, number in _most_first(counter)]
    page = call.page("resourceCounts", counts, default=100)
    return {**page, "totalDiscoveredResources": counter.total()}


def _get_aggregate_discovered_resource_counts(call: Call) -> dict[str, Any]:
    filters = {_FILTERED_BY[name]: value for name, value in call.params.get("Filters", {}).items()}
    items = [item for item in aggregated(call) if all(item[name] == value for name, value in filters.items())]
    answer: dict[str, Any] = {"TotalDiscoveredResources": len(items)}
    key = call.params.get("GroupByKey")
    if key:
        counter = Counter(item[_GROUPED_BY[key]] for item in items)
        groups = [{"GroupName": name, "ResourceCount": number} for name, number in _most_first(counter)]
        answer |= {"GroupByKey": key, **call.page("GroupedResourceCounts", groups, default=1000)}
    return answer


OPERATIONS: dict[str, Handler] = {
    "GetDiscoveredResourceCounts": _get_discovered_resource_counts,
    "GetAggregateDiscoveredResourceCounts": _get_aggregate_discovered_resource_counts,
}
