"""From the graph of escalation to what picture and page show: boxes, ways, cuts, steps, in words for people.

Paths come in the order of their importance.  Those that differ only in who begins share their boxes, so a picture has room
for many; what it has no room for is counted in its notes.  No path is looked for here (see ``analysis.paths.search``).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from watchword.analysis.iam.expression import words
from watchword.analysis.paths.blast import ChokePoints, radius
from watchword.analysis.paths.edges import OUTSIDERS, STRUCTURES, Edge, Hold, HoldKind, Node, NodeKind
from watchword.analysis.paths.graph import EscalationGraph
from watchword.analysis.paths.search import Path, closure, escalations, path_to
from watchword.analysis.paths.techniques import Technique, techniques
from watchword.report.attack_model import AttackGraph, Choke, EdgeStyle, GraphEdge, GraphNode, Place
from watchword.report.attack_page import SHOWN_PATHS, AttackPage, PathStep, PathView, Reach

ROOM: Final = 44
"""Boxes that paths are chosen for: what a person can follow on one page."""
_CUTS: Final = 5
_AROUND: Final = (
    "Cuts are counted over these {} paths, which are the cheapest: dearer ways round a single cut may remain."
)
_NAMED: Final = 4
"""Accounts that are named; more are counted."""
_REACHES: Final = 60
"""Starts whose blast radius is computed for the page."""

_ICONS: Final = {
    NodeKind.USER: "person",
    NodeKind.PERSON: "person",
    NodeKind.GROUP: "people",
    NodeKind.PEOPLE: "people",
    NodeKind.ROLE: "role",
    NodeKind.PERMISSION_SET: "role",
    NodeKind.COMPUTE: "machine",
    NodeKind.ACCOUNT: "crown",
    NodeKind.ORGANIZATION: "crown",
    NodeKind.GUARDRAILS: "crown",
    NodeKind.STORE: "database",
    NodeKind.INTERNET: "globe",
    NodeKind.ANY_ACCOUNT: "globe",
    NodeKind.OUTSIDE: "partner",
    NodeKind.FEDERATED: "partner",
    NodeKind.GUEST: "guest",
}
_BY_NOUN: Final = {
    "function": "function",
    "bucket": "bucket",
    "secret": "key",
    "parameter": "key",
    "table": "database",
    "database": "database",
    "snapshot": "database",
    "user": "",
    "role": "",
    "group": "",
}
"""First words of labels: an icon of their own, or (empty) told by the kind's icon alone."""
_RESERVED: Final = re.compile(r"^AWSReservedSSO_(.+)_[0-9a-f]{16}$")
"""Roles of permission sets: people know the set's name."""
_WAYS: Final = {
    "administrator": "administers",
    "administers": "administers",
    "governs": "governs",
    "belongs": "belongs to it",
    "runs-as": "runs as",
    "member-of": "member of",
    "assigned": "assigned",
    "sts-assume-role": "AssumeRole",
    "sts-assume-role-with-saml": "SAML sign-in",
    "sts-assume-role-with-web-identity": "OIDC sign-in",
    "guest-sign-in": "guest sign-in",
    "read-store": "reads data",
    "unread": "not read",
}
_CLOSING: Final = {
    "administrator": "Take the administrator's permissions away, or grant them for a time only.",
    "sts-assume-role": "Name in the role's trust policy only who must take it, and ask for a condition.",
    "sts-assume-role-with-saml": "Narrow the role's trust by conditions on what the provider says of the person.",
    "sts-assume-role-with-web-identity": "Narrow the role's trust by the token's subject and audience.",
    "guest-sign-in": "Switch unauthenticated identities of the pool off, or empty their role.",
    "runs-as": "Give what runs there a role with less.",
    "member-of": "Take the member out of the group.",
    "assigned": "Remove the assignment, or make it one for a time only.",
    "read-store": "Narrow the statements that let it read.",
    "unread": "Let the collector read what is missing, then look again.",
}


def attack_graph_of(
    graph: EscalationGraph,
    paths: Sequence[Path],
    choke_points: ChokePoints | None = None,
    names: Mapping[str, str] | None = None,
    lead: str = "",
) -> AttackGraph:
    """The picture of paths; ``names`` are those of accounts by id, ``lead`` says below the headline what was looked at."""
    view = _View(graph, names or {}, _chokes(paths, choke_points))
    chosen = list(_chosen(graph, paths))
    left = len(paths) - len(chosen)
    hidden = len({path.start for path in paths} - {path.start for path in chosen})
    more = f"And {_many(left, 'more path')} from {_many(hidden, 'more start')}."
    edges = list(dict.fromkeys(edge for path in chosen for edge in path.edges))
    return AttackGraph(
        tuple(view.nodes(chosen)),
        tuple(view.edge(edge) for edge in edges),
        _headline(graph, paths, choke_points),
        lead,
        tuple(view.chokes.values()),
        (*((more,) if left else ()), *((_AROUND.format(len(paths)),) if view.chokes else ())),
    )


def attack_page_of(
    graph: EscalationGraph,
    paths: Sequence[Path],
    choke_points: ChokePoints | None = None,
    names: Mapping[str, str] | None = None,
    lead: str = "",
    *,
    scope: tuple[tuple[str, str], ...] = (),
) -> AttackPage:
    """The page of paths: the picture, the steps of each path, and how far each start reaches."""
    view = _View(graph, names or {}, _chokes(paths, choke_points))
    shown = tuple(view.path(path) for path in paths[:SHOWN_PATHS])
    starts = list(dict.fromkeys(path.start for path in paths))[:_REACHES]
    reach = sorted(map(view.reach, starts), key=lambda one: (-one.accounts, -one.stores, one.identity))
    drawn = attack_graph_of(graph, paths, choke_points, names, lead)
    return AttackPage(drawn, shown, tuple(reach), scope, len(paths) - len(shown), tuple(view.not_seen()))


def telling_paths(graph: EscalationGraph, *, unknown: bool = True) -> tuple[Path, ...]:
    """The paths that a first picture of an organisation shows.

    For everybody who does not administer already, the cheapest path to administering an account; then, for everybody
    outside, the cheapest to each sensitive store.
    """
    stores = [node.id for node in graph.nodes.values() if node.kind is NodeKind.STORE]
    found = list(escalations(graph, unknown=unknown))
    for node in graph.nodes.values():
        if node.kind in OUTSIDERS:
            reached = closure(graph, (node.id,), unknown=unknown)
            ways = (path_to(reached, store) for store in stores)
            found += [way for way in ways if way is not None and way.condition is not False]
    return tuple(found)


# --- which paths, which cuts, and what is said of all ------------------------------------------------------------------


def _chosen(graph: EscalationGraph, paths: Sequence[Path]) -> Iterator[Path]:
    """The first paths whose boxes there is room for; those that differ in their start alone come together."""
    alike: dict[object, list[Path]] = defaultdict(list)
    for path in paths:
        start = graph.nodes[path.start]
        rest = tuple((edge.target, edge.technique, edge.condition, edge.is_unknown) for edge in path.edges)
        alike[(start.kind, start.account, rest)].append(path)
    drawn: set[str] = set()
    for several in alike.values():
        passed = {node for path in several for node in path.nodes[1:]}
        starts = {path.start for path in several}
        # Three and more starts of a kind become one box.
        boxes = passed | (starts if len(starts) < 3 else {several[0].start})
        if len(drawn | boxes) <= ROOM:
            drawn |= boxes
            yield from several


def _chokes(paths: Sequence[Path], choke_points: ChokePoints | None) -> dict[Hold, Choke]:
    """The holds that cut most of these paths, numbered: each time the one that cuts most of those that are left.

    Only what alone carries a step counts.  Of equals, those of the fewest that stop all come first.
    """
    carried: dict[Hold, set[int]] = defaultdict(set)
    closing: dict[Hold, str] = {}
    for number, path in enumerate(paths):
        for edge in path.edges:
            for stage in edge.stages:
                if len(stage) == 1:
                    carried[stage[0]].add(number)
                    closing.setdefault(stage[0], _closing(edge.technique))
    fewest = frozenset(choke_points.cut or () if choke_points else ())
    found: dict[Hold, Choke] = {}
    left = set(range(len(paths)))
    while carried and len(found) < _CUTS:
        best = min(carried, key=lambda hold: (-len(carried[hold] & left), hold not in fewest, hold.label))
        cut = carried.pop(best)
        if len(cut & left) < min(2, len(paths)):
            break
        left -= cut
        kind = "" if best.kind in {HoldKind.STATEMENT, HoldKind.TRUST} else f"{best.kind.value} "
        what = f"{kind}{_short(best.label)}"
        found[best] = Choke(len(found) + 1, what, len(cut), len(paths), closing[best])
    return found


def _headline(graph: EscalationGraph, paths: Sequence[Path], choke_points: ChokePoints | None) -> str:
    goals = {path.goal: graph.nodes[path.goal].kind for path in paths}
    starts = len({path.start for path in paths})
    accounts = sum(kind is NodeKind.ACCOUNT for kind in goals.values())
    stores = sum(kind is NodeKind.STORE for kind in goals.values())
    others = {NodeKind.ORGANIZATION: "govern the organisation", NodeKind.GUARDRAILS: "lift its guardrails"}
    told = [f"administer {_many(accounts, 'account')}"] if accounts else []
    told += [word for kind, word in others.items() if kind in goals.values()]
    told += [f"read {_many(stores, 'sensitive store')}"] if stores else []
    if not told:
        return "No path leads to a crown jewel"
    who = _many(starts, "identity or outsider", "identities and outsiders")
    said = f"{who} could {' and '.join(told)}"
    if choke_points is None or choke_points.cut == ():
        return said
    if choke_points.cut is None:
        return f"{said}; no removal of statements, trusts or assignments stops all"
    number = _many(len(choke_points.cut), "removal")
    return f"{said}; {number} of statements, trusts or assignments would stop them all"


def _many(number: int, one: str, several: str = "") -> str:
    return f"{number} {one if number == 1 else several or one + 's'}"


def _short(label: str) -> str:
    """A label without the beginnings of ARNs."""
    return " ".join(word.split(":", 5)[-1] if word.startswith("arn:") else word for word in label.split(" "))


# --- nodes and edges ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _View:
    """Nodes and edges of one graph in words."""

    graph: EscalationGraph
    names: Mapping[str, str]
    chokes: Mapping[Hold, Choke]

    def nodes(self, paths: Iterable[Path]) -> Iterator[GraphNode]:
        """The boxes of paths, starts first."""
        several = list(paths)
        starts = dict.fromkeys(path.start for path in several)
        goals = {path.goal for path in several}
        for one in dict.fromkeys((*starts, *(node for path in several for node in path.nodes))):
            place = Place.CROWN if one in goals else Place.START if one in starts else Place.STEP
            yield self._node(self.graph.nodes[one], place)

    def _node(self, node: Node, place: Place) -> GraphNode:
        noun, _, rest = node.label.partition(" ")
        kind = _BY_NOUN.get(noun) or _ICONS.get(node.kind, "thing")
        label = rest if noun in _BY_NOUN and rest else node.label
        label = _RESERVED.sub(r"\1", label)
        account, name = node.account, self.names.get(node.account, "")
        if node.kind is NodeKind.ACCOUNT:
            label = f"Admin of {self.names.get(node.account) or node.account}"
        elif node.kind is NodeKind.ORGANIZATION:
            label = "Admin of the organisation"
        elif node.kind is NodeKind.PERMISSION_SET:
            label = node.label.removeprefix("permission set ")
        elif node.kind is NodeKind.FEDERATED:
            label = node.label.removeprefix("whoever ").removesuffix(" vouches for")
        elif node.kind in {NodeKind.PERSON, NodeKind.PEOPLE}:
            name = "directory"
        elif node.kind is NodeKind.OUTSIDE:
            account = ""
        return GraphNode(node.id, kind, label, place, account, name, title=node.label)

    def edge(self, edge: Edge) -> GraphEdge:
        """A way."""
        condition = "" if isinstance(edge.condition, bool) else words(edge.condition)
        style = (
            EdgeStyle.UNKNOWN if edge.is_unknown else EdgeStyle.CONDITIONAL if condition else EdgeStyle.PLAIN
        )
        numbers = self._cuts(edge)
        title = f"{self._name(edge.source)} → {self._name(edge.target)}: {technique_name(edge)}"
        return GraphEdge(
            *(edge.source, edge.target, _way(edge.technique), style, condition),
            numbers[0] if numbers else 0,
            "; ".join((title, *edge.unknown)),
        )

    def _cuts(self, edge: Edge) -> tuple[int, ...]:
        """The numbers of the cuts each of which alone removes the edge."""
        alone = (stage[0] for stage in edge.stages if len(stage) == 1)
        return tuple(sorted({self.chokes[hold].number for hold in alone if hold in self.chokes}))

    def _name(self, which: str) -> str:
        node = self.graph.nodes[which]
        name = self.names.get(node.account, "")
        where = f"{name} {node.account}".strip()
        return f"{node.label} ({where})" if where and node.account not in node.label else node.label

    def path(self, path: Path) -> PathView:
        """A path with its steps."""
        return PathView(self._name(path.start), self._name(path.goal), tuple(map(self._step, path.edges)))

    def _step(self, edge: Edge) -> PathStep:
        holds = dict.fromkeys(hold for stage in edge.stages for hold in stage)
        return PathStep(
            self._name(edge.source),
            self._name(edge.target),
            technique_name(edge),
            tuple(f"{hold.kind.value}: {hold.label}" for hold in holds),
            "" if isinstance(edge.condition, bool) else words(edge.condition),
            _closing(edge.technique),
            edge.unknown,
            self._cuts(edge),
        )

    def not_seen(self) -> Iterator[str]:
        """What was not seen, each once, with the accounts where."""
        accounts: dict[str, list[str]] = defaultdict(list)
        for account, what in self.graph.notes:
            accounts[what.removeprefix("not seen: ")].append(self.names.get(account, "") or account)
        for what, where in accounts.items():
            named = ", ".join(where) if len(where) <= _NAMED else f"{len(where)} accounts"
            yield f"{what} ({named})" if named else what

    def reach(self, start: str) -> Reach:
        """How far a start reaches."""
        found = radius(self.graph, start)
        node = self.graph.nodes[start]
        where = f"{self.names.get(node.account, '')} {node.account}".strip()
        elsewhere = "directory" if node.kind in {NodeKind.PERSON, NodeKind.PEOPLE} else "outside"
        return Reach(
            node.label, where or elsewhere, len(found.administers), len(found.stores), len(found.identities)
        )


@cache
def _techniques() -> Mapping[str, Technique]:
    return {one.id: one for one in techniques()}


def technique_name(edge: Edge) -> str:
    """What the technique is called."""
    known = _techniques().get(edge.technique)
    if known is not None:
        return known.name
    structure = STRUCTURES.get(edge.technique)
    return structure.name if structure is not None else edge.technique


def _closing(technique: str) -> str:
    """How a step by the technique is closed."""
    known = _techniques().get(technique)
    return known.fix if known else _CLOSING.get(technique, "")


def _way(technique: str) -> str:
    """The technique in the two or three words that fit on an arrow."""
    known = _techniques().get(technique)
    if technique in _WAYS or known is None:
        return _WAYS.get(technique, technique)
    needs = [action.partition(":") for action in known.needs]
    others = [service for service, _, name in needs if name != "PassRole"]
    if len(others) < len(needs):
        return f"PassRole + {others[0] if others else 'service'}"
    return needs[0][2]
