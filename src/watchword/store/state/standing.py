"""Whether a person may still go on, by what directories say of their accounts; and what ends when they may not.

A principal whose accounts are all gone, disabled or past their end is suspended, in the transaction that notes it.  It becomes
active again when a directory says of one of its accounts that it is enabled, unless a person has suspended it.  An account that
failed sign-ins have *locked* suspends nobody, since anybody could bring that about from outside; its directory refuses it anyway.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, select

from watchword.model.people import PresenceState, PrincipalId, PrincipalStatus
from watchword.model.sessions import SessionState, TokenState
from watchword.store.audit import journal
from watchword.store.audit.journal import Filter
from watchword.store.state.accounts import accounts
from watchword.store.state.people import PRINCIPALS, identities, principals
from watchword.store.state.sessions import API_TOKENS, SESSIONS, api_tokens, sessions
from watchword.store.state.transition import Act, Journal, Move, transition

DIRECTORY_ACTOR: Final = "directory:"
"""How actors begin that are directories; what they have suspended, they may let go on."""


@dataclass(slots=True)
class Settled:
    """Who was suspended, who goes on, and how many sessions and tokens ended."""

    suspended: list[str] = field(default_factory=list)
    resumed: list[str] = field(default_factory=list)
    ended: int = 0

    def copy(self) -> Settled:
        """The same, apart."""
        return Settled([*self.suspended], [*self.resumed], self.ended)


def is_usable(row: Mapping[Any, Any], now: datetime) -> bool:
    """Whether one could sign in with an account: it is there, not disabled, and not past its end."""
    over = row["account_expires"] is not None and row["account_expires"] <= now
    return row["state"] == PresenceState.PRESENT.value and row["enabled"] is not False and not over


def settle(
    connection: Connection, people: Collection[str], act: Act, append: Journal, into: Settled | None = None
) -> Settled:
    """Suspend those of some principals who have no usable account left, let those go on who have one again.

    Who has no account at all is left alone: an invited person of ours.
    """
    told = into or Settled()
    for some in _chunks(sorted(people)):
        owned = _accounts_of(connection, some)
        wanted = select(principals.c.id, principals.c.status, principals.c.version)
        for id_, status, version in connection.execute(wanted.where(principals.c.id.in_(some))).all():
            to = _next(connection, id_, PrincipalStatus(status), owned.get(id_, []), act.at)
            if to is None:
                continue
            transition(connection, Move(PRINCIPALS, id_, version, to), act, append)
            if to is PrincipalStatus.SUSPENDED:
                told.suspended.append(id_)
                told.ended += end_access(connection, id_, act, append)
            else:
                told.resumed.append(id_)
    return told


def _next(
    connection: Connection,
    principal: str,
    status: PrincipalStatus,
    rows: Sequence[Mapping[Any, Any]],
    now: datetime,
) -> PrincipalStatus | None:
    """The status that accounts ask for, where it is another."""
    usable = [row for row in rows if is_usable(row, now)]
    if status is PrincipalStatus.ACTIVE and rows and not usable:
        return PrincipalStatus.SUSPENDED
    enabled = status is PrincipalStatus.SUSPENDED and any(row["enabled"] for row in usable)
    return PrincipalStatus.ACTIVE if enabled and _suspended_by_directory(connection, principal) else None


def _accounts_of(connection: Connection, people: Sequence[str]) -> dict[str, list[Mapping[Any, Any]]]:
    same = and_(accounts.c.directory == identities.c.directory, accounts.c.subject == identities.c.subject)
    wanted = select(
        identities.c.principal, accounts.c.state, accounts.c.enabled, accounts.c.account_expires
    ).join(accounts, same)
    found: dict[str, list[Mapping[Any, Any]]] = {}
    for row in connection.execute(wanted.where(identities.c.principal.in_(people))).mappings():
        found.setdefault(row["principal"], []).append(row)
    return found


def _suspended_by_directory(connection: Connection, principal: str) -> bool:
    """Whether the last who suspended somebody was a directory, not a person."""
    last = journal.latest(connection, Filter(kind="principal.suspended", subject=principal), 1)
    return bool(last) and str(last[0].content().get("actor", "")).startswith(DIRECTORY_ACTOR)


def end_access(connection: Connection, principal: PrincipalId | str, act: Act, append: Journal) -> int:
    """Revoke all sessions and API tokens of somebody; how many there were."""
    mine = (sessions.c.principal == principal) & (sessions.c.state == SessionState.ACTIVE.value)
    going = connection.execute(select(sessions.c.id, sessions.c.version).where(mine)).all()
    for id_, version in going:
        over = Move(SESSIONS, id_, version, SessionState.REVOKED, {"ended": act.at})
        transition(connection, over, act, append)
    theirs = (api_tokens.c.principal == principal) & (api_tokens.c.state == TokenState.ACTIVE.value)
    tokens = connection.execute(select(api_tokens.c.id, api_tokens.c.version).where(theirs)).all()
    for id_, version in tokens:
        transition(connection, Move(API_TOKENS, id_, version, TokenState.REVOKED), act, append)
    return len(going) + len(tokens)


def _chunks(ids: Sequence[str], size: int = 500) -> Iterator[Sequence[str]]:
    for number in range(0, len(ids), size):
        yield ids[number : number + size]
