"""What stands below an attack graph: where to cut, on which conditions ways depend, accounts, and what the signs mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from watchword.report.attack_model import AttackGraph, EdgeStyle
from watchword.report.canvas import Canvas
from watchword.report.icons import SCISSORS
from watchword.report.lettering import clipped, shortened, width, wrapped

_MOST: Final = 12
"""Conditions that are explained at most; all stand in the titles of their ways and on the page of paths."""
_CUTS: Final = 6
_GAP: Final = 40.0
_STEP: Final = 16.0


@dataclass(frozen=True, slots=True)
class Legend:
    """The legend of one graph.

    ``letters`` are those of conditions, ``colours`` the numbers of accounts' colours, ``back`` whether ways lead back,
    ``cuts`` whether to say where to cut.
    """

    canvas: Canvas
    graph: AttackGraph
    letters: Mapping[str, str]
    colours: Mapping[str, int]
    back: bool
    cuts: bool = True

    def draw(self, x: float, y: float, width: float) -> float:
        """Draw it from ``y`` on; gives where it ends."""
        self.canvas.path(f"M{x:.1f} {y - 22:.1f}H{x + width:.1f}", "rule")
        half = (width - _GAP) / 2
        letters = list(self.letters.items())[:_MOST]
        if self.cuts and self.graph.chokes:
            ends = [self._cuts(x, y, half), self._conditions(letters, x + half + _GAP, y, half)]
        else:
            middle = (len(letters) + 1) // 2
            ends = [self._conditions(letters[:middle], x, y, half)]
            ends.append(self._conditions(letters[middle:], x + half + _GAP, y, half, head=""))
        y = max(ends, default=y - 12) + 12
        y = self._accounts(x, y, width)
        y = self._signs(x, y, width)
        for note in self.graph.notes:
            y = self.canvas.lines(wrapped(note, width, 12), x, y + 4, "note", _STEP)
        return y - 4

    def _cuts(self, x: float, y: float, room: float) -> float:
        self.canvas.text("WHERE TO CUT", x, y, "head")
        y += 20
        for one in self.graph.chokes[:_CUTS]:
            self.canvas.box(x, y - 12, 27, 18, "cut", radius=9)
            self.canvas.icon(SCISSORS, x + 4, y - 8.5, "on", scale=0.7)
            self.canvas.text(str(one.number), x + 16, y + 1, "on")
            said = one.sentence[0].upper() + one.sentence[1:]
            y = self.canvas.lines(wrapped(said, room - 36, 12, bold=True), x + 36, y + 1, "strong", _STEP)
            if one.how:
                y = self.canvas.lines(clipped(wrapped(one.how, room - 48, 12), 2), x + 36, y, "note", _STEP)
            y += 7
        if len(self.graph.chokes) > _CUTS:
            self.canvas.text(f"and {len(self.graph.chokes) - _CUTS} more", x + 36, y, "small")
            y += _STEP
        return y

    def _conditions(
        self,
        letters: Sequence[tuple[str, str]],
        x: float,
        y: float,
        room: float,
        *,
        head: str = "ON WHICH CONDITION",
    ) -> float:
        if not letters:
            return y - 12
        self.canvas.text(head, x, y, "head")
        y += 20
        for condition, letter in letters:
            self.canvas.text(f"[{letter}]", x, y, "strong")
            y = (
                self.canvas.lines(
                    clipped(wrapped(f"if {condition}", room - 44, 12), 3), x + 32, y, "note", _STEP
                )
                + 4
            )
        if len(self.letters) > _MOST and letters[-1][1] == list(self.letters.values())[_MOST - 1]:
            self.canvas.text(f"and {len(self.letters) - _MOST} more conditions", x + 32, y, "small")
            y += _STEP
        return y

    def _accounts(self, x: float, y: float, room: float) -> float:
        if not self.colours:
            return y
        names = {one.account: one.account_name for one in self.graph.nodes if one.account}
        self.canvas.text("ACCOUNTS", x, y, "head")
        at = x + 92
        for account, colour in self.colours.items():
            told = shortened(f"{names[account]} {account}".strip(), 300, 12)
            size = width(told, 12) + 30
            if at + size > x + room:
                at, y = x + 92, y + 18
            self.canvas.box(at, y - 10, 5, 13, f"a{colour}", radius=2)
            self.canvas.text(told, at + 11, y, "note")
            at += size
        return y + 22

    def _signs(self, x: float, y: float, room: float) -> float:
        self.canvas.text("SIGNS", x, y, "head")
        styles = {one.style for one in self.graph.edges}
        at = x + 92
        for drawn, style, words in (
            (True, "way", "can do this"),
            (EdgeStyle.CONDITIONAL in styles, "way conditional", "on a condition: see its letter"),
            (EdgeStyle.UNKNOWN in styles, "way unknown", "? not known: evidence is missing"),
            (any(one.choke for one in self.graph.edges), "way choke", "would be cut"),
            (self.back, "way back", "leads back or aside"),
        ):
            size = width(words, 12) + 62
            if not drawn:
                continue
            if at + size > x + room:
                at, y = x + 92, y + 18
            self.canvas.path(f"M{at:.1f} {y - 4:.1f}h34", style)
            self.canvas.text(words, at + 42, y, "note")
            at += size
        return y + 22
