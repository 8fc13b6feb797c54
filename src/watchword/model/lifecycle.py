"""State machines as tables: which state may follow which.

Nothing here keeps a state: the store moves rows, and asks the table first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

State = TypeVar("State", bound=StrEnum)


class IllegalMove(Exception):
    """A state may not follow another; ``of`` is what has the states."""

    def __init__(self, of: str, before: str, after: str, allowed: tuple[str, ...]) -> None:
        may = f"only {', '.join(allowed)}" if allowed else "nothing: it is final"
        super().__init__(f"a {of} that is {before} cannot become {after}; {may} may follow")
        self.of = of
        self.before = before
        self.after = after
        self.allowed = allowed


@dataclass(frozen=True, slots=True)
class Lifecycle(Generic[State]):
    """The states of something: in which it may begin, and which may follow which.

    A state that is missing from ``moves`` is final.
    """

    of: str
    first: frozenset[State]
    moves: Mapping[State, frozenset[State]]

    def may(self, before: State, after: State) -> bool:
        """Whether ``after`` may follow ``before``."""
        return after in self.moves.get(before, frozenset())

    def check(self, before: State, after: State) -> None:
        """See that ``after`` may follow ``before``.

        Raises:
            IllegalMove: it may not.
        """
        if not self.may(before, after):
            raise IllegalMove(self.of, before, after, tuple(sorted(self.moves.get(before, frozenset()))))

    def check_first(self, state: State) -> None:
        """See that something may begin in ``state``.

        Raises:
            IllegalMove: it may not.
        """
        if state not in self.first:
            raise IllegalMove(self.of, "not there yet", state, tuple(sorted(self.first)))

    def is_final(self, state: State) -> bool:
        """Whether nothing follows ``state``."""
        return not self.moves.get(state)
