"""The answer of an evaluation: decision, what stood in the way, the condition, the deciding statements, the trace.

Numbers of steps are those of docs/iam-evaluation.md.  Answers are made by ``evaluate``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

from watchword.analysis.iam.expression import Value, to_json
from watchword.analysis.iam.layers import Layer, Placed, Said
from watchword.analysis.iam.statements import Outcome

BLOCKERS: Final = (
    *("identity", "scp", "rcp", "boundary", "session", "resource", "endpoint"),
    "s3_public_access_block",
)
"""What can stand in the way, in the order in which it is told."""


class Decision(StrEnum):
    """What AWS would answer."""

    ALLOWED = "Allowed"
    IMPLICITLY_DENIED = "ImplicitlyDenied"
    EXPLICITLY_DENIED = "ExplicitlyDenied"
    CONDITIONAL = "Conditional"
    """It depends on context keys that are not known: see ``allowed_if``."""


class SaidBy(NamedTuple):
    """What each layer says that applies; ``None`` or empty where none does.

    ``every`` are all but the endpoint's, in the order identity, SCP levels, RCP levels, boundary, session, resource.
    """

    identity: Said | None = None
    boundary: Said | None = None
    session: Said | None = None
    resource: Said | None = None
    endpoint: Said | None = None
    scps: tuple[Said, ...] = ()
    every: tuple[Said, ...] = ()

    @property
    def all(self) -> tuple[Said, ...]:
        """All, in the order of ``BLOCKERS``."""
        return self.every if self.endpoint is None else (*self.every, self.endpoint)


@dataclass(frozen=True, slots=True)
class Traced:
    """One statement and its outcome."""

    placed: Placed
    outcome: Outcome

    def json(self) -> dict[str, Any]:
        """As JSON: policy, statement (from 0), sid, effect, the part that failed first, and what it was."""
        found = deciding_json(self.placed) | {"outcome": self.outcome.part.value}
        if self.outcome.detail:
            found["detail"] = self.outcome.detail
        if not isinstance(self.outcome.value, bool):
            found["if"] = to_json(self.outcome.value)
        return found


class Evaluation(NamedTuple):
    """The answer.

    ``blocked_by`` names the layers that stand in the way (see ``BLOCKERS``); ``allowed_if`` is true, false, or the
    expression on which the request is allowed; ``said`` is what every layer says, with each statement's outcome.
    """

    decision: Decision
    blocked_by: tuple[str, ...]
    allowed_if: Value
    said: SaidBy

    @property
    def is_allowed(self) -> bool:
        """Whether AWS would allow it whatever else is in the context."""
        return self.decision is Decision.ALLOWED

    @property
    def outcomes(self) -> tuple[tuple[Layer, Sequence[Outcome]], ...]:
        """The trace as it is kept: of each layer that applies, the outcome of each of its statements (``placed``)."""
        return tuple([(one.layer, one.outcomes) for one in self.said.all])

    @property
    def trace(self) -> Iterator[Traced]:
        """Every statement of every layer that applies, with the first part that failed."""
        for one in self.said.all:
            for placed, outcome in zip(one.layer.placed, one.outcomes, strict=True):
                yield Traced(placed, outcome)

    @property
    def deciding(self) -> tuple[Placed, ...]:
        """11: the Deny statements that match; the Allow statements; or, where it is conditional, all that match or may."""
        if self.decision is Decision.IMPLICITLY_DENIED:
            return ()
        counts = _COUNTS[self.decision.value]
        return tuple(
            placed
            for one in self.said.all
            for placed, outcome in zip(one.layer.placed, one.outcomes, strict=True)
            if outcome.value is not False and counts(outcome.value, placed.statement.allows)
        )


_COUNTS: Final[dict[str, Callable[[Value, bool], bool]]] = {
    Decision.EXPLICITLY_DENIED.value: lambda value, allows: value is True and not allows,
    Decision.ALLOWED.value: lambda _, allows: allows,
    Decision.CONDITIONAL.value: lambda _value, _allows: True,
}
"""Which statements decide, by the decision."""


def deciding_json(placed: Placed) -> dict[str, Any]:
    """A statement as JSON: ``{"policy": "identity[0]", "statement": 2, "sid": "…", "effect": "Deny"}``."""
    statement = placed.statement.statement
    return {
        "policy": placed.policy,
        "statement": placed.index,
        "sid": statement.sid,
        "effect": statement.effect.value,
    }


ALWAYS: Final = Evaluation(Decision.ALLOWED, (), True, SaidBy())
"""2.1."""
NEVER: Final = Evaluation(Decision.IMPLICITLY_DENIED, ("identity",), False, SaidBy())
"""2.2."""
