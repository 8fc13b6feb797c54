"""The filters of Inspector: lists of rules under a name, each rule on a text, a number, a time or a tag.

Rules that demand something are alternatives, rules that exclude (NOT_EQUALS) must all hold.
https://docs.aws.amazon.com/inspector/v2/APIReference/API_FilterCriteria.html
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from watchword.lab.backends.call import Call
from watchword.lab.backends.criteria import strings, values_at

Rule = Mapping[str, Any]


def matching(
    call: Call,
    items: Sequence[dict[str, Any]],
    criteria: Mapping[str, Sequence[Rule]],
    paths: Mapping[str, str],
) -> list[dict[str, Any]]:
    """The items that satisfy every criterion; `paths` says where a criterion's name stands in an item.

    A name without a path is refused as bad input, because to ignore it would answer too much.
    """
    for name in criteria:
        if name not in paths:
            raise call.refuse(f"The lab can't filter by {name}.")
    return [
        item
        for item in items
        if all(_satisfies(values_at(item, paths[name]), rules) for name, rules in criteria.items())
    ]


def _satisfies(values: list[Any], rules: Sequence[Rule]) -> bool:
    excluding = [rule for rule in rules if rule.get("comparison") == "NOT_EQUALS"]
    demanding = [rule for rule in rules if rule.get("comparison") != "NOT_EQUALS"]
    if any(rule["value"] in strings(values) for rule in excluding):
        return False
    return not demanding or any(_holds(values, rule) for rule in demanding)


def _holds(values: list[Any], rule: Rule) -> bool:
    if "key" in rule:
        return any(_tagged(tags, rule) for tags in values)
    if rule.get("comparison") == "PREFIX":
        return any(text.startswith(rule["value"]) for text in strings(values))
    if "comparison" in rule:
        return rule["value"] in strings(values)
    if "startInclusive" in rule or "endInclusive" in rule:
        return any(_within(value, rule.get("startInclusive"), rule.get("endInclusive")) for value in values)
    low, high = rule.get("lowerInclusive", float("-inf")), rule.get("upperInclusive", float("inf"))
    return any(low <= value <= high for value in values)


def _tagged(tags: Mapping[str, str], rule: Rule) -> bool:
    return rule["key"] in tags and rule.get("value", tags[rule["key"]]) == tags[rule["key"]]


def _within(value: datetime, start: datetime | None, end: datetime | None) -> bool:
    """Whether a time is in an interval; the bounds come from the request without a zone and are in UTC."""
    after = start is None or value >= start.replace(tzinfo=UTC)
    return after and (end is None or value <= end.replace(tzinfo=UTC))
