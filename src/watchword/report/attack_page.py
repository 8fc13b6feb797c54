"""The page of attack paths: the picture, where to cut, each path step by step, and how far each identity reaches.

One file that works offline, without a script, on a phone and on paper.  Numbers beyond what a person reads are counted, not
listed: ``SHOWN_PATHS``, ``SHOWN_REACH``, ``SHOWN_HOLES``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from watchword.report.attack_graph import attack_graph_fragment
from watchword.report.attack_model import AttackGraph, EdgeStyle
from watchword.report.canvas import picture_css

SHOWN_PATHS: Final = 60
SHOWN_REACH: Final = 100
SHOWN_HOLES: Final = 60
SIGNS: Final = {
    EdgeStyle.PLAIN: ("✗", "open", "gap"),
    EdgeStyle.CONDITIONAL: ("◇", "on a condition", "unknown"),
    EdgeStyle.UNKNOWN: ("?", "not known", "unknown"),
}
"""Sign, word and colour class of how sure a step or path is."""


@dataclass(frozen=True, slots=True)
class PathStep:
    """One step: who does what to whom, by which statements, on what condition, and how to close it.

    ``missing`` says what was not read where the step is not known.
    """

    source: str
    target: str
    technique: str
    statements: tuple[str, ...] = ()
    condition: str = ""
    fix: str = ""
    missing: tuple[str, ...] = ()
    chokes: tuple[int, ...] = ()

    @property
    def style(self) -> EdgeStyle:
        """How sure it is."""
        if self.missing:
            return EdgeStyle.UNKNOWN
        return EdgeStyle.CONDITIONAL if self.condition else EdgeStyle.PLAIN


@dataclass(frozen=True, slots=True)
class PathView:
    """A path from a start to a crown jewel."""

    start: str
    end: str
    steps: tuple[PathStep, ...]

    @property
    def style(self) -> EdgeStyle:
        """As sure as its least sure step."""
        order = list(EdgeStyle)
        return max((one.style for one in self.steps), key=order.index, default=EdgeStyle.PLAIN)

    @property
    def chokes(self) -> tuple[int, ...]:
        """The numbers of the cuts that stop it."""
        return tuple(sorted({number for one in self.steps for number in one.chokes}))


@dataclass(frozen=True, slots=True)
class Reach:
    """How far one identity reaches: accounts that it could administer, sensitive stores, identities that it could become."""

    identity: str
    where: str
    accounts: int
    stores: int
    identities: int


@dataclass(frozen=True, slots=True)
class AttackPage:
    """What the page shows.  ``scope`` are names and values of what was looked at; ``more`` counts paths beyond these."""

    graph: AttackGraph
    paths: tuple[PathView, ...]
    reach: tuple[Reach, ...] = ()
    scope: tuple[tuple[str, str], ...] = ()
    more: int = 0
    not_seen: tuple[str, ...] = ()


def attack_page(page: AttackPage) -> str:
    """The page as HTML."""
    style = "\n".join((_file("report.css"), picture_css(), _file("attack.css")))
    return (
        _environment()
        .from_string(_file("attack.html.j2"))
        .render(
            style=Markup(style),  # noqa: S704 - our own files
            picture=Markup(attack_graph_fragment(page.graph)),  # noqa: S704 - its texts are escaped where it is drawn
            page=page,
            paths=page.paths[:SHOWN_PATHS],
            more=page.more + max(len(page.paths) - SHOWN_PATHS, 0),
            reach=page.reach[:SHOWN_REACH],
            more_reach=max(len(page.reach) - SHOWN_REACH, 0),
            not_seen=page.not_seen[:SHOWN_HOLES],
            more_holes=max(len(page.not_seen) - SHOWN_HOLES, 0),
            signs=SIGNS,
            figures=_figures(page),
        )
    )


def _figures(page: AttackPage) -> tuple[tuple[str, int, str], ...]:
    """Class, number and words of the tiles."""
    total = page.more + len(page.paths)
    return (
        ("gap", total, "paths to crown jewels"),
        ("gap", len({one.end for one in page.paths}), "crown jewels within reach"),
        (
            "unknown",
            sum(one.style is not EdgeStyle.PLAIN for one in page.paths),
            "of these depend on a condition, or are not known",
        ),
        ("met", len(page.graph.chokes), "places to cut"),
    )


@cache
def _environment() -> Environment:
    return Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def _file(name: str) -> str:
    return (resources.files("watchword.report") / "templates" / name).read_text(encoding="utf-8")
