"""Access that appeared and disappeared: two access matrices compared, principal by principal.

Principals are compared by ARN; what both policies and resources give counts together.  Where evidence of a principal is
missing in one of the two, nothing is said to have appeared or disappeared; the change is *undecided* and names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from watchword.analysis.iam.access import IdentityKind
from watchword.analysis.iam.bits import ActionBits, Bits
from watchword.analysis.iam.matrix import Layers, Matrix, Row
from watchword.analysis.iam.matrix_row import NOTHING
from watchword.model.ids import AccountId

ONLY_OLD: Final = "gone"
ONLY_NEW: Final = "new"
BOTH: Final = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """What changed for one principal: four disjoint sets of actions.

    ``appeared`` was ``no`` and is not; ``disappeared`` is ``no`` and was not; ``widened`` became more certain
    (``conditional``, ``some``, ``yes``), ``narrowed`` less.  ``missing``: what was not read, in whichever snapshot; then
    the sets are empty.  ``presence``: ``new``, ``gone``, or ``changed`` where the principal is in both.
    """

    arn: str
    account: AccountId
    kind: IdentityKind
    presence: str
    appeared: Bits
    disappeared: Bits
    widened: Bits
    narrowed: Bits
    missing: tuple[str, ...]
    bits: ActionBits = field(repr=False, compare=False)

    @property
    def is_undecided(self) -> bool:
        """Whether evidence is missing, so that what changed is not known."""
        return bool(self.missing)

    def ranges(self) -> dict[str, tuple[str, ...]]:
        """The four sets as people read them (``{"appeared": ("iam:Put*", "s3:*"), …}``); empty ones are left out."""
        sets = {
            "appeared": self.appeared,
            "disappeared": self.disappeared,
            "widened": self.widened,
            "narrowed": self.narrowed,
        }
        return {word: self.bits.ranges(found) for word, found in sets.items() if found}


def difference(old: Matrix, new: Matrix) -> tuple[Change, ...]:
    """Every principal for whom something changed or is undecided, in the order of ARNs.

    Raises:
        ValueError: the two are of different universes, or take different context for granted.
    """
    if old.bits.universe.names != new.bits.universe.names:
        raise ValueError("the matrices are of different action universes; make both with one")
    if dict(old.assumed) != dict(new.assumed):
        raise ValueError("the matrices take different context keys for granted")
    return tuple(_changes(old, new))


def _changes(old: Matrix, new: Matrix) -> Iterator[Change]:
    for arn in sorted({row.arn for matrix in (old, new) for row in matrix.rows}):
        before, after = old.can(arn), new.can(arn)
        known = after or before
        if known is not None:
            change = _change(known, before, after)
            if change.missing or change.presence != BOTH or any(_sets(change)):
                yield change


def _change(known: Row, before: Row | None, after: Row | None) -> Change:
    was, now = _layers(before), _layers(after)
    missing = tuple(
        f"{when}: {what}"
        for when, row in (("before", before), ("after", after))
        if row is not None
        for what in row.missing
    )
    presence = BOTH if before and after else ONLY_NEW if after else ONLY_OLD
    sets = (0, 0, 0, 0) if missing else _compared(was, now)
    return Change(known.arn, known.account, known.kind, presence, *sets, missing, known.bits)


def _layers(row: Row | None) -> Layers:
    return NOTHING if row is None else row.layers


def _compared(was: Layers, now: Layers) -> tuple[Bits, Bits, Bits, Bits]:
    stronger = now.yes & (was.some | was.conditional) | now.some & was.conditional
    weaker = was.yes & (now.some | now.conditional) | was.some & now.conditional
    return now.reach & ~was.reach, was.reach & ~now.reach, stronger, weaker


def _sets(change: Change) -> tuple[Bits, ...]:
    return change.appeared, change.disappeared, change.widened, change.narrowed
