"""Small estates for tests of the access matrix: identities from plain policy documents, and random ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from random import Random
from typing import Any

from tests.analysis.iam.generators import (
    HOME,
    LINKED,
    SESSIONS,
    TARGETS,
    USERS,
    document,
    levels,
    request,
)
from watchword.analysis.iam import Library, PolicySet, PublicAccessBlock, compile_policy
from watchword.analysis.iam.access import Access, Identity, IdentityKind
from watchword.analysis.iam.attached import Carrier
from watchword.analysis.iam.control_policies import ControlPolicies
from watchword.analysis.iam.universe import Universe, default
from watchword.model.ids import GLOBAL, AccountId
from watchword.model.resource import Resource
from watchword.model.snapshot import Account

Document = dict[str, Any]
UNIVERSE: Universe = default()
FULL: Document = {"Effect": "Allow", "Action": "*", "Resource": "*"}
ROLES = tuple(one for one in (*SESSIONS, *LINKED) if ":role/" in one)
TEAM = {"team": "alice"}
"""Tags of every identity; the generators' policies ask for some of their values."""


def allow(*actions: str, resource: Any = "*", **more: Any) -> Document:
    """An Allow statement."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def deny(*actions: str, resource: Any = "*", **more: Any) -> Document:
    """A Deny statement."""
    return {**allow(*actions, resource=resource, **more), "Effect": "Deny"}


def row(arn: str, table: str, account: str = HOME, tags: Mapping[str, str] | None = None) -> Resource:
    """A row of a snapshot that shows nothing but what it is called."""
    return Resource(
        arn,
        {},
        account=AccountId(account),
        region=GLOBAL,
        table=table,
        kind="",
        arn=arn,
        name=arn.rpartition("/")[2],
        tags=tags or {},
    )


def identity(
    *statements: Document,
    arn: str = f"arn:aws:iam::{HOME}:role/deploy",
    boundary: Sequence[Document] | None = None,
    session: Sequence[Document] | None = None,
    scps: Sequence[Sequence[Document]] | None = None,
    rcps: Sequence[Sequence[Document]] | None = None,
    missing: tuple[str, ...] = (),
    tags: Mapping[str, str] | None = None,
) -> Identity:
    """An identity by the statements of its layers; each level of SCPs is a list of statements, without any if empty."""

    def made(kind: str, found: Sequence[Document]) -> Any:
        return (compile_policy({"Version": "2012-10-17", "Statement": list(found)}, kind),) if found else ()

    policies = PolicySet(
        identity=made("identity", statements),
        boundary=None if boundary is None else made("boundary", boundary),
        session=None if session is None else made("session", session),
        scps=None if scps is None else tuple(made("scp", level) for level in scps),
        rcps=None if rcps is None else tuple(made("rcp", level) for level in rcps),
    )
    return of_policies(arn, policies, missing, tags)


def of_policies(
    arn: str,
    policies: PolicySet,
    missing: tuple[str, ...] = (),
    tags: Mapping[str, str] | None = None,
) -> Identity:
    """An identity with a policy set."""
    kind = IdentityKind.USER if ":user/" in arn else IdentityKind.ROLE
    if ":group/" in arn:
        kind = IdentityKind.GROUP
    found = row(arn, f"iam.{kind}s", arn.split(":")[4], tags)
    return Identity(arn, kind, AccountId(found.account), found.name, found, policies, missing=missing)


def carrier(
    arn: str, table: str, *statements: Document, account: str = HOME, missing: tuple[str, ...] = ()
) -> Carrier:
    """A resource with a policy of its own."""
    policy = (
        compile_policy({"Version": "2012-10-17", "Statement": list(statements)}, "resource")
        if statements
        else None
    )
    block = PublicAccessBlock() if table == "s3.buckets" else None
    return Carrier(row(arn, table, account), "Policy", policy, block, missing)


def access(
    identities: Iterable[Identity],
    carriers: Iterable[Carrier] = (),
    control: Mapping[str, ControlPolicies] | None = None,
    missing: Mapping[str, Mapping[str, tuple[str, ...]]] | None = None,
) -> Access:
    """Identities and resources together."""
    by_arn = {one.arn: one for one in identities}
    accounts = {one.account: Account(one.account) for one in by_arn.values()}
    return Access(by_arn, {one.arn: one for one in carriers}, accounts, "o-abc", missing or {}, control or {})


def random_identity(dice: Random, index: int, library: Library) -> Identity:
    """An identity whose policies are about one of the generators' targets, with every layer now and then."""
    asked = request(dice)
    asked["principal"] = dice.choice((*USERS, *ROLES))
    arn = (
        asked["principal"].replace("deploy", f"deploy-{index}") if dice.random() < 0.1 else asked["principal"]
    )

    def some(kind: str, chance: float) -> Any:
        found = [document(dice, asked, kind) for _ in range(dice.randint(1, 2))]
        return tuple(library.compile(one, kind) for one in found) if dice.random() < chance else None

    def levelled(kind: str, chance: float) -> Any:
        if dice.random() >= chance:
            return None
        return tuple(tuple(library.compile(p, kind) for p in level) for level in levels(dice, asked, kind))

    policies = PolicySet(
        identity=some("identity", 0.95) or (),
        boundary=some("boundary", 0.25),
        session=some("session", 0.1),
        scps=levelled("scp", 0.4),
        rcps=levelled("rcp", 0.3),
    )
    return of_policies(arn, policies, tags=TEAM if dice.random() < 0.5 else {})


def resources_of(policies: PolicySet) -> tuple[str, ...]:
    """Resources that matter for a policy set: the texts of its patterns, and all targets of the generators."""
    layers = [*policies.layers()]
    texts = [
        text
        for layer in layers
        for placed in layer.placed
        for text in (*placed.statement.statement.resources, *placed.statement.statement.not_resources)
        if text
    ]
    filled = [text.replace("${aws:PrincipalTag/team}", "alice").replace("${*}", "*") for text in texts]
    names = [text.replace("${aws:username}", name) for text in filled for name in ("alice", "bob", "carol")]
    targets = [resource for _, found in TARGETS for resource in found]
    return tuple(
        dict.fromkeys(("*", "arn:aws:sqs:eu-west-1:999999999999:q", *texts, *filled, *names, *targets))
    )
