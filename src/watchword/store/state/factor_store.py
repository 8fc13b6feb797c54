"""Factors in the database, and to whom a name or a directory's account belongs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, select, update

from watchword.model.factors import Factor, FactorId, FactorKind, FactorStatus
from watchword.model.people import DirectoryState, PresenceState, Principal, PrincipalId
from watchword.store.state.accounts import accounts
from watchword.store.state.factors import FACTORS, factor_of, factor_row, factors
from watchword.store.state.people import directories, identities, principal_of, principals
from watchword.store.state.transition import Act, Move, create, transition


def add(connection: Connection, factor: Factor, act: Act) -> bool:
    """Keep a new factor; whether nobody has, or ever had, one of the same handle.

    Looked at after the row and its audit record are written: appending to the audit log lets one writer in at a time, so of
    two who bring the same handle at once the second sees the first.  Where it is false, the caller must undo the transaction.
    """
    create(connection, FACTORS, factor_row(factor), act)
    if not factor.handle:
        return True
    same = select(func.count()).select_from(factors).where(factors.c.handle == factor.handle)
    return connection.execute(same).scalar_one() == 1


def get(connection: Connection, factor: FactorId) -> Factor | None:
    """A factor by its id."""
    row = connection.execute(select(factors).where(factors.c.id == factor)).mappings().first()
    return None if row is None else factor_of(row)


def by_handle(connection: Connection, handle: str) -> Factor | None:
    """The factor of a handle, whatever its status."""
    if not handle:
        return None
    row = connection.execute(select(factors).where(factors.c.handle == handle)).mappings().first()
    return None if row is None else factor_of(row)


def of_principal(connection: Connection, principal: PrincipalId) -> Sequence[Factor]:
    """All factors that somebody has or had, the oldest first."""
    theirs = select(factors).where(factors.c.principal == principal).order_by(factors.c.created, factors.c.id)
    return [factor_of(row) for row in connection.execute(theirs).mappings()]


def active(connection: Connection, principal: PrincipalId, kind: FactorKind) -> Sequence[Factor]:
    """Active factors of a kind of somebody."""
    found = of_principal(connection, principal)
    return [one for one in found if one.kind is kind and one.status is FactorStatus.ACTIVE]


def pending_since(connection: Connection, before: datetime, most: int = 500) -> Sequence[Factor]:
    """Factors that somebody began to enrol before an instant and has not proved, the oldest first."""
    waiting = (factors.c.status == FactorStatus.PENDING.value) & (factors.c.created <= before)
    found = select(factors).where(waiting).order_by(factors.c.created, factors.c.id).limit(most)
    return [factor_of(row) for row in connection.execute(found).mappings()]


def move(
    connection: Connection,
    factor: Factor,
    to: FactorStatus | None,
    act: Act,
    values: Mapping[str, Any] | None = None,
) -> int:
    """Bring a factor as it was read into another status, or change its columns; its new version.

    Raises:
        RowChanged: another was quicker.
        IllegalMove: the status may not follow.
    """
    return transition(connection, Move(FACTORS, factor.id, factor.version, to, values or {}), act)


def used(connection: Connection, factor: Factor, at: datetime) -> bool:
    """Note that a factor as it was read was used, if it is still active and the same; for those that do not count."""
    same = (factors.c.id == factor.id) & (factors.c.version == factor.version)
    mine = update(factors).where(same, factors.c.status == FactorStatus.ACTIVE.value)
    return connection.execute(mine.values(last_used=at)).rowcount == 1


def principal(connection: Connection, id_: PrincipalId) -> Principal | None:
    """Somebody by id."""
    row = connection.execute(select(principals).where(principals.c.id == id_)).mappings().first()
    return None if row is None else principal_of(row)


def by_identity(connection: Connection, directory: str, subject: str) -> Principal | None:
    """Whose the account of a directory is, by its unchanging id; whether it may still be used is not looked at."""
    return _linked(connection, directory, subject)


def by_open_account(connection: Connection, directory: str, subject: str) -> Principal | None:
    """Whose the account of a directory is by which somebody wants to sign in; ``None`` too where it is closed.

    That is so where the directory is disabled, and where its account is known to be gone or disabled.
    """
    closed = exists().where(
        accounts.c.directory == identities.c.directory,
        accounts.c.subject == identities.c.subject,
        (accounts.c.state == PresenceState.GONE.value) | accounts.c.enabled.is_(False),
    )
    enabled = exists().where(
        directories.c.id == identities.c.directory, directories.c.state == DirectoryState.ENABLED.value
    )
    return _linked(connection, directory, subject, enabled, ~closed)


def _linked(
    connection: Connection, directory: str, subject: str, *more: ColumnElement[bool]
) -> Principal | None:
    linked = (identities.c.directory == directory) & (identities.c.subject == subject)
    whose = select(principals).join(identities, identities.c.principal == principals.c.id)
    row = connection.execute(whose.where(linked, *more)).mappings().first()
    return None if row is None else principal_of(row)


def by_user_name(connection: Connection, directory: str, user_name: str) -> Principal | None:
    """Whose the account of a directory is, by the name that is typed; ``None`` too where several have it."""
    named = (
        (accounts.c.directory == directory)
        & (accounts.c.user_name_key == user_name.casefold())
        & (accounts.c.state == PresenceState.PRESENT.value)
        & (accounts.c.enabled.is_not(False))
    )
    found = connection.execute(select(accounts.c.subject).where(named).limit(2)).scalars().all()
    return by_open_account(connection, directory, found[0]) if len(found) == 1 else None


def has_directory(connection: Connection, whose: PrincipalId) -> bool:
    """Whether somebody has an account in any directory, by which they could begin to sign in."""
    found = select(identities.c.subject).where(identities.c.principal == whose).limit(1)
    return connection.execute(found).first() is not None
