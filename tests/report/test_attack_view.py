"""From the graph of escalation to the picture: who begins, what is reached, what cuts most, what is counted only."""

from __future__ import annotations

from watchword.analysis.iam import PolicySet, Request, compile_policy, evaluate
from watchword.analysis.paths.blast import choke_points
from watchword.analysis.paths.edges import Edge, Hold, HoldKind, Node, NodeKind
from watchword.analysis.paths.graph import EscalationGraph
from watchword.analysis.paths.search import Path, paths
from watchword.report.attack_model import EdgeStyle, Place, readable
from watchword.report.attack_view import ROOM, attack_graph_of, attack_page_of, telling_paths

PROD = "666677778888"
ADMIN = f"account:{PROD}"
DEPLOY = f"arn:aws:iam::{PROD}:role/deploy"
TRUST = Hold(HoldKind.TRUST, DEPLOY, 0, "AssumeDeploy")
WIDE = Hold(HoldKind.ATTACHMENT, f"policy AdministratorAccess attached to {DEPLOY}")
NAMES = {PROD: "prod"}


def node(name: str, kind: NodeKind, label: str, account: str = PROD) -> Node:
    return Node(name, kind, label, account)


def estate(people: int = 4) -> EscalationGraph:
    nodes = [node(f"u{n}", NodeKind.USER, f"user person-{n}") for n in range(people)]
    nodes += [
        node(DEPLOY, NodeKind.ROLE, "role deploy"),
        node(ADMIN, NodeKind.ACCOUNT, f"administration of prod ({PROD})"),
        node("store", NodeKind.STORE, "bucket customers"),
        node("internet", NodeKind.INTERNET, "the internet", ""),
    ]
    edges = [Edge(f"u{n}", DEPLOY, "sts-assume-role", True, ((TRUST,),)) for n in range(people)]
    edges.append(Edge(DEPLOY, ADMIN, "administrator", True, ((WIDE,),), cost=0))
    edges.append(Edge("internet", "store", "read-store", condition(), ((Hold(HoldKind.STATEMENT, "b"),),)))
    return EscalationGraph({one.id: one for one in nodes}, tuple(edges), ((PROD, "not seen: Batch jobs"),))


def condition() -> object:
    document = {
        "Statement": {
            "Effect": "Allow",
            "Action": "*",
            "Resource": "*",
            "Condition": {"Bool": {"a:b": "true"}},
        }
    }
    known = PolicySet(identity=(compile_policy(document, "identity"),))
    request = Request.of(f"arn:aws:iam::{PROD}:user/u", "s3:GetObject", "*", complete=False)
    return evaluate(request, known).allowed_if


def found(graph: EscalationGraph) -> list[Path]:
    starts = [one.id for one in graph.nodes.values() if one.kind in {NodeKind.USER, NodeKind.INTERNET}]
    return [path for start in starts for path in paths(graph, start, (ADMIN, "store"), 5, unknown=True)]


def test_starts_stand_left_and_what_paths_end_at_is_a_crown_jewel() -> None:
    graph = estate()
    drawn = attack_graph_of(graph, found(graph), names=NAMES)
    places = {one.label: one.place for one in drawn.nodes}
    assert places["person-0"] is Place.START
    assert places["deploy"] is Place.STEP
    assert places["Admin of prod"] is Place.CROWN
    assert places["customers"] is Place.CROWN
    assert {one.label: one.kind for one in drawn.nodes}["customers"] == "bucket"


def test_conditions_and_what_was_not_read_are_told() -> None:
    graph = estate()
    graph = EscalationGraph(
        graph.nodes, (*graph.edges, Edge("internet", ADMIN, "unread", unknown=("iam.roles",)))
    )
    drawn = attack_graph_of(graph, found(graph), names=NAMES)
    styles = {one.label: (one.style, one.condition) for one in drawn.edges}
    assert styles["reads data"] == (EdgeStyle.CONDITIONAL, "a:b Bool true")
    assert styles["not read"] == (EdgeStyle.UNKNOWN, "")
    assert styles["AssumeRole"] == (EdgeStyle.PLAIN, "")


def test_the_cut_that_removes_most_paths_is_the_first_and_its_figures_are_those_of_the_paths() -> None:
    graph = estate()
    several = found(graph)
    points = choke_points(graph, [one.start for one in several], {one.goal for one in several})
    drawn = attack_graph_of(graph, several, points, NAMES)
    first = drawn.chokes[0]
    assert (first.number, first.cuts, first.of) == (1, 4, 5)
    marked = {one.label for one in drawn.edges if one.choke == 1}
    assert len(marked) == 1
    assert marked <= {"AssumeRole", "administers"}
    assert "dearer ways round a single cut may remain" in drawn.notes[0]


def test_a_hold_that_another_can_replace_is_no_cut() -> None:
    graph = estate()
    spare = Hold(HoldKind.TRUST, DEPLOY, 1)
    stages = {"sts-assume-role": ((TRUST, spare),), "administrator": ()}
    edges = tuple(edge._replace(stages=stages.get(edge.technique, edge.stages)) for edge in graph.edges)
    loose = EscalationGraph(graph.nodes, edges)
    drawn = attack_graph_of(loose, found(loose), names=NAMES)
    assert drawn.chokes == ()
    assert not any(one.choke for one in drawn.edges)


def test_the_headline_counts_starts_goals_and_removals() -> None:
    graph = estate()
    several = found(graph)
    points = choke_points(graph, [one.start for one in several], {one.goal for one in several})
    assert attack_graph_of(graph, several, points, NAMES).headline == (
        "5 identities and outsiders could administer 1 account and read 1 sensitive store; "
        "2 removals of statements, trusts or assignments would stop them all"
    )
    assert attack_graph_of(graph, []).headline == "No path leads to a crown jewel"


def test_a_thousand_who_go_the_same_way_are_one_box() -> None:
    graph = estate(1_000)
    drawn = readable(attack_graph_of(graph, found(graph), names=NAMES))
    assert [(one.label, one.badge) for one in drawn.nodes if one.badge] == [
        ("person-0 and 999 more", "×1000")
    ]
    assert not any("more path" in note for note in drawn.notes)


def test_paths_beyond_what_there_is_room_for_are_counted() -> None:
    nodes = {
        f"{kind.value}{n}": node(f"{kind.value}{n}", kind, f"{kind.value} {n}")
        for n in range(60)
        for kind in (NodeKind.USER, NodeKind.ROLE)
    }
    nodes[ADMIN] = node(ADMIN, NodeKind.ACCOUNT, "administration of prod")
    edges = [Edge(f"user{n}", f"role{n}", "sts-assume-role") for n in range(60)]
    edges += [Edge(f"role{n}", ADMIN, "administrator") for n in range(60)]
    graph = EscalationGraph(nodes, tuple(edges))
    drawn = attack_graph_of(graph, found(graph), names=NAMES)
    assert len(drawn.nodes) <= ROOM
    shown = sum(one.place is Place.START for one in drawn.nodes)
    assert drawn.notes == (f"And {60 - shown} more paths from {60 - shown} more starts.",)


def test_the_page_tells_who_how_by_what_and_how_to_close_it() -> None:
    graph = estate()
    page = attack_page_of(graph, found(graph), names=NAMES)
    step = page.paths[0].steps[0]
    assert step.source == f"user person-0 (prod {PROD})"
    assert step.technique == "Take the role (sts:AssumeRole)"
    assert step.statements == (f"trust: statement 'AssumeDeploy' of {DEPLOY}",)
    assert step.fix
    assert page.reach[0].accounts == 1
    assert page.not_seen == ("Batch jobs (prod)",)


def test_a_first_picture_shows_escalations_and_what_outsiders_read() -> None:
    graph = estate(2)
    told = [(one.start, one.goal) for one in telling_paths(graph)]
    assert told == [("u0", ADMIN), ("u1", ADMIN), ("internet", "store")]
