"""Snapshots as Parquet: every row, readable by another engine, written whole."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.store.snapshots import DEV, PROD, begun, result, unit
from watchword.errors import StoreError
from watchword.store.parquet import write_parquet
from watchword.store.snapshots import Snapshot


@pytest.fixture
def snapshot(tmp_path: Path) -> Snapshot:
    keys = [unit(), unit(DEV)]
    with begun(tmp_path / "store", keys) as writer:
        writer.record([result(key, State={"Name": "running"}) for key in keys])
    return Snapshot.open(tmp_path / "store")


def test_every_row_is_there_with_its_account_as_text(snapshot: Snapshot, tmp_path: Path) -> None:
    written = list(write_parquet(snapshot, tmp_path / "out"))
    assert [(one.path.relative_to(tmp_path / "out").as_posix(), one.rows) for one in written] == [
        (f"ec2_instances/{account}.parquet", 2) for account in (PROD, DEV)
    ]
    query = f"SELECT account, name, data->>'$.State.Name' FROM '{tmp_path}/out/ec2_instances/*.parquet' ORDER BY ALL"
    assert duckdb.sql(query).fetchall() == [
        (account, f"thing-{number}", "running") for account in (PROD, DEV) for number in (0, 1)
    ]


def test_files_are_compressed_by_zstd(snapshot: Snapshot, tmp_path: Path) -> None:
    first = next(iter(write_parquet(snapshot, tmp_path / "out")))
    used = duckdb.sql(f"SELECT DISTINCT compression FROM parquet_metadata('{first.path}')").fetchall()
    assert used == [("ZSTD",)]


def test_a_place_that_cannot_be_written_is_told(snapshot: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file in the way")
    with pytest.raises(StoreError, match="cannot write"):
        list(write_parquet(snapshot, tmp_path / "out"))
