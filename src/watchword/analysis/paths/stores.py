"""Sensitive stores of data as nodes, and who can read them.

A store is sensitive if it is labelled confidential or restricted, by tag or declaration (``data.sensitivity``).  An edge
says that an identity may do one of the actions that read it, with all policies of both sides evaluated; the key that
encrypts a store is not considered.  Whoever administers the store's account reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from watchword.analysis.data.sensitivity import SENSITIVE, label_of
from watchword.analysis.iam.access import Access, Identity
from watchword.analysis.iam.evaluate import evaluate
from watchword.analysis.iam.request import Request
from watchword.analysis.paths.actors import Actor, Actors, Alphabet
from watchword.analysis.paths.edges import INTERNET, Edge, Hold, Node, NodeKind, Stages, account_node
from watchword.analysis.paths.holds import Holds
from watchword.analysis.paths.trusts import allowing
from watchword.model.evidence import EvidenceMissing
from watchword.model.resource import Resource
from watchword.model.snapshot import AccountView

_RESTORE: Final = ("rds:ModifyDBSnapshotAttribute", "rds:RestoreDBInstanceFromDBSnapshot")

STORES: Final[Mapping[str, tuple[str, tuple[str, ...], str]]] = {
    "s3.buckets": ("bucket", ("s3:GetObject",), "{arn}/+any-object"),
    "secretsmanager.secrets": ("secret", ("secretsmanager:GetSecretValue",), "{arn}"),
    "ssm.parameters": ("parameter", ("ssm:GetParameter", "ssm:GetParameters"), "{arn}"),
    "dynamodb.tables": ("table", ("dynamodb:Scan", "dynamodb:Query", "dynamodb:GetItem"), "{arn}"),
    "rds.snapshots": ("snapshot", _RESTORE, "{arn}"),
    "rds.cluster_snapshots": (
        "snapshot",
        ("rds:ModifyDBClusterSnapshotAttribute", "rds:RestoreDBClusterFromSnapshot"),
        "{arn}",
    ),
    "rds.instances": ("database", ("rds:CreateDBSnapshot",), "{arn}"),
    "rds.clusters": ("database", ("rds:CreateDBClusterSnapshot",), "{arn}"),
    "redshift.clusters": ("warehouse", ("redshift:GetClusterCredentials",), "{arn}"),
    "opensearch.domains": ("search domain", ("es:ESHttpGet", "es:ESHttpPost"), "{arn}/+any"),
    "efs.file_systems": ("file system", ("elasticfilesystem:ClientMount",), "{arn}"),
    "sqs.queues": ("queue", ("sqs:ReceiveMessage",), "{arn}"),
    "ec2.snapshots": ("snapshot", ("ebs:GetSnapshotBlock", "ec2:ModifySnapshotAttribute"), "{arn}"),
}
"""Tables of stores: what one is called, the actions of which each reads it, and what they are done to.

A database's own contents are behind passwords of its own; who can make a snapshot of it gets at a copy.
"""

STORE_ACTIONS: Final = tuple(dict.fromkeys(action for _, actions, _ in STORES.values() for action in actions))


@dataclass(slots=True)
class Stores:
    """Makes the nodes and edges of sensitive stores."""

    access: Access
    holds: Holds
    views: tuple[AccountView, ...]
    now: str
    nodes: dict[str, Node] = field(default_factory=dict)
    notes: dict[tuple[str, str], None] = field(default_factory=dict)

    def edges(self, identities: Sequence[Identity], settled: Mapping[str, bool]) -> Iterator[Edge]:
        """Who reads which store; ``settled`` are those who administer their account for good."""
        mine = Actors(self.access, Alphabet(iter(STORE_ACTIONS)), self.now)
        reading: list[Actor] = []
        for view in self.views:
            for row in self._sensitive(view):
                yield Edge(account_node(str(row.account)), row.arn, "administers")
                yield from self._anybody(row)
                reading = reading or [mine.of(one) for one in identities]
                for actor in reading:
                    if not (settled[actor.identity.arn] and actor.account == str(row.account)):
                        yield from self._reads(mine, actor, row)

    def _sensitive(self, view: AccountView) -> Iterator[Resource]:
        for table, (noun, _, _) in STORES.items():
            for row in view.readable(table):
                try:
                    label = label_of(row, view)
                except EvidenceMissing as error:
                    self.notes[(str(row.account), f"not seen: the label of {row.arn} ({error.what})")] = None
                    continue
                if label in SENSITIVE:
                    self.nodes[row.arn] = Node(
                        row.arn, NodeKind.STORE, f"{noun} {row.name}", str(row.account), sensitivity=label
                    )
                    yield row

    def _reads(self, actors: Actors, actor: Actor, row: Resource) -> Iterator[Edge]:
        _, actions, form = STORES[row.table]
        bits = actors.alphabet.mask(frozenset(one.lower() for one in actions))
        own = self.access.carrier(row.arn)
        is_named = own is not None and own.policy is not None and actor.account == str(row.account)
        if not actor.may & bits and not is_named:
            return
        given = {"aws:RequestedRegion": str(row.region) if row.region != "global" else "us-east-1"}
        key = actor.identity.arn if own is not None and own.policy is not None else "class"
        for action in actions:
            asked = form.replace("{arn}", row.arn)
            answer = actors.ask(actor, action, asked, given=given, key=key, account=str(row.account))
            if answer.value is not False:
                mine = self.holds.of_identity(actor.identity, answer.own)
                theirs = self.holds.of_resource(row, own.path, answer.theirs) if own else ()
                stages = _needed(mine, theirs, is_same_account=actor.account == str(row.account))
                yield Edge(
                    *(actor.identity.arn, row.arn, "read-store", answer.value, stages),
                    unknown=own.missing if own else (),
                    via=action,
                )
                return

    def _anybody(self, row: Resource) -> Iterator[Edge]:
        """Whether the store's policy lets everybody read."""
        own = self.access.carrier(row.arn)
        if own is None or own.policy is None or _is_within_a_network(row):
            return
        _, actions, form = STORES[row.table]
        policies = self.access.policies(None, row.arn)
        asked = form.replace("{arn}", row.arn)
        for action in actions:
            request = Request.of("*", action, asked, str(row.account), complete=False)
            found = evaluate(request, policies)
            if found.allowed_if is not False:
                self.nodes.setdefault(INTERNET, Node(INTERNET, NodeKind.INTERNET, "the internet"))
                stages = (self.holds.of_resource(row, own.path, allowing(found.said.resource)),)
                yield Edge(INTERNET, row.arn, "read-store", found.allowed_if, stages, own.missing, via=action)
                return


def _is_within_a_network(row: Resource) -> bool:
    """Whether the store answers only in its VPC, whatever its policy says of everybody."""
    return row.table == "efs.file_systems" or row.has("VPCOptions.VPCId")


def _needed(mine: tuple[Hold, ...], theirs: tuple[Hold, ...], *, is_same_account: bool) -> Stages:
    """Within an account one side suffices, so both are one stage; across accounts both are needed."""
    if is_same_account:
        return ((*mine, *theirs),)
    return tuple(stage for stage in (mine, theirs) if stage)
