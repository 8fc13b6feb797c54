"""Maximum flow against cuts that are tried one after the other."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from watchword.analysis.paths.flow import ENDLESS, Network

ARCS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 4)), max_size=14)


def network(arcs: list[tuple[int, int, int]]) -> Network:
    made = Network()
    for _ in range(6):
        made.vertex()
    for arc in arcs:
        made.arc(*arc)
    return made


@settings(deadline=None)
@given(ARCS)
def test_the_flow_is_the_smallest_cut(arcs: list[tuple[int, int, int]]) -> None:
    sides = ({0, *inside} for size in range(5) for inside in itertools.combinations(range(1, 5), size))
    smallest = min(sum(c for tail, head, c in arcs if tail in side and head not in side) for side in sides)
    assert network(arcs).flow(0, 5) == smallest


@settings(deadline=None)
@given(ARCS)
def test_what_is_still_reached_tells_the_cut(arcs: list[tuple[int, int, int]]) -> None:
    made = network(arcs)
    flow = made.flow(0, 5)
    reached = made.reached(0)
    assert reached[0]
    assert not reached[5]
    assert sum(c for tail, head, c in arcs if reached[tail] and not reached[head]) == flow


def test_a_way_without_a_bound_is_told() -> None:
    assert network([(0, 1, ENDLESS), (1, 5, ENDLESS)]).flow(0, 5) >= ENDLESS


def test_a_first_choice_that_stands_in_the_way_is_taken_back() -> None:
    arcs = [(0, 1, 1), (0, 2, 1), (1, 3, 1), (1, 4, 1), (2, 3, 1), (3, 5, 1), (4, 5, 1)]
    assert network(arcs).flow(0, 5) == 2
