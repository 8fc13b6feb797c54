"""Who administers its account, with everything that limits it: SCPs and boundary as well as policies.

The steps are those of ``analysis.iam.admin``, asked of the evaluator:

1. An identity *claims* administration if its own policies allow every power of ``POWERS`` on any target, be it on
   conditions.  Nothing that limits it counts here: an administrator whom a guardrail leaves one power is still one.
2. A power *remains* if the evaluator allows it with all policies, boundary and SCPs.
3. It administers on the condition of the claim, and that one power remains.

What ``analysis.iam.admin`` leaves out and is decided here: SCPs, conditions on more than the session (they are kept as
the condition of the answer), names declared as administrative (``Estate.admin_roles``).

Not decided here: who could become an administrator by a technique (see ``escalation``).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Final

from watchword.analysis.iam.admin import POWERS
from watchword.analysis.iam.compiled import CompiledPolicy, compile_policy
from watchword.analysis.iam.expression import Value, both, conjunction, disjunction
from watchword.analysis.iam.layers import Placed
from watchword.analysis.iam.policy_set import PolicySet
from watchword.analysis.paths.actors import Actor, Actors
from watchword.model.estate import Estate

_ANY_NAME: Final = "+=,.@+"
"""A name that IAM allows and nobody gives: who may do something to it may do it to all."""
_EVERYTHING: Final = compile_policy(
    {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}, "identity", "AdministratorAccess"
)
_CONTEXT: Final = {"aws:RequestedRegion": "us-east-1"}


@dataclass(frozen=True, slots=True)
class Administration:
    """When an identity administers its account, and by which of its statements."""

    value: Value
    by: tuple[Placed, ...] = ()
    declared: bool = False


NONE: Final = Administration(False)


@dataclass(slots=True)
class Administrators:
    """Asks for administration; answers are remembered by class."""

    actors: Actors
    estate: Estate
    _powers: int = field(init=False)
    _known: dict[tuple[Any, ...], Administration] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._powers = self.actors.alphabet.mask(frozenset(action.lower() for action, _ in POWERS))

    def of(self, actor: Actor) -> Administration:
        """Steps 1 to 3 for an actor; declared names count for good."""
        if any(fnmatchcase(actor.identity.name, pattern) for pattern in self.estate.admin_roles):
            return Administration(True, declared=True)
        known = self._known.get(actor.of_class)
        if known is None:
            known = self._known[actor.of_class] = self._administration(actor, actor.policies)
        return known

    def raised(self, actor: Actor) -> Administration:
        """What it would be with AdministratorAccess on top: its boundary, its denials and SCPs still count."""
        policies = actor.policies
        return self._of_raised(actor, replace(policies, identity=(_EVERYTHING, *policies.identity)), "raised")

    def newcomer(self, actor: Actor) -> Administration:
        """What a new principal of the actor's account with AdministratorAccess would be: SCPs count."""
        return self._of_raised(
            actor, PolicySet(identity=(_EVERYTHING,), scps=actor.policies.scps), "newcomer"
        )

    def _of_raised(self, actor: Actor, policies: PolicySet, what: str) -> Administration:
        key = (what, actor.of_class)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._administration(actor, policies)
        return known

    def without_boundary(self, actor: Actor) -> Administration:
        """What it would be without its boundary."""
        return self._administration(actor, replace(actor.policies, boundary=None))

    def without_denials(self, actor: Actor) -> Administration:
        """What it would be without the denials of its identity policies."""
        kept = tuple(
            CompiledPolicy(one.kind, tuple(s for s in one.statements if s.allows), one.name)
            for one in actor.policies.identity
        )
        return self._administration(actor, replace(actor.policies, identity=kept))

    def _administration(self, actor: Actor, policies: PolicySet) -> Administration:
        claim: Value = True
        by: list[Placed] = []
        claiming = PolicySet(identity=_allows_alone(policies.identity))
        if not self._may_claim(policies):
            return NONE
        for action, kind in POWERS:
            answer = self.actors.ask_alone(actor, claiming, action, _target(actor, kind), _CONTEXT)
            claim = both(claim, answer.value)
            if claim is False:
                return NONE
            by += answer.own
        remaining = disjunction(
            self.actors.ask_alone(actor, policies, action, _target(actor, kind), _CONTEXT).value
            for action, kind in POWERS
        )
        value = conjunction((claim, remaining))
        placed = _same_places(policies, by)
        return NONE if value is False else Administration(value, placed)

    def _may_claim(self, policies: PolicySet) -> bool:
        """Quick: whether the powers are in the policies at all."""
        may = self.actors.alphabet.may(PolicySet(identity=_allows_alone(policies.identity)), is_limited=False)
        return may & self._powers == self._powers


def _allows_alone(policies: tuple[CompiledPolicy, ...]) -> tuple[CompiledPolicy, ...]:
    """The policies without denials; statements keep their number among the allows only."""
    return tuple(
        one
        if all(statement.allows for statement in one.statements)
        else CompiledPolicy(one.kind, tuple(s for s in one.statements if s.allows), one.name)
        for one in policies
    )


def _same_places(policies: PolicySet, by: list[Placed]) -> tuple[Placed, ...]:
    """The same statements as they are placed in the whole policies; those that allow every power first and alone."""
    wanted = Counter(id(one.statement) for one in by)
    whole = max(wanted.values(), default=0)
    placed = [one for one in policies.identity_layer.placed if id(one.statement) in wanted]
    sufficing = tuple(one for one in placed if wanted[id(one.statement)] == whole == len(POWERS))
    return sufficing or tuple(placed)


def _target(actor: Actor, kind: str) -> str:
    partition = actor.identity.arn.split(":")[1]
    return f"arn:{partition}:iam::{actor.account}:{kind}/{_ANY_NAME}"
