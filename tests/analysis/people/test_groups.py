"""Groups within groups, beside a naive oracle: a relation that is closed by repeating until nothing is new."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from watchword.analysis.people.groups import around, circles, within

Edges = dict[str, list[str]]

NAMES = st.sampled_from("abcdefg")
GRAPHS = st.dictionaries(NAMES, st.lists(NAMES, max_size=4), max_size=7)


def closed(edges: Edges) -> set[tuple[str, str]]:
    """All pairs of an outer and an inner group, by composing the relation with itself until it is closed."""
    pairs = {(outer, inner) for outer, some in edges.items() for inner in some}
    while True:
        more = pairs | {(a, d) for a, b in pairs for c, d in pairs if b == c}
        if more == pairs:
            return pairs
        pairs = more


@given(GRAPHS, NAMES)
def test_within_a_group_are_those_that_the_closed_relation_names(edges: Edges, group: str) -> None:
    assert within(edges, group) == {group} | {inner for outer, inner in closed(edges) if outer == group}


@given(GRAPHS, st.sets(NAMES, max_size=3))
def test_around_a_change_are_all_that_contain_a_changed_group(edges: Edges, changed: set[str]) -> None:
    assert around(edges, changed) == changed | {outer for outer, inner in closed(edges) if inner in changed}


@given(GRAPHS)
def test_circles_are_the_groups_that_are_within_themselves(edges: Edges) -> None:
    pairs = closed(edges)
    expected = {
        frozenset(
            other for other in "abcdefg" if other == one or ((one, other) in pairs and (other, one) in pairs)
        )
        for one in "abcdefg"
        if (one, one) in pairs
    }
    found = circles(edges)
    assert set(found) == expected
    assert len(found) == len(expected)


@settings(max_examples=5, deadline=None)
@given(st.integers(20_000, 30_000))
def test_a_chain_of_many_groups_exhausts_no_stack(length: int) -> None:
    edges = {str(number): [str(number + 1)] for number in range(length)}
    assert len(within(edges, "0")) == length + 1
    assert circles(edges) == []
    assert circles(edges | {str(length): ["0"]}) == [frozenset(within(edges, "0"))]
