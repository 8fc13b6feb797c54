"""People in the database: found, moved from one status to another, and everything that is known of one of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, exists, func, or_, select

from watchword.analysis.people.likeness import key
from watchword.errors import RowMissing
from watchword.model.accounts import Account, LinkProposal, ProposalState
from watchword.model.factors import FactorStatus
from watchword.model.login import InvitationState, RecoveryState
from watchword.model.people import (
    Group,
    Identity,
    PresenceState,
    Principal,
    PrincipalId,
    PrincipalKind,
    PrincipalStatus,
)
from watchword.store.audit import journal
from watchword.store.audit.records import Entry, Record
from watchword.store.audit.schema import RECORDS
from watchword.store.state import factor_store, invitations, recovery_store, vault
from watchword.store.state.accounts import LINK_PROPOSALS, account_of, accounts, link_proposals, proposal_of
from watchword.store.state.login import invitation_of
from watchword.store.state.login import invitations as invitation_rows
from watchword.store.state.people import (
    PRINCIPALS,
    group_of,
    groups,
    identities,
    identity_of,
    memberships,
    principal_of,
    principal_row,
    principals,
)
from watchword.store.state.standing import end_access
from watchword.store.state.transition import Act, Move, create, transition

MOST: Final = 500
"""Rows of a page."""

_SAME = and_(accounts.c.directory == identities.c.directory, accounts.c.subject == identities.c.subject)


@dataclass(frozen=True, slots=True)
class Search:
    """Which people: empty means any.  ``words`` stand in the name, or begin a user name or a mail address, in any case."""

    kind: str = ""
    status: str = ""
    words: str = ""
    directory: str = ""
    after: str = ""
    most: int = 50


def find(connection: Connection, which: Search) -> Sequence[Principal]:
    """People by id, from after one on."""
    wanted = select(principals).where(principals.c.id > which.after)
    for column, value in ((principals.c.kind, which.kind), (principals.c.status, which.status)):
        wanted = wanted.where(column == value) if value else wanted
    if which.directory:
        wanted = wanted.where(_has_account(accounts.c.directory == which.directory))
    if which.words:
        wanted = wanted.where(_called(which.words))
    ordered = wanted.order_by(principals.c.id).limit(min(which.most, MOST))
    return [principal_of(row) for row in connection.execute(ordered).mappings()]


def _called(words: str) -> Any:  # noqa: ANN401
    folded = words.casefold()
    named = func.lower(principals.c.display_name).contains(words.lower(), autoescape=True)
    typed = accounts.c.user_name_key.startswith(folded, autoescape=True)
    mailed = accounts.c.mail_key.startswith(folded, autoescape=True)
    return or_(named, principals.c.id == words, _has_account(typed | mailed))


def _has_account(condition: Any) -> Any:  # noqa: ANN401
    owned = select(identities.c.principal).join(accounts, _SAME)
    return exists(owned.where(identities.c.principal == principals.c.id, condition).correlate(principals))


def get(connection: Connection, id_: str) -> Principal | None:
    """Somebody by id."""
    return factor_store.principal(connection, PrincipalId(id_))


def require(connection: Connection, id_: str) -> Principal:
    """Somebody by id.

    Raises:
        RowMissing: there is nobody.
    """
    found = get(connection, id_)
    if found is None:
        raise RowMissing("there is no such person", where=id_, remedy="watchword people list")
    return found


def add(connection: Connection, one: Principal, act: Act) -> None:
    """Keep somebody new."""
    create(connection, PRINCIPALS, principal_row(one), act)


def move(
    connection: Connection,
    one: Principal,
    to: PrincipalStatus | None,
    act: Act,
    values: Mapping[str, Any] | None = None,
) -> int:
    """Bring somebody as they were read into another status, or change columns; the new version.

    Raises:
        RowChanged: another was quicker.
        IllegalMove: the status may not follow.
    """
    return transition(connection, Move(PRINCIPALS, one.id, one.version, to, values or {}), act)


def hold(connection: Connection, one: Principal, act: Act) -> None:
    """Note that a person wants somebody to stay suspended whom a directory has suspended: it resumes them no longer."""
    entry = Entry(
        "principal.suspended",
        act.actor,
        one.id,
        act.at,
        before={"status": one.status.value},
        after={"status": one.status.value},
        why=act.why,
        request=act.request,
        session=act.session,
    )
    journal.append(connection, entry)


def end(connection: Connection, one: Principal, act: Act) -> int:
    """End somebody for good, with all that they hold but roles: how many sessions and tokens ended.

    Factors are removed with their secrets, invitations revoked, recoveries and proposals rejected.  Accounts stay linked, so that
    nobody else gets them by a rule.
    """
    move(connection, one, PrincipalStatus.ENDED, act)
    count = end_access(connection, one.id, act, journal.append)
    for factor in factor_store.of_principal(connection, one.id):
        if factor.status is FactorStatus.REMOVED:
            continue
        factor_store.move(connection, factor, FactorStatus.REMOVED, act, {"secret": None})
        if factor.secret is not None:
            vault.forget(connection, factor.secret)
    for invitation in _invitations(connection, one.id):
        invitations.move(connection, invitation, InvitationState.REVOKED, act)
    for recovery in recovery_store.under_way(connection, one.id):
        recovery_store.move(connection, recovery, RecoveryState.REJECTED, act)
    for proposal in proposals(connection, principal=one.id, state=ProposalState.OPEN):
        decided(connection, proposal, ProposalState.REJECTED, act)
    return count


def _invitations(connection: Connection, principal: str) -> Sequence[Any]:
    mine = (invitation_rows.c.principal == principal) & (
        invitation_rows.c.state == InvitationState.OPEN.value
    )
    return [invitation_of(row) for row in connection.execute(select(invitation_rows).where(mine)).mappings()]


def proposals(
    connection: Connection,
    *,
    principal: str = "",
    state: ProposalState | None = None,
    account: tuple[str, str] | None = None,
    after: str = "",
    most: int = MOST,
) -> Sequence[LinkProposal]:
    """Proposals by id; of a principal, in a state, of an account (directory and subject)."""
    wanted = select(link_proposals).where(link_proposals.c.id > after)
    if principal:
        wanted = wanted.where(link_proposals.c.principal == principal)
    if state is not None:
        wanted = wanted.where(link_proposals.c.state == state.value)
    if account is not None:
        wanted = wanted.where(
            link_proposals.c.directory == account[0], link_proposals.c.subject == account[1]
        )
    ordered = wanted.order_by(link_proposals.c.id).limit(most)
    return [proposal_of(row) for row in connection.execute(ordered).mappings()]


def proposal(connection: Connection, id_: str) -> LinkProposal:
    """A proposal.

    Raises:
        RowMissing: there is none.
    """
    row = connection.execute(select(link_proposals).where(link_proposals.c.id == id_)).mappings().first()
    if row is None:
        raise RowMissing("there is no such proposal", where=id_, remedy="watchword people proposals")
    return proposal_of(row)


def decided(connection: Connection, one: LinkProposal, to: ProposalState, act: Act) -> int:
    """Accept or reject a proposal as it was read.

    Raises:
        RowChanged, IllegalMove: another was quicker.
    """
    values = {"decided_by": act.actor}
    return transition(connection, Move(LINK_PROPOSALS, one.id, one.version, to, values), act)


def account(connection: Connection, directory: str, subject: str) -> Account:
    """An account of a directory.

    Raises:
        RowMissing: there is none.
    """
    ours = (accounts.c.directory == directory) & (accounts.c.subject == subject)
    row = connection.execute(select(accounts).where(ours)).mappings().first()
    if row is None:
        raise RowMissing("there is no such account", where=f"{directory} {subject}", remedy="read it anew")
    return account_of(row)


def identity(connection: Connection, directory: str, subject: str) -> Identity | None:
    """Whose an account is."""
    ours = (identities.c.directory == directory) & (identities.c.subject == subject)
    row = connection.execute(select(identities).where(ours)).mappings().first()
    return None if row is None else identity_of(row)


def accounts_of(connection: Connection, principal: str) -> Sequence[Account]:
    """The accounts of somebody, those that are gone too."""
    owned = select(accounts).join(identities, _SAME).where(identities.c.principal == principal)
    ordered = owned.order_by(accounts.c.directory, accounts.c.subject)
    return [account_of(row) for row in connection.execute(ordered).mappings()]


def user_name_taken(connection: Connection, directory: str, user_name: str) -> bool:
    """Whether an account of a directory that is there has a user name, in any case and form."""
    ours = (accounts.c.directory == directory) & (accounts.c.state == PresenceState.PRESENT.value)
    same = accounts.c.user_name_key.in_({user_name.casefold(), key(user_name)})
    return connection.execute(select(accounts.c.id).where(ours, same).limit(1)).first() is not None


def groups_of(connection: Connection, principal: str, most: int = MOST) -> Sequence[Group]:
    """The groups that somebody is in, through groups too, by name."""
    theirs = select(groups).join(memberships, memberships.c.group_id == groups.c.id)
    ordered = theirs.where(memberships.c.principal == principal).order_by(groups.c.display, groups.c.id)
    return [group_of(row) for row in connection.execute(ordered.limit(most)).mappings()]


def guests_of(connection: Connection, sponsor: str) -> Sequence[Principal]:
    """Guests for whom somebody answers."""
    theirs = select(principals).where(principals.c.sponsor == sponsor).order_by(principals.c.id)
    return [principal_of(row) for row in connection.execute(theirs).mappings()]


def overstaying(connection: Connection, now: datetime, most: int = MOST) -> Sequence[Principal]:
    """Guests past their end date who have not ended."""
    over = (
        (principals.c.kind == PrincipalKind.GUEST.value)
        & (principals.c.end_date <= now)
        & (principals.c.status != PrincipalStatus.ENDED.value)
    )
    ordered = select(principals).where(over).order_by(principals.c.end_date, principals.c.id)
    return [principal_of(row) for row in connection.execute(ordered.limit(most)).mappings()]


@dataclass(frozen=True, slots=True)
class Happened:
    """A record about somebody: its number, when, what, by whom, and why."""

    sequence: int
    at: datetime
    kind: str
    actor: str
    subject: str
    why: str


def history(connection: Connection, subjects: Sequence[str], most: int = 100) -> Sequence[Happened]:
    """What the audit log says about some ids, the newest first; records are not verified."""
    wanted: Select[Any] = select(RECORDS).where(RECORDS.c.subject.in_(list(subjects)))
    rows = connection.execute(wanted.order_by(RECORDS.c.sequence.desc()).limit(most)).all()
    return [_happened(Record(row.sequence, row.entry, row.previous, row.hash)) for row in rows]


def _happened(record: Record) -> Happened:
    from watchword.store.audit.records import moment

    told = json.loads(record.entry)
    return Happened(
        record.sequence,
        moment(told["at"]),
        told["kind"],
        told["actor"],
        told["subject"],
        told.get("why", ""),
    )
