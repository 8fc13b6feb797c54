"""Guests: invited with a sponsor who answers for them and an end date within a year; extended, adopted, ended when it is time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from watchword.access.people import Invited, Newcomer, Randomness, admit, end_within, require_reason
from watchword.errors import Forbidden, UsageError
from watchword.model.directory import AccountKind
from watchword.model.people import Principal, PrincipalId, PrincipalKind, PrincipalStatus
from watchword.store.state import links, people_store
from watchword.store.state.connection import Connection
from watchword.store.state.database import Database
from watchword.store.state.linking import LONGEST_STAY
from watchword.store.state.scim_values import new_id
from watchword.store.state.transition import Act

OVER: Final = "a guest's time is over"
"""Why the worker ends a guest."""


@dataclass(frozen=True, slots=True)
class Stay:
    """Who answers for a guest (a principal's id), and the instant from which the guest may ask for nothing any more."""

    sponsor: str
    end_date: datetime


def invite(database: Database, who: Newcomer, stay: Stay, act: Act, randomness: Randomness) -> Invited:
    """Invite a guest.

    Raises:
        UsageError: the end date is past, or more than a year ahead.
        Forbidden: the sponsor is no active person of the company.
        RowExists: somebody whom we invited has this user name.
    """
    _see_end(stay.end_date, act.at)
    with database.reading() as connection:
        answering = _sponsor(connection, stay.sponsor, act.at)
    return admit(database, who, act, randomness, sponsor=answering.id, end_date=stay.end_date)


def extend(database: Database, id_: str, end_date: datetime, act: Act, sponsor: str = "") -> None:
    """Give a guest another end date, and another sponsor where one is named; who answers for them must be active.

    Raises:
        UsageError: no reason is given; the end date is past, or more than a year ahead.
        Forbidden: they are no guest or have ended; the sponsor is no active person; the guest asks for themselves.
    """
    require_reason(act)
    _see_end(end_date, act.at)
    with database.writing() as connection:
        one = people_store.require(connection, id_)
        if one.kind is not PrincipalKind.GUEST or one.status is PrincipalStatus.ENDED:
            raise Forbidden("only a guest who has not ended can be extended", where=one.id)
        if act.actor == one.id:
            raise Forbidden("nobody extends themselves", where=one.id)
        answering = _sponsor(connection, sponsor or one.sponsor or "", act.at)
        values = {"end_date": end_date, "sponsor": answering.id}
        people_store.move(connection, one, None, act, values)


def adopt(database: Database, directory: str, subject: str, stay: Stay, act: Act) -> Principal:
    """Answer for a guest's account that a directory has and that is nobody's: its new principal.

    Raises:
        UsageError: no reason is given; the end date is past, or more than a year ahead.
        Forbidden: it is no guest's, it is somebody's, or the sponsor is no active person.
        RowMissing: there is no such account.
    """
    require_reason(act)
    _see_end(stay.end_date, act.at)
    with database.writing() as connection:
        links.lock(connection, directory)
        account = people_store.account(connection, directory, subject)
        if account.read.kind is not AccountKind.GUEST:
            raise Forbidden("this is no guest's account", where=account.id)
        if people_store.identity(connection, directory, subject) is not None:
            raise Forbidden("this account is somebody's", where=account.id)
        answering = _sponsor(connection, stay.sponsor, act.at)
        made = Principal(
            PrincipalId(f"p-{new_id(act.at)}"),
            PrincipalKind.GUEST,
            account.read.display_name or account.read.user_name,
            PrincipalStatus.ACTIVE,
            act.at,
            answering.id,
            stay.end_date,
        )
        people_store.add(connection, made, act)
        links.link(connection, account, made.id, "L2-decided", act)
        links.see_standing(connection, made.id, act)
    return made


def end_overdue(database: Database, now: datetime, actor: str = "watchword") -> int:
    """End guests whose time is over, a few hundred at a time; how many there were.  For the worker."""
    with database.writing() as connection:
        due = people_store.overstaying(connection, now)
        for one in due:
            end_within(connection, one, Act(actor, now, OVER))
    return len(due)


def _see_end(end_date: datetime, now: datetime) -> None:
    if end_date.tzinfo is None or not now + timedelta(hours=1) <= end_date <= now + LONGEST_STAY:
        raise UsageError(
            "a guest's end date lies between an hour and a year ahead",
            remedy="name a nearer one; a guest can be extended",
        )


def _sponsor(connection: Connection, id_: str, now: datetime) -> Principal:
    found = people_store.get(connection, id_)
    over = found is not None and found.end_date is not None and found.end_date <= now
    if (
        found is None
        or over
        or found.kind is not PrincipalKind.USER
        or found.status is not PrincipalStatus.ACTIVE
    ):
        raise Forbidden("a sponsor is an active person of the company", where=id_ or "nobody is named")
    return found
