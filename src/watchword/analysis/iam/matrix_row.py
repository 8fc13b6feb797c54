"""One row of the access matrix, and what its answers are called; what they mean is in ``matrix``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from watchword.analysis.iam.access import IdentityKind
from watchword.analysis.iam.actions import AccessLevel
from watchword.analysis.iam.bits import ActionBits, Bits
from watchword.analysis.iam.universe import Universe
from watchword.model.ids import AccountId


class Answer(StrEnum):
    """The answer of a cell; see ``matrix``."""

    YES = "yes"
    SOME = "some"
    CONDITIONAL = "conditional"
    NO = "no"
    UNKNOWN = "unknown"


class UnknownAction(ValueError):
    """The universe has no such action; nothing can be said of it."""


class Layers(NamedTuple):
    """Three disjoint sets of actions; those in none of them are ``no``."""

    yes: Bits = 0
    some: Bits = 0
    conditional: Bits = 0

    @property
    def reach(self) -> Bits:
        """All that may be allowed."""
        return self.yes | self.some | self.conditional

    def over(self, other: Layers) -> Layers:
        """The stronger answer of the two for each action."""
        yes = self.yes | other.yes
        some = (self.some | other.some) & ~yes
        return Layers(yes, some, (self.conditional | other.conditional) & ~yes & ~some)

    def of(self, answer: Answer) -> Bits:
        """The actions with one of the three answers; none for the others."""
        return {Answer.YES: self.yes, Answer.SOME: self.some, Answer.CONDITIONAL: self.conditional}.get(
            answer, 0
        )


NOTHING: Final = Layers()
GIVEN: Final = (Answer.YES, Answer.SOME, Answer.CONDITIONAL)
"""The answers that are access, strongest first."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one principal may do.

    ``own`` is by its own policies, ``by_resource`` by those of its account's resources.  ``missing`` says what of the
    principal was not read: if there is anything, the row is unknown.  ``unread`` says what of the resource's side was
    not read: then there may be more by resources than is told.
    """

    arn: str
    kind: IdentityKind
    account: AccountId
    name: str
    own: Layers
    by_resource: Layers
    missing: tuple[str, ...]
    unread: tuple[str, ...]
    bits: ActionBits = field(repr=False, compare=False)

    @property
    def is_known(self) -> bool:
        """Whether nothing of the principal is missing."""
        return not self.missing

    @property
    def layers(self) -> Layers:
        """The answers by both, the stronger one of each action."""
        return self.own.over(self.by_resource) if self.by_resource.reach else self.own

    def answer(self, action: str) -> Answer:
        """The answer for one action, by both.

        Raises:
            UnknownAction: the universe does not have it.
        """
        bit = 1 << number_of(self.bits.universe, action)
        if self.missing:
            return Answer.UNKNOWN
        return next((one for one in GIVEN if self.layers.of(one) & bit), Answer.NO)

    def __iter__(self) -> Iterator[tuple[str, Answer]]:
        """Every action whose answer is not ``no``, with the answer; nothing where the row is unknown."""
        layers = self.layers
        for name in self.bits.names(layers.reach):
            bit = 1 << number_of(self.bits.universe, name)
            yield name, next(one for one in GIVEN if layers.of(one) & bit)

    def count(self, answer: Answer) -> int:
        """How many actions have an answer."""
        if self.missing:
            return len(self.bits.universe) if answer is Answer.UNKNOWN else 0
        if answer is Answer.NO:
            return len(self.bits.universe) - self.layers.reach.bit_count()
        return self.layers.of(answer).bit_count()

    def by_level(self) -> dict[AccessLevel, int]:
        """How many actions of each access level may be allowed."""
        return self.bits.by_level(self.layers.reach)

    def by_service(self) -> dict[str, int]:
        """How many actions of each service may be allowed; services without any are left out."""
        return self.bits.by_service(self.layers.reach)

    def ranges(self, answer: Answer) -> tuple[str, ...]:
        """The actions with an answer as people read them: ``s3:*``, ``iam:Put*``."""
        return self.bits.ranges(self.layers.of(answer))


def number_of(universe: Universe, action: str) -> int:
    """The number of an action.

    Raises:
        UnknownAction: the universe does not have it.
    """
    number = universe.index(action)
    if number is None:
        raise UnknownAction(f"there is no action {action[:100]!r} in {universe!r}")
    return number
