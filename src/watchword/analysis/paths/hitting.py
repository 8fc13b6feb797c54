"""The smallest set that has something in common with each of several sets, exactly, by branch and bound.

The number of steps is bounded by a ``Budget``: small problems are solved, large ones given up, never answered wrongly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)

_STEPS: Final = 50_000


@dataclass(slots=True)
class Budget:
    """How many more branches may be looked at, over several problems."""

    left: int = _STEPS

    def spend(self) -> bool:
        """Whether one more may be."""
        self.left -= 1
        return self.left >= 0


def smallest_hitting(sets: Sequence[frozenset[Item]], budget: Budget) -> frozenset[Item] | None:
    """A smallest set that meets every one of ``sets``; ``None`` where the budget was used up.

    >>> sorted(smallest_hitting([frozenset("ab"), frozenset("bc"), frozenset("d")], Budget()))
    ['b', 'd']

    Raises:
        ValueError: one of the sets is empty.
    """
    if not all(sets):
        raise ValueError("nothing meets an empty set")
    found = _Search(budget, _greedy(sets))
    found.go(tuple(sets), frozenset())
    return None if budget.left < 0 else found.best


def _greedy(sets: Sequence[frozenset[Item]]) -> frozenset[Item]:
    chosen: set[Item] = set()
    left = list(sets)
    while left:
        counted = Counter(item for one in left for item in one)
        best = max(counted, key=lambda item: (counted[item], repr(item)))
        chosen.add(best)
        left = [one for one in left if best not in one]
    return frozenset(chosen)


@dataclass(slots=True)
class _Search(Generic[Item]):
    budget: Budget
    best: frozenset[Item]

    def go(self, sets: tuple[frozenset[Item], ...], chosen: frozenset[Item]) -> None:
        """Branch on the items of a smallest set; items tried before are left out of later branches' need."""
        if not sets:
            if len(chosen) < len(self.best):
                self.best = chosen
            return
        if len(chosen) + _apart(sets) >= len(self.best) or not self.budget.spend():
            return
        smallest = min(sets, key=len)
        for item in sorted(smallest, key=repr):
            self.go(tuple(one for one in sets if item not in one), chosen | {item})


def _apart(sets: tuple[frozenset[Item], ...]) -> int:
    """How many of the sets have nothing in common with each other, at least: so many are needed."""
    seen: set[Item] = set()
    count = 0
    for one in sorted(sets, key=len):
        if seen.isdisjoint(one):
            count += 1
            seen |= one
    return count
