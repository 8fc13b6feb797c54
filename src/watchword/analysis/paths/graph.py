"""The graph of who can become whom: identities, what runs with roles, people, outsiders, accounts, sensitive stores.

``EscalationGraph.of`` builds it from ``iam.access`` and the views of a snapshot:

1. Every identity is a node; groups are nodes whose members' permissions are folded into the members already.
2. Whoever administers its account (``admin``) has an edge to the node of its administration, which leads to everybody in
   the account; the management account's leads to the organisation's.
3. Roles are taken by whom their trust policies and the other side allow (``trusts``), from outside as well.
4. Techniques lead to roles, users, groups, what runs with roles (``escalation``) and to people (``directory``).
5. What runs with a role leads to it.  Reading a sensitive store is an edge (``stores``).

Where evidence is missing, the node or edge says so, and *more* may lead from it than is drawn: an identity whose policies
were not read has an edge, marked unknown, to the administration of its account.  ``notes`` tells what is not seen at all.

Paths are found in ``search``, reach and choke points in ``blast``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from watchword.analysis.iam.access import Access, Identity, IdentityKind
from watchword.analysis.iam.admin import POWERS
from watchword.analysis.iam.universe import Universe
from watchword.analysis.paths.actors import Actor, Actors, Alphabet
from watchword.analysis.paths.admin import Administrators
from watchword.analysis.paths.attempts import Attempts
from watchword.analysis.paths.directory import Directory
from watchword.analysis.paths.edges import (
    GUARDRAILS,
    ORGANIZATION,
    Edge,
    Hold,
    HoldKind,
    Node,
    NodeKind,
    account_node,
)
from watchword.analysis.paths.escalation import Escalation, is_service_linked
from watchword.analysis.paths.holds import Holds
from watchword.analysis.paths.inventory import Compute, Inventory
from watchword.analysis.paths.stores import Stores
from watchword.analysis.paths.techniques import Technique, techniques
from watchword.analysis.paths.trusts import WEB, Trusts
from watchword.model.estate import Estate
from watchword.model.snapshot import AccountView

_KINDS = {
    IdentityKind.USER: NodeKind.USER,
    IdentityKind.ROLE: NodeKind.ROLE,
    IdentityKind.GROUP: NodeKind.GROUP,
    IdentityKind.PERMISSION_SET: NodeKind.PERMISSION_SET,
}


@dataclass(frozen=True)
class EscalationGraph:
    """Nodes by id, edges, and notes on what is not seen (``(account, sentence)``, in order)."""

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    notes: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(
        cls,
        access: Access,
        views: Iterable[AccountView],
        universe: Universe | None = None,
        estate: Estate | None = None,
        catalogue: tuple[Technique, ...] | None = None,
    ) -> EscalationGraph:
        """The graph of a snapshot.

        ``views`` are those that ``access`` was made of; ``estate`` is by default that of the first view.  Techniques whose
        actions are not in ``universe`` (by default the shipped one) are left out and noted.
        """
        seen = tuple(views)
        declared = estate or next((view.estate for view in seen), Estate())
        chosen = catalogue if catalogue is not None else techniques()
        known = [one for one in chosen if universe is None or all(a in universe for a in one.needs)]
        building = _Building(access, Inventory.of(seen), declared, tuple(known))
        left = {one.id for one in chosen} - {one.id for one in known}
        notes = tuple(("", f"not in the table of actions: technique {one}") for one in sorted(left))
        return building.graph(notes, seen)

    @cached_property
    def outgoing(self) -> Mapping[str, tuple[Edge, ...]]:
        """Edges by source."""
        return _by(self.edges, 0)

    @cached_property
    def incoming(self) -> Mapping[str, tuple[Edge, ...]]:
        """Edges by target."""
        return _by(self.edges, 1)

    def find(self, text: str) -> tuple[Node, ...]:
        """Nodes by id, by label, or by the name at the end of the id."""
        if text in self.nodes:
            return (self.nodes[text],)
        return tuple(
            node
            for node in self.nodes.values()
            if text == node.label or node.id.endswith((f"/{text}", f":{text}"))
        )


def _by(edges: Iterable[Edge], place: int) -> dict[str, tuple[Edge, ...]]:
    found: defaultdict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        found[edge[place]].append(edge)  # type: ignore[index]
    return {key: tuple(one) for key, one in found.items()}


@dataclass(slots=True)
class _Building:
    """The graph as it grows."""

    access: Access
    inventory: Inventory
    estate: Estate
    catalogue: tuple[Technique, ...]
    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[Edge] = field(default_factory=list)
    by_account: dict[str, list[Actor]] = field(default_factory=lambda: defaultdict(list))

    def graph(self, notes: tuple[tuple[str, str], ...], views: tuple[AccountView, ...]) -> EscalationGraph:
        """Steps 1 to 5."""
        needed = (action for one in self.catalogue for action in one.needs)
        alphabet = Alphabet(iter((*needed, "sts:AssumeRole", *(power for power, _ in POWERS))))
        actors = Actors(self.access, alphabet, self.inventory.now)
        holds = Holds(self.access)
        administrators = Administrators(actors, self.estate)
        trusts = Trusts(self.access, actors, holds, self.inventory, self.estate, self.by_account)
        attempts = Attempts(actors, holds, self.inventory)
        escalation = Escalation(self.access, self.inventory, attempts, trusts, administrators, self.catalogue)
        everybody = [self._actor(one, actors) for one in self.access.identities.values() if _acts(one)]
        self._accounts()
        settled = {actor.identity.arn: self._settle(actor, administrators, holds) for actor in everybody}
        taking = self._take(trusts)
        for actor in everybody:
            if not settled[actor.identity.arn]:
                self.edges += escalation.edges(actor, taking.get(actor.identity.arn, {}))
        self.edges += escalation.structure
        self.nodes |= escalation.nodes
        directory = Directory(self.access, self.inventory, attempts, self.catalogue)
        self.edges += directory.edges(one for one in everybody if not self._governs(one, settled))
        self.nodes |= directory.nodes
        self._compute(trusts)
        stores = Stores(self.access, holds, views, self.inventory.now)
        self.edges += stores.edges([actor.identity for actor in everybody], settled)
        self.nodes |= {**trusts.nodes, **stores.nodes}
        self._missing_ends()
        told = (*notes, *self._unread(), *escalation.notes, *directory.notes, *stores.notes)
        return EscalationGraph(self.nodes, tuple(self.edges), tuple(dict.fromkeys(told)))

    def _governs(self, actor: Actor, settled: Mapping[str, bool]) -> bool:
        """Whether it administers the management account for good, and needs no technique on the directory."""
        return settled[actor.identity.arn] and self.access.accounts[actor.identity.account].is_management

    def _actor(self, identity: Identity, actors: Actors) -> Actor:
        actor = actors.of(identity)
        if identity.kind is not IdentityKind.GROUP:
            self.by_account[actor.account].append(actor)
        return actor

    def _settle(self, actor: Actor, administrators: Administrators, holds: Holds) -> bool:
        """1 and 2: the identity's node and its administration; whether it administers for good."""
        identity = actor.identity
        found = administrators.of(actor)
        self.nodes[identity.arn] = Node(
            *(identity.arn, _KINDS[identity.kind], _label(identity), actor.account, found.value),
            missing=identity.missing,
        )
        end = account_node(actor.account)
        if found.value is not False:
            stages = (holds.of_identity(identity, found.by),) if found.by else ()
            self.edges.append(Edge(identity.arn, end, "administrator", found.value, stages, cost=0))
        elif identity.missing:
            self.edges.append(Edge(identity.arn, end, "unread", unknown=identity.missing))
        return found.value is True

    def _accounts(self) -> None:
        members = []
        for number, account in self.access.accounts.items():
            node = account_node(number)
            self.nodes[node] = Node(node, NodeKind.ACCOUNT, f"administration of {account.label}", number)
            if account.is_management:
                self.edges.append(Edge(node, ORGANIZATION, "governs"))
            members.append(node)
        if any(account.is_management for account in self.access.accounts.values()):
            self.edges += [Edge(ORGANIZATION, node, "belongs") for node in members]
        for identity in self.access.identities.values():
            if not is_service_linked(identity) and identity.kind is not IdentityKind.GROUP:
                self.edges.append(Edge(account_node(str(identity.account)), identity.arn, "administers"))

    def _take(self, trusts: Trusts) -> dict[str, dict[str, Edge]]:
        """3: the edges to roles, by who takes and which."""
        taking: defaultdict[str, dict[str, Edge]] = defaultdict(dict)
        for identity in self.access.identities.values():
            if identity.kind is IdentityKind.ROLE and not is_service_linked(identity):
                for edge in trusts.edges(identity):
                    self.edges.append(edge)
                    taking[edge.source][edge.target] = edge
        self.edges += trusts.guests()
        return taking

    def _compute(self, trusts: Trusts) -> None:
        """5: what runs with a role leads to it; a cluster also to the roles that trust its provider."""
        for (account, table), rows in self.inventory.compute.items():
            for what in rows:
                self.nodes[what.row.arn] = Node(
                    what.row.arn, NodeKind.COMPUTE, f"{_NOUNS[table]} {what.row.name}", account
                )
                self.edges += _runs_as(what)
                if table == "eks.clusters":
                    self.edges += self._pods(what, account, trusts)

    def _pods(self, cluster: Compute, account: str, trusts: Trusts) -> Iterator[Edge]:
        issuer = cluster.row.text("identity.oidc.issuer", "").removeprefix("https://")
        if not issuer:
            return
        ending = f":oidc-provider/{issuer}"
        for role in self.access.identities.values():
            if str(role.account) == account and any(
                one.endswith(ending) for one in trusts.whom(role, WEB).federated
            ):
                hold = Hold(HoldKind.ATTACHMENT, f"role {role.arn} of {cluster.row.arn}", row=role.row)
                yield Edge(cluster.row.arn, role.arn, "runs-as", stages=((hold,),), cost=0)

    def _missing_ends(self) -> None:
        """Nodes of roles that something runs with, and that were not read; and of the organisation."""
        fixed = {
            ORGANIZATION: Node(ORGANIZATION, NodeKind.ORGANIZATION, "administration of the organisation"),
            GUARDRAILS: Node(GUARDRAILS, NodeKind.GUARDRAILS, "the organisation's guardrails"),
        }
        for edge in self.edges:
            for end in edge[:2]:
                if end not in self.nodes:
                    unread = Node(end, NodeKind.ROLE, end, missing=(f"{end} is in use and was not read",))
                    self.nodes[end] = fixed.get(end, unread)

    def _unread(self) -> Iterator[tuple[str, str]]:
        for account, sentences in self.access.missing.items():
            yield from ((str(account), f"not seen: {one}") for one in sentences)


_NOUNS = {
    "ec2.instances": "instance",
    "ec2.launch_template_versions": "launch template",
    "autoscaling.launch_configurations": "launch configuration",
    "lambda.functions": "function",
    "ecs.task_definitions": "task definition",
    "ecs.services": "service",
    "eks.clusters": "cluster",
    "rolesanywhere.profiles": "Roles Anywhere profile",
}


def _acts(identity: Identity) -> bool:
    return not is_service_linked(identity)


def _label(identity: Identity) -> str:
    return f"{identity.kind.value} {identity.name}"


def _runs_as(what: Compute) -> Iterator[Edge]:
    for arn, path in what.roles:
        hold = Hold(HoldKind.ATTACHMENT, f"role {arn} of {what.row.arn}", row=what.row, path=path)
        yield Edge(what.row.arn, arn, "runs-as", stages=((hold,),), cost=0)
