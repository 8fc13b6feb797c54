"""The door to the state: one database, read transactions and write transactions.

::

    with Database.open("sqlite:///.watchword/state.sqlite") as database:
        with database.writing() as connection:      # all of it, or nothing
            ...
        with database.reading() as connection:      # one moment; cannot write
            ...

SQLite runs in WAL mode with foreign keys and ``synchronous=FULL``: what is committed survives a loss of power.  A write
transaction takes the writer's place at its beginning (``BEGIN IMMEDIATE``), so that it never fails half-way for want of it.
PostgreSQL: writes are READ COMMITTED (rows change by compare-and-set), reads REPEATABLE READ and read-only.

Times are given by callers; nothing here asks for one.  Errors of drivers become those of ``watchword.errors``, and no
password is ever in one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from watchword.errors import DatabaseDenied, DatabaseError, DatabaseFull, DatabaseMissing, UsageError
from watchword.store.state.address import EXPECTED, Address
from watchword.store.state.faults import fault
from watchword.store.state.revision import require_current

_MODE: Final = "watchword_mode"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait, in seconds, before a database counts as locked or unreachable; connections a process."""

    lock: float = 5.0
    statement: float = 30.0
    connect: float = 10.0
    idle: float = 60.0
    connections: int = 20


@dataclass(frozen=True, slots=True)
class Database:
    """One database of the state; safe for threads, to be opened anew after a fork."""

    address: Address
    engine: Engine

    @classmethod
    def open(
        cls, url: str, *, create: bool = False, any_schema: bool = False, limits: Limits | None = None
    ) -> Database:
        """Open a database and see that its schema is this program's.

        ``create`` makes the file of a SQLite database where there is none (readable by its owner only);
        ``any_schema`` takes it as it is, for those who migrate it.

        Raises:
            UsageError: this is not the address of a database.
            DatabaseMissing, DatabaseOlder, DatabaseNewer: it is not there, or its schema is another.
            DatabaseError: it cannot be opened.
        """
        address = _address(url)
        if address.file is not None:
            _prepare(address.file, create)
        database = cls(address, _engine(address, limits or Limits()))
        try:
            with database.reading() as connection:
                if not any_schema:
                    require_current(connection, str(address))
        except DatabaseError:
            database.close()
            raise
        return database

    @property
    def is_postgresql(self) -> bool:
        """Whether it is a PostgreSQL database; a SQLite one otherwise."""
        return self.address.file is None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A write transaction: committed at the end of the block, undone if the block raises.

        Raises:
            DatabaseError: it could not begin, go on or commit; nothing was changed.
        """
        with self._transaction("write", {}) as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read transaction: sees one moment of the database, and cannot write.

        Raises:
            DatabaseError: it could not be read, or something tried to write.
        """
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self._transaction("read", options if self.is_postgresql else {}) as connection:
            yield connection

    @contextmanager
    def _transaction(self, mode: str, options: dict[str, Any]) -> Iterator[Connection]:
        try:
            with self.engine.connect() as plain:
                connection = plain.execution_options(**{_MODE: mode}, **options)
                with connection.begin():
                    yield connection
        except SQLAlchemyError as error:
            # Without the cause, whose text holds the statement.
            raise fault(error, str(self.address)) from None

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *ignored: object) -> None:
        self.close()


def _address(url: str) -> Address:
    try:
        return Address.parse(url)
    except ValueError as error:
        raise UsageError(
            str(error), remedy=f"correct WATCHWORD_DATABASE, or [state] url: {EXPECTED}"
        ) from None


def _prepare(file: Path, create: bool) -> None:
    """See that the file is there, or make an empty one that only its owner can read."""
    try:
        if create:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        elif not file.exists():
            raise DatabaseMissing(
                "there is no database yet", where=str(file), remedy="set it up: watchword db upgrade"
            )
    except OSError as error:
        kind = DatabaseFull if error.errno in _NO_SPACE else DatabaseDenied
        raise kind(
            f"the database's file cannot be opened: {error.strerror}",
            where=str(file),
            remedy="see that there is space, and that you may write there",
        ) from error


_NO_SPACE: Final = frozenset({28, 122})
"""ENOSPC and EDQUOT."""


def _engine(address: Address, limits: Limits) -> Engine:
    pool: dict[str, Any] = {
        "pool_size": limits.connections,
        "max_overflow": 0,
        "pool_timeout": limits.connect,
    }
    arguments: dict[str, Any] = (
        {"connect_timeout": max(1, round(limits.connect)), "application_name": "watchword"}
        if address.file is None
        else {"timeout": limits.lock}
    )
    try:
        engine = create_engine(
            address.url,
            connect_args=arguments,
            hide_parameters=True,
            pool_pre_ping=address.file is None,
            **pool,
        )
    except SQLAlchemyError:
        raise UsageError("this is not the address of a database", remedy=EXPECTED) from None
    if address.file is None:
        _configure_postgresql(engine, limits)
    else:
        _configure_sqlite(engine)
    return engine


def _configure_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def connected(driver: Any, record: object) -> None:  # noqa: ANN401, ARG001
        # sqlite3 would begin transactions of its own, at the first write and deferred.
        driver.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF"):
            driver.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        write = connection.get_execution_options().get(_MODE) == "write"
        connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if write else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _configure_postgresql(engine: Engine, limits: Limits) -> None:
    settings = {
        "statement_timeout": limits.statement,
        "lock_timeout": limits.lock,
        "idle_in_transaction_session_timeout": limits.idle,
    }

    @event.listens_for(engine, "connect")
    def connected(driver: Any, record: object) -> None:  # noqa: ANN401, ARG001
        with driver.cursor() as cursor:
            for name, seconds in settings.items():
                cursor.execute("SELECT set_config(%s, %s, false)", (name, str(round(seconds * 1000))))
            cursor.execute("SET TIME ZONE 'UTC'")
        driver.commit()
