"""What a driver's error means: from SQLite's result codes and PostgreSQL's SQLSTATEs to errors told to a person.

Sources: https://www.sqlite.org/rescode.html and
https://www.postgresql.org/docs/current/errcodes-appendix.html.  No text of a statement or parameter is told: both may
hold what must stay secret.
"""

from __future__ import annotations

import sqlite3
import sys
from typing import TYPE_CHECKING, Final, NamedTuple, TypeGuard

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from watchword.errors import (
    DatabaseDamaged,
    DatabaseDenied,
    DatabaseError,
    DatabaseFull,
    DatabaseLocked,
    DatabaseMissing,
    DatabaseUnreachable,
    RowExists,
)

if TYPE_CHECKING:
    import psycopg

LONGEST: Final = 300
"""Characters of a driver's words that are told."""


class Meaning(NamedTuple):
    """The error that a code stands for: its kind, what happened, what to do next."""

    kind: type[DatabaseError]
    what: str
    remedy: str


LOCKED: Final = Meaning(
    DatabaseLocked,
    "the database is held by another process",
    "nothing was changed: try again; if it stays so, end the process that holds it (docs/how-to/state.md)",
)
FULL: Final = Meaning(
    DatabaseFull,
    "no space is left where the database lies",
    "nothing was changed: make space, then try again",
)
DENIED: Final = Meaning(
    DatabaseDenied,
    "the database does not let us write, or not read",
    "give the user of this program the right to read and write it",
)
LOGIN: Final = Meaning(
    DatabaseDenied,
    "the database does not accept user or password",
    "correct user and password in WATCHWORD_DATABASE, or in [state] url",
)
DAMAGED: Final = Meaning(
    DatabaseDamaged,
    "the database cannot be read: it is damaged, or no database",
    "keep the file, and restore the last backup into a new one: watchword db restore FOLDER",
)
ABSENT: Final = Meaning(DatabaseMissing, "there is no such database", "create it, then: watchword db upgrade")
UNSET: Final = Meaning(
    DatabaseMissing, "tables of the state are missing from the database", "set it up: watchword db upgrade"
)
AWAY: Final = Meaning(
    DatabaseUnreachable,
    "the database's server does not answer",
    "see that it runs and can be reached from here; what was finished is kept, so try again",
)
ROW: Final = Meaning(
    RowExists,
    "there is such a row already, or it points to one that is not there",
    "read what is there, and decide anew",
)
OTHER: Final = Meaning(
    DatabaseError, "the database refused", "see what it says; `watchword db check` examines it"
)

_SQLITE: Final[dict[int, Meaning]] = {
    sqlite3.SQLITE_BUSY: LOCKED,
    sqlite3.SQLITE_LOCKED: LOCKED,
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_IOERR: Meaning(
        DatabaseFull,
        "the database's file cannot be written or read: a quota, a limit, or a broken disk",
        "nothing was changed: see that there is space and that the disk is sound, then try again",
    ),
    sqlite3.SQLITE_READONLY: DENIED,
    sqlite3.SQLITE_PERM: DENIED,
    sqlite3.SQLITE_CANTOPEN: DENIED,
    sqlite3.SQLITE_CORRUPT: DAMAGED,
    sqlite3.SQLITE_NOTADB: DAMAGED,
    sqlite3.SQLITE_CONSTRAINT: ROW,
}
"""By primary result code."""

_POSTGRESQL: Final[dict[str, Meaning]] = {
    "55P03": LOCKED,  # lock_not_available
    "57014": LOCKED,  # query_canceled: statement_timeout
    "40001": LOCKED,  # serialization_failure
    "40P01": LOCKED,  # deadlock_detected
    "55006": LOCKED,  # object_in_use
    "25P03": LOCKED,  # idle_in_transaction_session_timeout
    "53100": FULL,  # disk_full
    "53200": FULL,  # out_of_memory
    "53300": AWAY,  # too_many_connections
    "3D000": ABSENT,  # invalid_catalog_name
    "42P01": UNSET,  # undefined_table
    "28P01": LOGIN,
    "28000": LOGIN,
    "42501": DENIED,  # insufficient_privilege
    "25006": DENIED,  # read_only_sql_transaction
    "23": ROW,  # integrity_constraint_violation
    "08": AWAY,  # connection_exception
    "57P": AWAY,  # admin_shutdown, crash_shutdown, cannot_connect_now
    "XX001": DAMAGED,
    "XX002": DAMAGED,
}
"""By SQLSTATE, or by its first characters."""


def fault(error: SQLAlchemyError, where: str) -> DatabaseError:
    """The error of watchword for an error of SQLAlchemy or of a driver."""
    if isinstance(error, PoolTimeout):
        return _made(LOCKED, "all connections of this process are in use", where)
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, ValueError | TypeError):
        return _made(OTHER, str(cause), where)
    return _made(_meaning(cause), _said(cause), where)


def _meaning(cause: BaseException | None) -> Meaning:
    if isinstance(cause, sqlite3.Error):
        if "no such table" in str(cause):
            return UNSET
        return _SQLITE.get(getattr(cause, "sqlite_errorcode", 0) & 0xFF, OTHER)
    if _is_psycopg(cause):
        state = cause.sqlstate or _unsaid(cause)
        for length in (5, 3, 2):
            if state[:length] in _POSTGRESQL:
                return _POSTGRESQL[state[:length]]
    return OTHER


def _unsaid(cause: psycopg.Error) -> str:
    """The SQLSTATE of an error before the session began, which psycopg gives in words only; none: no connection."""
    words = str(cause)
    if "password" in words or "no pg_hba.conf entry" in words or "role" in words:
        return "28P01"
    if "database" in words and "does not exist" in words:
        return "3D000"
    driver = sys.modules["psycopg"]
    return "08006" if isinstance(cause, driver.OperationalError) else ""


def _is_psycopg(cause: BaseException | None) -> TypeGuard[psycopg.Error]:
    """Whether an error is PostgreSQL's driver's, which is not loaded for the sake of this question: that takes a while."""
    driver = sys.modules.get("psycopg")
    return driver is not None and isinstance(cause, driver.Error)


def _said(cause: BaseException | None) -> str:
    """The driver's own words in one line: of PostgreSQL the primary message, which repeats no values."""
    if _is_psycopg(cause) and cause.diag.message_primary:
        return cause.diag.message_primary[:LONGEST]
    lines = str(cause).strip().splitlines() or [type(cause).__name__]
    return lines[0][:LONGEST]


def _made(meaning: Meaning, said: str, where: str) -> DatabaseError:
    return meaning.kind(f"{meaning.what}: {said}", where=where, remedy=meaning.remedy)
