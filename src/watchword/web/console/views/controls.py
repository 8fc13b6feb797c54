"""The catalogue of controls, each with how it stands; and one control in full."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from watchword.controls.registry import Control
from watchword.controls.standing import ControlStanding, Counts
from watchword.model.ids import AccountId
from watchword.model.verdict import TENETS, Pillar, Requirement, Severity, Verdict
from watchword.web.console.look import links
from watchword.web.console.look.words import VERDICTS
from watchword.web.console.views.findings import label_of
from watchword.web.console.views.lists import FilterBar, chips, select

LONGEST_TEXT = 200
"""Characters of a search that are read."""


@dataclass(frozen=True, slots=True)
class ControlLine:
    """A control in the list; ``counts`` are its subjects, ``verdict`` ``None`` where it was not judged."""

    id: str
    href: str
    title: str
    severity: Severity
    requirements: tuple[str, ...]
    verdict: Verdict | None
    counts: Counts


@dataclass(frozen=True, slots=True)
class ControlsView:
    """The list, pillar by pillar."""

    template: ClassVar[str] = "controls.html.j2"
    filters: FilterBar
    pillars: tuple[tuple[str, tuple[ControlLine, ...]], ...]
    total: int


@dataclass(frozen=True, slots=True)
class ControlView:
    """One control: what it asks, why, how to fix it, where it stands in the frames, and how the estate does."""

    template: ClassVar[str] = "control.html.j2"
    id: str
    title: str
    severity: Severity
    pillar: str
    function: str
    stage: str
    requirements: tuple[tuple[str, str], ...]
    tenets: tuple[str, ...]
    effort: str
    user_impact: str
    passes_when: str
    why: str
    fix: tuple[tuple[str, str], ...]
    references: tuple[str, ...]
    reads: tuple[str, ...]
    origin: str
    verdict: Verdict | None
    counts: Counts
    accounts: tuple[tuple[str, str], ...]
    """Accounts with gaps: their names, and where their findings are."""


def controls_view(
    controls: Sequence[Control], standings: Mapping[str, ControlStanding], query: Mapping[str, str]
) -> ControlsView:
    """The catalogue; ``standings`` by the controls' ids, empty where nothing was assessed."""
    text = " ".join(query.get("q", "")[:LONGEST_TEXT].split())
    told = {name: query.get(name, "") for name in ("requirement", "pillar", "verdict")} | {"q": text}
    lines = [one for one in controls if _fits(one, standings.get(one.id), told)]
    selects = (
        select("verdict", "Verdict", ((one.value, word) for one, word in VERDICTS.items()), told["verdict"]),
        select(
            "requirement", "Requirement", ((one.value, one.value) for one in Requirement), told["requirement"]
        ),
        select("pillar", "Pillar", ((one.value, one.value) for one in Pillar), told["pillar"]),
    )
    by_pillar = {pillar: tuple(one for one in lines if one.text.pillar is pillar) for pillar in Pillar}
    return ControlsView(
        FilterBar(
            links.CONTROLS,
            selects,
            text,
            "Search controls",
            chips=chips(links.CONTROLS, told, selects, text),
        ),
        tuple(
            (pillar.value, tuple(_line(one, standings.get(one.id)) for one in mine))
            for pillar, mine in by_pillar.items()
            if mine
        ),
        len(lines),
    )


def _fits(control: Control, standing: ControlStanding | None, query: Mapping[str, str]) -> bool:
    text = control.text
    words = f"{text.id} {text.title} {text.slug} {text.passes_when}".casefold()
    return (
        query["requirement"] in {"", *(one.value for one in text.requirements)}
        and query["pillar"] in {"", text.pillar.value}
        and query["verdict"] in {"", standing.verdict.value if standing else ""}
        and all(word in words for word in query["q"].casefold().split())
    )


def _line(control: Control, standing: ControlStanding | None) -> ControlLine:
    text = control.text
    return ControlLine(
        text.id,
        links.at(links.CONTROLS, text.id),
        text.title,
        text.severity,
        tuple(one.value for one in text.requirements),
        standing.verdict if standing else None,
        standing.counts if standing else Counts(),
    )


def control_view(
    control: Control, standing: ControlStanding | None, names: Mapping[AccountId, str]
) -> ControlView:
    """One control; ``standing`` ``None`` where it was not judged."""
    text, gaps = control.text, standing.accounts_with_gaps if standing else ()
    return ControlView(
        id=text.id,
        title=text.title,
        severity=text.severity,
        pillar=text.pillar.value,
        function=text.function.value,
        stage=text.stage.word,
        requirements=tuple((one.value, one.title) for one in text.requirements),
        tenets=tuple(f"{number}. {TENETS[number]}" for number in text.tenets),
        effort=text.effort.word,
        user_impact=text.user_impact.word,
        passes_when=text.passes_when,
        why=text.why,
        fix=(
            ("In the console", text.fix.console),
            ("AWS CLI", text.fix.cli),
            ("Terraform", text.fix.terraform),
        ),
        references=text.references,
        reads=control.rule.reads,
        origin=control.origin,
        verdict=standing.verdict if standing else None,
        counts=standing.counts if standing else Counts(),
        accounts=tuple(
            (label_of(one, names), links.at(links.FINDINGS, control=text.id, account=one, verdict="gap"))
            for one in gaps
        ),
    )
