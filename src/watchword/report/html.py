"""The report as one HTML file: works offline, prints, and drills from every number down to its evidence.

Requirement → control → finding → evidence, each a link.  To keep the file readable for an organisation of any size, a
control shows at most so many findings of each verdict (``SHOWN``); the file says how many more there are, and where.
No script is needed to read it; a small one filters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from watchword.controls.standing import ControlStanding, Counts, Group, PillarStanding, Standing
from watchword.model.finding import Finding
from watchword.model.ids import ControlId
from watchword.model.verdict import TENETS, Pillar, Requirement, Stage, Verdict, ZtmmFunction
from watchword.report.assessment import Assessment
from watchword.report.charts import Ladder, ladders, stacked_bar
from watchword.report.scope import narrowed_words, scope_lines

SHOWN: Final = {Verdict.GAP: 200, Verdict.UNKNOWN: 60, Verdict.MET: 40, Verdict.NOT_APPLICABLE: 10}
"""How many findings of each verdict a control shows; the others stand in the CSV and JSON files."""

SIGNS: Final = {Verdict.MET: "✓", Verdict.GAP: "✗", Verdict.UNKNOWN: "?", Verdict.NOT_APPLICABLE: "–"}
WORDS: Final = {
    Verdict.MET: "met",
    Verdict.GAP: "gap",
    Verdict.UNKNOWN: "unknown",
    Verdict.NOT_APPLICABLE: "not applicable",
}


@dataclass(frozen=True, slots=True)
class ControlSection:
    """A control with the findings that its section shows, worst first, and how many it does not show."""

    standing: ControlStanding
    findings: tuple[Finding, ...]
    hidden: int


def html(assessment: Assessment) -> Iterator[str]:
    """The report, piece by piece."""
    template = _environment().from_string(_file("report.html.j2"))
    yield from template.generate(**_values(assessment))


def sections(assessment: Assessment) -> list[ControlSection]:
    """Every control with the findings to show; reads the findings once and keeps only those."""
    kept: dict[tuple[ControlId, Verdict], list[Finding]] = defaultdict(list)
    for finding in assessment.findings():
        several = kept[(finding.control, finding.verdict)]
        if len(several) < SHOWN[finding.verdict]:
            several.append(finding)
    return [_section(one, kept) for one in assessment.standing.controls]


def _section(
    one: ControlStanding, kept: Mapping[tuple[ControlId, Verdict], Sequence[Finding]]
) -> ControlSection:
    shown = tuple(finding for verdict in SHOWN for finding in kept.get((one.control.id, verdict), ()))
    counts = one.counts
    total = counts.met + counts.gap + counts.unknown + counts.not_applicable
    return ControlSection(one, shown, total - len(shown))


def _values(assessment: Assessment) -> dict[str, object]:
    standing = assessment.standing
    names = {one.account.id: one.account.name for one in assessment.accounts}
    return {
        "style": Markup(_file("report.css")),  # noqa: S704 - our own file
        "script": Markup(_file("report.js")),  # noqa: S704 - our own file
        "assessment": assessment,
        "scope": scope_lines(assessment.manifest),
        "narrowed": narrowed_words(assessment.manifest),
        "standing": standing,
        "verdicts": Verdict,
        "signs": SIGNS,
        "words": WORDS,
        "requirements": tuple(Requirement),
        "pillars": tuple(Pillar),
        "tenets": TENETS,
        "names": names,
        "sections": sections(assessment),
        "requirement_bars": _requirement_bars(standing),
        "account_bars": _account_bars(assessment),
        "ladders": _function_ladders(standing),
        "pillar_ladder": _pillar_ladder(standing),
        "steps": standing.next_steps[:15],
        "hole_total": sum(assessment.hole_counts.values()),
        "cell": _cell,
    }


def _requirement_bars(standing: Standing) -> dict[Requirement, Markup]:
    groups = standing.requirements
    longest = max((_size(group.verdicts) for group in groups.values()), default=0)
    return {one: _safe(stacked_bar(group.verdicts, longest, one.title, 240)) for one, group in groups.items()}


def _account_bars(assessment: Assessment) -> list[tuple[str, Counts, Markup]]:
    longest = max((_size(one.counts) for one in assessment.accounts), default=0)
    return [
        (one.account.label, one.counts, _safe(stacked_bar(one.counts, longest, one.account.label)))
        for one in assessment.accounts
    ]


def _function_ladders(standing: Standing) -> Markup:
    rows = [
        Ladder(function.value.replace(".", " · "), one.stage, f"#{anchor(function)}")
        for function, one in standing.functions.items()
        if one.group.controls
    ]
    return _safe(ladders(rows, "Maturity by function"))


def _pillar_ladder(standing: Standing) -> Markup:
    def stage(one: PillarStanding) -> Stage | None:
        return one.lowest

    rows = [
        Ladder(pillar.value, stage(one), f"#pillar-{pillar.value}")
        for pillar, one in standing.pillars.items()
    ]
    return _safe(ladders(rows, "Lowest stage by pillar"))


def anchor(function: ZtmmFunction) -> str:
    """The fragment under which a maturity function stands in the report."""
    return "function-" + "".join(letter if letter.isalnum() else "-" for letter in function.value.lower())


def _cell(group: Group) -> list[tuple[Verdict, int]]:
    counts = group.verdicts
    numbers = ((Verdict.GAP, counts.gap), (Verdict.UNKNOWN, counts.unknown), (Verdict.MET, counts.met))
    return [(verdict, number) for verdict, number in numbers if number]


def _size(counts: Counts) -> int:
    return counts.met + counts.gap + counts.unknown


def _safe(svg: str) -> Markup:
    """A chart that this room drew (its texts are escaped there)."""
    return Markup(svg)  # noqa: S704


@cache
def _environment() -> Environment:
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["anchor"] = anchor
    return environment


def _file(name: str) -> str:
    return (resources.files("watchword.report") / "templates" / name).read_text(encoding="utf-8")
