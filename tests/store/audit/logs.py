"""Databases and entries for the tests of the audit log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, create_engine, event, text

from watchword.store.audit.export import export
from watchword.store.audit.follow import Fault
from watchword.store.audit.heads import Head
from watchword.store.audit.journal import append_many
from watchword.store.audit.records import Entry
from watchword.store.audit.signing import introduce, sign_head
from watchword.store.audit.verify import verify

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def engine_of(url: str) -> Engine:
    """A database as the control plane opens it: on SQLite, WAL and transactions that begin as writing ones."""
    made = create_engine(url)
    if made.dialect.name == "sqlite":

        @event.listens_for(made, "connect")
        def connected(connection: Any, _: object) -> None:
            connection.isolation_level = None
            for pragma in ("journal_mode=WAL", "busy_timeout=60000", "foreign_keys=ON", "synchronous=FULL"):
                connection.execute(f"PRAGMA {pragma}")

        @event.listens_for(made, "begin")
        def begun(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return made


def entry(number: int = 1, **changes: Any) -> Entry:
    """An entry; the number makes it differ from others."""
    given: dict[str, Any] = {
        "kind": "grant.approved",
        "actor": f"principal/{number % 3}",
        "subject": f"grant/{number}",
        "at": NOON + timedelta(seconds=number),
        "before": {"state": "pending"},
        "after": {"state": "approved", "mail": f"person{number}@example.com", "place": {"city": "Zürich"}},
        "why": "request 17",
        "request": f"request/{number}",
    }
    return Entry(**(given | changes))


def filled(engine: Engine, count: int) -> Engine:
    """The log with so many records."""
    with engine.begin() as connection:
        append_many(connection, [entry(number) for number in range(1, count + 1)])
    return engine


KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)


def signed(engine: Engine, key: Ed25519PrivateKey = KEY) -> Head:
    """The signed head of a log, whose first key is announced where need be."""
    with engine.begin() as connection:
        introduce(connection, key, actor="cli", at=NOON)
        return sign_head(connection, key, NOON)


def exported(engine: Engine, path: Path) -> list[bytes]:
    """The lines of an export, with their ends."""
    with engine.begin() as connection:
        export(connection, path)
    return path.read_bytes().splitlines(keepends=True)


def checked(engine: Engine, *heads: Head) -> Fault | None:
    """What is wrong with the log in the database."""
    with engine.begin() as connection:
        return verify(connection, heads).fault


def change(engine: Engine, *statements: str) -> None:
    """Do to the database what somebody with its password could do; SQLite and PostgreSQL, keys not enforced."""
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
