"""Attack paths of one account, for controls: its escalation graph, built once, and paths told in words.

A control sees one account beside the organisation's answers, so the graph has that account's identities, what runs with
roles there, its sensitive stores, and whoever comes from outside.  Steps over another account's identities are not seen
here; ``watchword iam paths`` draws them all.

A step counts only as far as what it rests on was read: whoever has policies that were not read may be denied by them, so
such a step is *unknown*, as are those that the graph itself marks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from watchword.analysis.iam.access import Access, Identity
from watchword.analysis.iam.expression import Value, keys_of, words
from watchword.analysis.paths.actors import MFA_KEYS
from watchword.analysis.paths.edges import ORGANIZATION, PRINCIPALS, STRUCTURES, Edge, Hold, NodeKind
from watchword.analysis.paths.graph import EscalationGraph
from watchword.analysis.paths.inventory import TABLES as INVENTORY
from watchword.analysis.paths.search import Path, path_from, paths, reverse
from watchword.analysis.paths.stores import STORES
from watchword.analysis.paths.techniques import techniques
from watchword.controls.access import READS as ACCESS
from watchword.controls.access import Asking, access_of, unseen
from watchword.model.evidence import Evidence
from watchword.model.snapshot import AccountView

READS: Final = tuple(
    dict.fromkeys(
        (
            *ACCESS,
            *INVENTORY,
            *STORES,
            "iam.organizations_features",
            "organizations.service_access",
            "organizations.delegated_administrators",
            "organizations.accounts",
            "sso-admin.group_memberships",
        )
    )
)
"""The tables that a control must name to ask for ``escalation_of``."""

_EVIDENCE: Final = 12
"""How many rows of a path are shown."""

_Reaching = Mapping[str, Edge | None]


@dataclass(slots=True)
class Escalation:
    """An account's escalation graph, in which only steps that are known for certain are without ``unknown``."""

    asking: Asking
    graph: EscalationGraph
    holes: tuple[str, ...]
    """What was not read of what runs with roles, as far as anybody of the account could make use of it."""
    _reaching: dict[tuple[frozenset[str], bool], _Reaching] = field(default_factory=dict)

    @property
    def administrations(self) -> frozenset[str]:
        """The nodes of administrations: the account's, the organisation's, others' that are reached over it."""
        found = (one for one in self.graph.nodes if one.startswith("account:") or one == ORGANIZATION)
        return frozenset(found)

    @property
    def stores(self) -> frozenset[str]:
        """The account's sensitive stores; not file systems, which are mounted from inside the network alone."""
        nodes = self.graph.nodes.values()
        return frozenset(
            one.id for one in nodes if one.kind is NodeKind.STORE and ":elasticfilesystem:" not in one.id
        )

    def identity(self, node: str) -> Identity | None:
        """The identity of a node, if it is one."""
        return self.asking.access.identities.get(node)

    def path(self, start: str, goals: frozenset[str]) -> Path | None:
        """The cheapest path that is known for certain, be it on conditions; ``None`` where there is none."""
        return self._path(start, goals, unknown=False)

    def perhaps(self, start: str, goals: frozenset[str]) -> Path | None:
        """The cheapest path that there may be, ``unknown`` told; ``None`` where there can be none."""
        return self._path(start, goals, unknown=True)

    def _path(self, start: str, goals: frozenset[str], *, unknown: bool) -> Path | None:
        key = (goals, unknown)
        if key not in self._reaching:
            self._reaching[key] = reverse(self.graph, sorted(goals), unknown=unknown)
        found = path_from(self._reaching[key], start)
        if found is not None and found.condition is False:
            return next(iter(paths(self.graph, start, goals, 1, unknown=unknown)), None)
        return found


_LAST: Final[list[tuple[Asking, Escalation]]] = []
"""The account that was asked for last: an assessment judges accounts one after another."""


def escalation_of(view: AccountView) -> Escalation:
    """The escalation graph of the view's account, built once for all controls that ask for it.

    The view must name ``READS`` among its tables, where it is narrowed.
    """
    asking = access_of(view)
    for known, escalation in _LAST:
        if known is asking:
            return escalation
    graph = EscalationGraph.of(asking.access, [view], estate=view.estate)
    made = Escalation(asking, _certain(graph, asking.access), tuple(_holes(graph, view)))
    _LAST[:] = [(asking, made)]
    return made


def _certain(graph: EscalationGraph, access: Access) -> EscalationGraph:
    """The graph in which a step of somebody whose policies were not all read is unknown.

    Control policies only limit: where nothing but they were not read, there are no more steps than the graph has.
    """
    missing = {one.id: one.missing for one in graph.nodes.values() if one.missing and one.kind in PRINCIPALS}
    if not missing:
        return graph
    control = access.control.values()
    limits = frozenset(what for one in control for what in (*one.scps_missing, *one.rcps_missing))
    edges = tuple(
        edge._replace(unknown=(*edge.unknown, *missing[edge.source])) if edge.source in missing else edge
        for edge in graph.edges
        if edge.technique != "unread" or not limits.issuperset(edge.unknown)
    )
    return EscalationGraph(graph.nodes, edges, graph.notes)


def _holes(graph: EscalationGraph, view: AccountView) -> Iterator[str]:
    """Who is there, and what runs with roles, as far as it was not read."""
    yield from unseen(view)
    told = {hole.sentence() for table in INVENTORY for hole in view.holes_of(table)}
    for account, note in graph.notes:
        sentence = note.removeprefix("not seen: ")
        if account == str(view.account.id) and sentence in told:
            yield sentence


# --- words ---------------------------------------------------------------------------------------------------------------


def steps(escalation: Escalation, path: Path) -> str:
    """A path step by step: what is done, to whom, by which statement, on which condition."""
    told = []
    for edge in path.edges:
        if edge.technique in {"administrator", "administers", "belongs", "governs"} and len(path.edges) > 1:
            continue
        told.append(_step(escalation, edge))
    if len(told) == 1:
        return told[0]
    return ", ".join(f"{number}. {one}" for number, one in enumerate(told, 1))


def _step(escalation: Escalation, edge: Edge) -> str:
    structure = STRUCTURES.get(edge.technique)
    told = structure.name if structure is not None else _technique(edge.technique)
    target = escalation.graph.nodes[edge.target]
    if target.kind is not NodeKind.ACCOUNT:
        told += f": {target.label}"
    told += _by(edge)
    return told if edge.condition is True else f"{told}, if {words(edge.condition)}"


def _technique(name: str) -> str:
    return next((one.name for one in techniques() if one.id == name), name)


def _by(edge: Edge) -> str:
    holds = [stage[0] for stage in edge.stages if stage]
    return f", by {' and '.join(one.label for one in holds)}" if holds else ""


def goal_of(escalation: Escalation, path: Path) -> str:
    """What a path ends at, in words."""
    return escalation.graph.nodes[path.goal].label


def evidence_of(path: Path) -> tuple[Evidence, ...]:
    """The rows that show what a path rests on, as many as can be looked through."""
    holds: Iterator[Hold] = (hold for edge in path.edges for stage in edge.stages for hold in stage)
    shown = (hold.evidence() for hold in dict.fromkeys(holds))
    return tuple(dict.fromkeys(one for one in shown if one is not None))[:_EVIDENCE]


def limits(condition: Value, given: tuple[str, ...] = ()) -> frozenset[str]:
    """The context keys of a condition that may stop an attacker.

    MFA does not: whoever steals a session has the proof of MFA that it carries.  ``given`` are beginnings of keys that the
    attacker decides on.
    """
    keys = keys_of(condition) - {key.lower() for key in MFA_KEYS}
    return frozenset(key for key in keys if not key.startswith(given)) if given else keys
