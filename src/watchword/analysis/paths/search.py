"""Paths in the graph: what can be reached, by which cheapest way, and on which conditions together.

The condition of a path is the conjunction of its edges' conditions; a path whose conditions exclude each other is none.
Paths are simple: cyclic trusts are gone through once.  Edges that are unknown count only where the caller asks for them.
Cheapest is first by cost, then by number of steps, then by number of conditional steps.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from watchword.analysis.iam.expression import Value, conjunction, to_json
from watchword.analysis.paths.edges import OUTSIDERS, PRINCIPALS, Edge, NodeKind
from watchword.analysis.paths.graph import EscalationGraph

_LOOKED_AT: Final = 50_000
"""Beginnings of paths that a search extends before it gives up; what was found by then is given."""
_STARTS: Final = PRINCIPALS | OUTSIDERS | {NodeKind.PERSON, NodeKind.COMPUTE}


@dataclass(frozen=True, slots=True)
class Path:
    """Edges one after the other; at least one."""

    edges: tuple[Edge, ...]

    @property
    def start(self) -> str:
        """The node that it begins at."""
        return self.edges[0].source

    @property
    def goal(self) -> str:
        """The node that it ends at."""
        return self.edges[-1].target

    @property
    def nodes(self) -> tuple[str, ...]:
        """The nodes that it passes, in order."""
        return (self.start, *(edge.target for edge in self.edges))

    @property
    def cost(self) -> int:
        """The sum of its steps' costs."""
        return sum(edge.cost for edge in self.edges)

    @property
    def condition(self) -> Value:
        """True, or the expression on which all its steps hold; false if they exclude each other."""
        return conjunction(edge.condition for edge in self.edges)

    @property
    def unknown(self) -> tuple[str, ...]:
        """What was not read of what it rests on."""
        return tuple(dict.fromkeys(one for edge in self.edges for one in edge.unknown))

    def json(self) -> dict[str, Any]:
        """As JSON."""
        found: dict[str, Any] = {"cost": self.cost, "steps": [edge.json() for edge in self.edges]}
        return found if self.condition is True else found | {"if": to_json(self.condition)}


def weight(edge: Edge) -> int:
    """What an edge weighs when paths are compared: cost first, then the step itself, then its being conditional."""
    return edge.cost * 1_024 + 16 + (edge.condition is not True)


def closure(
    graph: EscalationGraph, starts: Iterable[str], *, unknown: bool = False, conditional: bool = True
) -> Mapping[str, Edge | None]:
    """Everything that is reached from the starts, with the last edge of the cheapest way; ``None`` for a start.

    ``conditional``: whether edges that hold only on a condition count.
    """
    return _cheapest(graph.outgoing, starts, 1, unknown=unknown, conditional=conditional)[0]


def reverse(
    graph: EscalationGraph, goals: Iterable[str], *, unknown: bool = False, conditional: bool = True
) -> Mapping[str, Edge | None]:
    """Everything from which a goal is reached, with the first edge of the cheapest way; ``None`` for a goal."""
    return _cheapest(graph.incoming, goals, 0, unknown=unknown, conditional=conditional)[0]


def _cheapest(
    edges: Mapping[str, tuple[Edge, ...]],
    begin: Iterable[str],
    far: int,
    *,
    unknown: bool,
    conditional: bool,
) -> tuple[dict[str, Edge | None], dict[str, int]]:
    """Dijkstra: the last edge of the cheapest way to each node, and its weight.

    ``far`` is the place in an edge of the node that it leads on to: 1 forwards, 0 backwards.
    """
    last: dict[str, Edge | None] = dict.fromkeys(begin)
    distance = dict.fromkeys(last, 0)
    queue = [(0, node) for node in last]
    settled: set[str] = set()
    while queue:
        so_far, node = heapq.heappop(queue)
        if node in settled:
            continue
        settled.add(node)
        for edge in edges.get(node, ()):
            other: str = edge[far]  # type: ignore[assignment]
            if other in settled or (edge[5] and not unknown):
                continue
            if edge[3] is not True and not conditional:
                continue
            # ``weight``, written out: this is done for every edge.
            total = so_far + edge[6] * 1_024 + (16 if edge[3] is True else 17)
            known = distance.get(other)
            if known is None or total < known:
                distance[other] = total
                last[other] = edge
                heapq.heappush(queue, (total, other))
    return last, distance


def path_to(reached: Mapping[str, Edge | None], goal: str) -> Path | None:
    """The cheapest path that a ``closure`` found to a node; ``None`` for a start, or what was not reached."""
    edges: list[Edge] = []
    edge = reached.get(goal)
    while edge is not None:
        edges.append(edge)
        edge = reached.get(edge.source)
    return Path(tuple(reversed(edges))) if edges else None


def path_from(reaching: Mapping[str, Edge | None], start: str) -> Path | None:
    """The cheapest path that a ``reverse`` found from a node; ``None`` for a goal, or where there is none."""
    edges: list[Edge] = []
    edge = reaching.get(start)
    while edge is not None:
        edges.append(edge)
        edge = reaching.get(edge.target)
    return Path(tuple(edges)) if edges else None


def paths(
    graph: EscalationGraph,
    start: str | Iterable[str],
    goal: str | Iterable[str],
    limit: int = 10,
    *,
    unknown: bool = False,
) -> tuple[Path, ...]:
    """The cheapest simple paths from a start (or any of several) to a goal (or any of several), cheapest first.

    Of parallel edges between two nodes each makes a path of its own.
    """
    starts = (start,) if isinstance(start, str) else tuple(start)
    goals = frozenset((goal,) if isinstance(goal, str) else goal)
    found = _enumerated(graph, starts, goals, unknown=unknown)
    return tuple(path for path, _ in zip(found, range(limit), strict=False))


def _enumerated(
    graph: EscalationGraph, starts: Iterable[str], goals: frozenset[str], *, unknown: bool
) -> Iterator[Path]:
    """Best first, guided by the exact distance to the goals, so that paths come in the order of their weight."""
    _, ahead = _cheapest(graph.incoming, goals, 0, unknown=unknown, conditional=True)
    queue: list[tuple[int, int, tuple[Edge, ...], str]] = [
        (ahead[one], number, (), one) for number, one in enumerate(dict.fromkeys(starts)) if one in ahead
    ]
    heapq.heapify(queue)
    pushed = len(queue)
    for _ in range(_LOOKED_AT):
        if not queue:
            return
        _, _, edges, node = heapq.heappop(queue)
        if node in goals and edges:
            if Path(edges).condition is not False:
                yield Path(edges)
            continue
        passed = {edge.source for edge in edges}
        so_far = sum(map(weight, edges))
        for edge in graph.outgoing.get(node, ()):
            if edge.target not in ahead or edge.target in passed or (edge.unknown and not unknown):
                continue
            if edge.target == node:
                continue
            pushed += 1
            total = so_far + weight(edge) + ahead[edge.target]
            heapq.heappush(queue, (total, pushed, (*edges, edge), edge.target))


def escalations(graph: EscalationGraph, *, unknown: bool = False) -> tuple[Path, ...]:
    """For everybody who does not administer an account already: the cheapest path to administering one.

    In order of cost.  Who has an administrator's role without taking a step (by assignment, or because it runs with the
    role) administers already; so does who does on a condition.
    """
    goals = frozenset(
        node.id for node in graph.nodes.values() if node.kind in {NodeKind.ACCOUNT, NodeKind.ORGANIZATION}
    )
    reaching = reverse(graph, goals, unknown=unknown)
    found = []
    for node in graph.nodes.values():
        if node.kind not in _STARTS or node.is_admin or node.id not in reaching:
            continue
        path = path_from(reaching, node.id)
        if path is not None and path.condition is False:
            path = next(iter(paths(graph, node.id, goals, 1, unknown=unknown)), None)
        if path is not None and path.cost:
            found.append(path)
    return tuple(sorted(found, key=lambda path: (path.cost, len(path.edges), path.start)))


def starts_by_kind(graph: EscalationGraph) -> Mapping[NodeKind, tuple[str, ...]]:
    """Where paths can begin, by kind of node."""
    found: defaultdict[NodeKind, list[str]] = defaultdict(list)
    for node in graph.nodes.values():
        if node.kind in _STARTS:
            found[node.kind].append(node.id)
    return {kind: tuple(ids) for kind, ids in found.items()}
