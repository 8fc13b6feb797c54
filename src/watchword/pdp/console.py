"""May this caller do this in watchword itself, now?  Pure: facts in, decision out.

The decision is made in four steps; tests name the step that they break:

1. Who has not signed in, whose principal is not active, or whose guest access is over: denied.
2. No role (and no scope, where a program asks with a token) holds the permission: denied.
3. Somebody else's thing under a permission for one's own: denied.
4. A sensitive permission needs a sign-in that resists phishing and is fresh: *prove again*, never silently allowed.
   Programs have no such sign-in; a token may do what is sensitive only if its scope says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from watchword.model.people import Principal, PrincipalId, PrincipalKind, PrincipalStatus
from watchword.model.roles import (
    CHANGES,
    PERMISSIONS,
    SENSITIVE,
    Assignment,
    AssignmentStatus,
    Permission,
    Role,
)

FRESH: Final = timedelta(minutes=15)
"""How long after a proof of identity something sensitive may be done."""

PHISHING_RESISTANT: Final = frozenset({"hwk", "swk", "pop"})
"""Methods (``amr``, RFC 8176) that are bound to the site: proof of possession of a key."""

READ: Final = "read"
WRITE: Final = "write"
"""Scopes of API tokens: ``write`` holds ``read``, and what is sensitive."""


class Answer(StrEnum):
    """What the decision is."""

    ALLOW = "allow"
    DENY = "deny"
    SIGN_IN = "sign_in"
    """Nobody has signed in."""
    PROVE_AGAIN = "prove_again"
    """Allowed as soon as the caller has proved who they are, afresh and by a passkey."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a caller.

    ``principal`` ``None``: nobody has signed in.  ``authenticated``, ``methods``: when and how identity was last proved;
    ``None`` for a program.  ``scopes``: of the API token, ``None`` for a person.
    """

    principal: Principal | None
    roles: frozenset[Role] = frozenset()
    authenticated: datetime | None = None
    methods: tuple[str, ...] = ()
    scopes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, and why, in words for the caller."""

    answer: Answer
    because: str = ""

    @property
    def is_allowed(self) -> bool:
        """Whether the caller may."""
        return self.answer is Answer.ALLOW


def roles_of(principal: Principal, assignments: Iterable[Assignment], now: datetime) -> frozenset[Role]:
    """The roles that a principal has at an instant: those given and not over, and the one that follows from who it is."""
    given = {
        one.role
        for one in assignments
        if one.principal == principal.id
        and one.status is AssignmentStatus.ACTIVE
        and (one.until is None or now < one.until)
    }
    if principal.kind is PrincipalKind.GUEST:
        # A guest is never more than a guest, whatever was given before they became one.
        return frozenset({Role.GUEST})
    if principal.kind is PrincipalKind.USER:
        given.add(Role.USER)
    return frozenset(given)


def is_active(principal: Principal, now: datetime) -> bool:
    """Whether somebody may ask for anything at all."""
    over = principal.end_date is not None and now >= principal.end_date
    return principal.status is PrincipalStatus.ACTIVE and not over


def decide(facts: Facts, permission: Permission, now: datetime, *, of: PrincipalId | None = None) -> Decision:
    """May the caller do what needs ``permission``, with a thing that belongs to ``of`` (``None``: to the company)?"""
    # 1.
    if facts.principal is None:
        return Decision(Answer.SIGN_IN, "nobody has signed in")
    if not is_active(facts.principal, now):
        return Decision(Answer.DENY, "this account is not active")
    # 2.
    if not any(permission in PERMISSIONS[role] for role in facts.roles):
        return Decision(Answer.DENY, f"none of your roles may do this: it needs {permission.value}")
    if facts.scopes is not None and not _in_scope(facts.scopes, permission):
        return Decision(Answer.DENY, f"the token's scopes do not hold {permission.value}")
    # 3.
    if permission is Permission.OWN_ACCOUNT and of is not None and of != facts.principal.id:
        return Decision(Answer.DENY, "this is not yours")
    # 4.
    if permission in SENSITIVE and facts.scopes is None and not _is_fresh(facts, now):
        return Decision(
            Answer.PROVE_AGAIN,
            "this needs a passkey, used within the last 15 minutes: prove again who you are",
        )
    return Decision(Answer.ALLOW)


def resists_phishing(methods: Iterable[str]) -> bool:
    """Whether one of the methods is bound to the site."""
    return bool(PHISHING_RESISTANT.intersection(methods))


def _in_scope(scopes: tuple[str, ...], permission: Permission) -> bool:
    return WRITE in scopes or (READ in scopes and permission not in CHANGES)


def _is_fresh(facts: Facts, now: datetime) -> bool:
    if facts.authenticated is None or not resists_phishing(facts.methods):
        return False
    # A proof from the future is a clock that runs wrong, and proves nothing.
    return timedelta(0) <= now - facts.authenticated < FRESH
