"""Where an organisation stands: per control, requirement, pillar and maturity function, and what to do next.

Counts stand beside every stage; nothing is a percentage alone.  *Unknown* never counts as met: a control with an
unknown subject does not pass.  A stage is claimed only on evidence:

1. A control **passes** if it has met subjects and neither gaps nor unknowns; it **fails** if it has a gap or an unknown;
   otherwise (nothing in scope) it says nothing either way.
2. A function stands at the highest stage that a passing control evidences below the lowest stage at which one fails.
3. A function of which no control speaks is *not assessed* (stage ``None``), not traditional.

Sources: CISA Zero Trust Maturity Model 2.0 (stages, functions); the ranking is our own and documented at ``score``.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median_low
from typing import Final

from watchword.controls.registry import Control
from watchword.model.finding import Finding
from watchword.model.ids import AccountId, ControlId
from watchword.model.verdict import Pillar, Requirement, Severity, Stage, Verdict, ZtmmFunction

SEVERITY_WEIGHT: Final = {Severity.LOW: 1, Severity.MEDIUM: 3, Severity.HIGH: 9, Severity.CRITICAL: 27}
"""Each step of severity counts three times the one below it."""


@dataclass(slots=True)
class Tally:
    """Counts gathered while findings stream by; memory grows with controls and accounts, not with resources."""

    verdicts: dict[ControlId, Counter[Verdict]] = field(default_factory=dict)
    accounts: dict[ControlId, Counter[AccountId]] = field(default_factory=dict)
    by_account: dict[AccountId, Counter[Verdict]] = field(default_factory=dict)

    def add(self, findings: Iterable[Finding]) -> None:
        """Count further findings."""
        for finding in findings:
            where = finding.subject.account
            self.verdicts.setdefault(finding.control, Counter())[finding.verdict] += 1
            self.by_account.setdefault(where, Counter())[finding.verdict] += 1
            if finding.verdict is Verdict.GAP:
                self.accounts.setdefault(finding.control, Counter())[where] += 1


@dataclass(frozen=True, slots=True)
class Counts:
    """How many subjects have each verdict."""

    met: int = 0
    gap: int = 0
    unknown: int = 0
    not_applicable: int = 0

    @classmethod
    def of(cls, counter: Mapping[Verdict, int]) -> Counts:
        """From a counter of verdicts."""
        return cls(*(counter.get(verdict, 0) for verdict in _ORDER))

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.met + other.met,
            self.gap + other.gap,
            self.unknown + other.unknown,
            self.not_applicable + other.not_applicable,
        )

    @property
    def verdict(self) -> Verdict:
        """The verdict of the whole: gap before unknown before met before not applicable."""
        if self.gap:
            return Verdict.GAP
        if self.unknown:
            return Verdict.UNKNOWN
        return Verdict.MET if self.met else Verdict.NOT_APPLICABLE


_ORDER: Final = (Verdict.MET, Verdict.GAP, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class ControlStanding:
    """One control over the whole scope: counts of subjects, and the accounts that have gaps."""

    control: Control
    counts: Counts
    accounts_with_gaps: tuple[AccountId, ...]

    @property
    def verdict(self) -> Verdict:
        """The verdict of the control as a whole."""
        return self.counts.verdict


@dataclass(frozen=True, slots=True)
class Group:
    """Controls seen under one heading (a requirement, a pillar, a function, a cell of the matrix)."""

    controls: tuple[ControlStanding, ...]

    @property
    def subjects(self) -> Counts:
        """Verdicts of all subjects of all controls."""
        return sum((standing.counts for standing in self.controls), Counts())

    @property
    def verdicts(self) -> Counts:
        """Verdicts of the controls as wholes."""
        return Counts.of(Counter(standing.verdict for standing in self.controls))


@dataclass(frozen=True, slots=True)
class FunctionStanding:
    """A maturity function: the stage that is evidenced, and what keeps it from the next.

    ``stage`` is ``None`` where no control speaks of it.  ``blocked_by`` are the failing controls of the lowest failing
    stage; ``next_stage`` is that stage, ``None`` where nothing fails.
    """

    function: ZtmmFunction
    group: Group
    stage: Stage | None
    next_stage: Stage | None
    blocked_by: tuple[ControlStanding, ...]


@dataclass(frozen=True, slots=True)
class PillarStanding:
    """A pillar: its controls, and the lowest and the median (low) stage of the functions its controls speak of."""

    pillar: Pillar
    group: Group
    lowest: Stage | None
    median: Stage | None


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do next: a control with gaps, how far it reaches, and the score by which it is ranked."""

    standing: ControlStanding
    reach: int
    score: float


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the organisation stands, in all frames.  ``matrix`` has a group a requirement and pillar that meet."""

    controls: tuple[ControlStanding, ...]
    requirements: Mapping[Requirement, Group]
    pillars: Mapping[Pillar, PillarStanding]
    functions: Mapping[ZtmmFunction, FunctionStanding]
    matrix: Mapping[tuple[Requirement, Pillar], Group]
    next_steps: tuple[Step, ...]

    @property
    def subjects(self) -> Counts:
        """Verdicts of all findings."""
        return Group(self.controls).subjects


def standing(controls: Iterable[Control], tally: Tally) -> Standing:
    """Sum a tally up over the controls that were judged."""
    each = tuple(_control(control, tally) for control in controls)
    functions = {function: _function(function, each) for function in ZtmmFunction}
    return Standing(
        controls=each,
        requirements={
            one: Group(tuple(c for c in each if one in c.control.text.requirements)) for one in Requirement
        },
        pillars={pillar: _pillar(pillar, each, functions) for pillar in Pillar},
        functions=functions,
        matrix={(one, pillar): _cell(one, pillar, each) for one in Requirement for pillar in Pillar},
        next_steps=_next_steps(each),
    )


def score(severity: Severity, reach: int, effort: int) -> float:
    """Rank of a step: severity weight × log2(1 + reach) / effort.

    ``reach`` is the number of subjects with a gap; its logarithm keeps a hundred small gaps from hiding one open door.
    ``effort`` is 1 (low) to 3 (high).
    """
    return SEVERITY_WEIGHT[severity] * math.log2(1 + reach) / effort


def _control(control: Control, tally: Tally) -> ControlStanding:
    counts = Counts.of(tally.verdicts.get(control.id, Counter()))
    return ControlStanding(control, counts, tuple(sorted(tally.accounts.get(control.id, ()))))


def _function(function: ZtmmFunction, each: tuple[ControlStanding, ...]) -> FunctionStanding:
    mine = tuple(one for one in each if one.control.text.function is function)
    speaking = [one for one in mine if one.verdict is not Verdict.NOT_APPLICABLE]
    failing = [one for one in speaking if one.verdict in {Verdict.GAP, Verdict.UNKNOWN}]
    first = min((one.control.text.stage for one in failing), default=None)
    passed = [one.control.text.stage for one in speaking if one.verdict is Verdict.MET]
    reached = max((stage for stage in passed if first is None or stage < first), default=Stage.TRADITIONAL)
    blocked = tuple(one for one in failing if one.control.text.stage is first)
    return FunctionStanding(function, Group(mine), reached if speaking else None, first, blocked)


def _pillar(
    pillar: Pillar, each: tuple[ControlStanding, ...], functions: Mapping[ZtmmFunction, FunctionStanding]
) -> PillarStanding:
    mine = tuple(one for one in each if one.control.text.pillar is pillar)
    spoken_of = {one.control.text.function for one in mine}
    stages = [stage for function in spoken_of if (stage := functions[function].stage) is not None]
    lowest = min(stages, default=None)
    return PillarStanding(pillar, Group(mine), lowest, Stage(median_low(stages)) if stages else None)


def _cell(requirement: Requirement, pillar: Pillar, each: tuple[ControlStanding, ...]) -> Group:
    texts = ((one, one.control.text) for one in each)
    return Group(
        tuple(one for one, text in texts if requirement in text.requirements and text.pillar is pillar)
    )


def _next_steps(each: tuple[ControlStanding, ...]) -> tuple[Step, ...]:
    steps = [
        Step(one, one.counts.gap, score(one.control.text.severity, one.counts.gap, one.control.text.effort))
        for one in each
        if one.counts.gap
    ]
    return tuple(sorted(steps, key=lambda step: (-step.score, step.standing.control.id)))
