"""AWS policy documents as values: parsed, normalised, and complained about with the place.

Takes any policy of the IAM language (identity, resource, trust, endpoint, service and resource control policies), as
text or as parsed JSON.  Scalars become tuples, operators lose their qualifiers, nothing is dropped: what the grammar
does not know is listed in ``unknown``.  This module does not decide who may do what (see ``exposure``).

Grammar: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from watchword.analysis.iam.patterns import fits

EVERYONE: Final = "*"
"""The principal that stands for everybody, signed in or not."""


class PolicyError(ValueError):
    """A policy is not of the IAM language; ``pointer`` (RFC 6901) says where: ``/Statement/2/Effect``.

    ``where`` names the policy, where there are several; ``what`` is wrong.
    """

    def __init__(self, pointer: str, what: str, where: str = "") -> None:
        super().__init__(f"{where or 'policy'} at {pointer or '/'}: {what}")
        self.pointer = pointer
        self.what = what


class Effect(StrEnum):
    """What a statement does where it matches."""

    ALLOW = "Allow"
    DENY = "Deny"


class Qualifier(StrEnum):
    """How an operator takes a key with several values in the request."""

    NONE = ""
    FOR_ALL_VALUES = "ForAllValues"
    """True also where the key is missing from the request."""
    FOR_ANY_VALUE = "ForAnyValue"
    """False where the key is missing from the request."""


OPERATORS: Final = {
    name.lower(): name
    for name in (
        *("StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase"),
        *("StringLike", "StringNotLike", "NumericEquals", "NumericNotEquals", "NumericLessThan"),
        *("NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals", "DateEquals"),
        *("DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"),
        *("Bool", "BinaryEquals", "IpAddress", "NotIpAddress", "ArnEquals", "ArnLike", "ArnNotEquals"),
        *("ArnNotLike", "Null"),
    )
}
"""The operators by their names in lower case.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key.  ``key`` is as written (compare with ``name``), ``values`` are alternatives.

    ``is_known`` is false where the operator is none of AWS's.
    """

    operator: str
    key: str
    values: tuple[str, ...]
    qualifier: Qualifier = Qualifier.NONE
    if_exists: bool = False

    @property
    def name(self) -> str:
        """The key in lower case; AWS compares the names of keys without case."""
        return self.key.lower()

    @property
    def is_known(self) -> bool:
        """Whether AWS has such an operator."""
        return self.operator.lower() in OPERATORS

    @property
    def is_negated(self) -> bool:
        """Whether the operator holds where the value differs (``StringNotEquals``, ``NotIpAddress``)."""
        return "Not" in self.operator

    @property
    def takes_wildcards(self) -> bool:
        """Whether ``*`` and ``?`` in the values are wildcards; in ``StringEquals`` they are plain characters."""
        return self.operator.endswith("Like") or self.operator.startswith("Arn")

    @property
    def holds_without_key(self) -> bool:
        """Whether the condition is true of a request that has no such key."""
        if self.operator == "Null":
            return "true" in {value.lower() for value in self.values}
        if self.qualifier is Qualifier.FOR_ANY_VALUE:
            return False
        return self.if_exists or self.qualifier is Qualifier.FOR_ALL_VALUES or self.is_negated

    @property
    def written(self) -> str:
        """The operator with qualifier and suffix, in AWS's spelling: ``ForAnyValue:StringLikeIfExists``."""
        qualifier = f"{self.qualifier}:" if self.qualifier else ""
        return f"{qualifier}{self.operator}{'IfExists' if self.if_exists else ''}"

    def __str__(self) -> str:
        return f"{self.written} {self.key} {', '.join(self.values)}"


@dataclass(frozen=True, slots=True)
class Principals:
    """Whom a statement names, by kind.  ``everyone``: ``"*"`` or ``{"AWS": "*"}``, which AWS takes as equal."""

    everyone: bool = False
    aws: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    federated: tuple[str, ...] = ()
    canonical: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.  Exactly one of ``actions`` and ``not_actions`` is filled; of principals and resources at most one.

    ``principals`` is ``None`` where the element is missing, as in identity policies; ``index`` counts from 0;
    ``unknown`` are JSON pointers of elements that the grammar does not have.  ``has_resources``: ``Resource`` or
    ``NotResource`` is written, be it with an empty list, which covers nothing.
    """

    index: int
    effect: Effect
    sid: str = ""
    principals: Principals | None = None
    not_principals: Principals | None = None
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    unknown: tuple[str, ...] = ()
    has_resources: bool = False

    @property
    def label(self) -> str:
        """How people find the statement: its Sid, else its number from 1."""
        return f"statement {self.sid!r}" if self.sid else f"statement {self.index + 1}"

    def covers_action(self, action: str) -> bool:
        """Whether the statement's actions include ``action`` (``s3:GetObject``)."""
        if self.not_actions:
            return not any(action_matches(pattern, action) for pattern in self.not_actions)
        return any(action_matches(pattern, action) for pattern in self.actions)

    def covers_resource(self, resource: str) -> bool:
        """Whether the statement's resources include ``resource``; one without the element covers everything."""
        if self.not_resources:
            return not any(matches(pattern, resource) for pattern in self.not_resources)
        return not (self.resources or self.has_resources) or any(
            matches(pattern, resource) for pattern in self.resources
        )


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy document.  ``version`` is ``2008-10-17`` where none is written, as AWS takes it."""

    statements: tuple[Statement, ...] = ()
    version: str = "2008-10-17"
    id: str = ""
    unknown: tuple[str, ...] = field(default=())

    @property
    def allows(self) -> tuple[Statement, ...]:
        """The statements that allow."""
        return tuple(one for one in self.statements if one.effect is Effect.ALLOW)

    @property
    def denies(self) -> tuple[Statement, ...]:
        """The statements that deny."""
        return tuple(one for one in self.statements if one.effect is Effect.DENY)


def parse(document: str | Mapping[str, Any]) -> Policy:
    """Parse a policy from its text or its JSON.

    Raises:
        PolicyError: it is not of the IAM language, with the place.
    """
    found = _decoded(document) if isinstance(document, str) else document
    if not isinstance(found, Mapping):
        raise PolicyError("", f"a JSON object is expected, not {_kind(found)}")
    unknown = tuple(f"/{_escaped(key)}" for key in found if key not in {"Version", "Id", "Statement"})
    if "Statement" not in found:
        raise PolicyError("/Statement", "the element is missing")
    statements = found["Statement"]
    listed = [statements] if isinstance(statements, Mapping) else statements
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise PolicyError("/Statement", f"a list of statements is expected, not {_kind(listed)}")
    parsed = tuple(_statement(one, index) for index, one in enumerate(listed))
    version, name = _text(found, "Version", ()), _text(found, "Id", ())
    return Policy(
        parsed, version or "2008-10-17", name, unknown + tuple(p for one in parsed for p in one.unknown)
    )


def matches(pattern: str, text: str) -> bool:
    """Whether ``text`` fits ``pattern`` with ``*`` (any characters) and ``?`` (one); case counts, as in ARNs."""
    return fits(pattern, text)


def action_matches(pattern: str, action: str) -> bool:
    """Whether ``action`` fits the pattern; case does not count.  A malformed pattern matches nothing."""
    return matches(pattern.lower(), action.lower())


def includes(wide: str, narrow: str) -> bool:
    """Whether every text that fits ``narrow`` certainly fits ``wide``; ``False`` where that is not plain to see."""
    # A star of the narrow one stands for any text: only a star of the wide one may cover it, never a question mark.
    return fits(wide, narrow) and ("?" not in wide or "*" not in narrow or _covers(wide, narrow))


@lru_cache(maxsize=4_096)
def _covers(wide: str, narrow: str) -> bool:
    """Dynamic programme: ``reached`` are the places in ``wide`` at which what was read of ``narrow`` may stand."""
    reached = _over_stars(wide, {0})
    for char in narrow:
        moved = set()
        for place in reached:
            if place < len(wide):
                if wide[place] == "*":
                    moved.add(place)
                elif wide[place] == char or (wide[place] == "?" and char != "*"):
                    moved.add(place + 1)
        reached = _over_stars(wide, moved)
    return len(wide) in reached


def _over_stars(wide: str, places: set[int]) -> set[int]:
    """The places, and those that follow them with nothing but stars between."""
    found: set[int] = set()
    for place in places:
        after = len(wide) - len(wide[place:].lstrip("*"))
        found.update(range(place, after + 1))
    return found


_ELEMENTS: Final = frozenset(
    (
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    )
)
_PRINCIPAL_KINDS: Final = {
    "AWS": "aws",
    "Service": "service",
    "Federated": "federated",
    "CanonicalUser": "canonical",
}


_EXCLUSIVE: Final = (("Action", "NotAction"), ("Resource", "NotResource"), ("Principal", "NotPrincipal"))


def _statement(found: object, index: int) -> Statement:
    if not isinstance(found, Mapping):
        raise PolicyError(f"/Statement/{index}", f"a statement is a JSON object, not {_kind(found)}")
    _check_elements(found, index)
    place = ("Statement", index)
    return Statement(
        index=index,
        effect=_effect(found, index),
        sid=_text(found, "Sid", place),
        principals=_principals(found, "Principal", index) if "Principal" in found else None,
        not_principals=_principals(found, "NotPrincipal", index) if "NotPrincipal" in found else None,
        actions=_texts(found, "Action", place),
        not_actions=_texts(found, "NotAction", place),
        resources=_texts(found, "Resource", place),
        not_resources=_texts(found, "NotResource", place),
        has_resources="Resource" in found or "NotResource" in found,
        conditions=_conditions(found["Condition"], index) if "Condition" in found else (),
        unknown=() if found.keys() <= _ELEMENTS else _unknown(found, index),
    )


def _check_elements(found: Mapping[str, Any], index: int) -> None:
    for one, other in _EXCLUSIVE:
        if other in found and one in found:
            raise PolicyError(
                f"/Statement/{index}/{other}", f"a statement has either {one} or {other}, not both"
            )
    if "Action" not in found and "NotAction" not in found:
        raise PolicyError(f"/Statement/{index}/Action", "the element is missing")


def _unknown(found: Mapping[str, Any], index: int) -> tuple[str, ...]:
    return tuple(f"/Statement/{index}/{_escaped(key)}" for key in found if key not in _ELEMENTS)


_EFFECTS: Final = {effect.value: effect for effect in Effect}


def _effect(found: Mapping[str, Any], index: int) -> Effect:
    value = found.get("Effect")
    effect = _EFFECTS.get(value) if isinstance(value, str) else None
    if effect is None:
        told = repr(value[:100]) if isinstance(value, str) else _kind(value)
        raise PolicyError(f"/Statement/{index}/Effect", f"Allow or Deny is expected, not {told}")
    return effect


def _principals(found: Mapping[str, Any], element: str, index: int) -> Principals:
    value = found[element]
    if value == EVERYONE:
        return Principals(everyone=True)
    place = ("Statement", index, element)
    if not isinstance(value, Mapping):
        raise PolicyError(_pointer(place), f'"*" or an object of principals is expected, not {_kind(value)}')
    for kind in value:
        if kind not in _PRINCIPAL_KINDS:
            raise PolicyError(_pointer(place, kind), f"a principal is one of {', '.join(_PRINCIPAL_KINDS)}")
    kinds = {name: _texts(value, kind, place) for kind, name in _PRINCIPAL_KINDS.items()}
    aws = kinds.pop("aws")
    return Principals(EVERYONE in aws, tuple(one for one in aws if one != EVERYONE), **kinds)


def _conditions(found: object, index: int) -> tuple[Condition, ...]:
    place = ("Statement", index, "Condition")
    if found is None:
        return ()
    if not isinstance(found, Mapping):
        raise PolicyError(_pointer(place), f"an object of operators is expected, not {_kind(found)}")
    conditions: list[Condition] = []
    for operator, keys in found.items():
        if not isinstance(keys, Mapping):
            raise PolicyError(_pointer(place, operator), f"an object of keys is expected, not {_kind(keys)}")
        inside = (*place, operator)
        conditions.extend(_condition(str(operator), str(key), _texts(keys, key, inside)) for key in keys)
    return tuple(conditions)


@lru_cache(maxsize=16_384)
def _condition(written: str, key: str, values: tuple[str, ...]) -> Condition:
    prefix, colon, rest = written.partition(":")
    qualifier = next(
        (one for one in Qualifier if colon and one.value.lower() == prefix.lower()), Qualifier.NONE
    )
    name = rest if qualifier else written
    if_exists = name.lower().endswith("ifexists")
    base = name[: -len("ifexists")] if if_exists else name
    return Condition(OPERATORS.get(base.lower(), base), key, values, qualifier, if_exists)


_Place = tuple[object, ...]
"""Steps to a place of the document; made into a pointer only where something is wrong there."""


def _text(found: Mapping[str, Any], element: str, place: _Place) -> str:
    value = found.get(element)
    if value is not None and not isinstance(value, str):
        raise PolicyError(_pointer(place, element), f"a text is expected, not {_kind(value)}")
    return value or ""


def _texts(found: Mapping[str, Any], element: str, place: _Place) -> tuple[str, ...]:
    value = found.get(element, ())
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list | tuple):
        return (_scalar(value, place, element, 0),)
    for one in value:
        if not isinstance(one, str):
            return tuple(_scalar(one, place, element, index) for index, one in enumerate(value))
    return tuple(value)


def _scalar(value: object, place: _Place, element: str, index: int) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise PolicyError(_pointer(place, element, index), f"a text is expected, not {_kind(value)}")


def _pointer(place: _Place, *steps: object) -> str:
    return "".join(f"/{_escaped(step)}" for step in (*place, *steps))


def _decoded(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_without_twins, parse_constant=_no_constant)
    except PolicyError:
        raise
    except json.JSONDecodeError as error:
        raise PolicyError("", f"not JSON: {error.msg} in line {error.lineno}") from error
    except (ValueError, RecursionError) as error:
        raise PolicyError(
            "", "not JSON that can be read: too deep, or a number of thousands of digits"
        ) from error


def _no_constant(name: str) -> None:
    raise PolicyError("", f"not JSON: {name} is no number")


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise PolicyError("", f"the element {twin!r} stands twice in one object")
    return found


def _escaped(step: object) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")


def _kind(value: object) -> str:
    names = {type(None): "null", bool: "a boolean", str: "a text", list: "a list", dict: "an object"}
    return names.get(type(value), "a number" if isinstance(value, int | float) else type(value).__name__)
