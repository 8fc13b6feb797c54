"""What follows at once, in the same transaction, from what an identity provider says of an account or a group.

``end_sign_ins`` is what must happen in any case: who may no longer sign in has no session and no token left.  What else is to
follow is handed to the store as ``OnChange``: ``watchword.store.state.scim_people.follow``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, and_, exists, select

from watchword.model.people import DirectoryId, PresenceState
from watchword.model.scim import ScimKind
from watchword.model.sessions import SessionState, TokenState
from watchword.store.state.accounts import accounts
from watchword.store.state.people import identities
from watchword.store.state.sessions import API_TOKENS, SESSIONS, api_tokens, sessions
from watchword.store.state.transition import Act, Journal, Move, transition


@dataclass(frozen=True, slots=True)
class ScimChange:
    """A change of a resource that is being made.

    ``enabled`` is whether an account may be used now (``None``: not said), ``gone`` whether the resource has been deleted;
    ``added`` and ``removed`` are ids of members that came into a group or left it.
    """

    directory: DirectoryId
    kind: ScimKind
    id: str
    enabled: bool | None = None
    gone: bool = False
    added: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()

    @property
    def ends_access(self) -> bool:
        """Whether somebody may no longer sign in."""
        return self.kind is ScimKind.USER and (self.gone or self.enabled is False)


OnChange = Callable[[Connection, ScimChange, Act, Journal], None]
"""What else follows from a change, in its transaction; raising undoes the change."""


def nothing(_: Connection, __: ScimChange, ___: Act, ____: Journal) -> None:
    """Nothing else follows."""


def end_sign_ins(connection: Connection, change: ScimChange, act: Act, append: Journal) -> None:
    """End what a person has from an account that may no longer be used.

    All their sessions end, wherever they signed in; who has another account may sign in with that one again.  Their API
    tokens end unless another of their accounts is there and not disabled.
    """
    mine = select(identities.c.principal).where(
        identities.c.directory == change.directory, identities.c.subject == change.id
    )
    principal = connection.scalar(mine)
    if principal is None:
        return
    open_sessions = select(sessions.c.id, sessions.c.version).where(
        sessions.c.principal == principal, sessions.c.state == SessionState.ACTIVE.value
    )
    # Locked, so that one that is used or rotated just now does not undo the change by being quicker.
    for id_, version in connection.execute(open_sessions.with_for_update()).all():
        over = Move(SESSIONS, id_, version, SessionState.REVOKED, {"ended": act.at})
        transition(connection, over, act, append)
    if _has_another(connection, principal, change):
        return
    open_tokens = select(api_tokens.c.id, api_tokens.c.version).where(
        api_tokens.c.principal == principal, api_tokens.c.state == TokenState.ACTIVE.value
    )
    for id_, version in connection.execute(open_tokens.with_for_update()).all():
        transition(connection, Move(API_TOKENS, id_, version, TokenState.REVOKED), act, append)


def _has_another(connection: Connection, principal: str, change: ScimChange) -> bool:
    same = and_(accounts.c.directory == identities.c.directory, accounts.c.subject == identities.c.subject)
    others = (
        select(identities.c.principal)
        .join(accounts, same)
        .where(
            identities.c.principal == principal,
            accounts.c.state == PresenceState.PRESENT.value,
            accounts.c.enabled.is_not(False),
            accounts.c.id != change.id,
        )
    )
    return bool(connection.scalar(select(exists(others))))
