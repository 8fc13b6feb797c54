"""Migrations: whole or not made, one at a time, and the schema they leave is the one that the program knows."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from tests.store.state.conftest import New
from watchword.errors import DatabaseDiffers, DatabaseError, DatabaseNewer
from watchword.store.state import migrate
from watchword.store.state.database import Database
from watchword.store.state.revision import REVISION, found_revision
from watchword.store.state.schema import METADATA

BROKEN = """
from alembic import op
import sqlalchemy as sa
revision = "{next}"
down_revision = "{last}"
def upgrade() -> None:
    '''{doc}'''
    op.create_table("half", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("INSERT INTO half VALUES (1)")
    op.add_column("principals", sa.Column("nickname", sa.String(20)))
    {then}
"""


def folder_with(tmp_path: Path, then: str) -> Path:
    """The migrations of the program and one more, which makes a table and then does ``then``."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrate.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    text_ = BROKEN.format(next="9000", last=REVISION, doc="More", then=then)
    (folder / "versions" / "r9000_more.py").write_text(text_)
    return folder


def tables(database: Database) -> set[str]:
    with database.reading() as connection:
        return set(inspect(connection).get_table_names())


def revision(database: Database) -> str | None:
    with database.reading() as connection:
        return found_revision(connection)


def opened(url: str) -> Database:
    return Database.open(url, create=True, any_schema=True)


def test_the_newest_migration_is_the_revision_of_the_program_and_they_stand_in_one_line() -> None:
    steps = list(migrate.scripts().walk_revisions())
    assert steps[0].revision == REVISION
    numbers = [one.revision for one in reversed(steps)]
    assert numbers == sorted(numbers)
    assert [one.down_revision for one in reversed(steps)] == [None, *numbers[:-1]]


def test_an_empty_database_is_set_up_and_then_up_to_date(new: New) -> None:
    with opened(new(empty=True)) as database:
        heard: list[str] = []
        steps = list(reversed(list(migrate.scripts().walk_revisions())))
        assert migrate.upgrade(database, heard.append) == tuple(step.revision for step in steps)
        assert heard == [f"{step.revision} {step.doc}" for step in steps]
        assert heard[0] == "0001 People, factors, sessions, tokens, jobs and the audit log."
        assert migrate.upgrade(database) == ()
        assert tables(database) == set(METADATA.tables) | {"alembic_version"}


def test_the_migrated_schema_is_exactly_that_of_the_tables_in_the_code(database: Database) -> None:
    with database.reading() as connection:
        assert migrate.differences(connection) == []
    migrate.require_unchanged(database)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("DROP TABLE memberships", "table memberships is missing"),
        ("CREATE TABLE odd (id INTEGER)", "table odd is not known"),
        ("ALTER TABLE principals ADD COLUMN nickname VARCHAR(20)", "column principals.nickname is not known"),
        ("ALTER TABLE directories DROP COLUMN last_sync", "column directories.last_sync is missing"),
        ("DROP INDEX ix_jobs_due", "index ix_jobs_due of jobs is missing"),
        ("CREATE INDEX odd ON jobs (created)", "index odd of jobs is not known"),
        ("ALTER TABLE jobs RENAME COLUMN last_error TO worst", "column jobs.last_error is missing"),
    ],
)
def test_what_was_changed_by_hand_is_told(database: Database, change: str, told: str) -> None:
    with database.writing() as connection:
        connection.execute(text(change))
    with pytest.raises(DatabaseDiffers) as differs:
        migrate.require_unchanged(database)
    assert told in str(differs.value)


def test_a_column_of_another_type_is_told(database: Database) -> None:
    if not database.is_postgresql:
        pytest.skip("SQLite cannot change the type of a column")
    with database.writing() as connection:
        connection.execute(text("ALTER TABLE jobs ALTER COLUMN attempts TYPE varchar(9)"))
        connection.execute(text("ALTER TABLE jobs ALTER COLUMN claimed_by DROP NOT NULL"))
    with database.reading() as connection:
        assert [line.partition(" has")[0] for line in migrate.differences(connection)] == [
            "column jobs.attempts",
            "column jobs.claimed_by may be empty where it must not, or must not where it may",
        ]


def test_a_newer_database_is_not_migrated(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseNewer):
        migrate.upgrade(database)
    assert revision(database) == "9999"


@pytest.mark.parametrize("then", ["op.execute('SELECT no_such_column FROM half')", "raise KeyError('oh')"])
def test_a_migration_that_fails_leaves_the_schema_before_it(new: New, tmp_path: Path, then: str) -> None:
    with opened(new()) as database:
        before = tables(database)
        with pytest.raises((DatabaseError, KeyError)):
            migrate.upgrade(database, folder=folder_with(tmp_path, then))
        assert (tables(database), revision(database)) == (before, REVISION)
        migrate.require_unchanged(database)
        assert migrate.upgrade(database, folder=folder_with(tmp_path / "good", "pass")) == ("9000",)
        assert "half" in tables(database)


def test_a_migration_that_is_killed_leaves_the_schema_before_it(new: New, tmp_path: Path) -> None:
    url = new()
    folder = folder_with(tmp_path, f"import os, signal; os.kill(os.getpid(), {int(signal.SIGKILL)})")
    child = os.spawnv(
        os.P_WAIT,
        sys.executable,
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from watchword.store.state import migrate, database as d;"
            "migrate.upgrade(d.Database.open(sys.argv[1], any_schema=True), folder=Path(sys.argv[2]))",
            url,
            str(folder),
        ],
    )
    assert child == -signal.SIGKILL
    with opened(url) as database:
        assert ("half" in tables(database), revision(database)) == (False, REVISION)
        migrate.require_unchanged(database)


def test_of_several_who_set_up_at_once_one_does(new: New) -> None:
    url = new(empty=True)
    barrier = threading.Barrier(4)

    def one(_: int) -> tuple[str, ...]:
        with opened(url) as database:
            barrier.wait()
            return migrate.upgrade(database)

    with ThreadPoolExecutor(4) as threads:
        done = [step for steps in threads.map(one, range(4)) for step in steps]
        assert sorted(done) == sorted(step.revision for step in migrate.scripts().walk_revisions())
