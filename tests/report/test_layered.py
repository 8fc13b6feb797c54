"""The layered layout: nothing overlaps, every link leads on, few crossings, the same every time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchword.report.layered import Arrangement, Item, Link, Pin, arrange

GAP = 10.0


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Item], list[Link]]:
    count = draw(st.integers(1, 14))
    pins = st.sampled_from(list(Pin))
    items = [
        Item(f"n{index}", draw(st.sampled_from([20.0, 35.0, 80.0])), draw(pins)) for index in range(count)
    ]
    ends = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(
        lambda one: one[0] != one[1]
    )
    pairs = draw(st.lists(ends, max_size=30)) if count > 1 else []
    links = [Link(f"n{one}", f"n{other}", f"to n{other} {one % 3}") for one, other in pairs]
    return items, links


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_no_two_boxes_of_a_column_overlap(graph: tuple[list[Item], list[Link]]) -> None:
    items, links = graph
    found = arrange(items, links, GAP)
    heights = {one.id: one.height for one in items}
    for column in range(found.columns):
        stack = [
            (place.middle - heights[name] / 2, place.middle + heights[name] / 2)
            for name, place in found.boxes.items()
            if place.column == column
        ]
        stack += [(middle - 6, middle + 6) for (_, at), middle in found.waypoints.items() if at == column]
        for (_, bottom), (top, _) in pairwise(sorted(stack)):
            assert top >= bottom + GAP / 3 - 1e-6
        assert all(top >= -1e-6 and bottom <= found.height + 1e-6 for top, bottom in stack)


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_every_link_leads_on_or_is_told_to_lead_back(graph: tuple[list[Item], list[Link]]) -> None:
    items, links = graph
    found = arrange(items, links, GAP)
    for index, link in enumerate(links):
        if index not in found.back:
            start, end = found.boxes[link.source].column, found.boxes[link.target].column
            assert start < end
            assert all((link.bundle, between) in found.waypoints for between in range(start + 1, end))


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_the_same_graph_is_arranged_the_same(graph: tuple[list[Item], list[Link]]) -> None:
    assert arrange(*graph, GAP) == arrange(*graph, GAP)


def test_starts_stand_first_and_ends_stand_last() -> None:
    items = [Item("a", 20, Pin.START), Item("b", 20), Item("c", 20, Pin.END), Item("d", 20, Pin.END)]
    links = [Link("a", "b", "1"), Link("b", "c", "2"), Link("a", "d", "3")]
    found = arrange(items, links)
    assert [found.boxes[name].column for name in "abcd"] == [0, 1, 2, 2]


def test_only_what_closes_a_circle_leads_back() -> None:
    items = [Item("a", 20, Pin.START), Item("b", 20), Item("c", 20)]
    links = [Link("a", "b", "1"), Link("b", "c", "2"), Link("c", "a", "3"), Link("a", "c", "4")]
    assert arrange(items, links).back == {2}


def test_crossings_that_can_be_undone_are_undone() -> None:
    items = [Item(name, 20, Pin.START) for name in "abc"] + [Item(name, 20) for name in "xyz"]
    links = [Link("a", "z", "1"), Link("b", "y", "2"), Link("c", "x", "3")]
    found = arrange(items, links)
    assert order(found, "abc") == order(found, "zyx")


def test_a_web_of_long_ways_is_laid_out_by_its_shortest_ones() -> None:
    names = [f"n{number}" for number in range(20)]
    items = [Item("start", 20, Pin.START), *(Item(name, 20) for name in names), Item("end", 20, Pin.END)]
    links = [Link("start", name, f"1 {name}") for name in names]
    links += [Link(one, other, f"2 {other}") for one, other in pairwise(names)]
    links += [Link(name, "end", "3") for name in names]
    found = arrange(items, links)
    assert found.columns == 3
    assert len(found.back) == 19


def order(found: Arrangement, names: str) -> list[float]:
    return [round(found.boxes[name].middle, 3) for name in names]


def test_a_link_to_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="every link leads from one box to another"):
        arrange([Item("a", 20)], [Link("a", "b", "1")])
