"""Values for tests: a time, an actor, a principal, and how to put it into a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from watchword.model.people import Principal, PrincipalId, PrincipalKind, PrincipalStatus
from watchword.store.state.database import Database
from watchword.store.state.people import PRINCIPALS, principal_of, principal_row, principals
from watchword.store.state.transition import Act, Move, create

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
ACT = Act("p-admin", NOW, why="a test")


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def person(name: str = "p-1", status: PrincipalStatus = PrincipalStatus.ACTIVE) -> Principal:
    return Principal(PrincipalId(name), PrincipalKind.USER, f"Person {name}", status, NOW)


def add(database: Database, *people: Principal) -> None:
    with database.writing() as connection:
        for one in people:
            create(connection, PRINCIPALS, principal_row(one), ACT)


def suspend(name: str = "p-1", version: int = 1) -> Move:
    return Move(PRINCIPALS, name, version, PrincipalStatus.SUSPENDED)


def found(database: Database, name: str = "p-1") -> Principal:
    with database.reading() as connection:
        row = connection.execute(select(principals).where(principals.c.id == name)).mappings().one()
    return principal_of(row)
