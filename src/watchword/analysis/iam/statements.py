"""Statements and policies, compiled: what remains to be asked of them is quick, and says which part failed first.

A ``CompiledStatement`` answers for one request (step 4) with an ``Outcome``: matched, or the first part that did not, or
the conditions on which it would match.  Statements are compiled when they are first needed.  Policies are put
together and judged in ``layers`` and ``evaluate``.  Numbers of steps are those of docs/iam-evaluation.md.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, NamedTuple

from watchword.analysis.iam.conditions import Check, Missing, Question, check_of, is_among
from watchword.analysis.iam.expression import Atom, Value, Values, both, disjunction, either, negated
from watchword.analysis.iam.patterns import Matcher, any_of, matcher_of
from watchword.analysis.iam.policy import Effect, Principals, Statement
from watchword.analysis.iam.principals import CANONICAL_USER, Named, Principal, PrincipalElement
from watchword.analysis.iam.variables import Resolve, Unresolved, resolver, template_of

VARIABLES_SINCE: Final = "2012-10-17"
"""The version of the language from which ``${…}`` in a policy is a variable (7.1)."""


class Part(StrEnum):
    """Parts of a statement, in the order in which they are asked; the first that does not match is the reason."""

    ACTION = "action"
    PRINCIPAL = "principal"
    RESOURCE = "resource"
    CONDITION = "condition"
    MATCHED = "matched"
    CONDITIONAL = "conditional"
    """It matches if the expression of the outcome is true."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a statement says of a request.

    ``value`` is true, false, or the expression on which it matches; ``detail`` tells the condition that failed.
    """

    part: Part
    value: Value
    detail: str = ""
    named: Named = Named.DIRECT
    """How the statement names the principal; direct where it has no such element."""
    ways: tuple[tuple[Named, Value], ...] = ()
    """Where it is not known how the principal is named (by a canonical user id): each way, and on which condition."""


NO_ACTION: Final = Outcome(Part.ACTION, False)
_NO_PRINCIPAL: Final = Outcome(Part.PRINCIPAL, False)
_NO_RESOURCE: Final = Outcome(Part.RESOURCE, False)
_MATCHED: Final = tuple(Outcome(Part.MATCHED, True, named=named) for named in Named)
MATCHED: Final = _MATCHED[Named.DIRECT]


class Asked(NamedTuple):
    """What a statement is asked about: a request with its context as far as it is known.

    ``action`` is in lower case; ``known`` and ``missing`` as in ``conditions``; ``bounded``: the principal has a
    permissions boundary.
    """

    principal: Principal
    action: str
    resource: str
    known: Values
    missing: Missing
    bounded: bool = False


@dataclass(frozen=True)
class CompiledStatement:
    """A statement of a policy of some kind, ready to be asked.

    ``has_principals``: it belongs to a policy whose statements name principals.
    """

    statement: Statement
    variables: bool
    has_principals: bool

    @property
    def allows(self) -> bool:
        """Whether its effect is Allow."""
        return self.statement.effect is Effect.ALLOW

    def covers(self, action: str) -> bool:
        """4.1: whether the statement is about the action (in lower case)."""
        return self._actions(action) is not self._excludes_actions

    @property
    def is_unconditional(self) -> bool:
        """Whether it matches every request that its actions match."""
        return not self.has_principals and not self._checks and self._covers_all

    @cached_property
    def ask(self) -> Callable[[Asked], Outcome]:
        """Parts 4.2 to 4.4 as a function of what is asked; the action has been asked already."""
        if self.has_principals and not (self._principals and self._principals.names_everybody):
            return self._outcome
        checks, failed = self._checks, self._failed
        if self._covers_all and len(checks) == 1:
            return _one_check(checks[0], failed[0])
        resource = None if self._covers_all else self._resource
        if not checks and resource is not None:
            return _resource_alone(resource)
        return self._outcome

    def _outcome(self, asked: Asked) -> Outcome:
        named = Named.DIRECT
        if self.has_principals:
            element = self._principals
            if element is None:
                return _NO_PRINCIPAL
            if element.canonical and asked.known.get(CANONICAL_USER, asked.missing) is None:
                return self._of_unknown_canonical_user(element, asked)
            named = element.naming(asked.principal, asked.known, bounded=asked.bounded)
            if named is Named.NOT:
                return _NO_PRINCIPAL
        return self._beyond_principals(asked, named)

    def _beyond_principals(self, asked: Asked, named: Named) -> Outcome:
        """Parts 4.3 and 4.4."""
        value = True if self._covers_all else self._resource(asked)
        if value is False:
            return _NO_RESOURCE
        known, missing = asked.known, asked.missing
        for index, check in enumerate(self._checks):
            held = check(known, missing)
            if held is False:
                return self._failed[index]
            if held is not True:
                value = both(value, held)
        return _MATCHED[named] if value is True else _conditional(value, named)

    def _of_unknown_canonical_user(self, element: PrincipalElement, asked: Asked) -> Outcome:
        """5.3 where the caller's canonical user id is not known: it may be one that is named, or not."""
        one = min(element.canonical)
        is_named = Atom(is_among(CANONICAL_USER, tuple(sorted(element.canonical))))
        ways: dict[Named, Value] = {}
        rest = _NO_PRINCIPAL
        for known, condition in (((one,), is_named), ((), negated(is_named))):
            told = {**asked.known, CANONICAL_USER: known}
            named = element.naming(asked.principal, told, bounded=asked.bounded)
            if named is not Named.NOT:
                rest = self._beyond_principals(asked, named)
                ways[named] = either(ways.get(named, False), both(condition, rest.value))
        if rest.value is False:
            return rest
        return Outcome(Part.CONDITIONAL, disjunction(ways.values()), ways=tuple(ways.items()))

    @property
    def keys(self) -> frozenset[str]:
        """The context keys that conditions and variables ask for, in lower case."""
        listed = (*self.statement.resources, *self.statement.not_resources) if self.variables else ()
        templates = (template_of(one, wild=True) for one in listed)
        return frozenset().union(
            *(one.depends_on() for one in self.questions), *(one.keys() for one in templates if one)
        )

    # --- compiled parts, each when it is first needed -------------------------------------------------------------------

    @cached_property
    def _excludes_actions(self) -> bool:
        return bool(self.statement.not_actions)

    @cached_property
    def _actions(self) -> Matcher:
        listed = self.statement.not_actions or self.statement.actions
        return any_of([_action(one) for one in listed]) if listed else _nothing

    @cached_property
    def _principals(self) -> PrincipalElement | None:
        named, excluded = self.statement.principals, self.statement.not_principals
        element: Principals | None = named if named is not None else excluded
        if element is None:
            return None
        return PrincipalElement.of(element, self.statement.effect, excluded=named is None)

    @cached_property
    def _covers_all(self) -> bool:
        """4.3 for resources that are not even looked at: the element is missing, or has ``*``."""
        if self.statement.not_resources:
            return False
        return not self.statement.has_resources or "*" in self.statement.resources

    @cached_property
    def _resource(self) -> Callable[[Asked], Value]:
        listed = self.statement.not_resources or self.statement.resources
        return resources_of(listed, excluded=bool(self.statement.not_resources), variables=self.variables)

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The conditions, as questions."""
        return tuple(Question.of(one, variables=self.variables) for one in self.statement.conditions)

    @cached_property
    def _checks(self) -> tuple[Check, ...]:
        return tuple(check_of(one) for one in self.questions)

    @cached_property
    def _failed(self) -> tuple[Outcome, ...]:
        return tuple(Outcome(Part.CONDITION, False, str(one)) for one in self.statement.conditions)


def _conditional(value: Value, named: Named = Named.DIRECT) -> Outcome:
    return Outcome(Part.CONDITIONAL, value, named=named)


def _one_check(check: Check, failed: Outcome) -> Callable[[Asked], Outcome]:
    """The usual statement of a guardrail: any resource, one condition."""

    def ask(asked: Asked) -> Outcome:
        held = check(asked.known, asked.missing)
        if held is True:
            return MATCHED
        return failed if held is False else _conditional(held)

    return ask


def _resource_alone(resource: Callable[[Asked], Value]) -> Callable[[Asked], Outcome]:
    """The usual statement of a grant: some resources, no condition."""

    def ask(asked: Asked) -> Outcome:
        fits = resource(asked)
        if fits is True:
            return MATCHED
        return _NO_RESOURCE if fits is False else _conditional(fits)

    return ask


def _nothing(_: str) -> bool:
    return False


def _action(pattern: str) -> str:
    """The pattern in lower case; a malformed one matches no action, since none has a line break."""
    malformed = "," in pattern or any(char.isspace() for char in pattern)
    return "\n" if malformed else pattern.lower()


# --- resources (4.3) ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ResourceQuestion:
    """Whether a resource fits a value with variables of which a key is not known."""

    pattern: str
    resource: str

    def decide(self, known: Values) -> bool:
        """The answer where every key that is not in ``known`` is absent."""
        template = template_of(self.pattern, wild=True)
        parts = template.resolve(known, ()) if template else Unresolved.ABSENT
        return isinstance(parts, tuple) and matcher_of(parts)(self.resource)

    def depends_on(self) -> frozenset[str]:
        """The keys of the variables."""
        template = template_of(self.pattern, wild=True)
        return template.keys() if template else frozenset()

    def json(self, *, negated: bool) -> dict[str, Any]:
        """``{"resource": ARN, "like": [PATTERN], "negated": false}``."""
        return {"resource": self.resource, "like": [self.pattern], "negated": negated}


def resources_of(listed: Sequence[str], *, excluded: bool, variables: bool) -> Callable[[Asked], Value]:
    """The compiled element: whether the resource of a request fits (``excluded``: does not)."""
    templates = {one: template_of(one, wild=True) for one in listed} if variables else {}
    resolvers = [
        (one, resolver(template, matcher_of)) for one, template in templates.items() if template is not None
    ]
    plain = any_of([one for one in listed if templates.get(one) is None] or ["\n"])
    if not resolvers:
        return lambda asked: plain(asked.resource) is not excluded

    def fits(asked: Asked) -> Value:
        found: Value = plain(asked.resource)
        for text, resolve in resolvers:
            if found is True:
                break
            found = either(found, _fits_template(text, resolve, asked))
        return negated(found) if excluded else found

    return fits


def _fits_template(text: str, resolve: Resolve[Matcher], asked: Asked) -> Value:
    """7.3: a value with a variable that cannot be resolved matches nothing."""
    found = resolve(asked.known, asked.missing)
    if isinstance(found, Unresolved):
        return Atom(ResourceQuestion(text, asked.resource)) if found is Unresolved.UNKNOWN else False
    return found(asked.resource)
