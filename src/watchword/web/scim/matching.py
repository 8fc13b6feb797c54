"""Whether a resource passes a filter: each path is looked up in the schema once, then resources are only read.

What the RFCs leave open is decided so:

- A multi-valued attribute passes a comparison if one of its values does (RFC 7644 §3.4.2.2).
- A complex attribute is compared by its sub-attribute ``value``: ``emails co "@"`` is ``emails.value co "@"``.
- Nothing and null are the same (RFC 7643 §2.5): ``eq null`` is ``not (… pr)``, ``ne null`` is ``pr``; an attribute without
  values is ``ne`` any other value, and passes no other comparison.
- Texts are ordered by their characters, folded where case does not count; times by when they are.
- A comparison that cannot be, such as a boolean ``gt`` something, is refused, not false.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from watchword.model.scim import (
    AttributePath,
    Compared,
    Every,
    Filter,
    Negated,
    Operator,
    Present,
    ScimRefused,
    Some,
    Within,
    fold,
)
from watchword.web.scim.schemas import Attribute, Target, Type

Test = Callable[[Mapping[str, Any]], bool]
"""Whether a document, or a value of a multi-valued attribute, passes."""
Resolve = Callable[[AttributePath], Target | None]
"""Finds where a path leads."""

_TEXT_ONLY: Final = {
    Operator.CO: lambda value, wanted: wanted in value,
    Operator.SW: lambda value, wanted: value.startswith(wanted),
    Operator.EW: lambda value, wanted: value.endswith(wanted),
}
_ORDER: Final = {
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
}
_SAME: Final = {Operator.EQ: operator.eq, Operator.NE: operator.ne}
_ALL: Final[dict[Operator, Callable[[Any, Any], bool]]] = {**_TEXT_ONLY, **_ORDER, **_SAME}

_TEXTS: Final = frozenset({Type.STRING, Type.REFERENCE})
_NUMBERS: Final = frozenset({Type.INTEGER, Type.DECIMAL})


def matcher(filter_: Filter, resolve: Resolve, *, lenient: bool = False) -> Test:
    """The test that a filter asks for.

    ``lenient``: attributes that are not in the schema have no value, as where several kinds of resources are searched
    (RFC 7644 §3.4.2.1); otherwise they are refused.

    Raises:
        ScimRefused: 400 ``invalidFilter``: an unknown attribute, or a comparison that cannot be.
    """
    match filter_:
        case Every(parts):
            tests = [matcher(one, resolve, lenient=lenient) for one in parts]
            return lambda document: all(test(document) for test in tests)
        case Some(parts):
            tests = [matcher(one, resolve, lenient=lenient) for one in parts]
            return lambda document: any(test(document) for test in tests)
        case Negated(part):
            inner = matcher(part, resolve, lenient=lenient)
            return lambda document: not inner(document)
        case Within(path, part):
            return _within(path, part, resolve, lenient)
        case Present(path):
            return _present(_found(path, resolve, lenient))
        case Compared():
            return _compared(filter_, _found(filter_.path, resolve, lenient))


def spelt(filter_: Filter, resolve: Resolve) -> Filter:
    """The same filter with its paths as the schema spells them; paths that lead nowhere stay as they are."""
    match filter_:
        case Every(parts):
            return Every(tuple(spelt(one, resolve) for one in parts))
        case Some(parts):
            return Some(tuple(spelt(one, resolve) for one in parts))
        case Negated(part):
            return Negated(spelt(part, resolve))
        case Within(path, part):
            return Within(_spelt(path, resolve), part)
        case Present(path):
            return Present(_spelt(path, resolve))
        case Compared(path, how, value):
            return Compared(_spelt(path, resolve), how, value)


def inside(attribute: Attribute) -> Resolve:
    """Finds paths within the values of a multi-valued attribute."""

    def resolve(path: AttributePath) -> Target | None:
        child = None if path.schema or path.sub else attribute.child(path.name)
        return None if child is None else Target("", child)

    return resolve


def instant(text: str) -> datetime | None:
    """The time that a ``dateTime`` means (RFC 7643 §2.3.5), UTC where it names no zone; ``None`` if it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if "T" not in text.upper():
        return None
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        return None


def comparable(attribute: Attribute, value: Any) -> Any:  # noqa: ANN401
    """A value in the form in which it is compared and ordered; ``None`` where it has none."""
    if attribute.type is Type.DATE_TIME:
        return instant(value) if isinstance(value, str) else None
    if isinstance(value, str) and not attribute.case_exact:
        return fold(value)
    return value


def is_empty(value: Any) -> bool:  # noqa: ANN401
    """Whether a value counts as none: null, an empty text, or nothing but such in a list or a complex value."""
    if isinstance(value, Mapping):
        return all(is_empty(one) for one in value.values())
    if isinstance(value, list | tuple):
        return all(is_empty(one) for one in value)
    return value is None or value == ""


def _spelt(path: AttributePath, resolve: Resolve) -> AttributePath:
    target = resolve(path)
    return path if target is None else target.path


def _refused(what: str) -> ScimRefused:
    return ScimRefused(400, what, scim_type="invalidFilter")


def _found(path: AttributePath, resolve: Resolve, lenient: bool) -> Target | None:
    target = resolve(path)
    if target is None and not lenient:
        raise _refused(f"there is no attribute {str(path)[:200]}")
    return target


def _within(path: AttributePath, part: Filter, resolve: Resolve, lenient: bool) -> Test:
    target = _found(path, resolve, lenient)
    if target is None:
        return lambda _: False
    if target.attribute.type is not Type.COMPLEX:
        raise _refused(f"{path} has no sub-attributes")
    test = matcher(part, inside(target.attribute), lenient=lenient)
    return lambda document: any(test(value) for value in target.values(document))


def _present(target: Target | None) -> Test:
    if target is None:
        return lambda _: False
    return lambda document: any(not is_empty(value) for value in target.values(document))


def _compared(asked: Compared, target: Target | None) -> Test:
    if asked.value is None:
        if asked.operator not in _SAME:
            raise _refused(f"null can be compared by eq and ne only, not {asked.operator}")
        present = _present(target)
        wanted_present = asked.operator is Operator.NE
        return lambda document: present(document) is wanted_present
    without = asked.operator is Operator.NE
    if target is None:
        return lambda _: without
    target = _by_value(target)
    leaf = target.leaf
    wanted, compare = _wanted(leaf, asked), _ALL[asked.operator]

    def test(document: Mapping[str, Any]) -> bool:
        values: Sequence[Any] = [comparable(leaf, value) for value in target.values(document)]
        known = [value for value in values if value is not None]
        return any(compare(value, wanted) for value in known) if known else without

    return test


def _by_value(target: Target) -> Target:
    """Where a complex attribute is compared: at its sub-attribute ``value``."""
    if target.leaf.type is not Type.COMPLEX:
        return target
    value = target.attribute.child("value") if target.sub is None else None
    if value is None:
        raise _refused(f"{target.path} is complex: compare one of its sub-attributes")
    return Target(target.holder, target.attribute, value)


def _wanted(leaf: Attribute, asked: Compared) -> Any:  # noqa: ANN401
    """The value to compare with, in the form in which values of the attribute are compared.

    Raises:
        ScimRefused: it is not of the attribute's type, or the operator does not go with that.
    """
    value: Any = asked.value
    if leaf.type is Type.BOOLEAN and isinstance(value, str) and fold(value) in ("true", "false"):
        # Some clients write booleans as texts.
        value = fold(value) == "true"
    fits = {
        Type.BOOLEAN: isinstance(value, bool),
        Type.DATE_TIME: isinstance(value, str) and instant(value) is not None,
    }.get(leaf.type, isinstance(value, str))
    if leaf.type in _NUMBERS:
        fits = isinstance(value, int | float) and not isinstance(value, bool)
    if not fits:
        raise _refused(f"{leaf.name} is of type {leaf.type}, and cannot be compared with this value")
    if not _goes(asked.operator, leaf.type):
        raise _refused(f"{leaf.name} is of type {leaf.type}, which cannot be compared by {asked.operator}")
    return comparable(leaf, value)


def _goes(how: Operator, type_: Type) -> bool:
    if how in _SAME:
        return True
    return type_ in _TEXTS or (how in _ORDER and type_ in _NUMBERS | {Type.DATE_TIME})
