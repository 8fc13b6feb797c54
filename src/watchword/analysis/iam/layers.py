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
from watchword.analysis.iam.expression import Value, either
from watchword.analysis.iam.principals import Named
from watchword.analysis.iam.statements import MATCHED, NO_ACTION, Asked, CompiledStatement, Outcome

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
        allow, deny = plan.said.allow, plan.said.deny
        role: Value = False
        account: Value = False
        for place, ask, allows in plan.asked:
            outcome = outcomes[place] = ask(asked)
            value = outcome.value
            if value is False:
                continue
            if not allows:
                deny = either(deny, value)
            elif outcome.ways:
                ways = dict(outcome.ways)
                allow = either(allow, ways.get(_DIRECT, False))
                role = either(role, ways.get(_ROLE, False))
                account = either(account, ways.get(_ACCOUNT, False))
            elif outcome.named is _DIRECT:
                allow = either(allow, value)
            elif outcome.named is _ROLE:
                role = either(role, value)
            else:
                account = either(account, value)
        return Said(self, outcomes, allow, deny, role, account)

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
