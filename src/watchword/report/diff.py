"""What changed between two assessments, finding by finding.

A finding is the same in both where its id is: same control, same subject.  A gap whose subject is merely *unknown* now is
not fixed: it is listed as lost from sight.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from watchword.model.finding import Finding
from watchword.model.verdict import Verdict


class Change(StrEnum):
    """How a finding moved between two assessments."""

    NEW = "new"
    """A gap that was none before."""
    FIXED = "fixed"
    """A gap that is met now, or no longer applies."""
    GONE = "gone"
    """A gap whose subject is no longer in the assessment."""
    LOST = "lost from sight"
    """A gap, or met before, that is unknown now."""
    CHANGED = "changed"
    """Still a gap, for another reason or of another severity; or seen now where it was unknown."""
    OPEN = "still open"
    """A gap, as before."""


@dataclass(frozen=True, slots=True)
class Delta:
    """One finding that is worth a line: how it moved, and how it stands before and after (``None``: not there)."""

    change: Change
    before: Finding | None
    after: Finding | None

    @property
    def finding(self) -> Finding:
        """The newer of the two."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a delta has at least one finding")
        return found


def diff(before: Iterable[Finding], after: Iterable[Finding]) -> list[Delta]:
    """All deltas, in the order of the kinds of change, then of severity (worst first), control and subject."""
    old = {finding.id: finding for finding in before}
    new = {finding.id: finding for finding in after}
    deltas = list(_deltas(old, new))
    order = list(Change)
    return sorted(
        deltas, key=lambda one: (order.index(one.change), -one.finding.severity, one.finding.sort_key)
    )


def _deltas(old: dict[str, Finding], new: dict[str, Finding]) -> Iterator[Delta]:
    for key in old.keys() | new.keys():
        was, now = old.get(key), new.get(key)
        change = _change(was, now)
        if change is not None:
            yield Delta(change, was, now)


def _change(was: Finding | None, now: Finding | None) -> Change | None:
    if now is None:
        return Change.GONE if was is not None and was.verdict is Verdict.GAP else None
    if was is None:
        return Change.NEW if now.verdict is Verdict.GAP else None
    if now.verdict is Verdict.GAP:
        return _gap_now(was, now)
    if now.verdict is Verdict.UNKNOWN:
        return Change.LOST if was.verdict in {Verdict.GAP, Verdict.MET} else None
    if was.verdict is Verdict.GAP:
        return Change.FIXED
    return Change.CHANGED if was.verdict is Verdict.UNKNOWN else None


def _gap_now(was: Finding, now: Finding) -> Change:
    if was.verdict is Verdict.UNKNOWN:
        return Change.CHANGED
    if was.verdict is not Verdict.GAP:
        return Change.NEW
    same = (was.because, was.severity) == (now.because, now.severity)
    return Change.OPEN if same else Change.CHANGED
