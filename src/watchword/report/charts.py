"""Charts as SVG text, of our own: stacked bars and maturity ladders.

Each chart is a picture with a title for screen readers, takes its colours from the page's style sheet by class, and
tells by sign or number whatever it tells by colour.  Numbers in, text out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from watchword.controls.standing import Counts
from watchword.model.verdict import Stage

_SEGMENTS: Final = (("gap", "✗"), ("unknown", "?"), ("met", "✓"))
_LETTER: Final = 6.6
"""Width of a letter in user units, at the size that the style sheet gives to numbers in bars."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """One row of a maturity chart: a name and the stage reached, ``None`` where nothing speaks of it."""

    name: str
    stage: Stage | None
    link: str


def stacked_bar(counts: Counts, longest: int, title: str, width: int = 320, height: int = 18) -> str:
    """A bar of gaps, unknowns and met, as long as its share of ``longest``; a number where it fits."""
    total = counts.gap + counts.unknown + counts.met
    scale = width / longest if longest else 0
    parts, x = [], 0.0
    for name, sign in _SEGMENTS:
        number = getattr(counts, name)
        if not number:
            continue
        size = max(number * scale, 2.0)
        parts.append(f'<rect class="{name}" x="{x:.1f}" y="1" width="{size:.1f}" height="{height - 2}"/>')
        label = f"{sign}{number}"
        if size > len(label) * _LETTER + 4:
            parts.append(
                f'<text class="on-{name}" x="{x + size / 2:.1f}" y="{height / 2 + 4:.1f}">{label}</text>'
            )
        x += size
    said = (
        f"{title}: {counts.gap} gaps, {counts.unknown} unknown, {counts.met} met"
        if total
        else f"{title}: none"
    )
    return _svg(width, height, said, "".join(parts), "bar")


def ladders(rows: Sequence[Ladder], title: str) -> str:
    """A row of four steps for each name, filled up to the stage reached; hollow and labelled where not assessed."""
    step, name_width, line = 72, 440, 24
    width, height = name_width + 4 * step, line * (len(rows) + 1)
    parts = [
        f'<text class="head" x="{name_width + stage * step + step / 2}" y="16">{stage.word}</text>'
        for stage in Stage
    ]
    for index, row in enumerate(rows):
        y = line * (index + 1)
        parts.append(
            f'<a href="{escape(row.link)}"><text class="name" x="0" y="{y + 16}">{escape(row.name)}</text></a>'
        )
        parts.extend(_step(row.stage, stage, name_width + stage * step, y, step) for stage in Stage)
        if row.stage is None:
            parts.append(f'<text class="none" x="{name_width + 2 * step}" y="{y + 16}">not assessed</text>')
    said = "; ".join(
        f"{row.name}: {row.stage.word if row.stage is not None else 'not assessed'}" for row in rows
    )
    return _svg(width, height, f"{title}. {said}", "".join(parts), "ladders")


def _step(reached: Stage | None, stage: Stage, x: int, y: int, step: int) -> str:
    style = "empty" if reached is None or stage > reached else f"stage{int(reached)}"
    return f'<rect class="{style}" x="{x + 2}" y="{y + 4}" width="{step - 4}" height="16" rx="3"/>'


def _svg(width: float, height: float, title: str, inside: str, style: str) -> str:
    return (
        f'<svg class="{style}" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" role="img">'
        f"<title>{escape(title)}</title>{inside}</svg>"
    )
