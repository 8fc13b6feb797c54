"""Conditions, decided: the 27 operators of the IAM language, with ``IfExists`` and set qualifiers, three-valued.

A ``Question`` is one key of one operator; ``check_of`` compiles it into a function of what is known of a context, which
gives true, false, or the question itself as an expression where the key's values are not known.  Numbers of steps are
those of docs/iam-evaluation.md.  How values of each kind compare is in ``operators``.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from typing import Any, Final

from watchword.analysis.iam.expression import Atom, Value, Values, negated
from watchword.analysis.iam.operators import Fits, family_of, resolving, static
from watchword.analysis.iam.policy import Condition, Qualifier
from watchword.analysis.iam.variables import Template, Unresolved, resolver, template_of

Missing = tuple[str, ...] | None
"""What a key has that is not among the known ones: ``()`` it is absent, ``None`` it is not known."""

Check = Callable[[Values, Missing], Value]

_OPPOSITES: Final = {
    "StringEquals": "StringNotEquals",
    "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase",
    "StringLike": "StringNotLike",
    "NumericEquals": "NumericNotEquals",
    "DateEquals": "DateNotEquals",
    "IpAddress": "NotIpAddress",
    "ArnEquals": "ArnNotEquals",
    "ArnLike": "ArnNotLike",
}
_POSITIVE: Final = {negative: positive for positive, negative in _OPPOSITES.items()}


@dataclass(frozen=True, slots=True)
class Question:
    """One key of one operator.  Two are equal if they ask the same.

    ``name`` is the key in lower case, ``key`` as written; ``variables``: whether ``${…}`` in the values is a variable.
    """

    operator: str
    name: str
    values: tuple[str, ...]
    qualifier: Qualifier
    if_exists: bool
    variables: bool
    key: str = field(compare=False)

    @classmethod
    def of(cls, condition: Condition, *, variables: bool) -> Question:
        """The question that a condition asks."""
        return cls(
            condition.operator,
            condition.name,
            condition.values,
            condition.qualifier,
            condition.if_exists,
            variables and takes_variables(condition.operator),
            condition.key,
        )

    def decide(self, known: Values) -> bool:
        """The answer where every key that is not in ``known`` is absent."""
        return check_of(self)(known, ()) is True

    def depends_on(self) -> frozenset[str]:
        """The key, and those of variables in the values."""
        return frozenset({self.name}).union(*(one.keys() for one in _templates(self)))

    def json(self, *, negated: bool) -> dict[str, Any]:
        """``{"operator": "ForAnyValue:StringLikeIfExists", "key": …, "values": […]}``, or ``{"not": …}`` of it."""
        operator, values = self.operator, list(self.values)
        plain = not self.qualifier and not self.if_exists
        if negated and plain and operator in _OPPOSITES:
            operator, negated = _OPPOSITES[operator], False
        elif negated and operator == "Null" and len(set(values)) == 1 and values[0] in {"true", "false"}:
            values, negated = ["false" if values[0] == "true" else "true"], False
        prefix = f"{self.qualifier}:" if self.qualifier else ""
        found = {
            "operator": f"{prefix}{operator}{'IfExists' if self.if_exists else ''}",
            "key": self.key,
            "values": values,
        }
        return {"not": found} if negated else found


def present(key: str) -> Question:
    """Whether the request has the key at all."""
    return Question("Null", key.lower(), ("false",), Qualifier.NONE, False, False, key)


def is_among(key: str, values: tuple[str, ...]) -> Question:
    """Whether the key has one of the values."""
    return Question("StringEquals", key.lower(), values, Qualifier.NONE, False, False, key)


def takes_variables(operator: str) -> bool:
    """Whether values of the operator may hold variables (7.1)."""
    return operator != "Null" and family_of(operator).variables


def check_of(question: Question) -> Check:
    """The compiled question; equal ones whose key is written alike share it."""
    return _check_of(question, question.key)


@lru_cache(maxsize=65_536)
def _check_of(question: Question, written: str) -> Check:  # noqa: ARG001 - part of what it is remembered by
    """Remembered by the key as written, too: an answer tells it as its own policy does, not as one before it did."""
    unknown = _unknown(question)
    if question.operator == "Null":
        return _null(question, unknown)
    templates = _templates(question)
    plain = [value for value in question.values if _template(question, value) is None]
    fits = static(question.operator, plain)
    expected = question.operator not in _POSITIVE
    if templates:
        return _with_variables(question, fits, templates, unknown)
    if question.qualifier is Qualifier.NONE:
        return _single(
            question.name, fits, unknown, expected=expected, absent=question.if_exists or not expected
        )
    return _of_several(question, fits, unknown)


def _unknown(question: Question) -> Value:
    """What the question is where its key is not known: itself.

    A plain negated operator is the opposite of its positive one (6.2: where the key is missing, too), so that "k is a" in
    an Allow and "k is not a" in a Deny are seen to be one question.
    """
    positive = _POSITIVE.get(question.operator)
    if positive and not question.qualifier and not question.if_exists:
        return negated(Atom(replace(question, operator=positive)))
    return Atom(question)


def _null(question: Question, unknown: Value) -> Check:
    """6.7."""
    wanted = {value.lower() for value in question.values}
    if_missing, if_present, name = "true" in wanted, "false" in wanted, question.name

    def check(known: Values, missing: Missing) -> Value:
        found = known.get(name, missing)
        if found is None:
            return unknown
        return if_present if found else if_missing

    return check


def _single(name: str, fits: Fits, unknown: Value, *, expected: bool, absent: bool) -> Check:
    """6.1 and 6.2; several values without a qualifier as 6.3 says: positive if one fits, negated if none does."""

    def check(known: Values, missing: Missing) -> Value:
        found = known.get(name, missing)
        if found is None:
            return unknown
        if len(found) == 1:
            return fits(found[0]) is expected
        if not found:
            return absent
        return any(map(fits, found)) is expected

    return check


def _of_several(question: Question, fits: Fits, unknown: Value) -> Check:
    """6.3."""
    name, decided = question.name, _decided(question)

    def check(known: Values, missing: Missing) -> Value:
        found = known.get(name, missing)
        return unknown if found is None else decided(found, fits)

    return check


def _decided(question: Question) -> Callable[[tuple[str, ...], Fits], bool]:
    """The outcome for the values of the request, by the qualifier (6.1 to 6.3)."""
    expected = question.operator not in _POSITIVE
    absent = question.if_exists or not expected

    def every(found: tuple[str, ...], fits: Fits) -> bool:
        return found in {(), ("",)} or all(fits(value) is expected for value in found)

    def some(found: tuple[str, ...], fits: Fits) -> bool:
        return any(fits(value) is expected for value in found)

    def plain(found: tuple[str, ...], fits: Fits) -> bool:
        return any(map(fits, found)) is expected if found else absent

    kinds = {Qualifier.FOR_ALL_VALUES: every, Qualifier.FOR_ANY_VALUE: some, Qualifier.NONE: plain}
    return kinds[question.qualifier]


def _with_variables(
    question: Question, plain: Fits, templates: tuple[Template, ...], unknown: Value
) -> Check:
    """Step 7: values with variables are filled in for each request; one that cannot be matches nothing."""
    name, decided = question.name, _decided(question)
    resolvers = [resolver(one, partial(resolving, question.operator)) for one in templates]

    def check(known: Values, missing: Missing) -> Value:
        found = known.get(name, missing)
        if found is None:
            return unknown
        matchers = [plain]
        for resolve in resolvers:
            fits = resolve(known, missing)
            if fits is Unresolved.UNKNOWN:
                return unknown
            if fits is not Unresolved.ABSENT:
                matchers.append(fits)
        return decided(found, lambda value: any(fits(value) for fits in matchers))

    return check


def _template(question: Question, value: str) -> Template | None:
    return template_of(value, wild=family_of(question.operator).wild) if question.variables else None


def _templates(question: Question) -> tuple[Template, ...]:
    found = (_template(question, value) for value in question.values)
    return tuple(one for one in found if one is not None)
