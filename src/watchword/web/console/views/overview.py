"""The overview: where the organisation stands, how it got there, what to do next, and what was not seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from watchword.controls.registry import Control
from watchword.controls.standing import Counts, Group, Standing
from watchword.model.ids import AccountId
from watchword.model.resource import instant
from watchword.model.verdict import Pillar, Requirement, Severity, Stage, Verdict
from watchword.report.charts import Ladder
from watchword.web.console.look import links
from watchword.web.console.look.words import plain
from watchword.web.console.views.findings import label_of

STEPS: Final = 8
ACCOUNTS: Final = 10
ASSESSMENTS: Final = 12
"""Assessments that a trend goes back."""


@dataclass(frozen=True, slots=True)
class Past:
    """An assessment as its summary tells it: its id, its snapshot's beginning, subjects, and each control's verdict."""

    id: str
    started: datetime | None
    counts: Mapping[Verdict, int]
    controls: Mapping[str, Verdict]


@dataclass(frozen=True, slots=True)
class Tile:
    """A number with its words and where it leads; ``change`` since the assessment before, ``None`` where there is none."""

    tone: str
    number: int
    label: str
    href: str
    change: int | None = None
    trend: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Cell:
    """A requirement within a pillar: how many controls have a gap, are unknown, are met; and where they are listed."""

    href: str
    counts: Counts
    label: str

    @property
    def is_empty(self) -> bool:
        """Whether no control speaks of it."""
        return not (self.counts.gap or self.counts.unknown or self.counts.met or self.counts.not_applicable)


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement over all pillars, with the trend of its controls that have a gap."""

    id: str
    title: str
    href: str
    beyond: str
    verdict: Verdict | None
    cells: tuple[Cell, ...]
    trend: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NextStep:
    """Something to do next."""

    control: str
    title: str
    severity: Severity
    gaps: int
    accounts: int
    effort: str
    user_impact: str


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account with its counts."""

    label: str
    href: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class OverviewView:
    """What the overview shows; ``exists`` is ``False`` where nothing was assessed yet."""

    template: ClassVar[str] = "overview.html.j2"
    exists: bool
    assessment: str = ""
    read: datetime | None = None
    narrowed: str = ""
    controls: int = 0
    tiles: tuple[Tile, ...] = ()
    rows: tuple[Row, ...] = ()
    steps: tuple[NextStep, ...] = ()
    ladder: tuple[Ladder, ...] = ()
    accounts: tuple[AccountLine, ...] = ()
    more_accounts: int = 0
    longest: int = 0
    holes: tuple[tuple[str, int], ...] = ()
    assessments: int = 0

    @property
    def not_seen(self) -> int:
        """Places that were not seen, whatever the reason."""
        return sum(number for _, number in self.holes)


def past_of(summary: Mapping[str, Any]) -> Past:
    """An assessment from its summary (see ``report.assessment.summary``); what is not there counts as nothing."""
    counts, controls = summary.get("counts", {}), summary.get("controls", {})
    started = summary.get("snapshot", {}).get("started")
    return Past(
        str(summary.get("id", "")),
        instant(started) if started else None,
        {one: int(counts.get(one.value, 0)) for one in Verdict},
        {name: Verdict(word) for name, word in controls.items()},
    )


def nothing_assessed() -> OverviewView:
    """The overview before the first assessment."""
    return OverviewView(exists=False)


def overview_view(
    standing: Standing,
    pasts: Sequence[Past],
    by_account: Mapping[AccountId, Counts],
    names: Mapping[AccountId, str],
    holes: Mapping[str, int],
    *,
    narrowed: str = "",
) -> OverviewView:
    """The overview of the newest of ``pasts`` (oldest first), whose standing is given."""
    recent = tuple(pasts[-ASSESSMENTS:])
    newest = recent[-1] if recent else None
    worst = sorted(by_account.items(), key=lambda one: (-one[1].gap, -one[1].unknown, one[0]))
    return OverviewView(
        exists=True,
        assessment=newest.id if newest else "",
        read=newest.started if newest else None,
        narrowed=narrowed,
        controls=len(standing.controls),
        tiles=_tiles(standing, recent),
        rows=tuple(_row(one, standing, recent) for one in Requirement),
        steps=tuple(_steps(standing)),
        ladder=tuple(
            Ladder(pillar.value, one.lowest, links.at(links.CONTROLS, pillar=pillar.value))
            for pillar, one in standing.pillars.items()
        ),
        accounts=tuple(
            AccountLine(label_of(one, names), links.at(links.FINDINGS, account=one), counts)
            for one, counts in worst[:ACCOUNTS]
        ),
        more_accounts=max(len(worst) - ACCOUNTS, 0),
        longest=max((one.gap + one.unknown + one.met for _, one in worst[:ACCOUNTS]), default=0),
        holes=tuple(
            (plain(reason), number) for reason, number in sorted(holes.items(), key=lambda one: -one[1])
        ),
        assessments=len(recent),
    )


_TILES: Final = (
    (Verdict.GAP, "gaps"),
    (Verdict.UNKNOWN, "unknown, never counted as met"),
    (Verdict.MET, "met"),
    (Verdict.NOT_APPLICABLE, "not applicable"),
)


def _tiles(standing: Standing, pasts: Sequence[Past]) -> tuple[Tile, ...]:
    subjects = standing.subjects
    numbers = {one: getattr(subjects, one.value) for one, _ in _TILES}
    before = pasts[-2].counts if len(pasts) > 1 else None
    return tuple(
        Tile(
            one.value,
            numbers[one],
            label,
            links.at(links.FINDINGS, verdict=one.value),
            numbers[one] - before[one] if before is not None else None,
            tuple(past.counts[one] for past in pasts),
        )
        for one, label in _TILES
    )


def _row(requirement: Requirement, standing: Standing, pasts: Sequence[Past]) -> Row:
    group = standing.requirements[requirement]
    return Row(
        requirement.value,
        requirement.title,
        links.at(links.CONTROLS, requirement=requirement.value),
        requirement.beyond,
        group.verdicts.verdict if group.controls else None,
        tuple(_cell(requirement, pillar, standing.matrix[(requirement, pillar)]) for pillar in Pillar),
        _gaps_over_time((one.control for one in group.controls), pasts),
    )


def _gaps_over_time(controls: Iterable[Control], pasts: Sequence[Past]) -> tuple[int, ...]:
    mine = {one.id for one in controls}
    return tuple(sum(past.controls.get(one) is Verdict.GAP for one in mine) for past in pasts)


def _cell(requirement: Requirement, pillar: Pillar, group: Group) -> Cell:
    counts = group.verdicts
    href = links.at(links.CONTROLS, requirement=requirement.value, pillar=pillar.value)
    return Cell(href, counts, f"{requirement.value}, {pillar.value}")


def _steps(standing: Standing) -> Iterable[NextStep]:
    for step in standing.next_steps[:STEPS]:
        text = step.standing.control.text
        yield NextStep(
            text.id,
            text.title,
            text.severity,
            step.reach,
            len(step.standing.accounts_with_gaps),
            text.effort.word,
            text.user_impact.word,
        )


def stage_word(stage: Stage | None) -> str:
    """A stage of maturity in words."""
    return stage.word if stage is not None else "not assessed"
