"""Layers of a policy set: policies that say yes or no together, asked about one request.

A layer is all identity policies of a principal, the SCPs of one level, a resource's policy, and so on.  For each action it
remembers a plan: which statements are about the action at all, and what the others say whatever the rest of the
request is.  That makes an answer cheap and keeps its trace complete.  How layers combine is in ``evaluate``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from watchword.analysis.iam.compiled import CompiledPolicy
from watchword.analysis.iam.expression import Value, disjunction
from watchword.analysis.iam.principals import Named
from watchword.analysis.iam.statements import MATCHED, NO_ACTION, Asked, CompiledStatement, Outcome, Part

_DIRECT: Final = Named.DIRECT
_ROLE: Final = Named.ROLE
_ACCOUNT: Final = Named.ACCOUNT

_PLANS_KEPT: Final = 4_096
"""Plans that a layer remembers; then it forgets all and begins anew."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A statement and where it stands.

    ``policy`` as in ``identity[0]``, ``index`` from 0; ``origin`` is the policy's name, where it has one.
    """

    policy: str
    index: int
    statement: CompiledStatement
    origin: str = ""


class Said(NamedTuple):
    """What a layer says of a request: whether it allows and denies, and each statement's outcome.

    ``by_role`` and ``by_account`` are what Allows say that name the principal's role or account, not itself (step 10);
    ``allow`` is what those say that name it directly.
    """

    layer: Layer
    outcomes: Sequence[Outcome]
    allow: Value
    deny: Value
    by_role: Value = False
    by_account: Value = False


def undone(said: Said) -> Said:
    """What a layer says to one whom its Deny statements do not hit."""
    outcomes = [
        outcome if placed.statement.allows or outcome.value is False else _EXEMPT
        for placed, outcome in zip(said.layer.placed, said.outcomes, strict=True)
    ]
    return said._replace(outcomes=outcomes, deny=False)


_EXEMPT: Final = Outcome(Part.PRINCIPAL, False, "the owner's root user may undo the policy")


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a layer knows about an action beforehand."""

    outcomes: tuple[Outcome, ...]
    asked: tuple[tuple[int, Callable[[Asked], Outcome], bool], ...]
    """The statements that must be asked: place among the outcomes, how to ask, whether it allows."""
    said: Said
    """What the others say; all there is to it where none must be asked."""


@dataclass(frozen=True)
class Layer:
    """Policies that are judged together.  ``name`` is that of ``blocked_by``; ``placed`` are all their statements."""

    name: str
    placed: tuple[Placed, ...]
    _plans: dict[str, _Plan] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def of(cls, name: str, policies: tuple[tuple[str, CompiledPolicy], ...]) -> Layer:
        """The layer of named policies (``("identity[0]", …)``)."""
        return cls(
            name,
            tuple(
                Placed(called, index, statement, policy.name)
                for called, policy in policies
                for index, statement in enumerate(policy.statements)
            ),
        )

    def say(self, asked: Asked) -> Said:
        """What the layer says of a request."""
        plan = self._plans.get(asked.action) or self._plan(asked.action)
        if not plan.asked:
            return plan.said
        outcomes = list(plan.outcomes)
        # Values are gathered and joined once: thousands of unknown ones would else be copied for each that is added.
        denies: list[Value] = []
        direct: list[Value] = []
        role: list[Value] = []
        account: list[Value] = []
        named = {_DIRECT: direct, _ROLE: role, _ACCOUNT: account}
        for place, ask, allows in plan.asked:
            outcome = outcomes[place] = ask(asked)
            value = outcome.value
            if value is False:
                continue
            if not allows:
                denies.append(value)
            elif outcome.ways:
                for way, on in outcome.ways:
                    named[way].append(on)
            else:
                named[outcome.named].append(value)
        said = plan.said
        return Said(
            self,
            outcomes,
            _any(said.allow, direct),
            _any(said.deny, denies),
            _any(False, role),
            _any(False, account),
        )

    def _plan(self, action: str) -> _Plan:
        outcomes, asked = [], []
        for place, placed in enumerate(self.placed):
            statement = placed.statement
            covers = statement.covers(action)
            outcomes.append(MATCHED if covers and statement.is_unconditional else NO_ACTION)
            if covers and not statement.is_unconditional:
                asked.append((place, statement.ask, statement.allows))
        allow = any(self._matched(outcomes, allows=True))
        deny = any(self._matched(outcomes, allows=False))
        plan = _Plan(tuple(outcomes), tuple(asked), Said(self, tuple(outcomes), allow, deny))
        if len(self._plans) >= _PLANS_KEPT:
            self._plans.clear()
        self._plans[action] = plan
        return plan

    def _matched(self, outcomes: list[Outcome], *, allows: bool) -> Iterator[bool]:
        for outcome, placed in zip(outcomes, self.placed, strict=True):
            yield outcome is MATCHED and placed.statement.allows is allows


def _any(first: Value, others: list[Value]) -> Value:
    """Whether ``first`` or one of the others is true."""
    if not others or first is True:
        return first
    return others[0] if first is False and len(others) == 1 else disjunction((first, *others))
