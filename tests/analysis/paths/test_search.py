"""Paths against an oracle that tries every way."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.analysis.paths.graphs import NAMES, X, edges, graph_of, simple_paths
from watchword.analysis.iam.expression import conjunction, negated
from watchword.analysis.paths.edges import Edge, Node, NodeKind, account_node
from watchword.analysis.paths.graph import EscalationGraph
from watchword.analysis.paths.search import (
    Path,
    closure,
    escalations,
    path_from,
    path_to,
    paths,
    reverse,
    weight,
)


def known(some: list[Edge]) -> list[Edge]:
    return [edge for edge in some if not edge.unknown]


@settings(deadline=None)
@given(edges())
def test_what_is_reached_is_what_some_way_leads_to(some: list[Edge]) -> None:
    reached = closure(graph_of(some), ("a",))
    assert set(reached) == {"a"} | {
        goal for goal in NAMES if goal != "a" and any(simple_paths(known(some), "a", {goal}))
    }


@settings(deadline=None)
@given(edges())
def test_the_way_to_what_is_reached_is_the_cheapest(some: list[Edge]) -> None:
    reached = closure(graph_of(some), ("a",))
    for goal in set(reached) - {"a"}:
        path = path_to(reached, goal)
        assert path is not None
        assert (path.start, path.goal) == ("a", goal)
        best = min(sum(map(weight, way)) for way in simple_paths(known(some), "a", {goal}))
        assert sum(map(weight, path.edges)) == best


@settings(deadline=None)
@given(edges())
def test_backwards_is_the_same_as_forwards(some: list[Edge]) -> None:
    graph = graph_of(some)
    reaching = reverse(graph, ("f",))
    for start in NAMES[:-1]:
        forwards, backwards = path_to(closure(graph, (start,)), "f"), path_from(reaching, start)
        assert (forwards is None) is (backwards is None)
        if forwards and backwards:
            assert sum(map(weight, forwards.edges)) == sum(map(weight, backwards.edges))


@settings(deadline=None)
@given(edges(7))
def test_paths_are_all_simple_ways_whose_conditions_do_not_exclude_each_other(some: list[Edge]) -> None:
    found = [path.edges for path in paths(graph_of(some), "a", "f", 10_000)]
    wanted = [
        way
        for way in simple_paths(known(some), "a", {"f"})
        if conjunction(edge.condition for edge in way) is not False
    ]
    assert sorted(map(repr, found)) == sorted(map(repr, wanted))
    weights = [sum(map(weight, way)) for way in found]
    assert weights == sorted(weights)


@settings(deadline=None)
@given(edges(7))
def test_unknown_edges_count_only_where_they_are_asked_for(some: list[Edge]) -> None:
    graph = graph_of(some)
    assert not any(path.unknown for path in paths(graph, "a", "f", 100))
    every = {path.edges for path in paths(graph, "a", "f", 10_000, unknown=True)}
    assert every == {
        way
        for way in simple_paths(some, "a", {"f"})
        if conjunction(edge.condition for edge in way) is not False
    }


@settings(deadline=None)
@given(edges())
def test_what_is_reached_for_good_is_reached_over_edges_without_condition(some: list[Edge]) -> None:
    for_good = closure(graph_of(some), ("a",), conditional=False)
    plain = [edge for edge in known(some) if edge.condition is True]
    assert set(for_good) == set(closure(graph_of(plain), ("a",)))


def test_the_limit_is_kept_and_the_cheapest_come_first() -> None:
    some = [Edge("a", "f", "t", cost=cost) for cost in (3, 1, 2)]
    assert [path.cost for path in paths(graph_of(some), "a", "f", 2)] == [1, 2]


def test_a_cycle_of_trusts_is_gone_through_once() -> None:
    some = [
        Edge("a", "b", "t"),
        Edge("b", "a", "t"),
        Edge("b", "c", "t"),
        Edge("c", "b", "t"),
        Edge("c", "f", "t"),
    ]
    (path,) = paths(graph_of(some), "a", "f")
    assert path.nodes == ("a", "b", "c", "f")


def test_the_condition_of_a_path_is_that_of_all_its_steps() -> None:
    path = Path((Edge("a", "b", "t", X), Edge("b", "c", "t")))
    assert path.condition == X
    assert Path((Edge("a", "b", "t", X), Edge("b", "c", "t", negated(X)))).condition is False


# --- escalations ---------------------------------------------------------------------------------------------------------

ACCOUNT = account_node("1")


def small(*some: Edge, admins: str = "") -> EscalationGraph:
    nodes = {one: Node(one, NodeKind.ROLE, one, "1", admin_if=one in admins) for one in NAMES}
    nodes[ACCOUNT] = Node(ACCOUNT, NodeKind.ACCOUNT, "administration", "1")
    return EscalationGraph(nodes, some)


def test_who_reaches_an_administration_escalates_and_who_has_it_does_not() -> None:
    graph = small(Edge("a", "b", "t"), Edge("b", ACCOUNT, "administrator", cost=0), admins="b")
    (path,) = escalations(graph)
    assert path.nodes == ("a", "b", ACCOUNT)


def test_who_needs_no_step_has_it_already() -> None:
    graph = small(Edge("a", "b", "assigned", cost=0), Edge("b", ACCOUNT, "administrator", cost=0), admins="b")
    assert escalations(graph) == ()


def test_an_escalation_whose_conditions_exclude_each_other_is_told_by_the_next_way() -> None:
    graph = small(
        Edge("a", "b", "t", X),
        Edge("b", ACCOUNT, "t", negated(X)),
        Edge("a", "c", "t", cost=3),
        Edge("c", ACCOUNT, "administrator", cost=0),
        admins="bc",
    )
    (path,) = escalations(graph)
    assert path.nodes == ("a", "c", ACCOUNT)


@pytest.mark.parametrize("unknown", [False, True])
def test_an_unknown_escalation_is_told_where_it_is_asked_for(unknown: bool) -> None:
    graph = small(Edge("a", ACCOUNT, "unread", unknown=("its policies",)))
    assert len(escalations(graph, unknown=unknown)) == unknown
