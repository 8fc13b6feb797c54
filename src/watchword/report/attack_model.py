"""What a picture of attack paths shows: boxes, ways, cuts, and how it is cut down to what can be read.

These are views, made for drawing: no policy is read and nothing is decided here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

MOST_NODES: Final = 70
"""Boxes of a picture at most: about a dozen in each of five columns stay readable on a page."""
MOST_EDGES: Final = 140
_LIKE: Final = 3
"""So many starts that lead the same ways, or crown jewels that the same ways lead to, are drawn as one box."""
_SEVERAL: Final = {"person": "people"}


class Place(StrEnum):
    """What part a box plays."""

    START = "start"
    STEP = "step"
    CROWN = "crown"
    """A crown jewel: what an attacker wants."""


class EdgeStyle(StrEnum):
    """How sure a way is."""

    PLAIN = "plain"
    CONDITIONAL = "conditional"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class GraphNode:
    """A box.

    ``kind`` picks the icon (``icons.ICONS``); ``account`` is the id of its account (empty: outside all), with its name;
    ``badge`` a short text in the corner (``×12``); ``title`` the full name for those who point at it.
    """

    id: str
    kind: str
    label: str
    place: Place = Place.STEP
    account: str = ""
    account_name: str = ""
    badge: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """A way from one box to another: the technique in short words, on what condition, and the cut that removes it.

    ``choke`` is the number of a ``Choke``, 0 where none removes it.
    """

    source: str
    target: str
    label: str
    style: EdgeStyle = EdgeStyle.PLAIN
    condition: str = ""
    choke: int = 0
    title: str = ""

    @property
    def bundle(self) -> tuple[str, str, EdgeStyle, str, int]:
        """Ways that say the same of the same box run together."""
        return (self.target, self.label, self.style, self.condition, self.choke)


@dataclass(frozen=True, slots=True)
class Choke:
    """A choke point: a statement or trust without which ``cuts`` of ``of`` paths (``unit``) are gone; ``how`` to do it."""

    number: int
    what: str
    cuts: int
    of: int
    how: str = ""
    unit: str = "paths"

    @property
    def sentence(self) -> str:
        """What the cut brings, for people."""
        return f"removing {self.what} cuts {self.cuts} of {self.of} {self.unit}"


@dataclass(frozen=True, slots=True)
class AttackGraph:
    """What is to be drawn.  ``headline`` is one sentence with the figures; ``notes`` stand below the picture."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
    headline: str
    lead: str = ""
    chokes: tuple[Choke, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The picture in words, for those who do not see it."""
        names = {one.id: one.label for one in self.nodes}
        ways = (f"{names[one.source]} to {names[one.target]} by {one.label}" for one in self.edges)
        return "; ".join((self.headline, *(one.sentence for one in self.chokes), *ways))


def readable(graph: AttackGraph) -> AttackGraph:
    """The graph as it can be drawn: like starts as one box, the first so many boxes and ways, the rest counted.

    Ways are taken in the order given, so whoever makes the graph puts first what matters most.  Ways from or to boxes
    that are not there are left out and counted.
    """
    merged = _merged(graph)
    known = {one.id for one in merged.nodes}
    kept: list[GraphEdge] = []
    drawn: dict[str, None] = {}
    for edge in dict.fromkeys(merged.edges):
        ends = {edge.source, edge.target}
        fits = len(kept) < MOST_EDGES and len(drawn.keys() | ends) <= MOST_NODES
        if ends <= known and edge.source != edge.target and fits:
            kept.append(edge)
            drawn.update(dict.fromkeys((edge.source, edge.target)))
    lonely = [one.id for one in merged.nodes if not merged.edges]
    nodes = tuple(one for one in merged.nodes if one.id in drawn or one.id in lonely[:MOST_NODES])
    left = len(merged.nodes) - len(nodes), len(dict.fromkeys(merged.edges)) - len(kept)
    notes = merged.notes
    if any(left):
        notes = (*notes, f"Not drawn: {left[0]} more boxes and {left[1]} more ways.")
    shown = {edge.choke for edge in kept}
    chokes = tuple(one for one in merged.chokes if one.number in shown) or merged.chokes
    return replace(merged, nodes=nodes, edges=tuple(kept), notes=notes, chokes=chokes)


def _merged(graph: AttackGraph) -> AttackGraph:
    """Like boxes as one: starts that lead the same ways, crown jewels that the same ways lead to."""
    leaving: dict[str, list[GraphEdge]] = defaultdict(list)
    reaching: dict[str, list[GraphEdge]] = defaultdict(list)
    for edge in graph.edges:
        leaving[edge.source].append(edge)
        reaching[edge.target].append(edge)
    alike: dict[object, list[GraphNode]] = defaultdict(list)
    for node in graph.nodes:
        ways, others = leaving[node.id], reaching[node.id]
        if node.place is Place.START and ways and not others:
            alike[(node.kind, node.account, frozenset(one.bundle for one in ways))].append(node)
        elif node.place is Place.CROWN and others and not ways:
            same = frozenset((one.source, *one.bundle[1:]) for one in others)
            alike[(node.account, node.account_name, same)].append(node)
    groups = {several[0].id: several for several in alike.values() if len(several) >= _LIKE}
    into = {node.id: first for first, several in groups.items() for node in several}
    nodes = tuple(
        _group(groups[node.id]) if node.id in groups else node
        for node in graph.nodes
        if into.get(node.id, node.id) == node.id
    )
    return replace(graph, nodes=nodes, edges=tuple(_moved(graph.edges, into)))


def _group(several: Sequence[GraphNode]) -> GraphNode:
    first = several[0]
    kinds = {one.kind for one in several}
    return replace(
        first,
        kind=_SEVERAL.get(first.kind, first.kind) if len(kinds) == 1 else "thing",
        label=f"{first.label} and {len(several) - 1} more",
        badge=f"×{len(several)}",
        title=", ".join(one.title or one.label for one in several),
    )


def _moved(edges: Iterable[GraphEdge], into: dict[str, str]) -> Iterator[GraphEdge]:
    """The ways of merged boxes, from and to the box that stands for them, each once."""
    seen = set()
    for edge in edges:
        source, target = into.get(edge.source, edge.source), into.get(edge.target, edge.target)
        if source not in into and target not in into:
            yield edge
            continue
        moved = replace(edge, source=source, target=target)
        key = (source, moved.bundle)
        if key not in seen:
            seen.add(key)
            yield moved
