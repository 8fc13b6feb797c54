"""Control of delegation: who may make principals or give them permissions can do so only with a permissions boundary.

Asked of the evaluator three times: whether the principal can at all, whether it can where there is no boundary, and whether
any boundary does, even one that allows everything.  Administrators are ID-18's and ID-19's business.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from watchword.analysis.iam.access import Identity
from watchword.analysis.iam.admin import POWERS
from watchword.analysis.iam.policy import matches
from watchword.controls.access import READS, Able, Asking, access_of, is_emergency, listed, shown, unseen
from watchword.controls.registry import control, gap, met, unknown
from watchword.model.finding import Judgement, Subject
from watchword.model.ids import GLOBAL
from watchword.model.snapshot import AccountView

BOUNDARY_KEY: Final = "iam:PermissionsBoundary"

DELEGATION: Final = (
    ("iam:CreateRole", "role"),
    ("iam:PutRolePolicy", "role"),
    ("iam:AttachRolePolicy", "role"),
    ("iam:CreateUser", "user"),
    ("iam:PutUserPolicy", "user"),
    ("iam:AttachUserPolicy", "user"),
)
"""Actions that make principals or give them permissions, and know the boundary of whom they are done to.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

_ANY_NAME: Final = "+=,.@+"
_LOOSE: Final = "arn:aws:iam::aws:policy/AdministratorAccess"


@control("ID-46", reads=READS, about="principals that make or empower others without being administrators")
def delegates_set_boundaries(view: AccountView) -> Iterator[Judgement]:
    """Whoever makes roles or users, or gives them permissions, can do so only with a boundary."""
    asking = access_of(view)
    for what in unseen(view):
        yield unknown(what)
    for identity in asking.principals():
        if not is_emergency(identity, view):
            found = _judge(identity, asking, view)
            if found is not None:
                yield found


def _judge(identity: Identity, asking: Asking, view: AccountView) -> Judgement | None:
    delegating: list[Able] = []
    faults: list[str] = []
    for action, resource in _asks(identity):
        able = asking.ask(identity, action, resource, view)
        if able is None:
            continue
        delegating.append(able)
        if not able.is_known:
            continue
        for boundary, words in ((None, "without a boundary"), (_LOOSE, "with any boundary")):
            loose = asking.ask(identity, action, resource, view, {BOUNDARY_KEY: boundary})
            if loose is not None:
                faults.append(f"{loose.sentence} can {action} {words}")
                break
    if not delegating or (faults and _is_administrator(identity, asking, view)):
        return None
    subject = Subject(view.account.id, GLOBAL, identity.arn, identity.row.kind, identity.name)
    missing = [what for one in delegating for what in one.answer.missing]
    if faults:
        return gap(listed(faults, 3), *shown(identity), subject=subject)
    if missing:
        return unknown(listed(missing), *shown(identity), subject=subject)
    because = f"{delegating[0].sentence} can make or empower others only with a boundary that is asked for"
    return met(because, *shown(identity), subject=subject)


def _is_administrator(identity: Identity, asking: Asking, view: AccountView) -> bool:
    """Whether every power is its own on any target, boundary or none."""
    account = view.account.id
    return all(
        asking.ask(identity, action, _target(kind, account, _ANY_NAME), view, {BOUNDARY_KEY: None})
        is not None
        for action, kind in POWERS
    )


def _target(kind: str, account: str, name: str) -> str:
    return f"arn:aws:iam::{account}:{kind}/{name}"


def _asks(identity: Identity) -> Iterator[tuple[str, str]]:
    """Each action with a target of every pattern on which the identity's own policies allow it."""
    for action, kind in DELEGATION:
        lowered = action.lower()
        patterns = [
            pattern
            for policy in identity.policies.identity
            for one in policy.statements
            if one.allows and one.covers(lowered)
            for pattern in one.statement.resources or ("*",)
        ]
        if identity.missing:
            patterns.append("*")
        targets = [_example(pattern, kind, identity) for pattern in dict.fromkeys(patterns)]
        yield from ((action, target) for target in dict.fromkeys(targets) if target)


def _example(pattern: str, kind: str, identity: Identity) -> str:
    """A principal of the account that the pattern covers; ``""`` where it covers none of the kind."""
    account = str(identity.account)
    anybody = _target(kind, account, _ANY_NAME)
    told = pattern.replace("${aws:username}", identity.name)
    if matches(told, anybody):
        return anybody
    parts = told.split(":", 5)
    if len(parts) != 6 or "${" in told:
        return ""
    head, slash, name = parts[5].partition("/")
    made = _target(kind, account, name.replace("*", _ANY_NAME).replace("?", "x")) if slash else ""
    return made if made and matches(head, kind) and matches(told, made) else ""
