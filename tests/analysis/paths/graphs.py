"""Small graphs, drawn at random, and what is true of them by trying everything."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

from watchword.analysis.iam.conditions import present
from watchword.analysis.iam.expression import Atom, Value, negated
from watchword.analysis.paths.edges import Edge, Hold, HoldKind, Node, NodeKind
from watchword.analysis.paths.graph import EscalationGraph

NAMES = "abcdef"
HOLDS = tuple(Hold(HoldKind.STATEMENT, f"policy-{number}") for number in range(6))
X: Value = Atom(present("aws:x"))
CONDITIONS: tuple[Value, ...] = (True, True, True, X, negated(X))


def graph_of(edges: Sequence[Edge]) -> EscalationGraph:
    """The graph of edges between letters."""
    nodes = {one: Node(one, NodeKind.ROLE, one) for one in NAMES}
    return EscalationGraph(nodes, tuple(edges))


@st.composite
def edges(draw: st.DrawFn, most: int = 10) -> list[Edge]:
    """Edges with costs, conditions, holes and holds."""
    stage = st.lists(st.sampled_from(HOLDS), min_size=1, max_size=3, unique=True).map(tuple)
    one: Any = st.builds(
        Edge,
        st.sampled_from(NAMES),
        st.sampled_from(NAMES),
        st.just("t"),
        st.sampled_from(CONDITIONS),
        st.lists(stage, max_size=2).map(tuple),
        st.sampled_from([(), (), (), ("a hole",)]),
        st.integers(0, 3),
    )
    found: list[Edge] = draw(st.lists(one, max_size=most))
    return found


def simple_paths(some: Sequence[Edge], start: str, goals: Collection[str]) -> Iterator[tuple[Edge, ...]]:
    """Every simple path, by trying every edge; a path ends at the first goal."""

    def go(node: str, way: tuple[Edge, ...], seen: frozenset[str]) -> Iterator[tuple[Edge, ...]]:
        if node in goals and way:
            yield way
            return
        for edge in some:
            if edge.source == node and edge.target not in seen:
                yield from go(edge.target, (*way, edge), seen | {edge.target})

    yield from go(start, (), frozenset({start}))


def stands(edge: Edge, gone: Collection[Hold]) -> bool:
    """Whether every stage has a hold left."""
    return all(set(stage) - set(gone) for stage in edge.stages)


def smallest_cut(some: Sequence[Edge], starts: Sequence[str], goals: Collection[str]) -> int | None:
    """The size of the smallest set of holds without which no goal is reached; ``None`` where there is none."""
    for size in range(len(HOLDS) + 1):
        for gone in itertools.combinations(HOLDS, size):
            left = [edge for edge in some if stands(edge, gone)]
            if not any(next(simple_paths(left, start, goals), None) for start in starts):
                return size
    return None
