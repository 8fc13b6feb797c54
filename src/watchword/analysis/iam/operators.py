"""How the values of each kind of condition compare: text, numbers, times, addresses, bytes, ARNs, booleans.

A family of operators compares one value of a request with one value of a policy.  ``static`` compiles the values of a
policy into a function of a request's value; ``resolving`` does so for values with variables, once their context
is known.  A value that is not of the family's kind fits nothing.  Missing keys, several values, and negation are the
business of ``conditions``.  Numbers of steps are those of docs/iam-evaluation.md.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from watchword.analysis.iam.patterns import (
    Matcher,
    Part,
    Wild,
    any_of,
    first_of,
    matcher_of,
    parts_of,
    resolved_matcher,
)

Fits = Callable[[str], bool]
"""Whether one value of a request fits the values of a policy."""


@dataclass(frozen=True, slots=True)
class Family:
    """Operators that compare alike.

    ``compiled`` makes one value of a policy into a function of a request's value; ``variables`` and ``wild`` say whether
    values may hold variables and wildcards; ``resolved`` compiles a value whose variables were filled in.
    """

    compiled: Callable[[str], Fits]
    variables: bool = False
    wild: bool = False
    resolved: Callable[[tuple[Part, ...]], Fits] | None = None


def family_of(name: str) -> Family:
    """The family of an operator, by its canonical name (negated ones have that of their positive one)."""
    return _FAMILIES[name]


def static(name: str, values: Sequence[str]) -> Fits:
    """Whether a value of a request fits one of a policy's values, none of which holds a variable."""
    if name in {"StringEquals", "StringNotEquals"}:
        return frozenset(values).__contains__ if len(values) != 1 else values[0].__eq__
    if name in {"StringLike", "StringNotLike"}:
        return any_of(values) if values else _never
    compiled = family_of(name).compiled
    return first_of([compiled(value) for value in values]) if values else _never


def resolving(name: str, parts: tuple[Part, ...]) -> Fits:
    """Whether a value of a request fits a value whose variables were filled in."""
    resolved = family_of(name).resolved
    if resolved is None:
        raise ValueError(f"values of {name} have no variables")
    return resolved(parts)


def _never(_: str) -> bool:
    return False


# --- text (6.4) --------------------------------------------------------------------------------------------------------


def _exact(value: str) -> Fits:
    return value.__eq__


def _joined(parts: tuple[Part, ...]) -> str:
    return "".join(part for part in parts if isinstance(part, str))


def _any_case(value: str) -> Fits:
    wanted = value.lower()
    return lambda found: found.lower() == wanted


# --- numbers and times (6.5) -------------------------------------------------------------------------------------------

_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_LONGEST_NUMBER: Final = 64
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=16_384)
def number(text: str) -> Decimal | None:
    """A decimal number of up to 64 characters; ``None`` for any other text."""
    fits = len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text)
    return Decimal(text) if fits else None


@lru_cache(maxsize=16_384)
def seconds(text: str) -> Decimal | None:
    """Seconds since 1970 of a number or an ISO 8601 time (UTC where no zone is told); ``None`` for any other text."""
    counted = number(text)
    if counted is not None:
        return counted
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    told = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    return Decimal((told - _EPOCH) // timedelta(microseconds=1)).scaleb(-6)


def _compared(
    read: Callable[[str], Decimal | None], holds: Callable[[Any, Any], bool]
) -> Callable[[str], Fits]:
    def compiled(value: str) -> Fits:
        wanted = read(value)
        if wanted is None:
            return _never

        def fits(found: str) -> bool:
            given = read(found)
            return given is not None and holds(given, wanted)

        return fits

    return compiled


# --- booleans, bytes, addresses (6.5) ----------------------------------------------------------------------------------


def _boolean(value: str) -> Fits:
    wanted = value.lower()
    return (lambda found: found.lower() == wanted) if wanted in {"true", "false"} else _never


@lru_cache(maxsize=4_096)
def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _binary(value: str) -> Fits:
    wanted = _bytes(value)
    return _never if wanted is None else lambda found: _bytes(found) == wanted


@lru_cache(maxsize=16_384)
def _address(text: str) -> tuple[int, int] | None:
    """Version and number of an address; ``None`` for any other text."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return found.version, int(found)


@lru_cache(maxsize=16_384)
def _range(value: str) -> Fits:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return _never
    version, first = network.version, int(network.network_address)
    last = first + network.num_addresses - 1

    def within(found: str) -> bool:
        address = _address(found)
        return address is not None and address[0] == version and first <= address[1] <= last

    return within


# --- ARNs (6.6) --------------------------------------------------------------------------------------------------------

_ARN_PARTS: Final = 6
_REMEMBERED: Final = 1_024
"""Values whose outcome a test remembers; then it forgets all."""


def _arn(value: str) -> Fits:
    return _arn_of(parts_of(value))


@lru_cache(maxsize=16_384)
def _arn_of(parts: tuple[Part, ...]) -> Fits:
    if parts == (Wild.ANY,):
        return lambda found: _split(found) is not None
    pieces = _at_colons(parts)
    if len(pieces) < _ARN_PARTS:
        return _never
    matchers: tuple[Matcher, ...] = tuple(matcher_of(piece) for piece in pieces)

    def fits(found: str) -> bool:
        given = _split(found)
        return given is not None and all(map(_applied, matchers, given))

    return _remembering(fits)


def _remembering(fits: Fits) -> Fits:
    """The same, remembered: the ARNs of principals and sources come again and again."""
    remembered: dict[str, bool] = {}

    def remembering(found: str) -> bool:
        known = remembered.get(found)
        if known is None:
            if len(remembered) >= _REMEMBERED:
                remembered.clear()
            known = remembered[found] = fits(found)
        return known

    return remembering


def _applied(fitting: Matcher, text: str) -> bool:
    return fitting(text)


def _split(text: str) -> list[str] | None:
    found = text.split(":", _ARN_PARTS - 1)
    return found if len(found) == _ARN_PARTS and found[0] == "arn" else None


def _at_colons(parts: Sequence[Part]) -> list[tuple[Part, ...]]:
    """The parts of a pattern divided at its first five colons."""
    pieces: list[list[Part]] = [[]]
    for part in parts:
        if isinstance(part, Wild):
            pieces[-1].append(part)
            continue
        first, *rest = part.split(":", _ARN_PARTS - len(pieces))
        pieces[-1].append(first)
        pieces.extend([piece] for piece in rest)
    return [tuple(part for part in piece if part != "") for piece in pieces]


_TEXT: Final = Family(_exact, variables=True, resolved=lambda parts: _exact(_joined(parts)))
_CASELESS: Final = Family(_any_case, variables=True, resolved=lambda parts: _any_case(_joined(parts)))
_LIKE: Final = Family(lambda value: any_of([value]), variables=True, wild=True, resolved=resolved_matcher)
_ARN: Final = Family(_arn, variables=True, wild=True, resolved=_arn_of)
_IP: Final = Family(_range)
_ORDERED: Final = {
    "Equals": operator.eq,
    "NotEquals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
_FAMILIES: Final[dict[str, Family]] = {
    "StringEquals": _TEXT,
    "StringNotEquals": _TEXT,
    "StringEqualsIgnoreCase": _CASELESS,
    "StringNotEqualsIgnoreCase": _CASELESS,
    "StringLike": _LIKE,
    "StringNotLike": _LIKE,
    "ArnEquals": _ARN,
    "ArnLike": _ARN,
    "ArnNotEquals": _ARN,
    "ArnNotLike": _ARN,
    "IpAddress": _IP,
    "NotIpAddress": _IP,
    "Bool": Family(_boolean),
    "BinaryEquals": Family(_binary),
    **{f"Numeric{name}": Family(_compared(number, holds)) for name, holds in _ORDERED.items()},
    **{f"Date{name}": Family(_compared(seconds, holds)) for name, holds in _ORDERED.items()},
}
