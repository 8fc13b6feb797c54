"""A canvas for pictures in SVG: shapes and texts are put on it, a file or a fragment for a page comes out.

Colours stand in ``templates/picture.css`` under names that a shape bears as its class; light, dark and print are settled
there.  The canvas knows nothing of what it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from watchword.report.lettering import written, xml


@dataclass(slots=True)
class Canvas:
    """What was drawn so far, from back to front; user units are CSS pixels."""

    parts: list[str] = field(default_factory=list)

    def text(self, text: str, x: float, y: float, style: str, title: str = "") -> None:
        """A text with its base line at ``y``."""
        self.parts.append(written(text, x, y, style, title))

    def lines(self, lines: Sequence[str], x: float, y: float, style: str, step: float) -> float:
        """Texts one below the other; gives the base line that the next would have."""
        for line in lines:
            self.text(line, x, y, style)
            y += step
        return y

    def box(self, x: float, y: float, width: float, height: float, style: str, *, radius: float = 8) -> None:
        """A rectangle with round corners."""
        self.parts.append(
            f'<rect class="{style}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius:g}"/>'
        )

    def disc(self, x: float, y: float, radius: float, style: str) -> None:
        """A circle."""
        self.parts.append(f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}"/>')

    def path(self, drawn: str, style: str, title: str = "") -> None:
        """A line or shape as SVG path data."""
        inside = f"<title>{xml(title)}</title>" if title else ""
        self.parts.append(f'<path class="{style}" d="{drawn}">{inside}</path>')

    def icon(self, drawn: str, x: float, y: float, style: str = "", scale: float = 1) -> None:
        """A picture of 16 by 16, with its upper left corner at a place."""
        grown = f" scale({scale:g})" if scale != 1 else ""
        self.parts.append(
            f'<path class="icon {style}" transform="translate({x:.1f} {y:.1f}){grown}" d="{drawn}"/>'
        )

    def open(self, title: str = "", style: str = "") -> None:
        """Begin a group; ``title`` is shown on pointing at it, and read to those who do not see it."""
        self.parts.append(f'<g class="{style}">' if style else "<g>")
        if title:
            self.parts.append(f"<title>{xml(title)}</title>")

    def close(self) -> None:
        """End the group."""
        self.parts.append("</g>")

    def fragment(self, width: float, height: float, title: str, words: str, *, crop: float = 0) -> str:
        """The picture as an element for a page that has ``picture_css`` in its style sheet.

        ``crop`` is left away at each side: a page has margins of its own.
        """
        return self._element(width - 2 * crop, height, title, words, "", crop)

    def file(self, width: float, height: float, title: str, words: str) -> str:
        """The picture as a file of its own, styles inside."""
        style = f"<style>{picture_css()}</style>"
        return self._element(width, height, title, words, style) + "\n"

    def _element(  # noqa: PLR0917 - one call each
        self, width: float, height: float, title: str, words: str, style: str, left: float = 0
    ) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="ww" viewBox="{left:.0f} 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" role="img"><title>{xml(title)}</title>'
            f'<desc>{xml(words)}</desc>{style}<rect class="paper" x="{left:.0f}" width="{width:.0f}" height="{height:.0f}"/>'
            + "\n".join(self.parts)
            + "</svg>"
        )


@cache
def picture_css() -> str:
    """The style sheet of all pictures; it touches nothing but them."""
    return (resources.files("watchword.report") / "templates" / "picture.css").read_text(encoding="utf-8")
