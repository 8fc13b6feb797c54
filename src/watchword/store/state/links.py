"""Whose an account is, by a person's decision: linked, unlinked, a proposal accepted or rejected; and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from watchword.analysis.people.linking import Rule
from watchword.errors import Forbidden, RowMissing
from watchword.model.accounts import Account, LinkProposal, ProposalState
from watchword.model.people import PresenceState, Principal, PrincipalId, PrincipalStatus
from watchword.store.audit import journal
from watchword.store.state import people_store
from watchword.store.state.accounts import ACCOUNTS, account_row
from watchword.store.state.linking import link_entry
from watchword.store.state.membership import flatten_around, groups_with
from watchword.store.state.people import directories, identities
from watchword.store.state.scim_values import new_id
from watchword.store.state.standing import end_access, settle
from watchword.store.state.standing import is_usable as row_is_usable
from watchword.store.state.transition import Act, Move, transition


def lock(connection: Connection, directory: str) -> None:
    """Wait for other changes of a directory."""
    connection.execute(select(directories.c.id).where(directories.c.id == directory).with_for_update())


def is_usable(account: Account, now: datetime) -> bool:
    """Whether one could sign in with an account."""
    return row_is_usable(account_row(account), now)


def link(connection: Connection, account: Account, principal: PrincipalId, rule: str, act: Act) -> None:
    """Note that an account is of somebody; it must be of nobody."""
    row = {
        "directory": account.read.directory,
        "subject": account.read.subject,
        "principal": principal,
        "linked": act.at,
    }
    connection.execute(insert(identities).values(row))
    journal.append(connection, link_entry(account.id, principal, rule, act))
    _regroup(connection, account, act)


def unlink(connection: Connection, account: Account, act: Act) -> PrincipalId | None:
    """Note that an account is of nobody any more; whose it was.  Their sessions and tokens end."""
    there = people_store.identity(connection, account.read.directory, account.read.subject)
    if there is None:
        return None
    ours = (identities.c.directory == there.directory) & (identities.c.subject == there.subject)
    connection.execute(delete(identities).where(ours))
    journal.append(connection, link_entry(account.id, there.principal, Rule.DECIDED, act, "unlinked"))
    end_access(connection, there.principal, act, journal.append)
    _regroup(connection, account, act)
    return there.principal


def _regroup(connection: Connection, account: Account, act: Act) -> None:
    directory = account.read.directory
    theirs = groups_with(connection, directory, [account.read.subject])
    if theirs:
        flatten_around(connection, directory, theirs, act, journal.append)


def relink(connection: Connection, account: Account, to: Principal, act: Act) -> Principal | None:
    """Give an account to somebody by a person's decision; whom it was of, where nothing is left of them.

    Raises:
        Forbidden: they have ended, are of another kind, or it is theirs already.
    """
    if to.status is PrincipalStatus.ENDED:
        raise Forbidden("who has ended gets no account", where=to.id)
    if account.read.kind.value != to.kind.value:
        raise Forbidden(
            f"an account of a {account.read.kind} cannot be that of a {to.kind}",
            where=to.id,
            remedy="end the one and invite them as the other",
        )
    if account.state is PresenceState.GONE:
        raise Forbidden("its directory has this account no longer", where=account.id)
    before = people_store.identity(connection, account.read.directory, account.read.subject)
    if before is not None and before.principal == to.id:
        raise Forbidden("this account is theirs already", where=to.id)
    was = unlink(connection, account, act)
    link(connection, account, to.id, Rule.DECIDED, act)
    settle(connection, {to.id}, act, journal.append)
    if was is None or people_store.accounts_of(connection, was):
        if was is not None:
            settle(connection, {was}, act, journal.append)
        return None
    return people_store.require(connection, was)


def open_proposals_of(connection: Connection, principal: str) -> Sequence[LinkProposal]:
    """Proposals that say of an account of somebody that it may be of another."""
    found: list[LinkProposal] = []
    for account in people_store.accounts_of(connection, principal):
        found += proposals_of(connection, account, ProposalState.OPEN)
    return found


def proposals_of(
    connection: Connection, account: Account, state: ProposalState | None = None
) -> Sequence[LinkProposal]:
    """Proposals whose an account may be."""
    named = (account.read.directory, account.read.subject)
    return people_store.proposals(connection, account=named, state=state)


def release(connection: Connection, account: Account, act: Act) -> bool:
    """Let a principal be active that was held back for the proposals of an account, once none is open; whether it is now."""
    there = people_store.identity(connection, account.read.directory, account.read.subject)
    if there is None or proposals_of(connection, account, ProposalState.OPEN):
        return False
    held = people_store.require(connection, there.principal)
    if held.status is not PrincipalStatus.INVITED:
        return False
    people_store.move(connection, held, PrincipalStatus.ACTIVE, act)
    settle(connection, {held.id}, act, journal.append)
    return True


def close_local(connection: Connection, directory: str, principal: str, act: Act) -> None:
    """Mark the accounts of somebody gone that are in our own directory."""
    for account in people_store.accounts_of(connection, principal):
        if account.read.directory == directory and account.state is PresenceState.PRESENT:
            values: dict[str, Any] = {"gone": act.at, "enabled": False}
            over = Move(ACCOUNTS, account.id, account.version, PresenceState.GONE, values)
            transition(connection, over, act)


def split(connection: Connection, account: Account, act: Act) -> Principal:
    """Give an account a principal of its own, held back; the one that had it keeps the others.

    Raises:
        RowMissing: it is nobody's.
        Forbidden: it is the only one of its principal.
    """
    there = people_store.identity(connection, account.read.directory, account.read.subject)
    if there is None:
        raise RowMissing("this account is nobody's", where=account.id)
    if len(people_store.accounts_of(connection, there.principal)) == 1:
        raise Forbidden("this is the only account of its principal", where=there.principal)
    owner = people_store.require(connection, there.principal)
    made = Principal(
        PrincipalId(f"p-{new_id(act.at)}"),
        owner.kind,
        account.read.display_name or account.read.user_name,
        PrincipalStatus.INVITED,
        act.at,
        owner.sponsor,
        owner.end_date,
    )
    unlink(connection, account, act)
    people_store.add(connection, made, act)
    link(connection, account, made.id, Rule.DECIDED, act)
    settle(connection, {owner.id}, act, journal.append)
    return made


def see_standing(connection: Connection, principal: PrincipalId, act: Act) -> None:
    """Suspend somebody at once whose accounts are not usable."""
    settle(connection, {principal}, act, journal.append)
