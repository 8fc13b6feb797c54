"""Users' SQL: sees the tables of one account, and nothing else in the world."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.snapshots import DEV, PROD, begun, result, unit
from watchword.errors import QueryFailed
from watchword.store import tables
from watchword.store.snapshots import Snapshot
from watchword.store.tables import SnapshotTables, sql_name


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    keys = [unit(), unit(DEV)]
    with begun(tmp_path, keys) as writer:
        writer.record([result(key, State={"Name": "running"}) for key in keys])
    return Snapshot.open(tmp_path)


@pytest.fixture
def closed(snapshot: Snapshot) -> Iterator[SnapshotTables]:
    with SnapshotTables(snapshot, PROD) as made:
        yield made


def test_a_query_reads_the_rows_of_its_account(snapshot: Snapshot) -> None:
    sql = "SELECT name, data->>'$.State.Name' AS state, tags->>'number' AS n FROM ec2_instances ORDER BY name"
    assert snapshot.query(PROD, sql) == [
        {"name": "thing-0", "state": "running", "n": "0"},
        {"name": "thing-1", "state": "running", "n": "1"},
    ]


def test_all_accounts_are_there_where_none_is_named(snapshot: Snapshot) -> None:
    with SnapshotTables(snapshot) as everything:
        rows = everything.query(
            "SELECT account, count(*) AS n FROM ec2_instances GROUP BY account ORDER BY 1"
        )
    assert rows == [{"account": PROD, "n": 2}, {"account": DEV, "n": 2}]


def test_a_table_that_is_empty_is_there(snapshot: Snapshot) -> None:
    assert snapshot.query(PROD, "SELECT * FROM s3_buckets") == []


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM glob('/*')",
        "SELECT * FROM read_csv('http://127.0.0.1:9/x')",
        "COPY ec2_instances TO '/tmp/out.csv'",
        "ATTACH '/tmp/other.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "PRAGMA enable_external_access = true",
        "DROP VIEW ec2_instances",
        "CREATE TABLE x AS SELECT 1",
        "SELECT 1; SELECT 2",
        "EXPORT DATABASE '/tmp/out'",
        "SELECT * FROM no_such_table",
        "SELEKT 1",
        "",
    ],
)
def test_a_query_that_is_no_select_or_reaches_outside_is_refused(closed: SnapshotTables, sql: str) -> None:
    with pytest.raises(QueryFailed):
        closed.query(sql)
    assert len(closed.query("SELECT * FROM ec2_instances")) == 2


def test_the_environment_cannot_be_read(closed: SnapshotTables, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    with pytest.raises(QueryFailed):
        closed.query("SELECT getenv('AWS_SECRET_ACCESS_KEY')")


def test_a_query_that_takes_too_long_is_ended(
    closed: SnapshotTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "SECONDS", 0.2)
    began = time.monotonic()
    with pytest.raises(QueryFailed, match="longer than"):
        closed.query("SELECT count(*) FROM range(100000) a, range(100000) b, range(100000) c")
    assert time.monotonic() > began


def test_a_query_that_gives_too_many_rows_is_refused(
    closed: SnapshotTables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "ROWS", 10)
    with pytest.raises(QueryFailed, match="more than 10 rows"):
        closed.query("SELECT * FROM range(11)")


def test_nothing_is_left_behind(snapshot: Snapshot) -> None:
    made = SnapshotTables(snapshot, PROD)
    folder = Path(made._folder.name)
    assert folder.exists()
    made.close()
    assert not folder.exists()


def test_names_of_tables_become_names_of_sql() -> None:
    assert sql_name("sso-admin.permission_sets") == "sso_admin_permission_sets"
    with pytest.raises(ValueError, match="not the name of a table"):
        sql_name("x; DROP TABLE rows")
