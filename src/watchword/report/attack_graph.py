"""An attack graph as a picture: who could begin at the left, what could be reached at the right, each way in between.

Boxes stand in columns by their distance from the starts.  Ways that do the same to the same box run together into one
arrow with one label, so that a picture of sixty ways stays calm.  A dashed way depends on a condition (its letter is
explained below), a dotted one with a question mark is not known, scissors mark the statements whose removal cuts most.
Nothing is told by colour alone.  The same graph gives the same text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from watchword.report.attack_legend import Legend
from watchword.report.attack_model import (
    AttackGraph,
    Choke,
    EdgeStyle,
    GraphEdge,
    GraphNode,
    Place,
    readable,
)
from watchword.report.canvas import Canvas
from watchword.report.icons import SCISSORS, icon
from watchword.report.layered import Arrangement, Item, Link, Pin, arrange
from watchword.report.lettering import broken, shortened, width, wrapped

__all__ = (
    "AttackGraph",
    "Choke",
    "EdgeStyle",
    "GraphEdge",
    "GraphNode",
    "Place",
    "attack_graph_fragment",
    "attack_graph_svg",
)

_WIDTH: Final = 1280.0
"""The least width: a laptop's window, and A4 across when printed."""
_MARGIN: Final = 24.0
_NARROWEST, _WIDEST = 115.0, 214.0
"""Of a box."""
_CURVE: Final = 26.0
"""Room for the curves between a column and the labels of the next."""
_LABEL: Final = 128.0
"""Room for a label, its letter and scissors at most."""
_NARROW_LABELS: Final = {5: 104.0}
_NARROWEST_LABEL: Final = 82.0
"""The same for five columns, and for more."""
_PORT: Final = 19.0
"""Distance between arrows into one box: a label's height and air."""
_LINE: Final = 13.0
_GAP: Final = 9.0
"""Between boxes of a column."""
_TEXT: Final = 31.0
"""Where the text of a box begins."""
_PINS: Final = {Place.START: Pin.START, Place.STEP: Pin.FREE, Place.CROWN: Pin.END}
_CUT: Final = 30.0
"""Room for scissors and their number."""
_MANY: Final = 5
"""So many columns need narrow labels."""

Bundle = tuple[str, str, EdgeStyle, str, int]


def attack_graph_svg(graph: AttackGraph) -> str:
    """The picture as a file of its own."""
    picture = _Picture.of(readable(graph))
    height = picture.draw()
    return picture.canvas.file(picture.columns.width, height, graph.headline, picture.graph.words)


def attack_graph_fragment(graph: AttackGraph) -> str:
    """The picture as an element of a page whose style sheet contains ``canvas.picture_css()``.

    Headline and where to cut are left to the page.
    """
    picture = _Picture.of(readable(graph))
    height = picture.draw(alone=False)
    words = picture.graph.words
    return picture.canvas.fragment(picture.columns.width, height, graph.headline, words, crop=_MARGIN - 4)


@dataclass(frozen=True, slots=True)
class _Columns:
    """The measures of the columns: how many, how wide a box is, how wide the room for labels before each."""

    count: int
    box: float
    label: float
    curve: float

    @classmethod
    def of(cls, count: int, label: float) -> _Columns:
        between = max(count - 1, 1)
        most = _LABEL if count < _MANY else _NARROW_LABELS.get(count, _NARROWEST_LABEL)
        label = min(label, most)
        room = _WIDTH - 2 * _MARGIN - between * (label + _CURVE)
        box = min(max(room / max(count, 1), _NARROWEST), _WIDEST)
        spare = _WIDTH - 2 * _MARGIN - count * box - between * (label + _CURVE)
        return cls(count, box, label, _CURVE + max(spare / between, 0.0))

    @property
    def width(self) -> float:
        """Of the whole picture."""
        return max(_WIDTH, 2 * _MARGIN + self.count * self.box + (self.count - 1) * (self.label + self.curve))

    def left(self, column: int) -> float:
        """The left edge of a column's boxes."""
        return _MARGIN + column * (self.box + self.label + self.curve)

    def right(self, column: int) -> float:
        """The right edge of a column's boxes."""
        return self.left(column) + self.box


@dataclass(slots=True)
class _Picture:
    """One picture while it is drawn."""

    graph: AttackGraph
    canvas: Canvas
    nodes: Mapping[str, GraphNode]
    bundles: Mapping[Bundle, list[GraphEdge]]
    into: Mapping[str, list[Bundle]]
    lines: Mapping[str, list[str]]
    places: Arrangement
    columns: _Columns
    letters: Mapping[str, str]
    colours: Mapping[str, int]
    back: frozenset[GraphEdge]
    top: float = 0.0

    @classmethod
    def of(cls, graph: AttackGraph) -> _Picture:
        bundles: dict[Bundle, list[GraphEdge]] = defaultdict(list)
        for edge in graph.edges:
            bundles[edge.bundle].append(edge)
        into: dict[str, list[Bundle]] = defaultdict(list)
        for bundle in bundles:
            into[bundle[0]].append(bundle)
        letters = _letters(graph.edges)
        label = max((_label_width(one, letters) for one in bundles), default=0.0) + 12
        # Heights depend on the width of a box, which depends on the number of columns: so arrange twice.
        rough = _arranged(graph, into, {})
        columns = _Columns.of(max(rough.columns, 2), label)
        lines = {one.id: _name(one, columns.box) for one in graph.nodes}
        places = _arranged(graph, into, lines)
        accounts = dict.fromkeys(one.account for one in graph.nodes if one.account)
        colours = {account: index % 8 for index, account in enumerate(accounts)}
        nodes = {one.id: one for one in graph.nodes}
        back = frozenset(graph.edges[index] for index in places.back)
        return cls(graph, Canvas(), nodes, bundles, into, lines, places, columns, letters, colours, back)

    def draw(self, *, alone: bool = True) -> float:
        """Draw all; gives the height.  ``alone``: with the headline and where to cut, which a page tells itself."""
        width = self.columns.width
        y = 4.0
        if alone:
            lines = wrapped(self.graph.headline, width - 2 * _MARGIN, 21, bold=True)
            y = self.canvas.lines(lines, _MARGIN, 42, "h1", 27)
            lead = wrapped(self.graph.lead, width - 2 * _MARGIN, 13)
            y = self.canvas.lines(lead, _MARGIN, y - 3, "lead", 18)
        self._heads(y + 14)
        self.top = y + 36
        for bundle, edges in self.bundles.items():
            self._ways(bundle, edges)
        for bundle in self.bundles:
            self._label(bundle)
        for node in self.graph.nodes:
            self._box(node)
        bottom = self.top + self.places.height + (26 if self.places.back else 10)
        legend = Legend(
            self.canvas, self.graph, self.letters, self.colours, bool(self.places.back), cuts=alone
        )
        return legend.draw(_MARGIN, bottom + 24, width - 2 * _MARGIN) + 14

    def _heads(self, y: float) -> None:
        last = self.columns.count - 1
        for column in range(self.columns.count):
            text = (
                "WHO COULD BEGIN" if column == 0 else "CROWN JEWELS" if column == last else f"STEP {column}"
            )
            self.canvas.text(text, self.columns.left(column), y, "head")
        self.canvas.path(f"M{_MARGIN} {y + 8:.1f}H{self.columns.width - _MARGIN:.1f}", "rule")

    # --- boxes ---------------------------------------------------------------------------------------------------------

    def _box(self, node: GraphNode) -> None:
        place = self.places.boxes[node.id]
        lines = self.lines[node.id]
        height = _height(lines, len(self.into.get(node.id, ())))
        x, y = self.columns.left(place.column), self.top + place.middle - height / 2
        where = f"{node.account_name} {node.account}".strip()
        self.canvas.open(f"{node.title or node.label}{f' ({where})' if where else ''}")
        self.canvas.box(x, y, self.columns.box, height, f"box {node.place.value}")
        if node.account:
            self.canvas.box(x, y + 6, 4, height - 12, f"a{self.colours[node.account]}", radius=2)
        text = (len(lines) + 1) * _LINE
        at = y + (height - text) / 2 + 11
        self.canvas.icon(
            icon(node.kind),
            x + 11,
            y + height / 2 - 8,
            node.place.value,
        )
        self.canvas.lines(lines, x + _TEXT, at, "name", _LINE)
        told = _where(node)
        if node.badge:
            self.canvas.text(node.badge, x + self.columns.box - 8, at + len(lines) * _LINE, "strong end")
        room = self.columns.box - _TEXT - 5 - (width(node.badge, 12, bold=True) + 6 if node.badge else 0)
        self.canvas.text(shortened(told, room, 11), x + _TEXT, at + len(lines) * _LINE, "acc", told)
        self.canvas.close()

    # --- ways ----------------------------------------------------------------------------------------------------------

    def _port(self, bundle: Bundle) -> float:
        """The height at which a bundle's arrow meets its box: in the order of where its ways come from."""
        target = bundle[0]
        ordered = sorted(self.into[target], key=lambda one: (self._from(one), self.into[target].index(one)))
        place = ordered.index(bundle)
        return (
            self.top
            + self.places.boxes[target].middle
            + (place - (len(ordered) - 1) / 2) * _PORT
            + (4 if len(ordered) > 1 else 0)
        )

    def _from(self, bundle: Bundle) -> float:
        last = self.places.boxes[bundle[0]].column - 1
        key = (_named(bundle), last)
        if key in self.places.waypoints:
            return self.places.waypoints[key]
        middles = [self.places.boxes[one.source].middle for one in self.bundles[bundle]]
        return sum(middles) / len(middles)

    def _ways(self, bundle: Bundle, edges: Sequence[GraphEdge]) -> None:
        style = " ".join(("way", bundle[2].value, *(("choke",) if bundle[4] else ())))
        drawn: set[str] = set()
        for edge in edges:
            told = self._told(edge)
            if edge in self.back:
                self.canvas.path(self._back(edge), f"{style} back", told)
                continue
            for piece in self._pieces(edge):
                if piece not in drawn:
                    drawn.add(piece)
                    self.canvas.path(piece, style, told)
        if not self.back.issuperset(edges):
            x, y = self.columns.left(self.places.boxes[bundle[0]].column), self._port(bundle)
            self.canvas.path(f"M{x - 1:.1f} {y:.1f}l-7.5 -4v8z", "tip choke" if bundle[4] else "tip")

    def _told(self, edge: GraphEdge) -> str:
        names = self.nodes
        told = edge.title or f"{names[edge.source].label} → {names[edge.target].label}: {edge.label}"
        return f"{told}, if {edge.condition}" if edge.condition else told

    def _pieces(self, edge: GraphEdge) -> Iterator[str]:
        """A way, column by column: a curve, then straight through the room for labels (and the column it passes).

        Pieces that ways of a bundle share are the same text, so that they are drawn once and dashes stay dashes.
        """
        start, end = self.places.boxes[edge.source], self.places.boxes[edge.target]
        y = self.top + start.middle
        for column in range(start.column + 1, end.column + 1):
            x = self.columns.right(column - 1)
            over = column < end.column
            to = (
                self.top + self.places.waypoints[(_named(edge.bundle), column)]
                if over
                else self._port(edge.bundle)
            )
            bend = x + self.columns.curve
            until = self.columns.right(column) if over else self.columns.left(column) - 7
            middle = (x + bend) / 2
            yield f"M{x:.1f} {y:.1f}C{middle:.1f} {y:.1f} {middle:.1f} {to:.1f} {bend:.1f} {to:.1f}"
            yield f"M{bend:.1f} {to:.1f}H{until:.1f}"
            y = to

    def _back(self, edge: GraphEdge) -> str:
        """A way back: below both boxes."""
        start, end = self.places.boxes[edge.source], self.places.boxes[edge.target]
        x, to = self.columns.left(start.column) + 24, self.columns.right(end.column) - 24
        y, below = self.top + start.middle, self.top + end.middle
        y += _height(self.lines[edge.source], len(self.into.get(edge.source, ()))) / 2
        below += _height(self.lines[edge.target], len(self.into.get(edge.target, ()))) / 2
        low = max(y, below) + 22
        return f"M{x:.1f} {y:.1f}C{x:.1f} {low:.1f} {to:.1f} {low:.1f} {to:.1f} {below + 2:.1f}"

    def _label(self, bundle: Bundle) -> None:
        target, label, style, condition, choke = bundle
        if self.back.issuperset(self.bundles[bundle]):
            return
        y = self._port(bundle)
        right = self.columns.left(self.places.boxes[target].column) - 9
        mark = _mark(style, self.letters.get(condition, ""))
        room = self.columns.label + self.columns.curve / 2 - 9 - width(mark, 11) - (_CUT / 2 if choke else 0)
        text = shortened(label, room, 11)
        if choke:
            x = right - width(f"{text}{mark}", 11) - _CUT + 2
            self.canvas.box(x, y - 7, _CUT - 5, 14, "cut", radius=7)
            self.canvas.icon(SCISSORS, x + 4, y - 5.2, "on", scale=0.65)
            self.canvas.text(str(choke), x + 16, y + 4, "on")
        self.canvas.text(f"{text}{mark}", right, y - 4, "edge end", self._told(self.bundles[bundle][0]))


def _arranged(
    graph: AttackGraph, into: Mapping[str, Sequence[Bundle]], lines: Mapping[str, list[str]]
) -> Arrangement:
    items = [
        Item(one.id, _height(lines.get(one.id, ["", ""]), len(into.get(one.id, ()))), _PINS[one.place])
        for one in graph.nodes
    ]
    links = [Link(one.source, one.target, _named(one.bundle)) for one in graph.edges]
    return arrange(items, links, _GAP)


def _named(bundle: Bundle) -> str:
    return "\0".join(str(part) for part in bundle)


def _height(lines: Sequence[str], ports: int) -> float:
    """Of a box: as its name and its arrows need."""
    return max((len(lines) + 1) * _LINE + 9, ports * _PORT + 6)


def _name(node: GraphNode, box: float) -> list[str]:
    return broken(node.label, box - _TEXT - 6, 12, 2 if box > _NARROWEST + 10 else 3, bold=True)


def _where(node: GraphNode) -> str:
    if not node.account:
        return node.account_name or "outside"
    return node.account_name or node.account


def _letters(edges: Sequence[GraphEdge]) -> dict[str, str]:
    """A letter for each condition, in the order in which they occur: from a to z, then aa."""
    found: dict[str, str] = {}
    for edge in edges:
        if edge.condition and edge.condition not in found:
            number = len(found)
            found[edge.condition] = ("" if number < 26 else chr(96 + number // 26)) + chr(97 + number % 26)
    return found


def _mark(style: EdgeStyle, letter: str) -> str:
    """What a label bears besides: its condition's letter, or a question mark."""
    return (f" [{letter}]" if letter else "") + (" ?" if style is EdgeStyle.UNKNOWN else "")


def _label_width(bundle: Bundle, letters: Mapping[str, str]) -> float:
    _, label, style, condition, choke = bundle
    text = label + _mark(style, letters.get(condition, ""))
    return width(text, 11) + (_CUT if choke else 0) + 9
