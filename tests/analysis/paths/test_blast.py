"""Blast radius and choke points; the fewest removals against an oracle that tries all."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from tests.analysis.paths.graphs import HOLDS, NAMES, X, edges, graph_of, simple_paths, smallest_cut, stands
from watchword.analysis.paths.blast import choke_points, radius
from watchword.analysis.paths.edges import (
    GUARDRAILS,
    ORGANIZATION,
    Edge,
    Node,
    NodeKind,
    account_node,
)
from watchword.analysis.paths.graph import EscalationGraph

STARTS, GOALS = ("a", "b"), ("e", "f")
H0, H1, H2 = HOLDS[:3]


def known(some: list[Edge]) -> list[Edge]:
    return [edge for edge in some if not edge.unknown]


@settings(max_examples=400, deadline=None)
@given(edges(9))
def test_the_cut_is_a_smallest_one(some: list[Edge]) -> None:
    found = choke_points(graph_of(some), STARTS, GOALS)
    size = smallest_cut(known(some), STARTS, GOALS)
    if size is None:
        assert found.cut is None
        assert found.uncuttable
        return
    assert found.cut is not None
    assert found.is_minimum
    assert (len(found.cut), found.at_least) == (size, size)
    left = [edge for edge in known(some) if stands(edge, found.cut)]
    assert not any(way for start in STARTS for way in simple_paths(left, start, GOALS))


@settings(deadline=None)
@given(edges(9))
def test_the_ranking_has_every_hold_that_cuts_a_start_off_with_those_starts(some: list[Edge]) -> None:
    found = {one.hold: one.starts for one in choke_points(graph_of(some), STARTS, GOALS).ranking}
    reaching = [one for one in STARTS if next(simple_paths(known(some), one, GOALS), None)]
    for hold in HOLDS:
        left = [edge for edge in known(some) if stands(edge, {hold})]
        cut = tuple(one for one in reaching if not next(simple_paths(left, one, GOALS), None))
        assert found.get(hold, ()) == cut


def test_the_ranking_begins_with_what_cuts_off_the_most() -> None:
    some = [
        Edge("a", "c", "t", stages=((H0,),)),
        Edge("b", "c", "t", stages=((H1,),)),
        Edge("c", "f", "t", stages=((H2,),)),
    ]
    found = choke_points(graph_of(some), STARTS, GOALS)
    assert [(one.hold, one.starts) for one in found.ranking] == [(H2, ("a", "b")), (H0, ("a",)), (H1, ("b",))]
    assert found.cut == (H2,)


def test_a_hold_that_two_ways_share_is_cut_once() -> None:
    some = [Edge("a", "f", "t", stages=((H0,),)), Edge("b", "e", "t", stages=((H0,), (H1,)))]
    assert choke_points(graph_of(some), STARTS, GOALS).cut == (H0,)


def test_all_alternatives_of_a_stage_must_go() -> None:
    some = [Edge("a", "f", "t", stages=((H0, H1),))]
    assert choke_points(graph_of(some), STARTS, GOALS).cut == (H0, H1)


def test_flow_that_mixes_ways_is_made_smaller_by_the_proof() -> None:
    # One hold is needed by both ways, at different places: the flow sees ways that nobody can go.
    some = [
        Edge("a", "c", "t", stages=((H0,),)),
        Edge("c", "f", "t", stages=((H1,),)),
        Edge("b", "d", "t", stages=((H1,),)),
        Edge("d", "f", "t", stages=((H2,),)),
    ]
    found = choke_points(graph_of(some), STARTS, GOALS)
    assert found.cut == (H1,)
    assert found.is_minimum


def test_a_way_that_nothing_holds_cannot_be_cut_and_is_told() -> None:
    some = [Edge("a", "c", "t", stages=((H0,),)), Edge("b", "f", "t")]
    found = choke_points(graph_of(some), STARTS, GOALS)
    assert found.cut is None
    assert found.uncuttable == (some[1],)


def test_where_nothing_is_reached_nothing_need_be_cut() -> None:
    found = choke_points(graph_of([Edge("c", "f", "t")]), STARTS, GOALS)
    assert (found.cut, found.is_minimum, found.ranking) == ((), True, ())


def test_a_start_that_is_a_goal_is_left_out() -> None:
    found = choke_points(graph_of([Edge("a", "f", "t", stages=((H0,),))]), ("f", "a"), ("f",))
    assert found.cut == (H0,)


# --- blast radius --------------------------------------------------------------------------------------------------------


def company() -> EscalationGraph:
    one, two = account_node("1"), account_node("2")
    nodes = {name: Node(name, NodeKind.ROLE, name, "2" if name in "ef" else "1") for name in NAMES}
    nodes |= {
        "store": Node("store", NodeKind.STORE, "bucket", "2", sensitivity="restricted"),
        one: Node(one, NodeKind.ACCOUNT, "administration", "1"),
        two: Node(two, NodeKind.ACCOUNT, "administration", "2"),
        ORGANIZATION: Node(ORGANIZATION, NodeKind.ORGANIZATION, "organisation"),
        GUARDRAILS: Node(GUARDRAILS, NodeKind.GUARDRAILS, "guardrails"),
    }
    some = (
        Edge("a", "b", "t"),
        Edge("b", one, "t", X),
        Edge("b", "store", "t"),
        Edge("a", "e", "t", unknown=("a hole",)),
        Edge("d", ORGANIZATION, "t"),
        Edge("d", GUARDRAILS, "t"),
        Edge(ORGANIZATION, two, "belongs"),
    )
    return EscalationGraph(nodes, some)


def test_a_radius_tells_what_is_reached_for_good_on_conditions_and_perhaps() -> None:
    found = radius(company(), "a")
    assert (found.accounts, found.administers) == (("1", "2"), ("1",))
    assert (found.identities, found.stores) == (("b",), ("store",))
    assert found.conditional == {account_node("1")}
    assert found.perhaps == ("e",)
    assert (found.organization, found.guardrails) == (False, False)


def test_a_radius_tells_of_the_organisation_and_its_guardrails() -> None:
    found = radius(company(), "d")
    assert (found.organization, found.guardrails, found.administers) == (True, True, ("2",))
    assert found.json()["administers"] == ["2"]


def test_who_reaches_nothing_has_an_empty_radius() -> None:
    found = radius(company(), "f")
    assert (found.accounts, found.identities, found.stores, found.perhaps) == ((), (), (), ())


def test_an_unknown_start_is_an_error() -> None:
    with pytest.raises(KeyError):
        radius(company(), "nobody")
