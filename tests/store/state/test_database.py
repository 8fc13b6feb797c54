"""Opening, transactions, locks, full disks, and what is told when something is wrong."""

from __future__ import annotations

import os
import resource
import signal
import stat
import threading
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select, text

from tests.store.state.conftest import New
from tests.store.state.people import NOW, add, found, person
from watchword.errors import (
    DatabaseDamaged,
    DatabaseDenied,
    DatabaseError,
    DatabaseFull,
    DatabaseLocked,
    DatabaseMissing,
    DatabaseNewer,
    DatabaseOlder,
    DatabaseUnreachable,
    RowExists,
    UsageError,
)
from watchword.store.state.database import Database, Limits
from watchword.store.state.people import principal_row, principals
from watchword.store.state.schema import meta

QUICK = Limits(lock=0.2, statement=2, connect=2)


def count(database: Database) -> int:
    with database.reading() as connection:
        return connection.execute(select(func.count()).select_from(principals)).scalar_one()


def test_what_a_block_wrote_is_there_after_it(database: Database) -> None:
    add(database, person())
    assert found(database) == person()


def test_nothing_is_left_of_a_block_that_raises(database: Database) -> None:
    with suppress(KeyError), database.writing() as connection:
        connection.execute(insert(principals).values(principal_row(person())))
        raise KeyError
    assert count(database) == 0


def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(DatabaseDenied), database.reading() as connection:
        connection.execute(insert(principals).values(principal_row(person())))
    assert count(database) == 0
    add(database, person())


def test_a_reader_sees_one_moment_however_long_it_reads(database: Database) -> None:
    with database.reading() as connection:
        total = select(func.count()).select_from(principals)
        assert connection.execute(total).scalar_one() == 0
        add(database, person())
        assert connection.execute(total).scalar_one() == 0
    assert count(database) == 1


def test_a_row_twice_is_refused_and_the_words_do_not_repeat_its_values(database: Database) -> None:
    add(database, person())
    with pytest.raises(RowExists) as refused:
        add(database, person())
    assert "Person p-1" not in refused.value.diagnosis()


def test_a_row_that_points_to_nothing_is_refused(database: Database) -> None:
    row = principal_row(person()) | {"sponsor": "p-nobody"}
    with pytest.raises(RowExists), database.writing() as connection:
        connection.execute(insert(principals).values(row))
    assert count(database) == 0


def test_times_come_back_as_the_same_instant_in_utc(database: Database) -> None:
    east = datetime(2026, 3, 1, 14, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2)))
    with database.writing() as connection:
        connection.execute(insert(principals).values(principal_row(person()) | {"created": east}))
    assert found(database).created == east
    assert str(found(database).created.tzinfo) == "UTC"


def test_the_order_of_instants_is_kept(database: Database) -> None:
    times = [NOW, NOW + timedelta(microseconds=1), NOW.replace(microsecond=0), NOW - timedelta(days=400)]
    with database.writing() as connection:
        for place, one in enumerate(times):
            row = principal_row(person(f"p-{place}")) | {"created": one}
            connection.execute(insert(principals).values(row))
    with database.reading() as connection:
        ordered = connection.execute(select(principals.c.created).order_by(principals.c.created)).scalars()
        assert list(ordered) == sorted(times)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("created", NOW.replace(tzinfo=None)),
        ("display_name", "a\0b"),
        ("display_name", "\ud800"),
        ("display_name", "x" * 2001),
    ],
)
def test_a_value_that_one_of_the_databases_would_take_otherwise_is_refused_by_both(
    database: Database, column: str, value: object
) -> None:
    with pytest.raises(DatabaseError, match=r"cannot be kept|longer than"), database.writing() as connection:
        connection.execute(insert(principals).values(principal_row(person()) | {column: value}))
    assert count(database) == 0


def hold(database: Database, taken: threading.Event, release: threading.Event) -> None:
    with database.writing() as connection:
        lock = "LOCK TABLE principals" if database.is_postgresql else "SELECT 1"
        connection.execute(text(lock))
        taken.set()
        release.wait()


def test_a_database_that_another_holds_counts_as_locked_and_nothing_is_written(
    database: Database, url: str
) -> None:
    taken, release = threading.Event(), threading.Event()
    holder = threading.Thread(target=hold, args=(database, taken, release))
    holder.start()
    taken.wait()
    try:
        with Database.open(url, limits=QUICK) as other, pytest.raises(DatabaseLocked) as locked:
            add(other, person())
        assert "next:" in locked.value.diagnosis()
    finally:
        release.set()
        holder.join()
    assert count(database) == 0


def test_a_process_whose_connections_are_all_in_use_says_so(url: str) -> None:
    limits = Limits(connect=0.1, connections=1)
    with (
        Database.open(url, limits=limits) as one,
        one.reading(),
        pytest.raises(DatabaseLocked),
        one.reading(),
    ):
        pass


def test_an_older_schema_is_refused_with_the_command_that_upgrades_it(url: str) -> None:
    set_revision(url, "0000")
    with pytest.raises(DatabaseOlder, match="0000") as refused:
        Database.open(url)
    assert "watchword db upgrade" in refused.value.remedy


def test_a_newer_schema_is_refused(url: str) -> None:
    set_revision(url, "9999")
    with pytest.raises(DatabaseNewer, match="9999"):
        Database.open(url)


def test_a_revision_that_nobody_writes_is_not_taken_for_a_newer_one(url: str) -> None:
    set_revision(url, "deadbeef")
    with pytest.raises(DatabaseDamaged):
        Database.open(url)


def set_revision(url: str, revision: str) -> None:
    with Database.open(url) as database, database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :one"), {"one": revision})


def test_a_database_without_tables_is_to_be_set_up_first(new: New) -> None:
    empty = new(empty=True)
    with suppress(DatabaseError):
        Database.open(empty, create=True)
    with pytest.raises(DatabaseMissing) as refused:
        Database.open(empty)
    assert "watchword db upgrade" in refused.value.remedy


def test_a_database_that_is_not_there_is_missing(new: New) -> None:
    there = new()
    gone = f"{there}x" if new.kind == "sqlite" else there.replace("-one?", "-none?")
    with pytest.raises(DatabaseMissing):
        Database.open(gone)


def test_a_server_that_does_not_run_is_unreachable(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreachable):
        Database.open(f"postgresql://someone:hush@/state?host={tmp_path}")


@pytest.mark.parametrize("where", ["127.0.0.1:1", "localhost:1", "[::1]:1"])
def test_a_password_is_never_shown(where: str) -> None:
    url = f"postgresql://someone:hush%40secret@{where}/state?sslpassword=hush"
    with pytest.raises(DatabaseError) as refused:
        Database.open(url, limits=QUICK)
    told = refused.value.diagnosis() + repr(refused.value) + repr(refused.value.__cause__)
    assert "hush" not in told
    assert "someone@" in told


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///x?mode=ro",
        "mysql://u:hush@h/d",
        "postgresql:hush",
        "postgresql://u:hush@h:port/d",
        "postgresql://u:hush@[h/d",
        "/hush/state.sqlite",
    ],
)
def test_what_is_no_address_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        Database.open(url)
    assert "hush" not in refused.value.diagnosis()
    assert "expected" in refused.value.diagnosis()


def test_a_wrong_password_is_told_as_such(new: New) -> None:
    if new.kind != "postgresql":
        pytest.skip("SQLite has no passwords")
    url = new()
    with Database.open(url) as database, database.writing() as connection:
        connection.execute(text("CREATE ROLE locked_out NOLOGIN"))
    with pytest.raises(DatabaseDenied) as refused:
        Database.open(url.replace("postgres:@", "locked_out:hush@"))
    assert "hush" not in refused.value.diagnosis()


def test_a_file_that_is_no_database_is_told_as_such(tmp_path: Path) -> None:
    file = tmp_path / "state.sqlite"
    file.write_bytes(b"not a database at all, but long enough to be looked at" * 40)
    with pytest.raises(DatabaseDamaged):
        Database.open(f"sqlite:///{file}")


def test_a_new_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "new" / "state.sqlite"
    Database.open(f"sqlite:///{file}", create=True, any_schema=True).close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_a_folder_in_which_nothing_can_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseDenied):
        Database.open(f"sqlite:///{tmp_path / 'file' / 'state.sqlite'}", create=True, any_schema=True)


def fill(url: str) -> int:
    """In a child: write until the file may not grow; 0 if that was told as a full database and nothing was left."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with Database.open(url) as database:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
        written = 0
        try:
            while written < 3_000:
                with database.writing() as connection:
                    rows = [{"name": f"{written}-{n}", "value": "x" * 2_000} for n in range(50)]
                    connection.execute(insert(meta), rows)
                written += 50
        except DatabaseFull:
            with database.reading() as connection:
                kept = connection.execute(select(func.count()).select_from(meta)).scalar_one()
            return 0 if kept == written > 0 else 3
    return 4


def test_a_file_that_may_not_grow_is_told_as_full_and_what_was_committed_is_kept(new: New) -> None:
    if new.kind != "sqlite":
        pytest.skip("the limit of a process binds SQLite's file, not a server's")
    url = new()
    child = os.fork()
    if not child:
        code = 5
        try:
            code = fill(url)
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with Database.open(url) as database:
        add(database, person())
