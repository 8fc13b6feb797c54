"""What is doubtful about a policy that AWS would accept: names that nothing matches, conditions that do not do what they say.

``review`` gives problems with their JSON pointers; what AWS would refuse is raised by ``compile_policy``.  A problem never
changes how a policy is evaluated.

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html (what AWS's own
validation warns of), https://docs.aws.amazon.com/service-authorization/latest/reference/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from watchword.analysis.iam.compiled import CompiledPolicy
from watchword.analysis.iam.policy import Condition, Effect, Principals, Qualifier, Statement
from watchword.analysis.iam.universe import Universe

_SERVICE_KEYS: Final = (
    "accounts.google.com:",
    "graph.facebook.com:",
    "www.amazon.com:",
    "saml:",
    "cognito-identity.",
)
"""Beginnings of keys that identity providers fill, which no service lists."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something doubtful: where (RFC 6901), and what, in a sentence."""

    pointer: str
    what: str


def review(policy: CompiledPolicy, universe: Universe) -> tuple[Problem, ...]:
    """Everything doubtful about a policy, in the order of its statements."""
    return tuple(found for one in policy.statements for found in _of_statement(one.statement, universe))


def _of_statement(statement: Statement, universe: Universe) -> Iterator[Problem]:
    place = f"/Statement/{statement.index}"
    for element, listed in (("Action", statement.actions), ("NotAction", statement.not_actions)):
        for index, pattern in enumerate(listed):
            if not any(True for _ in universe.matching(pattern)):
                yield Problem(f"{place}/{element}/{index}", f"no action that is known fits {pattern}")
    if not (statement.actions or statement.not_actions):
        yield Problem(f"{place}/Action", "the list is empty: the statement has no effect")
    if statement.has_resources and not (statement.resources or statement.not_resources):
        yield Problem(f"{place}/Resource", "the list is empty: the statement has no effect")
    if statement.effect is Effect.ALLOW and statement.not_principals is not None:
        yield Problem(f"{place}/NotPrincipal", "with Allow, everybody else is let in, signed in or not")
    if statement.effect is Effect.ALLOW and statement.not_actions and not statement.conditions:
        yield Problem(f"{place}/NotAction", "with Allow, every other action of every service is allowed")
    yield from _of_principals(statement.principals, f"{place}/Principal/AWS")
    yield from _of_principals(statement.not_principals, f"{place}/NotPrincipal/AWS")
    for condition in statement.conditions:
        yield from _of_condition(condition, statement, universe, f"{place}/Condition/{condition.written}")


def _of_principals(named: Principals | None, place: str) -> Iterator[Problem]:
    for name in named.aws if named else ():
        if "*" in name or "?" in name:
            yield Problem(
                place,
                f"{name} names nobody: in a principal, * is no wildcard unless it stands alone",
            )
        elif name.startswith(("AIDA", "AROA")):
            yield Problem(place, f"{name} is what remains of a principal that was deleted")


def _of_condition(
    condition: Condition, statement: Statement, universe: Universe, place: str
) -> Iterator[Problem]:
    kind = universe.condition_key_type(condition.key)
    pointer = f"{place}/{condition.key.replace('~', '~0').replace('/', '~1')}"
    if kind is None and not _is_of_provider(condition.name):
        yield Problem(pointer, f"no service that is known fills the key {condition.key}")
    if not condition.values:
        yield Problem(pointer, "the list of values is empty")
    several = kind is not None and kind.startswith("ArrayOf")
    if several and condition.qualifier is Qualifier.NONE and condition.operator != "Null":
        yield Problem(pointer, f"{condition.key} has several values: ForAllValues or ForAnyValue is wanted")
    if kind is not None and not several and condition.qualifier is not Qualifier.NONE:
        yield Problem(pointer, f"{condition.key} has one value: {condition.qualifier} is not wanted")
    allows = statement.effect is Effect.ALLOW
    if allows and condition.qualifier is Qualifier.FOR_ALL_VALUES and not _demands(statement, condition.name):
        yield Problem(
            pointer,
            f"ForAllValues holds where {condition.key} is missing: a request without it is let through",
        )


def _demands(statement: Statement, name: str) -> bool:
    """Whether the statement also asks that the key is there."""
    return any(
        one.name == name and one.operator == "Null" and set(one.values) == {"false"}
        for one in statement.conditions
    )


def _is_of_provider(name: str) -> bool:
    return name.startswith(_SERVICE_KEYS) or name.rpartition(":")[2] in {"aud", "sub", "amr", "oaud"}
