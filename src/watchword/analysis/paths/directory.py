"""People: Identity Center's users and groups, their assignments, and techniques on the directory and the organisation.

A person leads to the groups that it is in, groups and people to the role of each permission set assigned to them in an
account.  Techniques on permission sets, groups and people work from the management account, or from the account to
which Identity Center is delegated (not on what is assigned in the management account).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from watchword.analysis.iam.access import Access, Identity, IdentityKind
from watchword.analysis.paths.actors import Actor
from watchword.analysis.paths.attempts import Attempts, Goal
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
from watchword.analysis.paths.inventory import Inventory
from watchword.analysis.paths.techniques import Category, Target, Technique
from watchword.model.evidence import EvidenceMissing
from watchword.model.resource import Resource

_DELEGATED: Final = {
    "sso": "sso.amazonaws.com",
    "identitystore": "sso.amazonaws.com",
    "sso-directory": "sso.amazonaws.com",
    "cloudformation": "member.org.stacksets.cloudformation.amazonaws.com",
    "sts": "iam.amazonaws.com",
    "account": "account.amazonaws.com",
}
"""The service principal under which an account other than management may do it."""
_STATES: Final = {
    "stack-sets-access": ("services", "member.org.stacksets.cloudformation.amazonaws.com"),
    "account-access": ("services", "account.amazonaws.com"),
    "root-sessions": ("features", "RootSessions"),
}
_RESERVED: Final = "AWSReservedSSO_"


@dataclass(slots=True)
class Directory:
    """Makes the edges of people and of the directory's techniques."""

    access: Access
    inventory: Inventory
    attempts: Attempts
    techniques: tuple[Technique, ...]
    nodes: dict[str, Node] = field(default_factory=dict)
    notes: dict[tuple[str, str], None] = field(default_factory=dict)
    _roles: dict[tuple[str, str], str] = field(default_factory=dict)
    _holders: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def edges(self, actors: Iterable[Actor]) -> Iterator[Edge]:
        """Edges of people, then of techniques."""
        for sentence in self.inventory.center_missing:
            self.notes[("", f"not seen: Identity Center ({sentence})")] = None
        self._sets()
        yield from self._people()
        yield from self._assignments()
        mine = [one for one in self.techniques if one.category is Category.DIRECTORY]
        alphabet = self.attempts.actors.alphabet
        masks = [(alphabet.mask(one.actions), one) for one in mine]
        for actor in actors:
            for mask, technique in masks:
                if actor.may & mask == mask and self._may_from(actor.account, technique):
                    yield from self._technique(actor, technique)

    # --- people ---------------------------------------------------------------------------------------------------------

    def _sets(self) -> None:
        """The role that each permission set is in each account."""
        center = self.inventory.center
        names = {row.name: arn for arn, row in center.sets.items()} if center else {}
        for identity in self.access.identities.values():
            name = _set_name(identity)
            if name in names:
                self._roles[(names[name], str(identity.account))] = identity.arn
                self._holders[names[name]].append(identity.arn)

    def _people(self) -> Iterator[Edge]:
        center = self.inventory.center
        for one, row in (center.principals if center else {}).items():
            is_user = row.table == "sso-admin.users"
            node = f"person:{one}" if is_user else f"people:{one}"
            kind = NodeKind.PERSON if is_user else NodeKind.PEOPLE
            label = row.text("UserName" if is_user else "DisplayName", one)
            missing: tuple[str, ...] = ()
            try:
                for member in () if is_user else row.texts("Members"):
                    yield Edge(
                        f"person:{member}", node, "member-of", stages=((_member(row, member),),), cost=0
                    )
            except EvidenceMissing as error:
                missing = (error.what,)
            self.nodes[node] = Node(node, kind, label, missing=missing)

    def _assignments(self) -> Iterator[Edge]:
        center = self.inventory.center
        for account, rows in (center.assignments if center else {}).items():
            for row in rows:
                arn = row.text("PermissionSetArn", "")
                role = self._roles.get((arn, account))
                whom = "person" if row.text("PrincipalType", "") == "USER" else "people"
                source = f"{whom}:{row.text('PrincipalId', '')}"
                if role is None:
                    self.notes[(account, f"not seen: the role of permission set {arn}")] = None
                    continue
                self.nodes.setdefault(source, Node(source, NodeKind(whom), source))
                where = f"assignment of {self._name(arn)} to {self.nodes[source].label} in {account}"
                hold = Hold(HoldKind.ASSIGNMENT, where, row=row, path="PrincipalId")
                yield Edge(source, role, "assigned", stages=((hold,),), cost=0)

    def _name(self, arn: str) -> str:
        center = self.inventory.center
        row = center.sets.get(arn) if center else None
        return row.name if row else arn

    # --- techniques -----------------------------------------------------------------------------------------------------

    def _may_from(self, account: str, technique: Technique) -> bool:
        """Whether the service listens to the account: management, or a delegated administrator."""
        known = self.access.accounts.get(account)
        if known is not None and known.is_management:
            return True
        services = {action.partition(":")[0] for action in technique.needs}
        wanted = {_DELEGATED.get(one, "") for one in services}
        return all((account, one) in self.inventory.delegated for one in wanted)

    def _technique(self, actor: Actor, technique: Technique) -> Iterator[Edge]:
        maker = _MAKERS.get(technique.target)
        met, unknown = self._state(actor, technique.requires)
        if maker is None or not met:
            return
        for goal, end, more in maker(self, actor):
            found = self.attempts.attempt(actor, technique, goal)
            if found is not None:
                yield Edge(
                    *(actor.identity.arn, end, technique.id, found.condition, found.stages),
                    *((*unknown, *more), technique.cost, found.via),
                )

    def _state(self, actor: Actor, requires: str) -> tuple[bool, tuple[str, ...]]:
        if requires == "person":
            return bool(_set_name(actor.identity)), ()
        if requires not in _STATES:
            return True, ()
        name, wanted = _STATES[requires]
        if missing := self.inventory.organization_missing.get(name):
            return True, missing
        return wanted in getattr(self.inventory, name), ()

    def _instance(self) -> str:
        center = self.inventory.center
        return center.instance.text("InstanceArn", "").rpartition("/")[2] if center else "new-by-actor"

    def _goal(self, key: str, target: str = "", account: str = "") -> Goal:
        instance = f"arn:aws:sso:::instance/{self._instance()}"
        names = {
            "instance": self._instance(),
            "target": target,
            "member": account,
            "organization": self.access.organization_id or "new-by-actor",
        }
        resources = {
            "instance": (instance,),
            "target": (target,),
            "account": (f"arn:aws:sso:::account/{account}",),
        }
        return Goal(key, names, resources)

    def _guardrails(self, _: Actor) -> Iterator[Way]:
        yield self._goal("guardrails"), GUARDRAILS, ()

    def _organization(self, _: Actor) -> Iterator[Way]:
        yield self._goal("organization"), ORGANIZATION, ()

    def _members(self, _: Actor) -> Iterator[Way]:
        for number, account in self.access.accounts.items():
            if not account.is_management:
                yield self._goal(f"member {number}", account=number), account_node(number), ()

    def _people_of(self, kind: str) -> Iterator[Way]:
        for node in list(self.nodes.values()):
            if node.id.startswith(kind):
                yield self._goal(node.id, node.id.partition(":")[2]), node.id, ()

    def _users(self, _: Actor) -> Iterator[Way]:
        return self._people_of("person:")

    def _groups(self, _: Actor) -> Iterator[Way]:
        return self._people_of("people:")

    def _permission_sets(self, _: Actor) -> Iterator[Way]:
        for (arn, account), role in self._roles.items():
            yield self._goal(f"{arn} {account}", arn, account), role, ()

    def _own_sets(self, actor: Actor) -> Iterator[Way]:
        for arn, holders in self._holders.items():
            if actor.identity.arn in holders:
                for other, account in self._roles:
                    if other == arn:
                        yield self._goal(f"{arn} {account}", arn, account), account_node(account), ()


Way = tuple[Goal, str, tuple[str, ...]]
"""A goal, the node that it leads to, and what is unknown of it."""

_MAKERS: Final[Mapping[Target, Callable[[Directory, Actor], Iterator[Way]]]] = {
    Target.GUARDRAILS: Directory._guardrails,
    Target.ORGANIZATION: Directory._organization,
    Target.MEMBER_ACCOUNT: Directory._members,
    Target.DIRECTORY_GROUP: Directory._groups,
    Target.DIRECTORY_USER: Directory._users,
    Target.PERMISSION_SET: Directory._permission_sets,
    Target.OWN_PERMISSION_SET: Directory._own_sets,
}


def _set_name(identity: Identity) -> str:
    """The permission set of a role that Identity Center made; ``""`` where it made none."""
    if identity.kind is IdentityKind.PERMISSION_SET:
        return identity.name
    if identity.kind is IdentityKind.ROLE and identity.name.startswith(_RESERVED):
        return identity.name.removeprefix(_RESERVED).rpartition("_")[0]
    return ""


def _member(row: Resource, member: str) -> Hold:
    where = f"membership of {member} in {row.text('DisplayName', row.name)}"
    return Hold(HoldKind.ASSIGNMENT, where, row=row, path="Members")
