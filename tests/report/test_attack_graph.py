"""The picture of attack paths: well-formed, nothing overlaps, all within the canvas, bounded, the same every time."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report.attack_fakes import sample
from watchword.report.attack_graph import attack_graph_fragment, attack_graph_svg
from watchword.report.attack_model import (
    MOST_EDGES,
    MOST_NODES,
    AttackGraph,
    Choke,
    EdgeStyle,
    GraphEdge,
    GraphNode,
    Place,
    readable,
)
from watchword.report.canvas import picture_css
from watchword.report.lettering import width

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert(\"1\")</script> & 'co' ]]> \x00"


def small(label: str = "ann") -> AttackGraph:
    nodes = (
        GraphNode("a", "person", label, Place.START, "111122223333", "shop"),
        GraphNode("r", "role", "deployer", Place.STEP, "111122223333", "shop"),
        GraphNode("c", "crown", "Admin of shop", Place.CROWN, "111122223333", "shop"),
    )
    edges = (
        GraphEdge("a", "r", "AssumeRole", EdgeStyle.CONDITIONAL, "aws:SourceIp is in 192.0.2.0/24"),
        GraphEdge("r", "c", "AttachRolePolicy", choke=1),
    )
    return AttackGraph(
        nodes, edges, "1 identity can become administrator", chokes=(Choke(1, "the statement", 1, 1),)
    )


def drawn(graph: AttackGraph) -> ET.Element:
    return ET.fromstring(attack_graph_svg(graph))


def texts(root: ET.Element, style: str = "") -> list[ET.Element]:
    return [one for one in root.iter(f"{SVG}text") if style in (one.get("class") or "").split() or not style]


def said(element: ET.Element) -> str:
    return "".join((element.text or "", *(child.tail or "" for child in element)))


def test_no_two_boxes_overlap() -> None:
    boxes = [one for one in drawn(sample()).iter(f"{SVG}rect") if (one.get("class") or "").startswith("box")]
    corners = [[float(one.get(name) or 0) for name in ("x", "y", "width", "height")] for one in boxes]
    assert len(corners) >= 30
    for (x, y, w, h), (x2, y2, w2, h2) in combinations(corners, 2):
        assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y


def test_every_text_is_inside_the_canvas_and_no_smaller_than_eleven() -> None:
    root = drawn(sample())
    across, down = float(root.get("width") or 0), float(root.get("height") or 0)
    for one in texts(root):
        style = (one.get("class") or "").split()
        size = 21 if "h1" in style else 13 if "lead" in style else 12
        long = width(said(one), size, bold="h1" in style)
        x, y = float(one.get("x") or 0), float(one.get("y") or 0)
        left = x - (long if "end" in style else long / 2 if "mid" in style else 0)
        assert left >= 0
        assert left + long <= across + 1
        assert 11 <= y <= down
    assert min(map(float, re.findall(r"font(?:-size)?:(?:400 )?(\d+)px", picture_css()))) >= 11


def test_names_stay_inside_their_boxes() -> None:
    for group in drawn(sample()).iter(f"{SVG}g"):
        box = group.find(f"{SVG}rect")
        assert box is not None
        right = float(box.get("x") or 0) + float(box.get("width") or 0)
        for one in texts(group, "name"):
            assert float(one.get("x") or 0) + width(said(one), 12, bold=True) <= right


def test_labels_of_ways_do_not_overlap_each_other() -> None:
    spots = []
    for one in texts(drawn(sample()), "edge"):
        right, y = float(one.get("x") or 0), float(one.get("y") or 0)
        spots.append((right - width(said(one), 11), right, y - 9, y + 2))
    assert len(spots) > 30
    for (x, x2, y, y2), (u, u2, v, v2) in combinations(spots, 2):
        assert x2 <= u or u2 <= x or y2 <= v or v2 <= y


@st.composite
def graphs(draw: st.DrawFn) -> AttackGraph:
    count = draw(st.integers(1, 12))
    names = st.text(st.characters(max_codepoint=0x2FFF), max_size=60)
    places, styles = st.sampled_from(list(Place)), st.sampled_from(list(EdgeStyle))
    nodes = tuple(
        GraphNode(
            f"n{n}",
            draw(st.sampled_from(["person", "role", "?"])),
            draw(names),
            draw(places),
            draw(names),
            draw(names),
        )
        for n in range(count)
    )
    ends = st.integers(0, count)  # the last is not there
    edges = tuple(
        GraphEdge(
            f"n{draw(ends)}",
            f"n{draw(ends)}",
            draw(names),
            draw(styles),
            draw(names),
            draw(st.integers(0, 3)),
        )
        for _ in range(draw(st.integers(0, 16)))
    )
    return AttackGraph(nodes, edges, draw(names), draw(names), (Choke(1, draw(names), 2, 3, draw(names)),))


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_whatever_the_graph_its_picture_is_well_formed_and_its_boxes_are_apart(graph: AttackGraph) -> None:
    root = drawn(graph)
    boxes = [one for one in root.iter(f"{SVG}rect") if (one.get("class") or "").startswith("box")]
    corners = [[float(one.get(name) or 0) for name in ("x", "y", "width", "height")] for one in boxes]
    across, down = float(root.get("width") or 0), float(root.get("height") or 0)
    assert all(x >= 0 and y >= 0 and x + w <= across and y + h <= down for x, y, w, h in corners)
    for (x, y, w, h), (x2, y2, w2, h2) in combinations(corners, 2):
        assert x + w <= x2 or x2 + w2 <= x or y + h <= y2 or y2 + h2 <= y


def test_six_columns_fit_a_window_of_1280() -> None:
    assert drawn(sample()).get("width") == "1280"


def test_the_same_graph_gives_the_same_text() -> None:
    assert attack_graph_svg(sample()) == attack_graph_svg(sample())


def test_hostile_names_stay_text() -> None:
    root = drawn(small(HOSTILE))
    assert not list(root.iter(f"{SVG}script"))
    assert any("<script>" in said(one) for one in root.iter(f"{SVG}title"))
    assert "<script" not in attack_graph_svg(small(HOSTILE))


def test_a_condition_is_dashed_lettered_and_explained() -> None:
    root = drawn(small())
    assert any("conditional" in (one.get("class") or "") for one in root.iter(f"{SVG}path"))
    told = [said(one) for one in texts(root)]
    assert "AssumeRole [a]" in told
    assert "if aws:SourceIp is in 192.0.2.0/24" in told


def test_what_is_not_known_is_dotted_and_has_a_question_mark() -> None:
    graph = small()
    unknown = replace(graph.edges[0], style=EdgeStyle.UNKNOWN, condition="")
    root = drawn(replace(graph, edges=(unknown, graph.edges[1])))
    assert any("unknown" in (one.get("class") or "") for one in root.iter(f"{SVG}path"))
    assert "AssumeRole ?" in [said(one) for one in texts(root)]


def test_a_choke_point_bears_its_number_and_says_what_cutting_it_brings() -> None:
    told = [said(one) for one in texts(drawn(small()))]
    assert told.count("1") == 2
    assert "Removing the statement cuts 1 of 1 paths" in told


def test_accounts_are_told_by_name_and_id() -> None:
    assert "shop 111122223333" in [said(one) for one in texts(drawn(small()))]


def test_a_long_name_is_shortened_and_its_title_is_whole() -> None:
    name = "a-very-long-name-" * 12
    root = drawn(small(name))
    assert any("…" in said(one) for one in texts(root, "name"))
    assert any(name in said(one) for one in root.iter(f"{SVG}title"))


def test_a_huge_graph_is_cut_down_and_the_rest_is_counted() -> None:
    nodes = [GraphNode(f"s{n}", "person", f"person {n}", Place.START) for n in range(3_000)]
    nodes += [GraphNode(f"r{n}", "role", f"role {n}") for n in range(3_000)]
    edges = [GraphEdge(f"s{n}", f"r{n * 7 % 3_000}", f"way {n}") for n in range(3_000)]
    found = readable(AttackGraph(tuple(nodes), tuple(edges), "many"))
    assert len(found.nodes) <= MOST_NODES
    assert len(found.edges) <= MOST_EDGES
    assert found.notes == (
        f"Not drawn: {6_000 - len(found.nodes)} more boxes and {3_000 - len(found.edges)} more ways.",
    )
    assert found.edges[0] == edges[0]


def test_starts_that_lead_the_same_ways_are_one_box_with_their_number() -> None:
    nodes = tuple(GraphNode(f"s{n}", "person", f"person {n}", Place.START) for n in range(5))
    role = GraphNode("r", "role", "role")
    edges = tuple(GraphEdge(f"s{n}", "r", "AssumeRole") for n in range(5))
    found = readable(AttackGraph((*nodes, role), edges, "five"))
    assert [(one.label, one.badge) for one in found.nodes] == [("person 0 and 4 more", "×5"), ("role", "")]
    assert found.edges == (GraphEdge("s0", "r", "AssumeRole"),)
    assert "person 4" in found.nodes[0].title


def test_starts_that_differ_in_one_way_stay_apart() -> None:
    nodes = tuple(GraphNode(f"s{n}", "person", f"person {n}", Place.START) for n in range(3))
    ends = (GraphNode("r", "role", "role"), GraphNode("q", "role", "other"))
    edges = (*(GraphEdge(f"s{n}", "r", "AssumeRole") for n in range(3)), GraphEdge("s2", "q", "AssumeRole"))
    assert len(readable(AttackGraph((*nodes, *ends), edges, "three")).nodes) == 5


def test_a_circle_is_drawn_with_one_way_back() -> None:
    graph = small()
    back = GraphEdge("c", "a", "AssumeRole")
    root = drawn(replace(graph, edges=(*graph.edges, back)))
    assert sum("back" in (one.get("class") or "").split() for one in root.iter(f"{SVG}path")) == 2
    assert "leads back or aside" in [said(one) for one in texts(root)]


@pytest.mark.parametrize("nodes", [(), small().nodes[:1], small().nodes])
def test_a_graph_without_ways_is_a_picture_too(nodes: tuple[GraphNode, ...]) -> None:
    assert drawn(AttackGraph(nodes, (), "nobody can")).tag == f"{SVG}svg"


def test_a_fragment_has_no_style_and_no_id_of_its_own() -> None:
    fragment = attack_graph_fragment(sample())
    assert "<style" not in fragment
    assert " id=" not in fragment
    ET.fromstring(fragment)


def test_the_small_graph_is_drawn_as_it_was() -> None:
    shapes = [
        (one.tag.removeprefix(SVG), one.get("class"), one.get("x"), one.get("y"))
        for one in drawn(small()).iter()
        if one.tag.removeprefix(SVG) == "rect" and (one.get("class") or "").startswith("box")
    ]
    assert shapes == [
        ("rect", "box start", "24.0", "102.0"),
        ("rect", "box step", "533.0", "102.0"),
        ("rect", "box crown", "1042.0", "102.0"),
    ]
