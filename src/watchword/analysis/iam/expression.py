"""Three-valued answers: true, false, or an expression over tests of context keys that are not known.

A value is ``bool | Expression``.  ``both``, ``either`` and ``negated`` combine values; they simplify what is plain
(true and x is x, x and not x is false, twice the same is once) and are exact: for every completion of the context the
result has the value that the parts would have.  What a test is, and how it is decided, is the business of
``conditions``; an expression only needs its tests to have the methods of ``Unknown``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

Values = Mapping[str, tuple[str, ...]]
"""Context keys in lower case with their values; no values: the key is absent."""


class Unknown(Protocol):
    """A test whose outcome depends on keys that are not known."""

    def decide(self, known: Values) -> bool:
        """The outcome where every key that is not in ``known`` is absent."""

    def json(self, *, negated: bool) -> dict[str, Any]:
        """The test (or its opposite) as JSON, for people and programs."""

    def depends_on(self) -> frozenset[str]:
        """The keys that it depends on, in lower case."""


@dataclass(frozen=True, slots=True)
class Atom:
    """An expression that is one unknown test."""

    of: Unknown


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of an expression."""

    of: Atom | And | Or


@dataclass(frozen=True, slots=True)
class And:
    """True where every part is; two parts or more, none of them an ``And``."""

    parts: frozenset[Atom | Not | Or]


@dataclass(frozen=True, slots=True)
class Or:
    """True where one part is; two parts or more, none of them an ``Or``."""

    parts: frozenset[Atom | Not | And]


Expression = Atom | Not | And | Or
Value = bool | Expression


def both(one: Value, other: Value) -> Value:
    """True where both are."""
    if one is True:
        return other
    if other is True or one is False:
        return one
    return other if other is False else conjunction((one, other))


def either(one: Value, other: Value) -> Value:
    """True where one of the two is."""
    if one is False:
        return other
    if other is False or one is True:
        return one
    return other if other is True else disjunction((one, other))


def negated(one: Value) -> Value:
    """True where the other is not."""
    if isinstance(one, bool):
        return not one
    return one.of if isinstance(one, Not) else Not(one)


def conjunction(values: Iterable[Value]) -> Value:
    """True where all are; true of none."""
    parts = _gathered(values, neutral=True, kind=And)
    if parts is None:
        return False
    # x and (x or y) is x.
    kept = frozenset(
        part for part in parts if not (isinstance(part, Or) and not part.parts.isdisjoint(parts))
    )
    return _joined(kept, And, empty=True)


def disjunction(values: Iterable[Value]) -> Value:
    """True where one is; false of none."""
    parts = _gathered(values, neutral=False, kind=Or)
    if parts is None:
        return True
    # x or (x and y) is x.
    kept = frozenset(
        part for part in parts if not (isinstance(part, And) and not part.parts.isdisjoint(parts))
    )
    return _joined(kept, Or, empty=False)


def decide(value: Value, known: Values) -> bool:
    """The value where every key that is not in ``known`` is absent."""
    if isinstance(value, bool):
        return value
    if isinstance(value, Atom):
        return value.of.decide(known)
    if isinstance(value, Not):
        return not decide(value.of, known)
    decided = (decide(part, known) for part in value.parts)
    return all(decided) if isinstance(value, And) else any(decided)


def keys_of(value: Value) -> frozenset[str]:
    """The keys that a value depends on, in lower case."""
    return frozenset(key for test in tests_of(value) for key in test.depends_on())


def tests_of(value: Value) -> Iterator[Unknown]:
    """The tests in a value."""
    if isinstance(value, Atom):
        yield value.of
    elif isinstance(value, Not):
        yield from tests_of(value.of)
    elif isinstance(value, And | Or):
        for part in value.parts:
            yield from tests_of(part)


def to_json(value: Value) -> Any:  # noqa: ANN401 - JSON
    """An expression as JSON: ``{"and": […]}``, ``{"or": […]}``, ``{"not": …}``, or a test (see ``conditions``).

    A bool is itself.  Parts are in a fixed order.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, Atom):
        return value.of.json(negated=False)
    if isinstance(value, Not):
        inner = value.of
        return inner.of.json(negated=True) if isinstance(inner, Atom) else {"not": to_json(inner)}
    word = "and" if isinstance(value, And) else "or"
    return {word: sorted((to_json(part) for part in value.parts), key=repr)}


def words(value: Value) -> str:
    """An expression in words: ``aws:SourceVpce StringEquals vpce-1 and not (…)``."""
    return _words(to_json(value))


def _gathered(values: Iterable[Value], *, neutral: bool, kind: type[And | Or]) -> set[Any] | None:
    """The parts that matter, nested ones of the same kind taken in; ``None`` where the result is ``not neutral``."""
    parts: set[Any] = set()
    for value in values:
        if isinstance(value, bool):
            if value is not neutral:
                return None
        elif isinstance(value, kind):
            parts |= value.parts
        else:
            parts.add(value)
    opposite = any(isinstance(part, Not) and part.of in parts for part in parts)
    return None if opposite else parts


def _joined(parts: frozenset[Any], kind: type[And | Or], *, empty: bool) -> Value:
    if not parts:
        return empty
    if len(parts) == 1:
        (only,) = parts
        found: Expression = only
        return found
    return kind(parts)


def _words(found: Any) -> str:  # noqa: ANN401 - JSON
    if isinstance(found, bool):
        return "always" if found else "never"
    for word in ("and", "or"):
        if word in found:
            return f" {word} ".join(_inner(part) for part in found[word])
    if "not" in found:
        return f"not {_inner(found['not'])}"
    if "like" in found:
        return (
            f"{found['resource']} {'is not' if found['negated'] else 'is'} like {' or '.join(found['like'])}"
        )
    return f"{found['key']} {found['operator']} {' or '.join(found['values'])}"


def _inner(found: Any) -> str:  # noqa: ANN401 - JSON
    plain = isinstance(found, bool) or "key" in found or "like" in found
    return _words(found) if plain else f"({_words(found)})"
