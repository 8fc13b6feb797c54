"""Charts of the console, drawn on the server as SVG: trends, and those that the report has.

Each has its meaning as a text for who does not see it.  Colours come from the style sheet by class; no style stands in the
markup.  What is returned is safe to put into a page: all texts within are escaped here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Final

from markupsafe import Markup

from watchword.controls.standing import Counts
from watchword.report.charts import Ladder, ladders, stacked_bar

_WIDTH: Final = 120
_HEIGHT: Final = 28
_EDGE: Final = 3


def trend(numbers: Sequence[int], what: str, *, width: int = _WIDTH, height: int = _HEIGHT) -> Markup:
    """A line through numbers, oldest first, with a dot at the newest; ``what`` names them: ``gaps``.

    A single number is a dot.  The lowest of the chart is always nothing, so that a line halfway down means half.
    """
    if not numbers:
        return Markup()
    points = _points(numbers, width, height)
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    x, y = points[-1]
    told = ", ".join(f"{number:,}" for number in numbers)
    title = f"{what} over {len(numbers)} assessments: {told}" if len(numbers) > 1 else f"{what}: {told}"
    # Below a single dot there is no area.
    area = (
        ""
        if len(numbers) == 1
        else f"M{_EDGE},{height - _EDGE} L{line.replace(' ', ' L')} L{x:.1f},{height - _EDGE} Z"
    )
    return Markup(  # noqa: S704 - numbers, and a title that is escaped
        f'<svg class="trend" viewBox="0 0 {width} {height}" width="{width}" height="{height}" preserveAspectRatio="xMinYMid" role="img">'
        f'<title>{escape(title)}</title><path class="area" d="{area}"/><polyline points="{line}"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6"/></svg>'
    )


def bar(counts: Counts, longest: int, title: str, width: int = 320) -> Markup:
    """The report's bar of gaps, unknowns and met."""
    return Markup(stacked_bar(counts, longest, title, width))  # noqa: S704 - escaped where it is drawn


def ladder(rows: Sequence[Ladder], title: str) -> Markup:
    """The report's chart of maturity."""
    return Markup(ladders(rows, title))  # noqa: S704 - escaped where it is drawn


def _points(numbers: Sequence[int], width: int, height: int) -> list[tuple[float, float]]:
    most = max(*numbers, 1)
    step = (width - 2 * _EDGE) / max(len(numbers) - 1, 1)
    first = _EDGE if len(numbers) > 1 else width / 2
    return [
        (first + index * step, height - _EDGE - number / most * (height - 2 * _EDGE))
        for index, number in enumerate(numbers)
    ]


QUIET: Final = 4
"""Modules of white around a QR code (ISO/IEC 18004 §9.1)."""


def qr(text: str, title: str) -> Markup:
    """A QR code as SVG: dark on white in either theme, as readers expect; error correction M.

    Raises:
        ValueError: the text is too long for one.
    """
    import segno

    rows = [bytes(row) for row in segno.make(text, error="m", micro=False, boost_error=False).matrix]
    size = len(rows) + 2 * QUIET
    runs = "".join(_run(y, x, length) for y, row in enumerate(rows) for x, length in _dark(row))
    return Markup(  # noqa: S704 - numbers, and a title that is escaped
        f'<svg class="qr" viewBox="0 0 {size} {size}" role="img" shape-rendering="crispEdges">'
        f'<title>{escape(title)}</title><rect width="{size}" height="{size}"/><path d="{runs}"/></svg>'
    )


def _dark(row: bytes) -> list[tuple[int, int]]:
    """Where dark modules of a row begin, and how many follow one another."""
    return [(found.start(), len(found[0])) for found in re.finditer(rb"\x01+", row)]


def _run(y: int, x: int, length: int) -> str:
    return f"M{x + QUIET} {y + QUIET}h{length}v1h-{length}z"
