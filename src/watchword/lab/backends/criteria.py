"""Findings as filters see them: values at a dotted path, and the comparisons that several services share.

What it does: reads attributes out of nested answers and applies one criterion. What it does not do: know the
attributes of any service.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from operator import ge, gt, le, lt
from typing import Any

from botocore.model import ListShape, Shape, StructureShape

# A time as findings carry it in text.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def strings(value: object) -> list[str]:
    """Every scalar in a value as AWS compares it: lists are spread, booleans are "true" and "false"."""
    if isinstance(value, list | tuple):
        return [text for item in value for text in strings(item)]
    if isinstance(value, bool):
        return [str(value).lower()]
    if isinstance(value, float):
        return [f"{value:g}"]
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


def known_path(shape: Shape, path: str) -> bool:
    """Whether a dotted path leads to a member of a shape, in the spelling of the wire."""
    for name in path.split("."):
        while isinstance(shape, ListShape):
            shape = shape.member
        if not isinstance(shape, StructureShape):
            return False
        wire = {member.serialization.get("name", key): member for key, member in shape.members.items()}
        if name not in wire:
            return False
        shape = wire[name]
    return True


def ordered(documents: list[Any], path: str, descending: bool) -> list[Any]:
    """Documents by their value at a path, numbers by size; as they were where no path is given."""
    if not path:
        return documents

    def rank(document: object) -> tuple[float, str]:
        value = next(iter(values_at(document, path)), "")
        number = _number(value)
        return (0.0 if number is None else number, str(value))

    return sorted(documents, key=rank, reverse=descending)


def satisfies(values: list[Any], criterion: Mapping[str, Any]) -> bool:
    """Whether values meet a criterion of GuardDuty's and Macie's form: every operator in it must hold.

    Operators are `eq`, `neq`, `gt`, `gte`, `lt`, `lte`, their long names, `prefix`, and `matches` and `notMatches`
    with the wildcards * and ?; the first letter may be of either case. Times are compared as milliseconds since
    1970, which is how both services write them in filters.
    """
    return all(_holds(values, name[:1].lower() + name[1:], bound) for name, bound in criterion.items())


def _holds(values: list[Any], operator: str, bound: Any) -> bool:
    if operator in _TEXT:
        return _TEXT[operator](strings(values), bound)
    numbers = [number for value in values if (number := _number(value)) is not None]
    return any(_NUMBER[operator](number, bound) for number in numbers)


def _any_equals(texts: list[str], bound: list[str]) -> bool:
    return any(text in bound for text in texts)


def _any_starts(texts: list[str], bound: list[str] | str) -> bool:
    prefixes = (bound,) if isinstance(bound, str) else tuple(bound)
    return any(text.startswith(prefixes) for text in texts)


def _any_matches(texts: list[str], bound: list[str]) -> bool:
    patterns = [
        re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL) for text in bound
    ]
    return any(pattern.fullmatch(text) for pattern in patterns for text in texts)


_TEXT: dict[str, Callable[[list[str], list[str]], bool]] = {
    "eq": _any_equals,
    "equals": _any_equals,
    "eqExactMatch": lambda texts, bound: sorted(texts) == sorted(bound),
    "neq": lambda texts, bound: not _any_equals(texts, bound),
    "notEquals": lambda texts, bound: not _any_equals(texts, bound),
    "prefix": _any_starts,
    "matches": _any_matches,
    "notMatches": lambda texts, bound: not _any_matches(texts, bound),
}

_NUMBER: dict[str, Callable[[float, float], bool]] = {
    "gt": gt,
    "greaterThan": gt,
    "gte": ge,
    "greaterThanOrEqual": ge,
    "lt": lt,
    "lessThan": lt,
    "lte": le,
    "lessThanOrEqual": le,
}


def _number(value: object) -> float | None:
    if isinstance(value, datetime):
        return value.timestamp() * 1000
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and _TIME.fullmatch(value):
        return datetime.fromisoformat(value).timestamp() * 1000
    return None
