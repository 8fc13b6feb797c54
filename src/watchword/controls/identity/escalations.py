"""Escalation and ways in: who could become an administrator, and who from outside could, or could read sensitive data.

Both ask the escalation graph of the account (``controls.escalation``).  Administrators by their own rights are the
business of ID-18 and ID-19, what runs with roles of IN-06, the form of each single trust of ID-13 and ID-29.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Final

from watchword.analysis.iam.admin import parsed
from watchword.analysis.iam.audience import Home
from watchword.analysis.iam.policy import EVERYONE
from watchword.analysis.iam.trust import Trust, trusts_of
from watchword.analysis.paths.edges import OUTSIDERS, PRINCIPALS, Edge, Node, NodeKind
from watchword.analysis.paths.search import Path
from watchword.controls.access import is_emergency, listed, shown
from watchword.controls.escalation import (
    READS,
    Escalation,
    escalation_of,
    evidence_of,
    goal_of,
    limits,
    steps,
)
from watchword.controls.identity.federation import laxities
from watchword.controls.registry import control, gap, met, unknown
from watchword.model.evidence import Evidence, EvidenceMissing
from watchword.model.finding import Judgement, Subject
from watchword.model.ids import GLOBAL, AccountId
from watchword.model.snapshot import AccountView
from watchword.model.verdict import Confidence, Severity

# --- escalation ----------------------------------------------------------------------------------------------------------


@control("ID-26", reads=READS, about="users, roles or permission sets that are no administrators")
def nobody_can_become_an_administrator(view: AccountView) -> Iterator[Judgement]:
    """No user, role or permission set without administration has a path to it."""
    escalation = escalation_of(view)
    starts = [one for one in escalation.graph.nodes.values() if _is_start(one, escalation, view)]
    found = [judged for one in starts if (judged := _judge(one, escalation, view)) is not None]
    yield from found
    for what in escalation.holes:
        yield unknown(what)
    if starts and not found and not escalation.holes:
        who = "users, roles and permission sets that are no administrators"
        yield met(f"none of the {len(starts)} {who} has a path to administration")


def _is_start(node: Node, escalation: Escalation, view: AccountView) -> bool:
    identity = escalation.identity(node.id)
    if identity is None or node.kind not in PRINCIPALS:
        return False
    return not node.is_admin and not is_emergency(identity, view)


def _judge(node: Node, escalation: Escalation, view: AccountView) -> Judgement | None:
    identity = escalation.identity(node.id)
    if identity is None:
        return None
    goals = escalation.administrations
    path = escalation.path(node.id, goals)
    subject = Subject(view.account.id, GLOBAL, identity.arn, identity.row.kind, identity.name)
    if path is not None:
        because = f"can reach the {goal_of(escalation, path)}: {steps(escalation, path)}"
        return path_gap(because, path, subject=subject)
    perhaps = escalation.perhaps(node.id, goals)
    if perhaps is None:
        return None
    because = f"whether it can become an administrator is not known: {listed(perhaps.unknown)}"
    if len(perhaps.edges) > 1 or perhaps.edges[0].technique != "unread":
        because += f"; the path would be: {steps(escalation, perhaps)}"
    return unknown(because, *shown(identity), subject=subject)


def path_gap(
    because: str, path: Path, given: tuple[str, ...] = (), *, subject: Subject | None = None
) -> Judgement:
    """The gap of a path; one that a condition may stop is less severe and less certain.

    ``given`` are beginnings of the context keys that the attacker decides on.
    """
    if limits(path.condition, given):
        found = evidence_of(path)
        return gap(because, *found, subject=subject, confidence=Confidence.MEDIUM, severity=Severity.HIGH)
    return gap(because, *evidence_of(path), subject=subject)


_SHOWN: Final = 6
"""How many rows show what somebody from outside gets."""


# --- from outside --------------------------------------------------------------------------------------------------------

_THEIRS: Final = ("sts:externalid", "sts:rolesessionname", "saml:", "cognito-identity.amazonaws.com:")
"""Beginnings of context keys that somebody outside chooses, knows, or gets by signing in."""

_KINDS: Final = {
    NodeKind.INTERNET: "AWS::::Principal",
    NodeKind.ANY_ACCOUNT: "AWS::::Principal",
    NodeKind.OUTSIDE: "AWS::::Account",
    NodeKind.GUEST: "AWS::Cognito::IdentityPool",
}


class _Guard(StrEnum):
    """What a way in from outside is guarded by."""

    NONE = ""
    PINNED = "asks for a token of one named subject"
    PARTNER = "is a declared partner's, who must know an external id"


@control("ID-51", reads=(*READS, "iam.oidc_providers"), about="ways in from outside the organisation")
def nobody_outside_reaches_what_matters(view: AccountView) -> Iterator[Judgement]:
    """Nobody outside has a path to administration or to a sensitive store."""
    escalation = escalation_of(view)
    home = Home.of(view)
    for node in escalation.graph.nodes.values():
        if node.kind is NodeKind.UNKNOWN:
            ways = escalation.graph.outgoing.get(node.id, ())
            yield from (unknown(listed(edge.unknown)) for edge in ways)
        elif node.kind in OUTSIDERS and not _is_member(node, home):
            try:
                judged = _from_outside(node, escalation, home, view)
            except EvidenceMissing as missing:
                judged = unknown(missing.what)
            yield replace(judged, subject=_outsider(node, view))
    for what in escalation.holes:
        yield unknown(what)


def _is_member(node: Node, home: Home) -> bool:
    return node.kind is NodeKind.OUTSIDE and home.is_member(node.account) is True


def _from_outside(node: Node, escalation: Escalation, home: Home, view: AccountView) -> Judgement:
    if node.kind is NodeKind.OUTSIDE and home.is_member(node.account) is None:
        view.organization_accounts()  # says what is missing, so that the verdict is unknown
    ways = escalation.graph.outgoing.get(node.id, ())
    guards = {edge: _guard(node, edge, escalation, view) for edge in ways}
    missing: list[str] = []
    # A partner may be given data; a declaration is no leave to administer.
    for goals, passed in (
        (escalation.administrations, {_Guard.PINNED}),
        (escalation.stores, {_Guard.PINNED, _Guard.PARTNER}),
    ):
        open_ways = [edge for edge in ways if guards[edge] not in passed]
        found = [path for edge in open_ways if (path := _through(edge, goals, escalation)) is not None]
        if found:
            return _reached(node, min(found, key=lambda path: (path.cost, len(path.edges))), escalation)
        missing += (one for edge in open_ways for one in _missing(edge, goals, escalation))
    seen = tuple(one for edge in ways for one in evidence_of(Path((edge,))))[:_SHOWN]
    if missing:
        return unknown(f"whether they get further is not known: {listed(missing)}", *seen)
    return _kept_out(guards, escalation, seen)


def _kept_out(guards: Mapping[Edge, _Guard], escalation: Escalation, seen: tuple[Evidence, ...]) -> Judgement:
    nodes = escalation.graph.nodes
    chosen = dict.fromkeys(f"{nodes[edge.target].label} {guard}" for edge, guard in guards.items() if guard)
    if not chosen:
        return met("no path from there leads to administration or a sensitive store", *seen)
    return met(f"no path leads further than what is given with care: {listed(chosen)}", *seen)


def _through(edge: Edge, goals: frozenset[str], escalation: Escalation) -> Path | None:
    """The cheapest path that begins with a step, as far as the steps do not exclude each other."""
    if edge.unknown:
        return None
    rest = escalation.path(edge.target, goals)
    if edge.target not in goals and rest is None:
        return None
    path = Path((edge, *(rest.edges if rest is not None else ())))
    return path if path.condition is not False else None


def _missing(edge: Edge, goals: frozenset[str], escalation: Escalation) -> tuple[str, ...]:
    """What was not read of the paths that may begin with a step."""
    known = edge.target in goals or escalation.path(edge.target, goals) is not None
    if known:
        return edge.unknown
    perhaps = escalation.perhaps(edge.target, goals)
    return (*edge.unknown, *perhaps.unknown) if perhaps is not None else ()


def _reached(node: Node, path: Path, escalation: Escalation) -> Judgement:
    issuer = node.id.rpartition("-provider/")[2].lower()
    given = (*_THEIRS, f"{issuer}:") if node.kind is NodeKind.FEDERATED else _THEIRS
    because = f"can reach {_goal(path, escalation)}: {steps(escalation, path)}"
    return path_gap(because, path, given)


def _goal(path: Path, escalation: Escalation) -> str:
    goal = escalation.graph.nodes[path.goal]
    return f"{goal.sensitivity} {goal.label}" if goal.kind is NodeKind.STORE else f"the {goal.label}"


def _guard(node: Node, edge: Edge, escalation: Escalation, view: AccountView) -> _Guard:
    """Whether the way in is one that the company has chosen with care."""
    role = escalation.identity(edge.target)
    if role is None:
        return _Guard.NONE
    policy = parsed(role.row, "AssumeRolePolicyDocument")
    if node.kind is NodeKind.FEDERATED:
        return _Guard.NONE if any(laxities(policy, view)) else _Guard.PINNED
    if node.kind is NodeKind.OUTSIDE and AccountId(node.account) in view.estate.partners:
        named = [trust for trust in trusts_of(policy, "sts:AssumeRole") if _names(trust, node.account)]
        if named and all(trust.asks_for_external_id for trust in named):
            return _Guard.PARTNER
    return _Guard.NONE


def _names(trust: Trust, account: str) -> bool:
    return any(one in {EVERYONE, account} or f"::{account}:" in one for one in trust.aws)


def _outsider(node: Node, view: AccountView) -> Subject:
    """Where a path begins as a subject; what has no ARN is given one that says who it is."""
    rest = node.id.partition(":")[2]
    arn, name, kind = rest, node.label, _KINDS.get(node.kind, "")
    if node.kind is NodeKind.INTERNET:
        arn = "*"
    elif node.kind is NodeKind.ANY_ACCOUNT:
        arn = "arn:aws:iam::*:root"
    elif node.kind is NodeKind.OUTSIDE:
        arn = f"arn:aws:iam::{node.account}:root"
    elif node.kind is NodeKind.GUEST:
        arn = f"arn:aws:cognito-identity:{rest.partition(':')[0]}:{view.account.id}:identitypool/{rest}"
    else:
        name = rest.rpartition("-provider/")[2]
        kind = "AWS::IAM::SAMLProvider" if ":saml-provider/" in rest else "AWS::IAM::OIDCProvider"
    return Subject(view.account.id, GLOBAL, arn, kind, name)
