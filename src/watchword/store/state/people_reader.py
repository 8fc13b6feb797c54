"""What pages about people and directories show, put together in a few statements a page: reading only.

Lists are ordered by what people look for (names), not by id, and say how many rows there are in all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, func, select

from watchword.model.accounts import LinkProposal, ProposalState
from watchword.model.factors import Factor
from watchword.model.login import Outcome, Recovery
from watchword.model.people import Directory, PresenceState, Principal
from watchword.model.roles import Assignment, AssignmentStatus
from watchword.store.state.accounts import accounts, link_proposals, proposal_of
from watchword.store.state.factors import factor_of, factors
from watchword.store.state.login import recoveries, recovery_of, sign_ins
from watchword.store.state.people import (
    directories,
    directory_of,
    groups,
    identities,
    memberships,
    principal_of,
    principals,
)
from watchword.store.state.roles import assignment_of, assignments

MOST: Final = 500
"""Rows of a list that is not asked for page by page."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Which principals: of a kind, of a status, with words in the name; empty means any."""

    kind: str = ""
    status: str = ""
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Beside:
    """What lists show beside principals, by their ids: roles, factors, a mail address, the last sign-in."""

    roles: Mapping[str, Sequence[Assignment]]
    factors: Mapping[str, Sequence[Factor]]
    mails: Mapping[str, str]
    sign_ins: Mapping[str, datetime]


def people(connection: Connection, asked: Asked, offset: int, most: int) -> tuple[Sequence[Principal], int]:
    """Principals by name, and how many there are in all."""
    wanted = select(principals)
    for condition in _people(asked):
        wanted = wanted.where(condition)
    total: int = connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
    ordered = wanted.order_by(func.lower(principals.c.display_name), principals.c.id)
    rows = connection.execute(ordered.offset(offset).limit(min(most, MOST))).mappings()
    return [principal_of(row) for row in rows], total


def _people(asked: Asked) -> Iterable[ColumnElement[bool]]:
    if asked.kind:
        yield principals.c.kind == asked.kind
    if asked.status:
        yield principals.c.status == asked.status
    name = func.lower(principals.c.display_name)
    yield from (name.contains(word.lower(), autoescape=True) for word in asked.words[:8])


def names(connection: Connection, identifiers: Collection[str]) -> dict[str, str]:
    """The names of those of some ids that are principals."""
    wanted = select(principals.c.id, principals.c.display_name)
    found = connection.execute(wanted.where(principals.c.id.in_(sorted(identifiers)[:MOST])))
    return {row.id: row.display_name for row in found if row.display_name}


def beside(connection: Connection, identifiers: Collection[str]) -> Beside:
    """What lists show beside principals."""
    ids = sorted(identifiers)[:MOST]
    roles: dict[str, list[Assignment]] = defaultdict(list)
    active = assignments.c.status == AssignmentStatus.ACTIVE.value
    for row in _of(connection, select(assignments).where(active), assignments.c.principal, ids):
        roles[row["principal"]].append(assignment_of(row))
    held: dict[str, list[Factor]] = defaultdict(list)
    for row in _of(connection, select(factors), factors.c.principal, ids):
        held[row["principal"]].append(factor_of(row))
    theirs = (identities.c.directory == accounts.c.directory) & (identities.c.subject == accounts.c.subject)
    mails = select(identities.c.principal, func.min(accounts.c.mail).label("mail")).join(accounts, theirs)
    mailed = mails.where(accounts.c.mail != "").group_by(identities.c.principal)
    last = select(sign_ins.c.principal, func.max(sign_ins.c.at).label("at"))
    signed = last.where(sign_ins.c.outcome == Outcome.SUCCESS.value).group_by(sign_ins.c.principal)
    return Beside(
        roles,
        held,
        {row["principal"]: row["mail"] for row in _of(connection, mailed, identities.c.principal, ids)},
        {row["principal"]: row["at"] for row in _of(connection, signed, sign_ins.c.principal, ids)},
    )


def _of(
    connection: Connection, wanted: Select[Any], column: ColumnElement[Any], ids: Sequence[str]
) -> Iterable[Mapping[Any, Any]]:
    return connection.execute(wanted.where(column.in_(ids))).mappings().all()


def roles_of(connection: Connection, identifier: str) -> Sequence[Assignment]:
    """All assignments of somebody, the newest first, those that are over among them."""
    theirs = select(assignments).where(assignments.c.principal == identifier)
    ordered = theirs.order_by(assignments.c.created.desc(), assignments.c.id).limit(MOST)
    return [assignment_of(row) for row in connection.execute(ordered).mappings()]


def groups_of(connection: Connection, identifier: str) -> Sequence[tuple[str, str]]:
    """Groups that somebody is in, groups within groups counted in: their names, and the directories' names."""
    wanted = (
        select(groups.c.display, directories.c.display.label("directory"))
        .join(memberships, memberships.c.group_id == groups.c.id)
        .join(directories, directories.c.id == groups.c.directory)
        .where(memberships.c.principal == identifier, groups.c.state == PresenceState.PRESENT.value)
    )
    ordered = wanted.order_by(func.lower(groups.c.display)).limit(MOST)
    return [(row.display, row.directory) for row in connection.execute(ordered)]


def all_directories(connection: Connection) -> Sequence[Directory]:
    """All directories by name."""
    ordered = select(directories).order_by(func.lower(directories.c.display), directories.c.id)
    return [directory_of(row) for row in connection.execute(ordered.limit(MOST)).mappings()]


def open_proposals(connection: Connection, directory: str = "") -> Sequence[tuple[LinkProposal, str]]:
    """Proposals that wait for a decision, the oldest first, each with the user name of its account."""
    same = (accounts.c.directory == link_proposals.c.directory) & (
        accounts.c.subject == link_proposals.c.subject
    )
    wanted = (
        select(link_proposals, accounts.c.user_name)
        .outerjoin(accounts, same)
        .where(link_proposals.c.state == ProposalState.OPEN.value)
    )
    if directory:
        wanted = wanted.where(link_proposals.c.directory == directory)
    ordered = wanted.order_by(link_proposals.c.created, link_proposals.c.id).limit(MOST)
    return [(proposal_of(row), row["user_name"] or "") for row in connection.execute(ordered).mappings()]


def last_recoveries(connection: Connection, most: int = 100) -> Sequence[Recovery]:
    """Recoveries, the newest first."""
    ordered = select(recoveries).order_by(recoveries.c.created.desc(), recoveries.c.id).limit(most)
    return [recovery_of(row) for row in connection.execute(ordered).mappings()]
