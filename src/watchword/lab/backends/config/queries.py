"""SelectResourceConfig and SelectAggregateResourceConfig: advanced queries over what is recorded.

https://docs.aws.amazon.com/config/latest/developerguide/querying-AWS-resources.html
"""

import json
from collections.abc import Iterable
from typing import Any

from watchword.lab.backends.call import Call, Refusal
from watchword.lab.backends.config.recorded import aggregated, recorded
from watchword.lab.backends.config.resources import Item
from watchword.lab.backends.config.sql import NotUnderstood, Query, parse
from watchword.lab.backends.registry import Handler

# Rows on a page where the caller doesn't say: of a query for resources, and of one that counts.
PAGE, PAGE_OF_COUNTS = 25, 500


def _query(call: Call) -> Query:
    try:
        return parse(call.params["Expression"])
    except NotUnderstood as error:
        raise Refusal("InvalidExpressionException", f"The query can't be run: {error}.") from error


def _answer(call: Call, query: Query, items: Iterable[Item]) -> dict[str, Any]:
    rows = [json.dumps(row, separators=(",", ":")) for row in query.run(items)]
    page = call.page("Results", rows, default=PAGE_OF_COUNTS if query.aggregates else PAGE)
    return {**page, "QueryInfo": {"SelectFields": [{"Name": field} for field in query.fields]}}


def _select_resource_config(call: Call) -> dict[str, Any]:
    query = _query(call)
    return _answer(call, query, recorded(call.account, call.region))


def _select_aggregate_resource_config(call: Call) -> dict[str, Any]:
    query = _query(call)
    return _answer(call, query, aggregated(call))


OPERATIONS: dict[str, Handler] = {
    "SelectResourceConfig": _select_resource_config,
    "SelectAggregateResourceConfig": _select_aggregate_resource_config,
}
