"""Company ABC's escalations before and after its programme, as its design has them (``watchword.lab.estate``).

Stated from the plans of identities, guardrails and workloads, not from what the graph says.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest

from tests.lab.test_truth import Assessed, both
from watchword.analysis.iam.access import Access
from watchword.analysis.iam.expression import keys_of
from watchword.analysis.paths.blast import choke_points, radius
from watchword.analysis.paths.edges import OUTSIDERS, NodeKind
from watchword.analysis.paths.graph import EscalationGraph
from watchword.analysis.paths.search import escalations, paths
from watchword.lab.estate.company import (
    DATA,
    DEV,
    MANAGEMENT,
    PARTNER_AUDITOR,
    PARTNER_LOGISTICS,
    PROD,
    SANDBOX,
    STRANGER,
    State,
)
from watchword.store.snapshots import Snapshot

pytestmark = pytest.mark.heavy

__all__ = ("both",)

Graphs = Callable[[State], EscalationGraph]


@pytest.fixture(scope="module")
def graphs(both: dict[State, Assessed]) -> dict[State, EscalationGraph]:
    """The graph of each state."""
    made = {}
    for state, assessed in both.items():
        snapshot = Snapshot.open(assessed.store)
        views = [snapshot.view(one.id) for one in snapshot.accounts()]
        made[state] = EscalationGraph.of(Access.of(views), views)
    return made


GITHUB: Final = "whoever token.actions.githubusercontent.com vouches for"

BEFORE: Final = {
    # Own credentials: iam:* on oneself.
    ("user marta.kowalski", PROD.id, PROD.id),
    ("user anna.schmidt", DEV.id, DEV.id),
    ("user ben.clarke", DEV.id, DEV.id),
    ("user chen.wei", DEV.id, DEV.id),
    # PowerUserAccess includes sts:AssumeRole, and administrators' roles trust their whole account.
    ("user ravi.patel", PROD.id, PROD.id),
    ("role AWSReservedSSO_Developer_3d9c5e7f1a4b6283", DEV.id, DEV.id),
    ("role github-dev-deploy", DEV.id, DEV.id),
    ("role github-preview", DEV.id, DEV.id),
    ("permission set Developer", SANDBOX.id, SANDBOX.id),
    ("user intern-2023", SANDBOX.id, SANDBOX.id),
    ("role hackathon", SANDBOX.id, SANDBOX.id),
    # Its boundary denies iam:* and not sts:AssumeRole.
    ("user load-tester", DEV.id, DEV.id),
    # The developers of the directory, by their permission set (other people of it administer something already).
    *((name, "", DEV.id) for name in ("anna.schmidt", "ben.clarke", "chen.wei", "erik.larsen")),
    # From outside.
    ("whoever CorporateADFS vouches for", MANAGEMENT.id, MANAGEMENT.id),
    (GITHUB, PROD.id, PROD.id),
    (GITHUB, DEV.id, DEV.id),
    (f"account {STRANGER}", STRANGER, SANDBOX.id),
}
"""Who escalates, of which account, to the administration of which."""

AFTER: Final[set[tuple[str, str, str]]] = set()
"""Nobody: the operators' PowerUserAccess could take ops-admin, but that asks for MFA, which their sessions cannot prove."""


def told(graph: EscalationGraph) -> set[tuple[str, str, str]]:
    return {
        (graph.nodes[path.start].label, graph.nodes[path.start].account, graph.nodes[path.goal].account)
        for path in escalations(graph)
    }


def identity(graph: EscalationGraph, label: str, account: str) -> str:
    (found,) = (node.id for node in graph.nodes.values() if (node.label, node.account) == (label, account))
    return found


def test_before_exactly_these_escalate(graphs: dict[State, EscalationGraph]) -> None:
    assert told(graphs[State.BEFORE]) == BEFORE


def test_after_exactly_these_escalate(graphs: dict[State, EscalationGraph]) -> None:
    assert told(graphs[State.AFTER]) == AFTER


def test_an_operator_with_a_user_of_the_account_must_prove_fresh_mfa(
    graphs: dict[State, EscalationGraph],
) -> None:
    graph = graphs[State.BEFORE]
    ops_admin = identity(graph, "role ops-admin", PROD.id)
    (path,) = paths(graph, identity(graph, "user ravi.patel", PROD.id), ops_admin, 1)
    assert keys_of(path.condition) == {"aws:multifactorauthpresent", "aws:multifactorauthage"}
    after = graphs[State.AFTER]
    operator = identity(after, "permission set PlatformOperator", PROD.id)
    assert not paths(after, operator, identity(after, "role ops-admin", PROD.id))


def test_a_developer_has_a_second_way_over_the_function_that_may_do_everything(
    graphs: dict[State, EscalationGraph],
) -> None:
    graph = graphs[State.BEFORE]
    start = identity(graph, "role AWSReservedSSO_Developer_3d9c5e7f1a4b6283", DEV.id)
    used = {path.edges[0].technique for path in paths(graph, start, f"account:{DEV.id}", 20)}
    assert {"sts-assume-role", "lambda-update-code-invoke"} <= used
    after = graphs[State.AFTER]
    developer = identity(after, "role AWSReservedSSO_Developer_3d9c5e7f1a4b6283", DEV.id)
    assert not paths(after, developer, f"account:{DEV.id}")


def test_a_trust_alone_is_no_way(graphs: dict[State, EscalationGraph]) -> None:
    """dev-build is trusted by the warehouse's administrators, but has no permission to take the role."""
    graph = graphs[State.BEFORE]
    start = identity(graph, "role dev-build", DEV.id)
    assert not paths(graph, start, identity(graph, "role warehouse-admin", DATA.id), unknown=True)


def test_nobody_outside_reaches_an_administration_after(graphs: dict[State, EscalationGraph]) -> None:
    for state, count in ((State.BEFORE, 4), (State.AFTER, 0)):
        graph = graphs[state]
        goals = [node.id for node in graph.nodes.values() if node.kind is NodeKind.ACCOUNT]
        outside = [node.id for node in graph.nodes.values() if node.kind in OUTSIDERS]
        assert sum(bool(paths(graph, one, goals, 1)) for one in outside) == count


def test_who_is_let_in_from_outside(graphs: dict[State, EscalationGraph]) -> None:
    before = {node.account for node in graphs[State.BEFORE].nodes.values() if node.kind is NodeKind.OUTSIDE}
    after = {node.account for node in graphs[State.AFTER].nodes.values() if node.kind is NodeKind.OUTSIDE}
    assert before == {PARTNER_AUDITOR, PARTNER_LOGISTICS, STRANGER}
    # The logistics firm's role keeps its trust; the perimeter around the organisation does not spare the firm.
    assert after == {PARTNER_AUDITOR}


def test_five_trusts_keep_everybody_outside_from_administering(graphs: dict[State, EscalationGraph]) -> None:
    graph = graphs[State.BEFORE]
    goals = [node.id for node in graph.nodes.values() if node.kind is NodeKind.ACCOUNT]
    outside = [node.id for node in graph.nodes.values() if node.kind in OUTSIDERS]
    found = choke_points(graph, outside, goals)
    assert found.is_minimum
    assert found.cut is not None
    # ADFS, GitHub in prod, GitHub in dev (two roles), and the stranger in the sandbox.
    assert len(found.cut) == 5


def test_the_metadata_of_adfs_is_the_whole_organisation(graphs: dict[State, EscalationGraph]) -> None:
    graph = graphs[State.BEFORE]
    adfs = next(node.id for node in graph.nodes.values() if "CorporateADFS" in node.id)
    found = radius(graph, adfs)
    assert found.organization
    assert len(found.administers) == 9


def test_a_reader_of_one_bucket_reaches_nothing_else(graphs: dict[State, EscalationGraph]) -> None:
    for graph in graphs.values():
        found = radius(graph, identity(graph, "user backup-agent", PROD.id))
        assert (found.identities, found.administers) == ((), ())
