"""Who acts: an identity with all that limits it, what techniques it could think of, and its answers, remembered.

An *actor* is an identity of the snapshot (a group acts as a member that has nothing else).  Actors with the same policies
in the same account, for which all conditions on the principal come out the same, are of one *class* and share answers:
five thousand people with ten policies between them are asked ten times.

What a technique needs in all is the business of ``attempts``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from watchword.analysis.iam.access import Access, Identity, IdentityKind
from watchword.analysis.iam.compiled import CompiledPolicy
from watchword.analysis.iam.conditions import check_of
from watchword.analysis.iam.evaluate import evaluate
from watchword.analysis.iam.evaluation import SaidBy
from watchword.analysis.iam.expression import Value
from watchword.analysis.iam.layers import Placed
from watchword.analysis.iam.patterns import any_of
from watchword.analysis.iam.policy_set import PolicySet
from watchword.analysis.iam.principals import Principal
from watchword.analysis.iam.request import ContextValue, Request
from watchword.analysis.iam.statements import CompiledStatement

MEMBER: Final = "+any-member"
"""The name of the user that stands for the members of a group; IAM knows no such name at the beginning."""

_ABOUT_PRINCIPAL: Final = ("aws:principal", "aws:username", "aws:userid")

_NOTHING: Final = "arn:aws:none:::nothing"
"""A resource that has no policy."""

MFA_KEYS: Final = ("aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge")
"""The context keys that tell of a second factor."""

Context = Mapping[str, ContextValue]


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether an action is allowed: true, false, or the condition; and the statements that allow it.

    ``own`` are the actor's own statements, ``theirs`` those of the resource's policy; each alone suffices of its kind.
    """

    value: Value
    own: tuple[Placed, ...] = ()
    theirs: tuple[Placed, ...] = ()
    needs_own: bool = True


NO: Final = Answer(False)


class Alphabet:
    """The actions that techniques need, each a bit; and which of them patterns and policies cover."""

    __slots__ = ("_bits", "_patterns", "_policies", "actions", "all")

    def __init__(self, actions: Iterator[str]) -> None:
        self.actions = tuple(sorted({action.lower() for action in actions}))
        self._bits = {action: 1 << place for place, action in enumerate(self.actions)}
        self.all = (1 << len(self.actions)) - 1
        self._patterns: dict[str, int] = {}
        self._policies: dict[int, tuple[CompiledPolicy, int, int, int]] = {}

    def mask(self, actions: frozenset[str]) -> int:
        """The set of some of the actions."""
        found = 0
        for action in actions:
            found |= self._bits[action]
        return found

    def may(self, policies: PolicySet, *, is_limited: bool) -> int:
        """The actions that the policies allow on something, on some condition; no more are possible.

        ``is_limited``: whether SCPs count (they do not for service-linked roles).
        """
        found, denied = self._both(policies.identity)
        levels = policies.scps or () if is_limited else ()
        for limit in (*levels, *(() if policies.boundary is None else (policies.boundary,))):
            allows, denies = self._both(limit)
            found &= allows
            denied |= denies
        return found & ~denied

    def _both(self, policies: tuple[CompiledPolicy, ...]) -> tuple[int, int]:
        allows = denies = 0
        for policy in policies:
            _, allowed, denied, _ = self._of(policy)
            allows |= allowed
            denies |= denied
        return allows, denies

    def touches(self, policy: CompiledPolicy) -> bool:
        """Whether the policy says anything of one of the actions."""
        return bool(self._of(policy)[3])

    def _of(self, policy: CompiledPolicy) -> tuple[CompiledPolicy, int, int, int]:
        """What a policy allows at all, what it denies whatever else is, and what it is about; by the policy's identity."""
        known = self._policies.get(id(policy))
        if known is None:
            allows = denies = about = 0
            for statement in policy.statements:
                covered = self._covered(statement)
                about |= covered
                if statement.allows:
                    allows |= covered
                elif statement.is_unconditional:
                    denies |= covered
            known = self._policies[id(policy)] = (policy, allows, denies, about)
        return known

    def _covered(self, statement: CompiledStatement) -> int:
        told = statement.statement
        listed = told.not_actions or told.actions
        found = 0
        for pattern in listed:
            mask = self._patterns.get(pattern)
            if mask is None:
                mask = self._patterns[pattern] = self._matched(pattern)
            found |= mask
        return self.all & ~found if told.not_actions else found

    def _matched(self, pattern: str) -> int:
        if "," in pattern or any(char.isspace() for char in pattern):
            return 0
        fits = any_of([pattern.lower()])
        return sum(bit for action, bit in self._bits.items() if fits(action))


@dataclass(slots=True)
class Actor:
    """An identity that acts.  ``may`` is the set of actions that are possible at all (see ``Alphabet``)."""

    identity: Identity
    principal: Principal
    kind: str
    context: dict[str, ContextValue]
    may: int
    of_class: tuple[Any, ...]
    answers: dict[Any, Answer] = field(repr=False)
    outcomes: dict[Any, Any] = field(repr=False)
    """What ``attempts`` remembers for the class."""

    @property
    def account(self) -> str:
        """The account's id."""
        return str(self.identity.account)

    @property
    def policies(self) -> PolicySet:
        """Its own layers."""
        return self.identity.policies


@dataclass(slots=True)
class Actors:
    """Makes actors and asks for them, remembering answers by class."""

    access: Access
    alphabet: Alphabet
    now: str
    _classes: dict[tuple[Any, ...], tuple[dict[Any, Answer], dict[Any, Any]]] = field(default_factory=dict)
    _tag_keys: dict[tuple[Any, ...], frozenset[str]] = field(default_factory=dict)
    _tags: dict[int, frozenset[str]] = field(default_factory=dict)
    _keys: dict[int, tuple[CompiledPolicy, tuple[CompiledStatement, ...], bool]] = field(default_factory=dict)

    def of(self, identity: Identity) -> Actor:
        """The actor of an identity."""
        is_group = identity.kind is IdentityKind.GROUP
        arn = f"arn:aws:iam::{identity.account}:user/{MEMBER}" if is_group else identity.arn
        principal = Principal.parse(arn)
        kind = "user" if identity.kind in {IdentityKind.USER, IdentityKind.GROUP} else "role"
        context: dict[str, ContextValue] = dict(self.access.context(identity))
        if is_group:
            context = {key: value for key, value in context.items() if "principaltag" not in key.lower()}
            context["aws:PrincipalArn"] = arn
        context["aws:CurrentTime"] = self.now or None
        proves = may_prove_mfa(identity)
        if not proves:
            context |= dict.fromkeys(MFA_KEYS)
        policies = identity.policies
        may = self.alphabet.may(policies, is_limited=not principal.is_service_linked)
        of_class = (*self._class(identity, principal, kind, context), proves)
        remembered = self._classes.setdefault(of_class, ({}, {}))
        return Actor(identity, principal, kind, context, may, of_class, *remembered)

    def ask(
        self,
        actor: Actor,
        action: str,
        resource: str,
        *,
        given: Context | None = None,
        key: Any = None,  # noqa: ANN401 - whatever is hashable
        account: str = "",
    ) -> Answer:
        """Whether the actor may do the action; ``key`` tells requests apart whose context differs."""
        asked = (action, resource, key)
        known = actor.answers.get(asked)
        if known is None:
            policies = self._policies(actor, action, resource, account)
            request = self._request(actor, action, resource, given, account)
            known = actor.answers[asked] = _answer(request, policies)
        return known

    def _policies(self, actor: Actor, action: str, resource: str, account: str) -> PolicySet:
        """The policies of both sides; one value for all resources on which they are the same, so that plans are shared."""
        # Trust policies say nothing of iam's own actions.
        carrier = None if action.startswith("iam:") else self.access.carrier(resource)
        owner = self.access.owner(resource) or account
        key = ("policies", carrier.arn if carrier else "", owner)
        known: PolicySet | None = actor.outcomes.get(key)
        if known is None:
            at = resource if carrier else _NOTHING
            known = actor.outcomes[key] = self.access.policies(actor.identity, at, owner)
        return known

    def ask_alone(
        self, actor: Actor, policies: PolicySet, action: str, resource: str, given: Context
    ) -> Answer:
        """As ``ask``, with other policies; nothing is remembered."""
        return _answer(self._request(actor, action, resource, given, ""), policies)

    def _request(
        self, actor: Actor, action: str, resource: str, given: Context | None, account: str
    ) -> Request:
        context = {**actor.context, **(given or {})}
        return Request.of(actor.principal, action, resource, account, context, complete=False)

    def _class(
        self, identity: Identity, principal: Principal, kind: str, context: Context
    ) -> tuple[Any, ...]:
        policies = identity.policies
        # Policies about other actions than techniques need are no difference.
        own = [policy for policy in policies.identity if self.alphabet.touches(policy)]
        every = [*own, *(policies.boundary or ())]
        every += [one for level in policies.scps or () for one in level]
        known: dict[str, tuple[str, ...]] = dict(principal.known)
        known |= {key.lower(): (str(value),) for key, value in context.items() if value is not None}
        parts = [self._principal_parts(policy) for policy in every]
        # Where the principal stands in more than conditions on itself, answers are not shared.
        alone = identity.arn if any(is_own for _, is_own in parts) else ""
        outcomes = tuple(
            check_of(one)(known, None)
            for statements, _ in parts
            for statement in statements
            for one in statement.questions
            if _is_about(one)
        )
        limits = tuple(map(id, policies.boundary)) if policies.boundary is not None else None
        levels = id(policies.scps)
        return (
            *(identity.account, kind, principal.is_service_linked, tuple(map(id, own))),
            *(limits, levels, outcomes, alone),
        )

    def tag_keys(self, actor: Actor) -> frozenset[str]:
        """The keys on tags of resources that the actor's policies ask for, in lower case."""
        known = self._tag_keys.get(actor.of_class)
        if known is None:
            policies = actor.policies
            every = (*policies.identity, *(policies.boundary or ()))
            every += tuple(one for level in policies.scps or () for one in level)
            found = (key for policy in every for key in self._tags_of(policy))
            known = self._tag_keys[actor.of_class] = frozenset(found)
        return known

    def _tags_of(self, policy: CompiledPolicy) -> frozenset[str]:
        known = self._tags.get(id(policy))
        if known is None:
            keys = (key for one in policy.statements for key in one.keys)
            known = self._tags[id(policy)] = frozenset(key for key in keys if "resourcetag/" in key)
        return known

    def _principal_parts(self, policy: CompiledPolicy) -> tuple[tuple[CompiledStatement, ...], bool]:
        """The statements with conditions on the principal; and whether the principal stands elsewhere in the policy."""
        known = self._keys.get(id(policy))
        if known is None:
            asking = [one for one in policy.statements if any(map(_is_principal_key, one.keys))]
            known = self._keys[id(policy)] = (policy, tuple(asking), any(map(_is_elsewhere, asking)))
        return known[1], known[2]


def may_prove_mfa(identity: Identity) -> bool:
    """Whether sessions of the identity can carry proof of MFA, as far as is known.

    ``sts:AssumeRole`` takes such proof; what a service, SAML or a web identity opens never has it.  So a permission set's
    session has none, and a role's only if the role trusts AWS principals.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
    """
    if identity.kind is IdentityKind.PERMISSION_SET:
        return False
    if identity.kind is not IdentityKind.ROLE or identity.trust is None:
        return True
    return any(
        statement.allows and statement.covers("sts:assumerole") and _names_aws(statement)
        for statement in identity.trust.statements
    )


def _names_aws(statement: CompiledStatement) -> bool:
    named = statement.statement.principals
    return named is None or named.everyone or bool(named.aws)


def _answer(request: Request, policies: PolicySet) -> Answer:
    evaluation = evaluate(request, policies)
    if evaluation.allowed_if is False:
        return NO
    said = evaluation.said
    theirs, direct = _named(said)
    return Answer(evaluation.allowed_if, _allowing(said), theirs, not (direct and request.is_same_account))


def _is_principal_key(key: str) -> bool:
    return key.startswith(_ABOUT_PRINCIPAL)


def _is_about(question: Any) -> bool:  # noqa: ANN401
    return any(map(_is_principal_key, question.depends_on()))


def _is_elsewhere(statement: CompiledStatement) -> bool:
    """Whether a statement's use of the principal is more than conditions on it alone."""
    about: set[str] = set()
    for question in statement.questions:
        keys = question.depends_on()
        if any(map(_is_principal_key, keys)):
            if not all(map(_is_principal_key, keys)):
                return True
            about |= keys
    return any(_is_principal_key(key) and key not in about for key in statement.keys)


def _allowing(said: SaidBy) -> tuple[Placed, ...]:
    if said.identity is None:
        return ()
    layer = said.identity
    return tuple(
        placed
        for placed, outcome in zip(layer.layer.placed, layer.outcomes, strict=True)
        if placed.statement.allows and outcome.value is not False
    )


def _named(said: SaidBy) -> tuple[tuple[Placed, ...], bool]:
    """The resource's statements that allow, and whether they do without the identity's policies."""
    if said.resource is None:
        return (), False
    layer = said.resource
    found = tuple(
        placed
        for placed, outcome in zip(layer.layer.placed, layer.outcomes, strict=True)
        if placed.statement.allows and outcome.value is not False
    )
    return found, layer.allow is not False or layer.by_role is not False
