"""Backups that any of the two databases can take: one gzip file of JSON lines a table, and a manifest with their hashes.

::

    manifest.json       form, revision, time, program, and of each table: rows, SHA-256 of the file
    principals.jsonl.gz one row a line, columns by name; times as ISO 8601 in UTC, bytes as base64

All rows are those of one moment: of SQLite a copy is made first by its online backup API, which holds no writer up, and
examined; of PostgreSQL they are read in one REPEATABLE READ transaction.  The manifest is written last, so that a folder
without one is no backup.  Secrets are in it as they are in the database: encrypted.

Restoring verifies every hash first, and then is one transaction: all of the backup, or what was there before.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import sqlite3
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Column, Connection, LargeBinary, Table, delete, func, insert, select

from watchword import __version__
from watchword.clock import stamp
from watchword.errors import BackupUnsound, DatabaseDamaged, DatabaseFull, DatabaseOccupied
from watchword.store.assessments import write_whole
from watchword.store.state.columns import Instant
from watchword.store.state.database import Database
from watchword.store.state.revision import REVISION
from watchword.store.state.schema import METADATA

FORM: Final = "watchword-state-1"
"""Name and version of the form."""

MANIFEST: Final = "manifest.json"
BATCH: Final = 500
"""Rows that are in memory together."""
LARGEST_MANIFEST: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """What a backup holds: rows by table, and when it was made."""

    folder: Path
    rows: Mapping[str, int]
    made: str

    @property
    def total(self) -> int:
        """All rows."""
        return sum(self.rows.values())


def backup(database: Database, folder: Path, at: datetime) -> Kept:
    """Write a backup into a folder that is empty or not there.

    Raises:
        DatabaseOccupied: the folder holds something.
        DatabaseFull: it cannot be written.
        DatabaseDamaged: the database is damaged; what could be read is not taken for a backup.
    """
    if folder.exists() and any(folder.iterdir()):
        raise DatabaseOccupied(
            "the folder of the backup is not empty", where=str(folder), remedy="name a new folder"
        )
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _one_moment(database, folder) as connection:
            tables = {table.name: _write(connection, table, folder) for table in METADATA.sorted_tables}
    except OSError as error:
        raise DatabaseFull(
            f"the backup cannot be written: {error.strerror}",
            where=str(folder),
            remedy="see that there is space and that you may write there; the folder is no backup",
        ) from error
    made = stamp(at)
    manifest = {"form": FORM, "revision": REVISION, "made": made, "program": __version__, "tables": tables}
    write_whole(folder / MANIFEST, json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    return Kept(folder, {name: one["rows"] for name, one in tables.items()}, made)


@contextmanager
def _one_moment(database: Database, folder: Path) -> Iterator[Connection]:
    """A connection that sees one moment of the database, for as long as it takes."""
    if database.address.file is None:
        with database.reading() as connection:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            yield connection
        return
    with tempfile.TemporaryDirectory(prefix=".copy-", dir=folder) as scratch:
        copy = Path(scratch) / "state.sqlite"
        _copy(database.address.file, copy)
        with Database.open(f"sqlite:///{copy}") as copied, copied.reading() as connection:
            yield connection


def _copy(file: Path, to: Path) -> None:
    """A copy by SQLite's online backup API, examined: https://www.sqlite.org/backup.html."""
    try:
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(to)) as copy:
            source.backup(copy)
            found = [row[0] for row in copy.execute("PRAGMA integrity_check(5)")]
    except sqlite3.Error as error:
        raise DatabaseDamaged(f"the database cannot be copied: {error}", where=str(file)) from error
    if found != ["ok"]:
        raise DatabaseDamaged(
            f"the database is damaged: {'; '.join(found)[:500]}",
            where=str(file),
            remedy="keep the file, and restore the last backup into a new one",
        )


def _write(connection: Connection, table: Table, folder: Path) -> dict[str, Any]:
    """Write a table's rows in the order of their keys; how many there are, and the hash of the file."""
    rows, file = 0, folder / f"{table.name}.jsonl.gz"
    found = connection.execution_options(yield_per=BATCH).execute(
        select(table).order_by(*table.primary_key.columns)
    )
    with file.open("wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as packed:
        for row in found.mappings():
            plain = {column.name: _plain(row[column.name]) for column in table.columns}
            packed.write(json.dumps(plain, sort_keys=True, ensure_ascii=False).encode() + b"\n")
            rows += 1
    return {"rows": rows, "sha256": _digest(file)}


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, datetime):
        return stamp(value)
    return base64.b64encode(value).decode() if isinstance(value, bytes | memoryview) else value


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def verify(folder: Path) -> Kept:
    """See that a backup is whole: each file is there with the hash that the manifest says.

    Raises:
        BackupUnsound: it is not, or it is of another schema.
    """
    manifest = _manifest(folder)
    tables = manifest["tables"]
    if set(tables) != set(METADATA.tables):
        raise _unsound(folder, "the tables in its manifest are not those of the state")
    for name, said in tables.items():
        file = folder / f"{name}.jsonl.gz"
        if not file.is_file():
            raise _unsound(file, "the file is missing")
        if _digest(file) != said["sha256"]:
            raise _unsound(file, "the file is not what was written: its SHA-256 is another")
    return Kept(folder, {name: int(said["rows"]) for name, said in tables.items()}, manifest["made"])


def _manifest(folder: Path) -> dict[str, Any]:
    file = folder / MANIFEST
    try:
        with file.open(encoding="utf-8") as opened:
            found = json.loads(opened.read(LARGEST_MANIFEST))
        sound = (
            found["form"] == FORM
            and isinstance(found["made"], str)
            and all(isinstance(one["rows"], int) and one["sha256"] for one in found["tables"].values())
        )
        revision = str(found["revision"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unsound(file, "there is no manifest that can be read") from error
    if not sound:
        raise _unsound(file, "the manifest is not one of this form")
    if revision != REVISION:
        raise BackupUnsound(
            f"the backup is of schema {revision}, this program has {REVISION}",
            where=str(folder),
            remedy=f"restore it with the version that wrote it ({found.get('program')}), then: watchword db upgrade",
        )
    return dict(found)


def restore(database: Database, folder: Path, *, force: bool = False) -> Kept:
    """Put a backup into a database whose schema is this program's; with ``force`` in place of what is there.

    Raises:
        BackupUnsound: the backup is not whole; nothing was changed.
        DatabaseOccupied: the database holds rows and ``force`` is not said.
    """
    kept = verify(folder)
    with database.writing() as connection:
        if database.is_postgresql:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        _empty(connection, database, force)
        for table in METADATA.sorted_tables:
            _load(connection, table, folder, kept.rows[table.name])
    return kept


def _empty(connection: Connection, database: Database, force: bool) -> None:
    held = {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in METADATA.sorted_tables
    }
    if any(held.values()) and not force:
        told = ", ".join(f"{rows} of {name}" for name, rows in held.items() if rows)
        raise DatabaseOccupied(
            f"the database is not empty: rows {told}",
            where=str(database.address),
            remedy="restore into a new database, or say --force to lose what is there",
        )
    for table in reversed(METADATA.sorted_tables):
        for column in table.columns:
            if any(key.column.table is table for key in column.foreign_keys):
                # Rows that point to each other could not be deleted in any order.
                connection.execute(table.update().values({column.name: None}))
        connection.execute(delete(table))


def _load(connection: Connection, table: Table, folder: Path, rows: int) -> None:
    """Insert a table's rows, in the order in which each comes after those that it points to."""
    file, loaded = folder / f"{table.name}.jsonl.gz", 0
    selves = [
        column for column in table.columns if any(key.column.table is table for key in column.foreign_keys)
    ]
    later: list[dict[str, Any]] = []
    found = _rows(file, table)
    while batch := list(islice(found, BATCH)):
        for row in batch:
            later += [
                {"row": row["id"], "to": row[column.name], "column": column}
                for column in selves
                if row[column.name] is not None
            ]
            row.update({column.name: None for column in selves})
        connection.execute(insert(table), batch)
        loaded += len(batch)
    for one in later:
        linked = table.update().where(table.c.id == one["row"]).values({one["column"].name: one["to"]})
        connection.execute(linked)
    if loaded != rows:
        raise _unsound(file, f"the file has {loaded} rows, the manifest says {rows}")


def _rows(file: Path, table: Table) -> Iterator[dict[str, Any]]:
    number = 0
    try:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):  # noqa: B007 - told if the line is wrong
                found = json.loads(line)
                yield {column.name: _value(column, found[column.name]) for column in table.columns}
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
        raise _unsound(file, f"line {number} is no row of {table.name}: {error}") from error


def _value(column: Column[Any], plain: Any) -> Any:  # noqa: ANN401
    if plain is None:
        return None
    if isinstance(column.type, Instant):
        return datetime.fromisoformat(plain)
    return base64.b64decode(plain, validate=True) if isinstance(column.type, LargeBinary) else plain


def _unsound(where: Path, what: str) -> BackupUnsound:
    return BackupUnsound(
        f"the backup is not whole: {what}",
        where=str(where),
        remedy="take another backup; nothing was changed",
    )
