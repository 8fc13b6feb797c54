"""How far somebody gets, and where the fewest removals stop the most.

``radius`` is what is reached from one node.  ``choke_points`` are the fewest *holds* (statements, trusts, assignments,
attachments) without which no start reaches any goal, and a ranking of single holds by the starts that each cuts off.

An edge is held by stages: it falls when all holds of one stage are gone; holds are shared by edges.  The fewest holds of
such a graph are found in two steps:

1. Maximum flow over a network in which each hold is one vertex of capacity one.  Where a hold is shared, the network
   has ways that no attacker has, so its cut is sound, and at most too large.
2. That cut is proved to be the smallest, or made smaller, by hitting sets: every way that is left must lose a hold.
   The number of rounds is bounded; ``is_minimum`` says whether the proof was finished, ``at_least`` what is proved.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from watchword.analysis.paths.edges import (
    GUARDRAILS,
    ORGANIZATION,
    PRINCIPALS,
    Edge,
    Hold,
    NodeKind,
)
from watchword.analysis.paths.flow import ENDLESS, Network
from watchword.analysis.paths.graph import EscalationGraph
from watchword.analysis.paths.hitting import Budget, smallest_hitting
from watchword.analysis.paths.search import closure, path_from, reverse

_ROUNDS: Final = 300
"""Ways that the proof looks at."""


@dataclass(frozen=True, slots=True)
class Radius:
    """What is reached from ``start``, the start itself left out; ids in order.

    ``administers`` are ids of accounts, ``accounts`` of those in which any identity or store is reached.  ``conditional``
    are ids of nodes that are reached only on conditions, ``perhaps`` of those reached only over what was not read (they
    are in none of the others).
    """

    start: str
    accounts: tuple[str, ...]
    administers: tuple[str, ...]
    identities: tuple[str, ...]
    stores: tuple[str, ...]
    organization: bool
    guardrails: bool
    conditional: frozenset[str] = frozenset()
    perhaps: tuple[str, ...] = ()

    def json(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "start": self.start,
            "accounts": list(self.accounts),
            "administers": list(self.administers),
            "identities": list(self.identities),
            "stores": list(self.stores),
            "organization": self.organization,
            "guardrails": self.guardrails,
            "conditional": sorted(self.conditional),
            "perhaps": list(self.perhaps),
        }


def radius(graph: EscalationGraph, start: str) -> Radius:
    """The blast radius of a node.

    Raises:
        KeyError: there is no such node.
    """
    graph.nodes[start]
    reached = set(closure(graph, (start,))) - {start}
    for_good = set(closure(graph, (start,), conditional=False))
    perhaps = set(closure(graph, (start,), unknown=True)) - reached - {start}
    nodes = [graph.nodes[one] for one in sorted(reached)]
    there = {NodeKind.STORE, NodeKind.COMPUTE, NodeKind.ACCOUNT, *PRINCIPALS}
    return Radius(
        start,
        accounts=tuple(sorted({node.account for node in nodes if node.account and node.kind in there})),
        administers=tuple(sorted(node.account for node in nodes if node.kind is NodeKind.ACCOUNT)),
        identities=tuple(node.id for node in nodes if node.kind in PRINCIPALS),
        stores=tuple(node.id for node in nodes if node.kind is NodeKind.STORE),
        organization=ORGANIZATION in reached,
        guardrails=GUARDRAILS in reached,
        conditional=frozenset(reached - for_good),
        perhaps=tuple(sorted(perhaps)),
    )


@dataclass(frozen=True, slots=True)
class Ranked:
    """A single hold and the starts that can reach no goal once it is gone."""

    hold: Hold
    starts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ChokePoints:
    """Where to cut.

    ``cut`` are the holds to remove, ``None`` where no removal helps: then ``uncuttable`` is such a way.  ``at_least`` is
    how many are needed in any case.  ``ranking`` has the single holds that cut off the most starts first.
    """

    cut: tuple[Hold, ...] | None
    is_minimum: bool
    at_least: int
    ranking: tuple[Ranked, ...]
    uncuttable: tuple[Edge, ...] = ()


def choke_points(
    graph: EscalationGraph,
    starts: Iterable[str],
    goals: Iterable[str],
    *,
    unknown: bool = False,
    ranked: int = 20,
) -> ChokePoints:
    """The fewest holds without which no start reaches any goal, and the best single ones.

    Starts that are goals themselves are left out.
    """
    wanted = frozenset(goals)
    region = _Region.of(
        graph, tuple(one for one in dict.fromkeys(starts) if one not in wanted), wanted, unknown
    )
    if not region.edges:
        return ChokePoints((), True, 0, ())
    ranking = tuple(_ranking(region, ranked))
    first = _flow_cut(region)
    if first is None:
        way = _surviving(region, _fixed(region))
        return ChokePoints(None, True, 0, ranking, tuple(way or ()))
    cut = _without_needless(region, first)
    return _proved(region, cut, ranking)


@dataclass(slots=True)
class _Region:
    """The edges that are on some way from a start to a goal."""

    starts: tuple[str, ...]
    goals: frozenset[str]
    edges: tuple[Edge, ...]
    outgoing: dict[str, list[Edge]] = field(default_factory=dict)
    incoming: dict[str, list[Edge]] = field(default_factory=dict)

    @classmethod
    def of(
        cls, graph: EscalationGraph, starts: tuple[str, ...], goals: frozenset[str], unknown: bool
    ) -> _Region:
        forwards = closure(graph, starts, unknown=unknown)
        backwards = reverse(graph, goals, unknown=unknown)
        kept = tuple(
            edge
            for edge in graph.edges
            if edge.source in forwards
            and edge.target in backwards
            and edge.source in backwards
            and edge.source not in goals
            and (unknown or not edge.unknown)
        )
        made = cls(tuple(one for one in starts if one in backwards), goals, kept)
        for edge in kept:
            made.outgoing.setdefault(edge.source, []).append(edge)
            made.incoming.setdefault(edge.target, []).append(edge)
        return made


def _stands(edge: Edge, gone: Collection[Hold]) -> bool:
    return all(any(hold not in gone for hold in stage) for stage in edge.stages)


def _surviving(region: _Region, gone: Collection[Hold]) -> list[Edge] | None:
    """A way with few holds from a start to a goal over the edges that stand; ``None`` where there is none."""
    last: dict[str, Edge | None] = dict.fromkeys(region.starts)
    layer = list(last)
    while layer:
        beyond: list[str] = []
        for node in layer:
            for edge in region.outgoing.get(node, ()):
                if edge.target in last or not _stands(edge, gone):
                    continue
                last[edge.target] = edge
                if edge.target in region.goals:
                    return _back(last, edge.target)
                beyond.append(edge.target)
        layer = beyond
    return None


def _back(last: dict[str, Edge | None], node: str) -> list[Edge]:
    way: list[Edge] = []
    edge = last[node]
    while edge is not None:
        way.append(edge)
        edge = last[edge.source]
    return way[::-1]


def _cut_off(region: _Region, gone: Collection[Hold]) -> tuple[str, ...]:
    """The starts that reach no goal any more."""
    seen = set(region.goals)
    stack = list(region.goals)
    while stack:
        for edge in region.incoming.get(stack.pop(), ()):
            if edge.source not in seen and _stands(edge, gone):
                seen.add(edge.source)
                stack.append(edge.source)
    return tuple(one for one in region.starts if one not in seen)


# --- single holds --------------------------------------------------------------------------------------------------------


def _ranking(region: _Region, limit: int) -> Iterator[Ranked]:
    """A hold that cuts a start off stands alone in a stage of that start's cheapest way, so only those are tried."""
    graph = EscalationGraph({}, region.edges)
    reaching = reverse(graph, region.goals, unknown=True)
    ways = (path_from(reaching, start) for start in region.starts)
    edges = dict.fromkeys(edge for way in ways if way for edge in way.edges)
    alone = dict.fromkeys(stage[0] for edge in edges for stage in edge.stages if len(stage) == 1)
    found = (Ranked(hold, _cut_off(region, {hold})) for hold in alone)
    cutting = sorted((one for one in found if one.starts), key=lambda one: (-len(one.starts), one.hold.label))
    yield from cutting[:limit]


# --- the fewest ----------------------------------------------------------------------------------------------------------


def _fixed(region: _Region) -> frozenset[Hold]:
    """Every hold there is: what stands without them cannot be cut."""
    return frozenset(hold for edge in region.edges for stage in edge.stages for hold in stage)


def _flow_cut(region: _Region) -> set[Hold] | None:
    """Step 1."""
    network = Network()
    vertices: dict[Any, int] = {}
    arcs: dict[Hold, int] = {}

    def vertex(key: Any) -> int:  # noqa: ANN401
        if key not in vertices:
            vertices[key] = network.vertex()
        return vertices[key]

    source, sink = vertex("source"), vertex("sink")
    for start in region.starts:
        network.arc(source, vertex(("node", start)), ENDLESS)
    for goal in region.goals:
        network.arc(vertex(("node", goal)), sink, ENDLESS)
    for edge in region.edges:
        here = vertex(("node", edge.source))
        for place, stage in enumerate(edge.stages):
            is_last = place == len(edge.stages) - 1
            then = vertex(("node", edge.target) if is_last else (edge.source, edge.stages[: place + 1]))
            for hold in stage:
                if hold not in arcs:
                    arcs[hold] = network.arc(vertex(("in", hold)), vertex(("out", hold)), 1)
                network.arc(here, vertex(("in", hold)), ENDLESS)
                network.arc(vertex(("out", hold)), then, ENDLESS)
            here = then
        if not edge.stages:
            network.arc(here, vertex(("node", edge.target)), ENDLESS)
    if network.flow(source, sink) >= ENDLESS:
        return None
    reached = network.reached(source)
    return {
        hold
        for hold, number in arcs.items()
        if reached[network.heads[number ^ 1]] and not reached[network.heads[number]]
    }


def _without_needless(region: _Region, cut: set[Hold]) -> set[Hold]:
    kept = set(cut)
    for hold in sorted(cut, key=lambda one: one.label):
        if _surviving(region, kept - {hold}) is None:
            kept.discard(hold)
    return kept


def _proved(region: _Region, cut: set[Hold], ranking: tuple[Ranked, ...]) -> ChokePoints:
    """Step 2."""
    ways: list[frozenset[Hold]] = []
    budget = Budget()
    at_least = 1
    for _ in range(_ROUNDS):
        hitting = smallest_hitting(ways, budget)
        if hitting is None:
            break
        at_least = max(at_least, len(hitting))
        if len(hitting) >= len(cut):
            return ChokePoints(_ordered(cut), True, len(cut), ranking)
        way = _surviving(region, hitting)
        if way is None:
            return ChokePoints(_ordered(hitting), True, len(hitting), ranking)
        ways.append(_support(way, hitting))
    return ChokePoints(_ordered(cut), False, at_least, ranking)


def _support(way: list[Edge], gone: Collection[Hold]) -> frozenset[Hold]:
    """Holds that carry the way, one a stage; any cut must take one of them."""
    found: set[Hold] = set()
    for edge in way:
        for stage in edge.stages:
            left = [hold for hold in stage if hold not in gone]
            if not any(hold in found for hold in left):
                found.add(left[0])
    return frozenset(found)


def _ordered(holds: Iterable[Hold]) -> tuple[Hold, ...]:
    return tuple(sorted(holds, key=lambda one: one.label))
