"""What holds an edge: statements as the evaluator places them, told by the policy and the principal that they belong to.

A statement of a customer's own managed policy is one hold for everybody who has the policy; a statement of one of AWS's
policies cannot be changed, so the attachment (to the user, role, group) is the hold; an inline statement is its owner's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from watchword.analysis.iam.access import Access, Identity, IdentityKind
from watchword.analysis.iam.layers import Placed
from watchword.analysis.paths.edges import Hold, HoldKind
from watchword.model.evidence import EvidenceMissing
from watchword.model.resource import Resource

_KINDS = ("User", "Group", "Role")


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where a compiled policy stands: its ARN if it is the customer's own, AWS's ARN, or the inline policy's place."""

    kind: HoldKind
    where: str
    row: Resource
    path: str


@dataclass(slots=True)
class Holds:
    """Makes holds, remembering where policies stand."""

    access: Access
    _groups: Mapping[tuple[str, str], Identity] = field(init=False)
    _origins: dict[tuple[str, str], _Origin] = field(default_factory=dict)
    _made: dict[tuple[str, int], Hold] = field(default_factory=dict)
    """By the identity and the statement's own identity: statements live as long as ``access``."""

    def __post_init__(self) -> None:
        self._groups = {
            (str(one.account), one.name): one
            for one in self.access.identities.values()
            if one.kind is IdentityKind.GROUP
        }

    def groups_of(self, identity: Identity) -> tuple[Identity, ...]:
        """The groups that a user is in, as far as they were read."""
        try:
            names = identity.row.texts("GroupList")
        except EvidenceMissing:
            return ()
        found = (self._groups.get((str(identity.account), name)) for name in names)
        return tuple(one for one in found if one is not None)

    def of_identity(self, identity: Identity, placed: Iterable[Placed]) -> tuple[Hold, ...]:
        """The holds of an identity's own statements (``identity[0]``, …)."""
        found = []
        for one in placed:
            key = (identity.arn, id(one.statement))
            hold = self._made.get(key)
            if hold is None:
                hold = self._made[key] = self._hold(identity, one)
            found.append(hold)
        return tuple(dict.fromkeys(found))

    def of_resource(self, row: Resource, path: str, placed: Iterable[Placed]) -> tuple[Hold, ...]:
        """The holds of statements of a resource's own policy, a role's trust policy among them."""
        return tuple(
            Hold(HoldKind.TRUST, row.arn, one.index, one.statement.statement.sid, row, path, one)
            for one in placed
        )

    def _hold(self, identity: Identity, placed: Placed) -> Hold:
        # Identities of one class (see ``actors``) have the statement in policies of different places.
        placed = self._own_place(identity, placed)
        number = int(placed.policy.partition("[")[2].rstrip("]"))
        origin = self._origin(identity, identity.policies.identity[number].name)
        if origin.kind is HoldKind.ATTACHMENT:
            return Hold(origin.kind, origin.where, row=origin.row, path=origin.path, placed=placed)
        sid = placed.statement.statement.sid
        return Hold(origin.kind, origin.where, placed.index, sid, origin.row, origin.path, placed)

    def _own_place(self, identity: Identity, placed: Placed) -> Placed:
        for number, policy in enumerate(identity.policies.identity):
            for index, statement in enumerate(policy.statements):
                if statement is placed.statement:
                    return Placed(f"identity[{number}]", index, statement)
        return placed

    def _origin(self, identity: Identity, name: str) -> _Origin:
        key = (identity.arn, name)
        found = self._origins.get(key)
        if found is None:
            found = self._origins[key] = self._found(identity, name)
        return found

    def _found(self, identity: Identity, name: str) -> _Origin:
        """From the name that ``Access`` gives a policy: ``policy X``, ``inline policy X``, both perhaps ``of group G``."""
        told, _, group = name.partition(" of group ")
        of = self._groups.get((str(identity.account), group)) if group else None
        owner = of or identity
        short = told.removeprefix("inline ").removeprefix("policy ")
        if told.startswith("inline "):
            path = f"{_kind_of(owner)}PolicyList"
            return _Origin(HoldKind.STATEMENT, f"inline policy {short} of {owner.arn}", owner.row, path)
        arn = _attached(owner.row, short)
        path = "AttachedManagedPolicies"
        if ":iam::aws:policy/" in arn or not arn:
            return _Origin(HoldKind.ATTACHMENT, f"policy {short} attached to {owner.arn}", owner.row, path)
        return _Origin(HoldKind.STATEMENT, arn, owner.row, path)


def _kind_of(identity: Identity) -> str:
    kinds = {IdentityKind.USER: "User", IdentityKind.GROUP: "Group"}
    return kinds.get(identity.kind, "Role")


def _attached(row: Resource, name: str) -> str:
    try:
        for one in row.items("AttachedManagedPolicies"):
            if one.text("PolicyName", "") == name:
                return one.text("PolicyArn", "")
    except EvidenceMissing:
        pass
    return ""
