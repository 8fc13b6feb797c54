"""Rows of the state a page at a time, for lists that may be long.

A page begins after the last row of the one before (keyset), so that what comes or goes meanwhile neither repeats a row nor hides
one, and the thousandth page is as quick as the first.  Each function says by which values its rows are ordered; ``after`` are those
of the last row seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Table, func, literal, select, tuple_

from watchword.errors import RowMissing
from watchword.model.accounts import Account, LinkProposal
from watchword.model.leases import Job
from watchword.model.login import Recovery, SignIn
from watchword.model.people import Directory, Principal
from watchword.model.roles import Assignment
from watchword.model.sessions import ApiToken, Session
from watchword.store.audit.records import Record
from watchword.store.audit.schema import RECORDS
from watchword.store.state.accounts import account_of, accounts, link_proposals, proposal_of
from watchword.store.state.jobs import job_of, jobs
from watchword.store.state.login import recoveries, recovery_of, sign_in_of, sign_ins
from watchword.store.state.people import directories, directory_of, identities, principal_of, principals
from watchword.store.state.roles import assignment_of, assignments
from watchword.store.state.sessions import api_tokens, session_of, sessions, token_of

After = Sequence[str | int | datetime]
"""Where a page begins; empty: at the beginning."""

MOST: Final = 501
"""Rows of a page, and one more by which to know that there is a next."""


def people(connection: Connection, after: After, most: int, **where: str) -> list[Principal]:
    """Principals by id; ``kind``, ``status``, and ``words`` in the display name, in any case."""
    words = where.pop("words", "")
    wanted = _equal(select(principals), principals, where)
    if words:
        wanted = wanted.where(func.lower(principals.c.display_name).contains(words.lower(), autoescape=True))
    return [principal_of(row) for row in _page(connection, wanted, (principals.c.id,), after, most)]


def known_accounts(connection: Connection, after: After, most: int, **where: str) -> list[Account]:
    """Accounts of directories by id; ``directory``, ``state``, ``principal`` whose they are."""
    owner = where.pop("principal", "")
    wanted = _equal(select(accounts), accounts, where)
    if owner:
        theirs = (identities.c.directory == accounts.c.directory) & (
            identities.c.subject == accounts.c.subject
        )
        wanted = wanted.join(identities, theirs).where(identities.c.principal == owner)
    return [account_of(row) for row in _page(connection, wanted, (accounts.c.id,), after, most)]


def known_directories(connection: Connection, after: After, most: int) -> list[Directory]:
    """Directories by id."""
    rows = _page(connection, select(directories), (directories.c.id,), after, most)
    return [directory_of(row) for row in rows]


def roles(connection: Connection, after: After, most: int, **where: str) -> list[Assignment]:
    """Role assignments by id; ``principal``, ``role``, ``status``."""
    wanted = _equal(select(assignments), assignments, where)
    return [assignment_of(row) for row in _page(connection, wanted, (assignments.c.id,), after, most)]


def proposals(connection: Connection, after: After, most: int, **where: str) -> list[LinkProposal]:
    """Proposals to link by id; ``state``, ``directory``, ``principal``."""
    wanted = _equal(select(link_proposals), link_proposals, where)
    return [proposal_of(row) for row in _page(connection, wanted, (link_proposals.c.id,), after, most)]


def known_sessions(connection: Connection, after: After, most: int, **where: str) -> list[Session]:
    """Sessions by id; ``principal``, ``state``."""
    wanted = _equal(select(sessions), sessions, where)
    return [session_of(row) for row in _page(connection, wanted, (sessions.c.id,), after, most)]


def tokens(connection: Connection, after: After, most: int, **where: str) -> list[ApiToken]:
    """API tokens by id; ``principal``, ``state``."""
    wanted = _equal(select(api_tokens), api_tokens, where)
    return [token_of(row) for row in _page(connection, wanted, (api_tokens.c.id,), after, most)]


def known_recoveries(connection: Connection, after: After, most: int, **where: str) -> list[Recovery]:
    """Recoveries, the newest first (``created``, id); ``state``, ``principal``."""
    wanted, by = _equal(select(recoveries), recoveries, where), (recoveries.c.created, recoveries.c.id)
    return [recovery_of(row) for row in _page(connection, wanted, by, after, most, newest=True)]


def recovery(connection: Connection, id_: str) -> Recovery:
    """One recovery.

    Raises:
        RowMissing: there is no such one.
    """
    row = connection.execute(select(recoveries).where(recoveries.c.id == id_)).mappings().first()
    if row is None:
        raise RowMissing("there is no such recovery")
    return recovery_of(row)


def known_sign_ins(connection: Connection, after: After, most: int, **where: str) -> list[SignIn]:
    """Attempts to sign in, the newest first (``at``, id); ``principal``, ``outcome``, ``address``."""
    wanted, by = _equal(select(sign_ins), sign_ins, where), (sign_ins.c.at, sign_ins.c.id)
    return [sign_in_of(row) for row in _page(connection, wanted, by, after, most, newest=True)]


def known_jobs(connection: Connection, after: After, most: int, **where: str) -> list[Job]:
    """Jobs by id; ``name``, ``state``."""
    wanted = _equal(select(jobs), jobs, where)
    return [job_of(row) for row in _page(connection, wanted, (jobs.c.id,), after, most)]


def records(connection: Connection, after: After, most: int, **where: str) -> list[Record]:
    """Records of the audit log, the newest first (``sequence``); ``kind`` (or ``grant.*``), ``actor``, ``subject``.

    They are given as they stand, without being verified.
    """
    kind = where.pop("kind", "")
    wanted: Select[Any] = select(RECORDS.c.sequence, RECORDS.c.entry, RECORDS.c.previous, RECORDS.c.hash)
    wanted = _equal(wanted, RECORDS, where)
    if kind.endswith(".*"):
        wanted = wanted.where(RECORDS.c.kind.startswith(kind[:-1], autoescape=True))
    elif kind:
        wanted = wanted.where(RECORDS.c.kind == kind)
    found = _page(connection, wanted, (RECORDS.c.sequence,), after, most, newest=True)
    return [Record(row["sequence"], row["entry"], row["previous"], row["hash"]) for row in found]


def _equal(wanted: Select[Any], table: Table, where: Mapping[str, str]) -> Select[Any]:
    """Only rows whose columns have these values; empty ones are not asked for."""
    for name, value in where.items():
        if value:
            wanted = wanted.where(table.c[name] == value)
    return wanted


def _page(
    connection: Connection,
    wanted: Select[Any],
    by: Sequence[ColumnElement[Any]],
    after: After,
    most: int,
    *,
    newest: bool = False,
) -> Sequence[Mapping[Any, Any]]:
    """The rows that follow ``after`` in the order of ``by``, which must tell every two rows apart."""
    if after:
        here = tuple_(*by)
        there = tuple_(*(literal(value, one.type) for one, value in zip(by, after, strict=True)))
        wanted = wanted.where(here < there if newest else here > there)
    ordered = wanted.order_by(*(one.desc() if newest else one.asc() for one in by))
    return connection.execute(ordered.limit(min(most, MOST))).mappings().all()
