"""Findings as filters see them: values at a dotted path, and the comparisons that several services share.

What it does: reads attributes out of nested answers and applies one criterion. What it does not do: know the
attributes of any service.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any


def strings(value: object) -> list[str]:
    """Every scalar in a value as AWS compares it: lists are spread, booleans are "true" and "false"."""
    if isinstance(value, list | tuple):
        return [text for item in value for text in strings(item)]
    if isinstance(value, bool):
        return [str(value).lower()]
    return [] if value is None else [str(value)]


def values_at(document: object, path: str) -> list[Any]:
    """The values at a dotted path ("resource.instanceDetails.instanceId"), through lists; [] where there is none.

    The first letter of a name may be of either case, since filters spell names in camel case and some answers
    in Pascal case.
    """
    found = [document]
    for name in path.split("."):
        found = [value for item in found for value in _step(item, name)]
    return [value for item in found for value in (item if isinstance(item, list) else [item])]


def _step(item: object, name: str) -> Iterable[Any]:
    if isinstance(item, list):
        return [value for member in item for value in _step(member, name)]
    if not isinstance(item, Mapping):
        return []
    spellings = (name, name[:1].upper() + name[1:], name[:1].lower() + name[1:])
    return [item[key] for key in dict.fromkeys(spellings) if key in item][:1]


def satisfies(values: list[Any], criterion: Mapping[str, Any]) -> bool:
    """Whether values meet a criterion of GuardDuty's and Macie's form: every operator in it must hold.

    `eq`, `neq`, `gt`, `gte`, `lt` and `lte`, and GuardDuty's long names for them. Times are compared as
    milliseconds since 1970, which is how both services write them in filters.
    """
    return all(_holds(values, operator, bound) for operator, bound in criterion.items())


def _holds(values: list[Any], operator: str, bound: Any) -> bool:
    texts = strings(values)
    if operator in ("eq", "equals", "eqExactMatch"):
        return any(text in bound for text in texts)
    if operator in ("neq", "notEquals"):
        return not any(text in bound for text in texts)
    if operator == "prefix":
        return any(text.startswith(tuple(bound)) for text in texts)
    numbers = [number for value in values if (number := _number(value)) is not None]
    return any(_compares(number, operator, bound) for number in numbers)


def _compares(number: float, operator: str, bound: float) -> bool:
    if operator in ("gt", "greaterThan"):
        return number > bound
    if operator in ("gte", "greaterThanOrEqual"):
        return number >= bound
    if operator in ("lt", "lessThan"):
        return number < bound
    return number <= bound


def _number(value: object) -> float | None:
    if isinstance(value, datetime):
        return value.timestamp() * 1000
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return None
