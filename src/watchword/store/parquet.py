"""A snapshot as Parquet files, for DuckDB, Spark, Athena or Power BI: one file a table and account.

``<folder>/<table>/<account>.parquet`` with zstd compression and the columns of ``store.tables``; engines read a table's
folder as one.  The account stands in the rows, not in a partition of the path, since engines take partitions of digits
for numbers and drop their leading zeros.  Files are written whole: beside their place, then renamed.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchword.errors import StoreError
from watchword.model.ids import AccountId
from watchword.store.lines import line
from watchword.store.tables import load_rows, sql_name

if TYPE_CHECKING:
    from watchword.store.snapshots import Snapshot


@dataclass(frozen=True, slots=True)
class Written:
    """A Parquet file, and how many rows it has."""

    path: Path
    rows: int


def write_parquet(snapshot: Snapshot, folder: Path) -> Iterator[Written]:
    """Write every table that has rows, account by account; memory does not grow with their number.

    Raises:
        StoreError: the folder cannot be written.
    """
    for planned in snapshot.planned():
        yield from _write_account(snapshot, planned.account.id, folder)


def _write_account(snapshot: Snapshot, account: AccountId, folder: Path) -> Iterator[Written]:
    import duckdb

    with tempfile.TemporaryDirectory(prefix="watchword-parquet-") as scratch:
        connection = duckdb.connect(str(Path(scratch) / "rows.duckdb"), config={"threads": 1})
        try:
            load_rows(connection, (line(key, row) for key, row in snapshot.rows(account)), Path(scratch))
            counted = connection.execute(
                'SELECT "table", count(*) FROM rows GROUP BY 1 ORDER BY 1'
            ).fetchall()
            for table, rows in counted:
                yield Written(_write_table(connection, table, account, folder), rows)
        finally:
            connection.close()


def _write_table(connection: Any, table: str, account: AccountId, folder: Path) -> Path:  # noqa: ANN401
    target = folder / sql_name(table) / f"{account}.parquet"
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        relation = connection.sql(
            'SELECT account, region, arn, name, kind, tags, data FROM rows WHERE "table" = ? ORDER BY arn, region',
            params=[table],
        )
        relation.write_parquet(str(beside), compression="zstd")
        beside.replace(target)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise StoreError(
            f"cannot write {target}: {error.strerror}",
            remedy="name a folder that you may write to, with space left",
        ) from error
    return target
