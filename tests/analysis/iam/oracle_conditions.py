"""The naive evaluator's wildcards, variables and condition operators (steps 6 and 7 of docs/iam-evaluation.md).

Written from the specification alone, without looking at the evaluator that it checks: no compilation, no caching, no
regular expressions. It does not refuse malformed policies; it is only asked about valid ones.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import ipaddress
from fractions import Fraction
from typing import Any

ANY = "any run of characters"
ONE = "any one character"
Token = tuple[str, str]
"""("char", c) stands for itself, ("wild", ANY) and ("wild", ONE) are wildcards."""


class Context:
    """The keys and values of a complete request. Names are compared without case; values are lists of texts."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.by_name = {name.lower(): texts(value) for name, value in given.items()}

    def values(self, key: str) -> list[str]:
        """The values of a key; an empty list if it is missing."""
        return self.by_name.get(key.lower(), [])

    def has(self, key: str) -> bool:
        """Whether the context says anything of a key, if only that it is absent."""
        return key.lower() in self.by_name


def listed(value: Any) -> list[Any]:
    """A JSON value that may be one thing or a list of things, as a list."""
    return value if isinstance(value, list) else [value]


def text(value: Any) -> str:
    """A JSON scalar as the text that is compared."""
    if value is True:
        return "true"
    if value is False:
        return "false"
    return str(value)


def texts(value: Any) -> list[str]:
    """A context's value as a list of texts; null is an absent key."""
    return [] if value is None else [text(one) for one in listed(value)]


# --- wildcards ----------------------------------------------------------------------------------------------


def tokens(pattern: str) -> list[Token]:
    """A pattern in which ``*`` and ``?`` are wildcards."""
    wild = {"*": ANY, "?": ONE}
    return [("wild", wild[c]) if c in wild else ("char", c) for c in pattern]


def plain(value: str) -> list[Token]:
    """A text in which every character stands for itself."""
    return [("char", c) for c in value]


def wildcard(pattern: list[Token], subject: str) -> bool:
    """The textbook dynamic programme: ``reach[j]`` tells whether the pattern so far matches ``subject[:j]``."""
    reach = [True] + [False] * len(subject)
    for kind, what in pattern:
        after = [False] * (len(subject) + 1)
        for j in range(len(subject) + 1):
            if kind == "wild" and what == ANY:
                after[j] = reach[j] or (j > 0 and after[j - 1])
            elif j > 0:
                after[j] = reach[j - 1] and (kind == "wild" or what == subject[j - 1])
        reach = after
    return reach[len(subject)]


# --- step 7: variables ------------------------------------------------------------------------------------------


def variable(inside: str) -> tuple[str, str | None] | None:
    """What stands between ``${`` and ``}``: the key and its default; None if that is not well-formed."""
    key, comma, rest = inside.partition(",")
    rest = rest.strip()
    if not key.strip():
        return None
    if not comma:
        return key.strip(), None
    if len(rest) >= 2 and rest[0] == "'" and rest[-1] == "'":
        return key.strip(), rest[1:-1]
    return None


def pieces(value: str) -> list[tuple[str, Any]]:
    """A policy's value cut into ("text", t), ("escape", c) and ("variable", (key, default))."""
    found: list[tuple[str, Any]] = []
    at = 0
    while at < len(value):
        close = value.find("}", at + 2) if value.startswith("${", at) else -1
        inside = value[at + 2 : close] if close > 0 else ""
        if inside in ("*", "?", "$"):
            found.append(("escape", inside))
            at = close + 1
        elif inside and variable(inside) is not None:
            found.append(("variable", variable(inside)))
            at = close + 1
        else:
            found.append(("text", value[at]))
            at += 1
    return found


def resolved(value: str, version: str, context: Context, wild: bool) -> list[Token] | None:
    """A policy's value with its variables filled in; None where one of them cannot be (7.3).

    ``wild`` tells whether ``*`` and ``?`` that stand in the policy itself are wildcards.
    """
    as_written = tokens if wild else plain
    if version != "2012-10-17":
        return as_written(value)
    out: list[Token] = []
    for kind, what in pieces(value):
        if kind == "text":
            out += as_written(what)
        elif kind == "escape":
            out += plain(what)
        else:
            key, default = what
            values = context.values(key)
            if len(values) > 1 or (not values and default is None):
                return None
            out += plain(values[0] if values else default)
    return out


# --- step 6: kinds of values --------------------------------------------------------------------------------------


def number(value: str) -> Fraction | None:
    """A decimal number, or None."""
    sign, digits = (value[0], value[1:]) if value[:1] in ("-", "+") else ("", value)
    whole, point, fraction = digits.partition(".")
    if not whole.isascii() or not whole.isdigit():
        return None
    if point and not (fraction.isascii() and fraction.isdigit()):
        return None
    size = Fraction(int(whole)) + (Fraction(int(fraction), 10 ** len(fraction)) if point else 0)
    return -size if sign == "-" else size


def offset(value: str) -> tuple[str, int] | None:
    """A time of day without its zone, and the zone in seconds east of UTC."""
    if value.endswith("Z"):
        return value[:-1], 0
    for sign, factor in (("+", 1), ("-", -1)):
        clock, found, zone = value.partition(sign)
        if found:
            hours, _, minutes = zone.partition(":")
            if not (len(hours) == 2 and hours.isdigit() and len(minutes) == 2 and minutes.isdigit()):
                return None
            return clock, factor * (int(hours) * 3600 + int(minutes) * 60)
    return value, 0


def moment(value: str) -> Fraction | None:
    """A date as seconds since 1970, or None."""
    seconds = number(value)
    if seconds is not None:
        return seconds
    day, separator, rest = value.partition("T")
    try:
        start = (dt.date.fromisoformat(day) - dt.date(1970, 1, 1)).days * 86400
    except ValueError:
        return None
    zoned = offset(rest) if separator else ("00:00", 0)
    if zoned is None or len(day) != 10:
        return None
    parts = zoned[0].split(":")
    if len(parts) not in (2, 3) or not all(
        len(p.partition(".")[0]) == 2 and number(p) is not None for p in parts
    ):
        return None
    of_day = [number(p) or Fraction(0) for p in [*parts, "00"][:3]]
    if of_day[0] > 23 or of_day[1] > 59 or of_day[2] >= 60:
        return None
    return start + of_day[0] * 3600 + of_day[1] * 60 + of_day[2] - zoned[1]


def octets(value: str) -> bytes | None:
    """The bytes of a Base64 text, or None."""
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


def in_range(value: str, block: str) -> bool:
    """Whether an address lies in a range."""
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(block, strict=False)
    except (ValueError, TypeError):
        return False


def six(pattern: list[Token]) -> list[list[Token]]:
    """Cut at the first five colons."""
    parts: list[list[Token]] = [[]]
    for token in pattern:
        if token == ("char", ":") and len(parts) < 6:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def arn_like(value: str, pattern: list[Token]) -> bool:
    """Step 6.6."""
    parts = value.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn":
        return False
    if pattern == [("wild", ANY)]:
        return True
    wanted = six(pattern)
    return len(wanted) == 6 and all(wildcard(w, p) for w, p in zip(wanted, parts, strict=True))


ORDERS = {
    "equals": lambda a, b: a == b,
    "lessthan": lambda a, b: a < b,
    "lessthanequals": lambda a, b: a <= b,
    "greaterthan": lambda a, b: a > b,
    "greaterthanequals": lambda a, b: a >= b,
}


def ordered(kind: Any, order: str, value: str, wanted: str) -> bool:
    """Compare two numbers or two dates."""
    left, right = kind(value), kind(wanted)
    return left is not None and right is not None and bool(ORDERS[order](left, right))


POSITIVE = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "notipaddress": "ipaddress",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
}
"""A negated operator and what it negates."""


def textual(operator: str, value: str, wanted: str, version: str, context: Context) -> bool:
    """A positive String or Arn operator on one value of the request and one of the policy."""
    wild = operator in ("stringlike", "arnlike", "arnequals")
    pattern = resolved(wanted, version, context, wild)
    if pattern is None:
        return False
    if operator in ("arnlike", "arnequals"):
        return arn_like(value, pattern)
    if operator == "stringequalsignorecase":
        return "".join(what for _, what in pattern).lower() == value.lower()
    return wildcard(pattern, value)


def holds(operator: str, value: str, wanted: str, version: str, context: Context) -> bool:
    """A positive operator on one value of the request and one of the policy."""
    if operator.startswith(("string", "arn")):
        return textual(operator, value, wanted, version, context)
    if operator.startswith("numeric"):
        return ordered(number, operator.removeprefix("numeric"), value, wanted)
    if operator.startswith("date"):
        return ordered(moment, operator.removeprefix("date"), value, wanted)
    if operator == "bool":
        return value.lower() in ("true", "false") and value.lower() == wanted.lower()
    if operator == "binaryequals":
        return octets(value) is not None and octets(value) == octets(wanted)
    if operator == "ipaddress":
        return in_range(value, wanted)
    raise AssertionError(operator)


# --- step 6: one test ---------------------------------------------------------------------------------------------


def split_operator(name: str) -> tuple[str, str, bool]:
    """``ForAllValues:StringLikeIfExists`` as (qualifier, operator, whether IfExists)."""
    qualifier, colon, operator = name.lower().rpartition(":")
    if not colon:
        qualifier = ""
    if operator.endswith("ifexists"):
        return qualifier, operator.removesuffix("ifexists"), True
    return qualifier, operator, False


def fulfils(name: str, key: str, wanted: list[str], version: str, context: Context) -> bool:
    """One operator on one key (6.2, 6.3, 6.7)."""
    qualifier, operator, if_exists = split_operator(name)
    values = context.values(key)
    if operator == "null":
        return any(one == ("false" if values else "true") for one in wanted)
    negated = operator in POSITIVE
    positive = POSITIVE.get(operator, operator)

    def equals(value: str) -> bool:
        return any(holds(positive, value, one, version, context) for one in wanted)

    if qualifier == "foranyvalue":
        return any(equals(value) != negated for value in values)
    if qualifier == "forallvalues":
        return values in ([], [""]) or all(equals(value) != negated for value in values)
    if not values:
        return if_exists or negated
    return any(equals(value) for value in values) != negated


def conditions(statement: dict[str, Any], version: str, context: Context) -> bool:
    """Step 4.4: all keys of all operators."""
    for name, keys in statement.get("Condition", {}).items():
        for key, wanted in keys.items():
            if not fulfils(name, key, [text(one) for one in listed(wanted)], version, context):
                return False
    return True
