"""The values of the graph: nodes, edges, and what holds an edge.

An edge is held by statements, trusts, assignments and attachments: all *stages* are needed, and of each stage one hold
suffices.  Whoever removes every hold of one stage has removed the edge; that is what choke points count.
How edges are found is the business of ``graph``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

from watchword.analysis.iam.expression import Value, to_json
from watchword.analysis.iam.layers import Placed
from watchword.model.evidence import Evidence
from watchword.model.resource import Resource


class NodeKind(StrEnum):
    """Kinds of nodes."""

    USER = "user"
    ROLE = "role"
    GROUP = "group"
    """An IAM group: what its members have by it."""
    PERMISSION_SET = "permission set"
    COMPUTE = "compute"
    """What runs with a role: an instance, a function, a task definition, a cluster."""
    PERSON = "person"
    """A user of Identity Center's directory."""
    PEOPLE = "people"
    """A group of Identity Center's directory."""
    ACCOUNT = "account"
    """The administration of an account."""
    ORGANIZATION = "organization"
    """The administration of the organisation."""
    GUARDRAILS = "guardrails"
    """Power over the organisation's control policies and membership."""
    STORE = "store"
    """Reading a sensitive store of data."""
    INTERNET = "internet"
    """Anybody, without any credentials of AWS."""
    ANY_ACCOUNT = "any account"
    """Whoever has an account with AWS."""
    OUTSIDE = "outside account"
    """Somebody in a named account outside the organisation."""
    FEDERATED = "federated"
    """Whoever an identity provider vouches for."""
    GUEST = "guest"
    """Whoever signs in at an identity pool."""
    UNKNOWN = "unknown"
    """Somebody whom a trust policy names that was not read."""


PRINCIPALS: Final = frozenset({NodeKind.USER, NodeKind.ROLE, NodeKind.PERMISSION_SET})
OUTSIDERS: Final = frozenset(
    {NodeKind.INTERNET, NodeKind.ANY_ACCOUNT, NodeKind.OUTSIDE, NodeKind.FEDERATED, NodeKind.GUEST}
)
"""Nodes at which an attack may begin without anything of the organisation's."""

INTERNET: Final = "internet"
ANY_ACCOUNT: Final = "any-account"
ORGANIZATION: Final = "organization"
GUARDRAILS: Final = "guardrails"
UNKNOWN: Final = "unknown"


def account_node(account: str) -> str:
    """The id of the node of an account's administration."""
    return f"account:{account}"


@dataclass(frozen=True, slots=True)
class Node:
    """A node.  ``label`` is what people call it; ``admin_if`` when it administers its account (``False``: never).

    ``sensitivity`` is a store's label; ``missing`` what of it was not read, so that more may lead from it than is drawn.
    """

    id: str
    kind: NodeKind
    label: str
    account: str = ""
    admin_if: Value = False
    sensitivity: str = ""
    missing: tuple[str, ...] = ()

    @property
    def is_admin(self) -> bool:
        """Whether it administers its account, be it on a condition."""
        return self.admin_if is not False

    def json(self) -> dict[str, Any]:
        """As JSON; empty fields are left out."""
        found = {
            "id": self.id,
            "kind": self.kind.value,
            "label": self.label,
            "account": self.account,
            "sensitivity": self.sensitivity,
            "missing": list(self.missing),
        }
        kept: dict[str, Any] = {key: value for key, value in found.items() if value}
        return kept | ({"admin_if": to_json(self.admin_if)} if self.is_admin else {})


class HoldKind(StrEnum):
    """What an edge is held by."""

    STATEMENT = "statement"
    """A statement of a policy, inline or of the organisation's own."""
    ATTACHMENT = "attachment"
    """One of AWS's policies attached to somebody, or a role attached to what runs with it."""
    TRUST = "trust"
    """A statement of a role's trust policy, or of another resource's policy."""
    ASSIGNMENT = "assignment"
    """A permission set assigned to somebody in an account."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One removable thing.  Equal are holds of the same kind and place.

    ``where`` is the policy's ARN, or whose it is and its name; ``index`` the statement's, from 0.  ``row`` and ``path``
    are where the snapshot shows it; ``placed`` is the statement as the evaluator has it.
    """

    kind: HoldKind
    where: str
    index: int = 0
    sid: str = ""
    row: Resource | None = field(default=None, compare=False, repr=False)
    path: str = field(default="", compare=False)
    placed: Placed | None = field(default=None, compare=False, repr=False)

    @property
    def label(self) -> str:
        """The hold in words."""
        if self.kind in {HoldKind.STATEMENT, HoldKind.TRUST}:
            name = f"statement {self.sid!r}" if self.sid else f"statement {self.index + 1}"
            return f"{name} of {self.where}"
        return self.where

    def evidence(self) -> Evidence | None:
        """The pointer into the snapshot; ``None`` where there is no row behind it."""
        return self.row.evidence(self.path) if self.row is not None else None

    def json(self) -> dict[str, Any]:
        """As JSON."""
        found = {"kind": self.kind.value, "where": self.where, "index": self.index, "sid": self.sid}
        return {key: value for key, value in found.items() if value not in {"", None}}


Stages = tuple[tuple[Hold, ...], ...]


class Edge(NamedTuple):
    """From ``source`` one gets to ``target`` by a technique.

    ``condition`` is true, or the expression on which it holds.  ``stages`` are what holds it (see the module).
    ``unknown`` says what was not read: then the edge may be there and may be not.  ``cost`` is from 0 (it follows by
    itself) to 5; ``via`` tells by what else (the ARN that the actor would make).
    """

    source: str
    target: str
    technique: str
    condition: Value = True
    stages: Stages = ()
    unknown: tuple[str, ...] = ()
    cost: int = 1
    via: str = ""

    @property
    def is_unknown(self) -> bool:
        """Whether evidence is missing for it."""
        return bool(self.unknown)

    @property
    def evidence(self) -> tuple[Placed | Evidence, ...]:
        """The statements that hold it, and the fields of the snapshot that show them."""
        return tuple(self._evidence())

    def _evidence(self) -> Iterator[Placed | Evidence]:
        for hold in dict.fromkeys(one for stage in self.stages for one in stage):
            if hold.placed is not None:
                yield hold.placed
            found = hold.evidence()
            if found is not None:
                yield found

    def json(self) -> dict[str, Any]:
        """As JSON; what is always so is left out."""
        found: dict[str, Any] = {
            "source": self.source,
            "target": self.target,
            "technique": self.technique,
            "cost": self.cost,
            "held_by": [[hold.json() for hold in stage] for stage in self.stages],
        }
        if self.condition is not True:
            found["if"] = to_json(self.condition)
        if self.unknown:
            found["unknown"] = list(self.unknown)
        return found | ({"via": self.via} if self.via else {})


@dataclass(frozen=True, slots=True)
class Structure:
    """An edge that no action makes: it follows from what the snapshot shows."""

    id: str
    name: str
    cost: int


STRUCTURES: Final = {
    one.id: one
    for one in (
        Structure("administrator", "Administers its account", 0),
        Structure("administers", "Who administers an account is whoever is in it", 1),
        Structure("governs", "Who administers the management account governs the organisation", 1),
        Structure("belongs", "Who governs the organisation administers each account", 1),
        Structure("runs-as", "What runs there has the role's permissions", 0),
        Structure("member-of", "Is a member of the group", 0),
        Structure("assigned", "Has the permission set by assignment", 0),
        Structure("sts-assume-role", "Take the role (sts:AssumeRole)", 1),
        Structure("sts-assume-role-with-saml", "Sign in at the provider and take the role", 1),
        Structure("sts-assume-role-with-web-identity", "Bring the provider's token and take the role", 1),
        Structure("guest-sign-in", "Sign in at the identity pool and have its role", 1),
        Structure("read-store", "Read the store's data", 1),
        Structure("unread", "What it may do was not read", 1),
    )
}
"""The structural edges, beside the techniques."""
