"""Policy documents of every kind, compiled: checked for what their kind may hold, and ready to be asked.

``compile_policy`` refuses what AWS would refuse, with the JSON pointer: elements that the grammar or the kind does not
have, operators that do not exist, versions.  A policy that AWS could not hold is never evaluated as if it were another.
``Library`` compiles each distinct document once.  Sizes are not checked here (see ``limits``).

Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html,
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from watchword.analysis.iam.policy import Condition, Policy, PolicyError, Statement, parse
from watchword.analysis.iam.statements import VARIABLES_SINCE, CompiledStatement
from watchword.model.evidence import canonical


class PolicyKind(StrEnum):
    """What a policy is attached to, and so what it may hold."""

    IDENTITY = "identity"
    BOUNDARY = "boundary"
    SESSION = "session"
    SERVICE_CONTROL = "scp"
    RESOURCE_CONTROL = "rcp"
    RESOURCE = "resource"
    """A resource's policy, a role's trust policy, a key's policy, an access point's policy."""
    ENDPOINT = "endpoint"

    @property
    def names_principals(self) -> bool:
        """Whether statements say whom they are about."""
        return self in {PolicyKind.RESOURCE, PolicyKind.RESOURCE_CONTROL, PolicyKind.ENDPOINT}


_VERSIONS: Final = ("2012-10-17", "2008-10-17")
_COMPLETED: Final = frozenset({PolicyKind.IDENTITY, PolicyKind.BOUNDARY})
"""Kinds in which AWS completes an ARN of fewer than six fields."""
_RESOURCES_OPTIONAL: Final = frozenset({PolicyKind.RESOURCE})


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    """A policy ready to be asked.  ``name`` is what people call it (an ARN, a file), for evidence."""

    kind: PolicyKind
    statements: tuple[CompiledStatement, ...]
    name: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether it has no statement."""
        return not self.statements


def compile_policy(
    document: str | Mapping[str, Any] | Policy, kind: PolicyKind | str, name: str = ""
) -> CompiledPolicy:
    """Compile a policy from its text, its JSON, or parsed.

    >>> compile_policy('{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}', "identity").kind.value
    'identity'

    Raises:
        PolicyError: it is not of the IAM language, or holds what a policy of its kind cannot; with the JSON pointer.
        ValueError: there is no such kind.
    """
    kind = PolicyKind(kind)
    policy = document if isinstance(document, Policy) else parse(document)
    for pointer, what in _faults(policy, kind):
        raise PolicyError(pointer, what)
    variables = policy.version >= VARIABLES_SINCE
    principals = kind.names_principals
    statements = map(_completed, policy.statements) if kind in _COMPLETED else policy.statements
    return CompiledPolicy(
        kind, tuple(CompiledStatement(one, variables, principals) for one in statements), name
    )


_COLONS: Final = 5
"""Colons that divide an ARN into its six fields."""


def _completed(statement: Statement) -> Statement:
    """4.3: the statement with ``*`` for the fields that its incomplete ARNs lack."""
    if not any(map(_is_incomplete, (*statement.resources, *statement.not_resources))):
        return statement
    resources, excluded = (
        tuple(one + ":*" * (_COLONS - one.count(":")) if _is_incomplete(one) else one for one in listed)
        for listed in (statement.resources, statement.not_resources)
    )
    return replace(statement, resources=resources, not_resources=excluded)


def _is_incomplete(pattern: str) -> bool:
    """Whether fields are missing; a ``*`` in the last one runs on past colons, and needs no more."""
    return (
        pattern.count(":") < _COLONS and pattern.startswith("arn:") and "*" not in pattern.rpartition(":")[2]
    )


@dataclass(slots=True)
class Library:
    """Compiled policies by the hash of their documents: what is attached a thousand times is compiled once."""

    _known: dict[tuple[PolicyKind, str, bytes], CompiledPolicy] = field(default_factory=dict)

    def compile(
        self, document: str | Mapping[str, Any], kind: PolicyKind | str, name: str = ""
    ) -> CompiledPolicy:
        """As ``compile_policy``; the same document of the same kind and name gives the same value.

        Raises:
            PolicyError: as for ``compile_policy``.
        """
        try:
            text = document if isinstance(document, str) else canonical(document)
        except RecursionError as error:
            raise PolicyError("", "the document is too deep to be read") from error
        key = (PolicyKind(kind), name, hashlib.sha256(text.encode(errors="surrogatepass")).digest())
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = compile_policy(document, kind, name)
        return found

    def __len__(self) -> int:
        return len(self._known)


def _faults(policy: Policy, kind: PolicyKind) -> Iterator[tuple[str, str]]:
    if policy.version not in _VERSIONS:
        yield "/Version", f"one of {', '.join(_VERSIONS)} is expected, not {policy.version[:100]!r}"
    if policy.unknown:
        yield policy.unknown[0], "the IAM language has no such element"
    for statement in policy.statements:
        yield from _statement_faults(statement, kind)


def _statement_faults(statement: Statement, kind: PolicyKind) -> Iterator[tuple[str, str]]:
    place = f"/Statement/{statement.index}"
    if not kind.names_principals:
        for element, found in (
            ("Principal", statement.principals),
            ("NotPrincipal", statement.not_principals),
        ):
            if found is not None:
                yield f"{place}/{element}", f"a policy of kind {kind} says nothing of principals"
    if kind not in _RESOURCES_OPTIONAL and not statement.has_resources:
        yield f"{place}/Resource", "the element is missing"
    for condition in statement.conditions:
        yield from _condition_faults(condition, f"{place}/Condition")


def _condition_faults(condition: Condition, place: str) -> Iterator[tuple[str, str]]:
    pointer = f"{place}/{condition.written.replace('~', '~0').replace('/', '~1')}"
    if not condition.is_known:
        yield pointer, "there is no such operator"
    elif condition.operator == "Null" and (condition.if_exists or condition.qualifier):
        yield pointer, "Null takes neither IfExists nor a set qualifier"
