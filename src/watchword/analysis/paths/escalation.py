"""The edges of techniques: for each actor, those that its policies make possible at all, on every target there is.

The order is that of cost: first a comparison of bit sets (``Actor.may`` with what a technique needs), then targets from
an index (roles by the service that they trust), then the evaluator with concrete ARNs (``attempts``).  Whoever
administers the account for good needs no technique in it, and gets no edges but that one.

What Identity Center and the organisation's own techniques lead to is the business of ``directory``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from watchword.analysis.iam.access import Access, Identity, IdentityKind
from watchword.analysis.iam.expression import Value, both
from watchword.analysis.paths.actors import Actor
from watchword.analysis.paths.admin import Administration, Administrators
from watchword.analysis.paths.attempts import Attempts, Goal
from watchword.analysis.paths.edges import Edge, Node, NodeKind, account_node
from watchword.analysis.paths.inventory import Compute, Inventory
from watchword.analysis.paths.techniques import Gives, Target, Technique
from watchword.analysis.paths.trusts import COGNITO, SAML, WEB, Trusts
from watchword.model.evidence import EvidenceMissing
from watchword.model.resource import Resource


@dataclass(slots=True)
class Escalation:
    """Makes the edges of techniques within accounts.  ``notes`` gathers what is not seen, by account."""

    access: Access
    inventory: Inventory
    attempts: Attempts
    trusts: Trusts
    administrators: Administrators
    techniques: tuple[Technique, ...]
    notes: dict[tuple[str, str], None] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)
    structure: list[Edge] = field(default_factory=list)
    """Edges from nodes of what is not seen."""
    _masks: list[tuple[int, Technique]] = field(init=False)
    _roles: dict[tuple[str, str], list[Identity]] = field(init=False)
    _all: dict[tuple[str, IdentityKind], list[Identity]] = field(init=False)
    _trusting: dict[tuple[str, str], Value] = field(default_factory=dict)
    _goals: dict[tuple[str, str], Goal] = field(default_factory=dict)
    _missing: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _possible: dict[tuple[int, str], list[Technique]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        alphabet = self.attempts.actors.alphabet
        self._masks = [(alphabet.mask(one.actions), one) for one in self.techniques]
        self._roles = defaultdict(list)
        self._all = defaultdict(list)
        for identity in self.access.identities.values():
            if is_service_linked(identity):
                continue
            self._all[(str(identity.account), identity.kind)].append(identity)
            if identity.kind is IdentityKind.ROLE:
                for service in self._trusted(identity):
                    self._roles[(str(identity.account), service)].append(identity)

    def edges(self, actor: Actor, assumable: Mapping[str, Edge]) -> Iterator[Edge]:
        """Every edge of the actor's; ``assumable`` are the edges by which it takes roles, by the role's ARN."""
        key = (actor.may, actor.kind)
        possible = self._possible.get(key)
        if possible is None:
            possible = self._possible[key] = [
                one
                for mask, one in self._masks
                if actor.may & mask == mask and one.actor in {"", actor.kind} and one.target in _MAKERS
            ]
        for technique in possible:
            yield from _MAKERS[technique.target](self, actor, technique, assumable)

    def _trusted(self, role: Identity) -> Iterator[str]:
        yield from self.trusts.whom(role).services
        if COGNITO in self.trusts.whom(role, WEB).federated:
            yield f"federated:{COGNITO}"

    # --- oneself --------------------------------------------------------------------------------------------------------

    def _self(self, actor: Actor, technique: Technique, _: Mapping[str, Edge]) -> Iterator[Edge]:
        if actor.identity.kind is IdentityKind.GROUP and "self" in _relations(technique):
            return
        gained = self._gained(actor, technique)
        if gained is None or gained.value is False:
            return
        identity = actor.identity
        own = self._own_policies(identity)
        resources = {
            "self": (identity.arn,),
            "own-policy": tuple(arn for arn in own if ":iam::aws:policy/" not in arn),
            "own-group": tuple(group.arn for group in self._groups(identity)),
        }
        unknown: tuple[str, ...] = ()
        if technique.requires == "other-versions":
            unknown = ("the earlier versions of its policies were not read",)
        names = {"denying": next(iter(own), "")}
        goal = Goal(identity.arn, names, resources, {identity.arn: identity.row})
        yield from self._tried(
            actor, technique, goal, account_node(actor.account), given=gained.value, unknown=unknown
        )

    def _gained(self, actor: Actor, technique: Technique) -> Administration | None:
        """When the actor administers the account once it has done it; ``None`` where its state does not allow it."""
        if technique.gives is Gives.UNBOUNDED:
            bounded = actor.policies.boundary is not None
            return self.administrators.without_boundary(actor) if bounded else None
        if technique.gives is Gives.UNDENIED:
            return self.administrators.without_denials(actor) if _has_deny(actor, technique) else None
        if _relations(technique) & {"self", "own-policy", "own-group"}:
            return self.administrators.raised(actor)
        return self.administrators.newcomer(actor)

    def _group(self, actor: Actor, technique: Technique, _: Mapping[str, Edge]) -> Iterator[Edge]:
        own = {group.arn for group in self._groups(actor.identity)} | {actor.identity.arn}
        for group in self._all[(actor.account, IdentityKind.GROUP)]:
            if group.arn not in own:
                yield from self._tried(actor, technique, self._goal(group), group.arn)

    # --- others ---------------------------------------------------------------------------------------------------------

    def _user(self, actor: Actor, technique: Technique, _: Mapping[str, Edge]) -> Iterator[Edge]:
        for user in self._all[(actor.account, IdentityKind.USER)]:
            if user.arn == actor.identity.arn:
                continue
            met, unknown = self._state_of_user(user, technique.requires)
            if met:
                for made in self._taken(actor, technique, user):
                    yield made._replace(unknown=(*made.unknown, *unknown)) if unknown else made

    def _any_role(self, actor: Actor, technique: Technique, _: Mapping[str, Edge]) -> Iterator[Edge]:
        for role in self._all[(actor.account, IdentityKind.ROLE)]:
            if role.arn != actor.identity.arn:
                yield from self._taken(actor, technique, role)

    def _assumable(self, actor: Actor, technique: Technique, assumable: Mapping[str, Edge]) -> Iterator[Edge]:
        for arn, edge in assumable.items():
            role = self.access.identities[arn]
            if str(role.account) == actor.account and arn != actor.identity.arn:
                for made in self._taken(actor, technique, role):
                    yield made._replace(
                        condition=both(edge.condition, made.condition),
                        stages=(*edge.stages, *made.stages),
                        unknown=(*edge.unknown, *made.unknown),
                    )

    def _federated(self, actor: Actor, technique: Technique, _: Mapping[str, Edge]) -> Iterator[Edge]:
        for role in self._all[(actor.account, IdentityKind.ROLE)]:
            for provider in self.trusts.whom(role, SAML).federated:
                if f"::{actor.account}:" in provider and ":saml-provider/AWSSSO_" not in provider:
                    goal = Goal(f"{role.arn} {provider}", {}, {"provider": (provider,)})
                    yield from self._tried(actor, technique, goal, role.arn)

    def _role(self, actor: Actor, technique: Technique, _: Mapping[str, Edge]) -> Iterator[Edge]:
        for service in technique.trust:
            for role in self._passable(actor, technique, service):
                if role.arn == actor.identity.arn or not self._has_profile(role, technique.requires):
                    continue
                trusted = self._trusts(role, service)
                if trusted is not False:
                    goal = self._goal(role, service)
                    unknown = self._role_missing(role)
                    yield from self._tried(actor, technique, goal, role.arn, given=trusted, unknown=unknown)

    def _passable(self, actor: Actor, technique: Technique, service: str) -> list[Identity]:
        """The roles that trust a service and that the actor can pass to it: asked once for all techniques of a service."""
        key = ("passable", service)
        found: list[Identity] | None = actor.outcomes.get(key)
        if found is None:
            found = [
                role
                for role in self._roles[(actor.account, service)]
                if self.attempts.passes(actor, technique, self._goal(role, service))
            ]
            actor.outcomes[key] = found
        return found

    def _role_missing(self, role: Identity) -> tuple[str, ...]:
        known = self._missing.get(role.arn)
        if known is None:
            known = self._missing[role.arn] = self.access.missing_of(None, role.arn)
        return known

    def _unseen(self, actor: Actor, technique: Technique, _: Mapping[str, Edge]) -> Iterator[Edge]:
        """What no table shows is one node an account, which may run with any role that trusts its service."""
        if not any(self._roles[(actor.account, service)] for service in technique.trust):
            return
        node = self._unseen_node(actor.account, technique)
        goal = Goal(node.id, {"service": technique.trust[0]})
        yield from self._tried(actor, technique, goal, node.id, unknown=node.missing)

    def _unseen_node(self, account: str, technique: Technique) -> Node:
        name = f"unseen:{account}:{technique.unseen}"
        if name not in self.nodes:
            missing = (f"{technique.unseen} are not collected",)
            self.nodes[name] = Node(
                name, NodeKind.COMPUTE, f"{technique.unseen}, not seen", account, missing=missing
            )
            self.notes[(account, f"not seen: {technique.unseen}")] = None
            for service in technique.trust:
                for role in self._roles[(account, service)]:
                    trusted = self._trusts(role, service)
                    if trusted is not False:
                        self.structure.append(
                            Edge(name, role.arn, "runs-as", trusted, unknown=missing, cost=0)
                        )
        return self.nodes[name]

    def _compute(self, actor: Actor, technique: Technique, _: Mapping[str, Edge]) -> Iterator[Edge]:
        for what in self.inventory.compute.get((actor.account, technique.table), ()):
            met, unknown = self._state_of_compute(what, technique.requires)
            if met:
                yield from self._tried(actor, technique, _compute_goal(what), what.row.arn, unknown=unknown)
        for sentence in self.inventory.missing.get((actor.account, technique.table), ()):
            self.notes[(actor.account, f"not seen: {sentence}")] = None

    # --- states ---------------------------------------------------------------------------------------------------------

    def _state_of_user(self, user: Identity, requires: str) -> tuple[bool, tuple[str, ...]]:
        """Whether a user is in a state, and what is missing to know it."""
        report = self.inventory.reports.get(user.arn)
        if report is None:
            return True, (f"the credential report says nothing of {user.arn}",)
        if requires in {"password", "no-password"}:
            has = report.text("password_enabled", "false") == "true"
            return has is (requires == "password"), ()
        turned = [report.text(f"access_key_{n}_last_rotated", "N/A") for n in (1, 2)]
        free = any(one in {"N/A", ""} for one in turned)
        return free is (requires != "no-free-key-slot"), ()

    def _state_of_compute(self, what: Compute, requires: str) -> tuple[bool, tuple[str, ...]]:
        row, account = what.row, str(what.row.account)
        if row.table == "ec2.instances":
            state = row.text("State.Name", "running")
            if state in {"terminated", "shutting-down"} or (requires and state != "running"):
                return False, ()
        if requires == "ssm-managed":
            missing = self.inventory.missing.get((account, "ssm.instance_information"), ())
            return (account, row.text("InstanceId", "")) in self.inventory.managed or bool(missing), missing
        if requires == "serial-console":
            missing = self.inventory.missing.get((account, "ec2.serial_console"), ())
            return (account, str(row.region)) in self.inventory.console or bool(missing), missing
        if requires == "execute-command":
            return bool(row.flag("enableExecuteCommand", False)), ()
        return True, ()

    def _has_profile(self, role: Identity, requires: str) -> bool:
        if requires not in {"instance-profile", "no-instance-profile"}:
            return True
        try:
            has = bool(role.row.items("InstanceProfileList"))
        except EvidenceMissing:
            return True
        return has is (requires == "instance-profile")

    def _trusts(self, role: Identity, service: str) -> Value:
        key = (role.arn, service)
        if key not in self._trusting:
            self._trusting[key] = self.trusts.by_service(role, service)
        return self._trusting[key]

    def _groups(self, identity: Identity) -> tuple[Identity, ...]:
        """The groups that a user is in, as far as they were read; a group's own is itself."""
        if identity.kind is IdentityKind.GROUP:
            return (identity,)
        return self.attempts.holds.groups_of(identity)

    def _own_policies(self, identity: Identity) -> tuple[str, ...]:
        """ARNs of the managed policies that an identity has, by its groups too."""
        rows = [identity.row, *(group.row for group in self._groups(identity))]
        found = (arn for row in rows for arn in _attached(row))
        return tuple(dict.fromkeys(found))

    # --- goals and edges ------------------------------------------------------------------------------------------------

    def _goal(self, identity: Identity, service: str = "") -> Goal:
        key = (identity.arn, service)
        found = self._goals.get(key)
        if found is None:
            policies = self._own_policies(identity)
            resources = {
                "target": (identity.arn,),
                "target-policy": tuple(arn for arn in policies if ":iam::aws:policy/" not in arn),
            }
            names = {"target": identity.arn, "service": service.removeprefix("federated:")}
            rows = {identity.arn: identity.row}
            found = self._goals[key] = Goal(f"{identity.arn} {service}", names, resources, rows)
        return found

    def _taken(self, actor: Actor, technique: Technique, target: Identity) -> Iterator[Edge]:
        """The edge to a target that is taken over; or to its account, where the target is made its administrator."""
        goal = self._goal(target)
        if technique.gives is not Gives.ADMINISTRATOR:
            yield from self._tried(actor, technique, goal, target.arn)
            return
        raised = self.administrators.raised(self.attempts.actors.of(target))
        end = account_node(str(target.account))
        if raised.value is not False:
            yield from self._tried(actor, technique, goal, end, given=raised.value)

    def _tried(
        self,
        actor: Actor,
        technique: Technique,
        goal: Goal,
        end: str,
        *,
        given: Value = True,
        unknown: tuple[str, ...] = (),
    ) -> Iterator[Edge]:
        found = self.attempts.attempt(actor, technique, goal)
        if found is None:
            return
        condition = both(given, found.condition)
        if condition is not False:
            via = found.via or (goal.names.get("target", "") if end.startswith("account:") else "")
            yield Edge(
                *(actor.identity.arn, end, technique.id, condition),
                *(found.stages, unknown, technique.cost, via),
            )


Maker = Callable[[Escalation, Actor, Technique, Mapping[str, Edge]], Iterator[Edge]]

_MAKERS: Mapping[Target, Maker] = {
    Target.SELF: Escalation._self,
    Target.GROUP: Escalation._group,
    Target.USER: Escalation._user,
    Target.ANY_ROLE: Escalation._any_role,
    Target.ASSUMABLE_ROLE: Escalation._assumable,
    Target.FEDERATED_ROLE: Escalation._federated,
    Target.ROLE: Escalation._role,
    Target.UNSEEN_ROLE: Escalation._unseen,
    Target.COMPUTE: Escalation._compute,
}
"""How each kind of target is gone through; those of the directory are not here."""


def is_service_linked(identity: Identity) -> bool:
    """Whether only its service can use the role."""
    return ":role/aws-service-role/" in identity.arn


def _attached(row: Resource) -> Iterator[str]:
    try:
        for one in row.items("AttachedManagedPolicies"):
            yield one.text("PolicyArn", "")
    except EvidenceMissing:
        return


def _compute_goal(what: Compute) -> Goal:
    names = {"cluster": what.row.text("_parent", what.row.arn).rpartition("/")[2]}
    names["cluster"] = (
        what.row.text("name", names["cluster"]) if what.row.table == "eks.clusters" else names["cluster"]
    )
    names["region"] = str(what.row.region)
    resources = {"target": (what.row.arn,), "target-role": tuple(arn for arn, _ in what.roles[:1])}
    return Goal(what.row.arn, names, resources, {what.row.arn: what.row})


def _has_deny(actor: Actor, technique: Technique) -> bool:
    """Whether an inline (or attached) policy of its own denies anything."""
    wanted = "inline policy" if technique.requires == "inline-deny" else "policy"
    return any(
        not statement.allows
        for policy in actor.policies.identity
        if policy.name.startswith(wanted) and " of group " not in policy.name
        for statement in policy.statements
    )


def _relations(technique: Technique) -> frozenset[str]:
    return frozenset(one for relations in technique.needs.values() for one in relations)
