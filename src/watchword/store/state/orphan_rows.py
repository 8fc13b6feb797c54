"""What the search for orphans needs from the database, page by page: accounts with their owners, people with their roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, func, or_, select

from watchword.analysis.people.orphans import Owned, Person
from watchword.model.factors import FactorKind, FactorStatus
from watchword.model.login import Outcome
from watchword.model.people import PresenceState, Principal, PrincipalStatus
from watchword.model.roles import AssignmentStatus
from watchword.store.state.accounts import account_of, accounts
from watchword.store.state.factors import factors
from watchword.store.state.login import sign_ins
from watchword.store.state.people import identities, principal_of, principals
from watchword.store.state.roles import assignments

PAGE: Final = 1_000

_SAME = and_(accounts.c.directory == identities.c.directory, accounts.c.subject == identities.c.subject)


def owned(connection: Connection) -> Iterator[Owned]:
    """All accounts that are there, by id."""
    wanted = (
        select(accounts, identities.c.principal.label("owner"))
        .outerjoin(identities, _SAME)
        .where(accounts.c.state == PresenceState.PRESENT.value)
    )
    for rows in _pages(connection, wanted, accounts.c.id):
        yield from _owned(connection, rows)


def suspects(connection: Connection, directory: str, before: datetime, most: int) -> Sequence[Owned]:
    """Accounts of a directory of which the rules may say something, those of nobody first; at most ``most``.

    A choice of rows only, so that a page need not read the whole directory: the rules judge each (``of_account``).
    """
    read = accounts.c
    idle = or_(read.enabled.is_(None), read.enabled.is_(True)) & or_(
        read.last_sign_in.is_(None), read.last_sign_in <= before
    )
    ended = principals.c.status == PrincipalStatus.ENDED.value
    wanted = (
        select(accounts, identities.c.principal.label("owner"))
        .outerjoin(identities, _SAME)
        .outerjoin(principals, principals.c.id == identities.c.principal)
        .where(read.directory == directory, read.state == PresenceState.PRESENT.value)
        .where(or_(identities.c.principal.is_(None), ended, idle))
        .order_by(
            identities.c.principal.is_not(None), read.last_sign_in.is_(None), read.user_name_key, read.id
        )
    )
    return list(_owned(connection, connection.execute(wanted.limit(most)).mappings().all()))


def _owned(connection: Connection, rows: Sequence[Mapping[Any, Any]]) -> Iterator[Owned]:
    owners = _people(connection, [row["owner"] for row in rows])
    seen = _seen(connection, list(owners))
    for row in rows:
        at = seen.get((row["owner"], row["directory"]))
        yield Owned(account_of(row), owners.get(row["owner"]), at)


def people(connection: Connection, now: datetime) -> Iterator[Person]:
    """All principals, by id."""
    for rows in _pages(connection, select(principals), principals.c.id):
        ids = [row["id"] for row in rows]
        sponsors = _people(connection, [row["sponsor"] for row in rows])
        counts, roles = _counts(connection, ids), _roles(connection, ids, now)
        kinds = _factors(connection, ids)
        for row in rows:
            yield Person(
                principal_of(row),
                counts.get(row["id"], 0),
                tuple(roles.get(row["id"], ())),
                FactorKind.PASSKEY.value in kinds.get(row["id"], ()),
                sponsors.get(row["sponsor"]),
                tuple(sorted(kinds.get(row["id"], ()))),
            )


def _pages(connection: Connection, wanted: Select[Any], by: Any) -> Iterator[Sequence[Mapping[Any, Any]]]:  # noqa: ANN401
    last = ""
    while rows := connection.execute(wanted.where(by > last).order_by(by).limit(PAGE)).mappings().all():
        yield rows
        last = rows[-1]["id"]


def _people(connection: Connection, ids: Sequence[str | None]) -> dict[str | None, Principal]:
    some = sorted({one for one in ids if one is not None})
    rows = connection.execute(select(principals).where(principals.c.id.in_(some))).mappings()
    return {row["id"]: principal_of(row) for row in rows}


def _seen(connection: Connection, ids: Sequence[str | None]) -> dict[tuple[str, str], datetime]:
    """When people last signed in here, by the directory that they came from."""
    some = sorted({one for one in ids if one is not None})
    wanted = (
        select(sign_ins.c.principal, sign_ins.c.directory, func.max(sign_ins.c.at))
        .where(sign_ins.c.principal.in_(some), sign_ins.c.outcome == Outcome.SUCCESS.value)
        .group_by(sign_ins.c.principal, sign_ins.c.directory)
    )
    return {(principal, directory): at for principal, directory, at in connection.execute(wanted)}


def _counts(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    wanted = (
        select(identities.c.principal, func.count().label("many"))
        .join(accounts, _SAME)
        .where(identities.c.principal.in_(ids), accounts.c.state == PresenceState.PRESENT.value)
        .group_by(identities.c.principal)
    )
    return {row.principal: row.many for row in connection.execute(wanted)}


def _roles(connection: Connection, ids: Sequence[str], now: datetime) -> dict[str, list[str]]:
    in_force = (assignments.c.status == AssignmentStatus.ACTIVE.value) & (
        assignments.c.until.is_(None) | (assignments.c.until > now)
    )
    wanted = select(assignments.c.principal, assignments.c.role).where(
        assignments.c.principal.in_(ids), in_force
    )
    found: dict[str, list[str]] = {}
    for principal, role in connection.execute(wanted):
        found.setdefault(principal, []).append(role)
    return found


def _factors(connection: Connection, ids: Sequence[str]) -> dict[str, set[str]]:
    """The kinds of active factors that people have."""
    active = factors.c.status == FactorStatus.ACTIVE.value
    found: dict[str, set[str]] = {}
    for principal, kind in connection.execute(
        select(factors.c.principal, factors.c.kind).where(factors.c.principal.in_(ids), active)
    ):
        found.setdefault(principal, set()).add(kind)
    return found
