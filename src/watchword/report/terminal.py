"""The assessment in a terminal: scope, requirements by pillars, worst findings, holes, what to do next.

Every colour stands beside a sign (✓ met, ✗ gap, ? unknown, – not applicable), so that nothing is told by colour alone.
Works from 80 columns; wider terminals get more of the words.  Nothing is computed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from watchword.controls.standing import Counts, PillarStanding, Standing
from watchword.model.finding import Finding
from watchword.model.ids import AccountId
from watchword.model.verdict import Pillar, Requirement, Severity, Stage, Verdict
from watchword.report.assessment import Assessment
from watchword.report.diff import Change, Delta
from watchword.report.scope import scope_lines

SIGNS: Final = {Verdict.MET: "✓", Verdict.GAP: "✗", Verdict.UNKNOWN: "?", Verdict.NOT_APPLICABLE: "–"}
STYLES: Final = {
    Verdict.MET: "green",
    Verdict.GAP: "bold red",
    Verdict.UNKNOWN: "yellow",
    Verdict.NOT_APPLICABLE: "dim",
}
_SEVERITIES: Final = {
    Severity.CRITICAL: "bold red",
    Severity.HIGH: "red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "dim",
}
_CHANGES: Final = {
    Change.NEW: ("+", "bold red"),
    Change.FIXED: ("✓", "green"),
    Change.GONE: ("∅", "green"),
    Change.LOST: ("?", "yellow"),
    Change.CHANGED: ("~", "yellow"),
    Change.OPEN: ("=", "dim"),
}
_PILLAR_HEADS: Final = {Pillar.INFRASTRUCTURE: "infra", Pillar.APPLICATIONS: "apps"}


def show(assessment: Assessment, console: Console, *, worst: int = 10) -> None:
    """Print the summary of an assessment."""
    for part in _parts(assessment, worst, console.width):
        console.print(part)
        console.print()


def show_diff(
    deltas: list[Delta], console: Console, *, most: int = 40, names: Mapping[AccountId, str] | None = None
) -> None:
    """Print how two assessments differ: a count of each change, then the changes themselves (open gaps only counted).

    ``names``: account names by id.
    """
    counts = {change: sum(1 for one in deltas if one.change is change) for change in Change}
    parts = [
        Text(f"{_CHANGES[change][0]} {counts[change]} {change}", _CHANGES[change][1]) for change in Change
    ]
    console.print(Text("   ").join(parts))
    moved = [one for one in deltas if one.change is not Change.OPEN]
    table = _table("", "severity", "control", "where", "what")
    for one in moved[:most]:
        sign, style = _CHANGES[one.change]
        table.add_row(Text(f"{sign} {one.change}", style), *_finding_cells(one.finding, names))
    console.print(table)
    if len(moved) > most:
        console.print(f"… and {len(moved) - most} more; -o FILE --format csv writes all")


def counts_text(counts: Counts, *, total: bool = False) -> Text:
    """``✓4 ✗3 ?1``: what there is of met, gap and unknown, in colour; ``–`` where there is nothing."""
    numbers = ((Verdict.MET, counts.met), (Verdict.GAP, counts.gap), (Verdict.UNKNOWN, counts.unknown))
    parts = [
        Text(f"{SIGNS[verdict]}{number}", STYLES[verdict]) for verdict, number in numbers if number or total
    ]
    return Text(" ").join(parts) if parts else Text(SIGNS[Verdict.NOT_APPLICABLE], "dim")


def _parts(assessment: Assessment, worst: int, width: int) -> Iterable[RenderableType]:
    standing = assessment.standing
    yield _head(assessment)
    yield _matrix(standing, width)
    yield _pillars(standing)
    yield _worst(assessment, worst)
    yield _next_steps(standing, worst)
    yield _holes(assessment)


def _head(assessment: Assessment) -> RenderableType:
    subjects = assessment.standing.subjects
    lines = [
        f"[bold]{escape(name)}[/bold] {escape(value)}" for name, value in scope_lines(assessment.manifest)
    ]
    controls = len(assessment.standing.controls)
    count = Text(f"{controls} controls, findings: ").append_text(counts_text(subjects, total=True))
    count.append(f" {SIGNS[Verdict.NOT_APPLICABLE]}{subjects.not_applicable}", "dim")
    key = Text(
        "✓ met  ✗ gap  ? unknown (never counts as met)  – not applicable / nothing speaks of it", "dim"
    )
    return Group(*(Text.from_markup(line) for line in lines), count, key)


def _matrix(standing: Standing, width: int) -> Table:
    heads = [_PILLAR_HEADS.get(pillar, pillar.value) for pillar in Pillar]
    room = max(12, width - sum(len(head) + 2 for head in heads) - 6)
    table = _table("", title="Requirements by pillars (controls)")
    for head in heads:
        table.add_column(head, min_width=len(head))
    table.add_column("requirement", no_wrap=True)
    for one in Requirement:
        cells = (counts_text(standing.matrix[(one, pillar)].verdicts) for pillar in Pillar)
        title = one.title if len(one.title) <= room else one.title[: room - 1] + "…"
        table.add_row(Text(one.value, STYLES[standing.requirements[one].verdicts.verdict]), *cells, title)
    return table


def _pillars(standing: Standing) -> Table:
    table = _table(
        "pillar", "controls", "findings", "lowest stage", "median stage", title="Pillars and maturity (CISA)"
    )
    for pillar in Pillar:
        row: PillarStanding = standing.pillars[pillar]
        table.add_row(
            pillar.value,
            counts_text(row.group.verdicts),
            counts_text(row.group.subjects),
            _stage(row.lowest),
            _stage(row.median),
        )
    return table


def _worst(assessment: Assessment, most: int) -> RenderableType:
    """The worst gap of each control, the most severe controls first, with how many more there are of it."""
    first: dict[str, Finding] = {}
    for finding in assessment.findings():
        if finding.verdict is Verdict.GAP and _is_worse(finding, first.get(finding.control)):
            first[finding.control] = finding
    counts = {one.control.id: one.counts.gap for one in assessment.standing.controls}
    found = sorted(first.values(), key=lambda one: (-one.severity, -counts[one.control], one.sort_key))
    names = {one.account.id: one.account.name for one in assessment.accounts}
    table = _table("severity", "control", "gaps", "for example", "what", title="Worst gaps")
    for finding in found[:most]:
        severity, control, where, what = _finding_cells(finding, names)
        table.add_row(severity, control, str(counts[finding.control]), where, what)
    return table if found else Text("No gaps were found in what was read.", "green")


def _is_worse(finding: Finding, other: Finding | None) -> bool:
    return other is None or finding.severity > other.severity


def _finding_cells(
    finding: Finding, names: Mapping[AccountId, str] | None = None
) -> tuple[Text, str, str, str]:
    account = (names or {}).get(finding.subject.account) or finding.subject.account
    where = f"{account}/{finding.subject.region} {finding.subject.name}"
    severity = Text(finding.severity.word, _SEVERITIES[finding.severity])
    return severity, finding.control, escape(where), escape(finding.because)


def _next_steps(standing: Standing, most: int) -> RenderableType:
    if not standing.next_steps:
        return Text("Nothing to do next.")
    table = _table(
        "score", "control", "gaps", "effort", "do this next", title="Do this next: severity × reach ÷ effort"
    )
    for step in standing.next_steps[:most]:
        text = step.standing.control.text
        table.add_row(f"{step.score:.0f}", text.id, str(step.reach), text.effort.word, escape(text.title))
    return table


def _holes(assessment: Assessment) -> RenderableType:
    if not assessment.hole_counts:
        return Text("Everything in scope was read: no holes.", "green")
    counts = ", ".join(
        f"{count} {reason.value.replace('_', ' ')}" for reason, count in assessment.hole_counts.items()
    )
    title = Text(f"? Not seen: {counts}", "yellow")
    shown = [Text(f"{hole.sentence()}", overflow="ellipsis", no_wrap=True) for hole in assessment.holes[:5]]
    more = sum(assessment.hole_counts.values()) - len(shown)
    tail = [Text(f"… and {more} more in the report", "dim")] if more > 0 else []
    return Group(title, *(Padding(line, (0, 0, 0, 2)) for line in [*shown, *tail]))


def _stage(stage: Stage | None) -> Text:
    if stage is None:
        return Text("not assessed", "dim")
    return Text(f"{'●' * (stage + 1)}{'○' * (3 - stage)} {stage.word}")


def _table(*heads: str, title: str | None = None) -> Table:
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim"
    )
    for head in heads:
        table.add_column(head, overflow="fold")
    return table
