"""Bringing a database's schema up to date, and comparing it with the tables that this program knows.

Each migration is one transaction, on SQLite too: interrupted, it leaves the schema before it.  Several processes may
start at once: each step takes the writer's place (SQLite) or an advisory lock (PostgreSQL) and then looks again which
revision is there.  Only this module and the migrations load Alembic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, text

from watchword.errors import DatabaseDiffers
from watchword.store.state.database import Database
from watchword.store.state.revision import REVISION, found_revision, refuse_newer
from watchword.store.state.schema import METADATA

LOCK: Final = 0x7761746368776F72
"""Key of PostgreSQL's advisory lock on the schema: ``watchwor`` in ASCII."""

MIGRATIONS: Final = Path(__file__).parent / "migrations"


def scripts(folder: Path = MIGRATIONS) -> ScriptDirectory:
    """The migrations in a folder."""
    return ScriptDirectory(str(folder))


def upgrade(
    database: Database, told: Callable[[str], None] = lambda _: None, folder: Path = MIGRATIONS
) -> tuple[str, ...]:
    """Run the migrations that are missing, oldest first, and give their revisions; ``told`` hears of each beforehand.

    Raises:
        DatabaseNewer: the schema is newer than this program.
        DatabaseError: a migration failed; the schema is what it was before that one.
    """
    steps = list(reversed(list(scripts(folder).walk_revisions())))
    done = []
    while (step := _next(database, steps, told)) is not None:
        done.append(step)
    return tuple(done)


def _next(database: Database, steps: list[Script], told: Callable[[str], None]) -> str | None:
    """Run the first migration that is missing, in one transaction; ``None`` where there is none."""
    with database.writing() as connection:
        if database.is_postgresql:
            # Another process may be migrating, for longer than a statement may wait.
            connection.execute(text("SET LOCAL lock_timeout = '10min'"))
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        found = found_revision(connection) or ""
        if steps and found > steps[-1].revision:
            refuse_newer(found, str(database.address))
        missing = [step for step in steps if step.revision > found]
        if not missing:
            return None
        step = missing[0]
        told(f"{step.revision} {step.doc}")
        _run(connection, step)
        return step.revision


def _run(connection: Connection, step: Script) -> None:
    context = _context(connection)
    with Operations.context(context):
        step.module.upgrade()
    context._ensure_version_table()  # Alembic offers no other way to make it within our transaction
    connection.execute(text("DELETE FROM alembic_version"))
    connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": step.revision})


def _context(connection: Connection) -> MigrationContext:
    return MigrationContext.configure(
        connection, opts={"compare_type": True, "target_metadata": METADATA, "transactional_ddl": True}
    )


def differences(connection: Connection) -> list[str]:
    """In what the database's schema differs from the tables of this program, each in one sentence."""
    return sorted(
        {line for found in compare_metadata(_context(connection), METADATA) for line in _told(found)}
    )


def require_unchanged(database: Database) -> None:
    """See that the schema is what its revision says.

    Raises:
        DatabaseDiffers: it is not; the differences are told.
    """
    with database.reading() as connection:
        found = differences(connection)
    if found:
        raise DatabaseDiffers(
            f"the schema is not that of revision {REVISION}:\n" + "\n".join(f"  {line}" for line in found),
            where=str(database.address),
            remedy="undo what was changed by hand, or restore a backup into a new database",
        )


_WORDS: Final = {
    "add_table": "table {0} is missing",
    "remove_table": "table {0} is not known",
    "add_column": "column {0} is missing",
    "remove_column": "column {0} is not known",
    "add_index": "index {0} is missing",
    "remove_index": "index {0} is not known",
    "add_constraint": "constraint {0} is missing",
    "remove_constraint": "constraint {0} is not known",
    "add_fk": "foreign key {0} is missing",
    "remove_fk": "foreign key {0} is not known",
    "modify_type": "column {0} has another type",
    "modify_nullable": "column {0} may be empty where it must not, or must not where it may",
    "modify_default": "column {0} has another default",
}


def _told(found: Any) -> Iterator[str]:  # noqa: ANN401
    """A difference as Alembic tells it: a tuple, or a list of tuples about one column."""
    if isinstance(found, list):
        for one in found:
            yield from _told(one)
        return
    kind = found[0]
    yield _WORDS.get(kind, f"{kind}: {{0}}").format(_name(kind, found))


def _name(kind: str, found: tuple[Any, ...]) -> str:
    if kind.startswith("modify_"):
        return f"{found[2]}.{found[3]}"
    if kind.endswith("_column"):
        return f"{found[2]}.{found[3].name}"
    table = getattr(found[1], "table", None)
    name = str(found[1].name)
    return name if table is None else f"{name} of {table.name}"
