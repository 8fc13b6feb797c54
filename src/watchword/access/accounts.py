"""Whose an account is, decided by people: proposals accepted or rejected, accounts linked and unlinked, newcomers confirmed.

Nobody decides about their own: neither may an account come to be theirs, nor one of theirs somebody else's, by their own act.
Who had an account and has none left ends, with all that they held.
"""

from __future__ import annotations

from collections.abc import Sequence

from watchword.access.people import LOCAL, administered, end_within, require_reason
from watchword.errors import Forbidden
from watchword.model.accounts import Account, LinkProposal, ProposalState
from watchword.model.people import Principal, PrincipalId, PrincipalStatus
from watchword.store.state import links, people_store
from watchword.store.state.connection import Connection
from watchword.store.state.database import Database
from watchword.store.state.transition import Act


def proposals(
    database: Database, *, state: ProposalState | None = ProposalState.OPEN, after: str = "", most: int = 50
) -> Sequence[LinkProposal]:
    """Proposals by id, a page at a time: the next begins after the last id."""
    with database.reading() as connection:
        return people_store.proposals(connection, state=state, after=after, most=most)


def accept(database: Database, id_: str, act: Act) -> PrincipalId:
    """Accept a proposal: its account is of the proposed principal from now on; whose it is.

    The account's other proposals are rejected.  The principal that it had, which was held back meanwhile, ends if nothing is
    left of it.

    Raises:
        Forbidden: it is the caller's own, or the principal may not have it.
        IllegalMove: it has been decided already.
    """
    with administered(database, act) as connection:
        proposal = people_store.proposal(connection, id_)
        account = people_store.account(connection, proposal.directory, proposal.subject)
        people_store.decided(connection, proposal, ProposalState.ACCEPTED, act)
        for other in links.proposals_of(connection, account, ProposalState.OPEN):
            people_store.decided(connection, other, ProposalState.REJECTED, act)
        _give(connection, account, proposal.principal, act)
        return proposal.principal


def reject(database: Database, id_: str, act: Act) -> bool:
    """Reject a proposal; whether its account's principal, held back for it, is active now.

    Raises:
        Forbidden: it is the caller's own.
        IllegalMove: it has been decided already.
    """
    with database.writing() as connection:
        proposal = people_store.proposal(connection, id_)
        account = people_store.account(connection, proposal.directory, proposal.subject)
        _not_own(connection, account, proposal.principal, act)
        people_store.decided(connection, proposal, ProposalState.REJECTED, act)
        return links.release(connection, account, act)


def confirm(database: Database, id_: str, act: Act) -> None:
    """Confirm that somebody whom linking rules held back is new: active from now on; open proposals are rejected.

    Raises:
        Forbidden: they are not held back, or it is the caller.
    """
    require_reason(act)
    with database.writing() as connection:
        one = people_store.require(connection, id_)
        owned = people_store.accounts_of(connection, one.id)
        if one.status is not PrincipalStatus.INVITED or all(a.read.directory == LOCAL.id for a in owned):
            raise Forbidden("only who is held back for a decision can be confirmed", where=one.id)
        for account in owned:
            for proposal in links.proposals_of(connection, account, ProposalState.OPEN):
                _not_own(connection, account, proposal.principal, act)
                people_store.decided(connection, proposal, ProposalState.REJECTED, act)
            if links.release(connection, account, act):
                return


def link(database: Database, directory: str, subject: str, to: str, act: Act) -> None:
    """Give an account to somebody.

    Raises:
        UsageError: no reason is given.
        Forbidden: it is the caller's own, or they may not have it.
        RowMissing: there is no such account, or no such person.
    """
    require_reason(act)
    with administered(database, act) as connection:
        account = people_store.account(connection, directory, subject)
        for proposal in links.proposals_of(connection, account, ProposalState.OPEN):
            fits = proposal.principal == to
            decided = ProposalState.ACCEPTED if fits else ProposalState.REJECTED
            people_store.decided(connection, proposal, decided, act)
        _give(connection, account, PrincipalId(to), act)


def unlink(database: Database, directory: str, subject: str, act: Act) -> Principal:
    """Take an account from somebody; it gets a principal of its own, which is held back until a person confirms it.

    Raises:
        UsageError: no reason is given.
        Forbidden: it is the caller's own, or the only account of its principal.
        RowMissing: there is no such account, or it is nobody's.
    """
    require_reason(act)
    with administered(database, act) as connection:
        account = people_store.account(connection, directory, subject)
        _not_own(connection, account, PrincipalId(""), act)
        return links.split(connection, account, act)


def _give(connection: Connection, account: Account, to: PrincipalId, act: Act) -> None:
    _not_own(connection, account, to, act)
    emptied = links.relink(connection, account, people_store.require(connection, to), act)
    if emptied is not None and emptied.status is not PrincipalStatus.ENDED:
        end_within(connection, emptied, act)


def _not_own(connection: Connection, account: Account, to: PrincipalId, act: Act) -> None:
    there = people_store.identity(connection, account.read.directory, account.read.subject)
    if act.actor in {to, there.principal if there else to}:
        raise Forbidden(
            "nobody decides about their own accounts", where=act.actor, remedy="ask somebody else"
        )
