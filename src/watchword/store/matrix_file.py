"""The access matrix as one Parquet file, for DuckDB, Spark, Athena or Power BI.

One row a cell whose answer is not ``no``: ``principal`` (ARN), ``account``, ``kind``, ``action``, ``access_level``, ``layer``,
``by``, as ``Matrix.cells`` gives them; unknown principals come last.  Principals go to DuckDB a batch at a time, as
sets of bits, and are unfolded into cells there; the file is written beside its place, then renamed.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from watchword.analysis.iam.matrix import GIVEN, Matrix, Row
from watchword.errors import StoreError
from watchword.store.parquet import Written

if TYPE_CHECKING:
    import duckdb

BATCH: Final = 200
"""Principals that are taken to DuckDB together."""
MEMORY: Final = "256MB"
"""What DuckDB may use."""

_CELLS: Final = """
    SELECT principal, account, kind, name AS action, level AS access_level, layer, source AS "by"
    FROM sets CROSS JOIN actions WHERE get_bit(bits, number) = 1
    UNION ALL
    SELECT principal, account, kind, '*', '*', 'unknown', missing FROM unknown
"""


def write_matrix(matrix: Matrix, target: Path) -> Written:
    """Write the matrix to a file; memory does not grow with the number of cells.

    Raises:
        StoreError: the file cannot be written.
    """
    import duckdb

    beside = target.with_name(f".{target.name}.{os.getpid()}")
    with tempfile.TemporaryDirectory(prefix="watchword-matrix-") as scratch:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "threads": 1,
            "memory_limit": MEMORY,
            "temp_directory": scratch,
        }
        connection = duckdb.connect(str(Path(scratch) / "matrix.duckdb"), config=settings)
        try:
            _load(connection, matrix)
            target.parent.mkdir(parents=True, exist_ok=True)
            connection.sql(_CELLS).write_parquet(str(beside), compression="zstd")
            found = connection.execute("SELECT count(*) FROM read_parquet(?)", [str(beside)]).fetchone()
            beside.replace(target)
        except (OSError, duckdb.IOException) as error:
            with suppress(OSError):
                beside.unlink()
            why = getattr(error, "strerror", None) or " ".join(str(error).split())[:300]
            raise StoreError(
                f"cannot write {target}: {why}",
                remedy="name a file in a folder that you may write to, with space left",
            ) from error
        finally:
            connection.close()
    return Written(target, found[0] if found else 0)


def _load(connection: duckdb.DuckDBPyConnection, matrix: Matrix) -> None:
    """Three tables: the actions, the sets of each principal, and the unknown principals."""
    universe, rows = matrix.bits.universe, matrix.rows
    actions = [(number, name, universe.access(number).word) for number, name in enumerate(universe.names)]
    _insert(connection, "actions", ("number INTEGER", "name VARCHAR", "level VARCHAR"), actions)
    # An empty batch makes the tables.
    for start in range(0, len(rows) + 1, BATCH):
        batch = rows[start : start + BATCH]
        sets = ((*_told(row), *rest) for row in batch for rest in _sets(row, len(universe)))
        _insert(connection, "sets", (*_TOLD, "source VARCHAR", "layer VARCHAR", "bits BIT"), list(sets))
        missing = [(*_told(row), "; ".join(row.missing)) for row in batch if row.missing]
        _insert(connection, "unknown", (*_TOLD, "missing VARCHAR"), missing)


_TOLD: Final = ("principal VARCHAR", "account VARCHAR", "kind VARCHAR")
_Value = str | int


def _told(row: Row) -> tuple[_Value, ...]:
    return row.arn, str(row.account), row.kind.value


def _sets(row: Row, width: int) -> Iterator[tuple[str, str, str]]:
    """Each set of a row that is not empty: through what, the answer, and the bits as text, action 0 first."""
    for by, layers in (("identity", row.own), ("resource", row.by_resource)):
        for answer in GIVEN:
            bits = layers.of(answer)
            if bits:
                yield by, answer.value, format(bits, f"0{width}b")[::-1]


def _insert(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Sequence[str],
    rows: Sequence[tuple[_Value, ...]],
) -> None:
    """Make the table if need be, and put rows into it, a list for each column: DuckDB is slow row by row."""
    connection.execute(f"CREATE TABLE IF NOT EXISTS {table} ({', '.join(columns)})")
    if rows:
        types = [column.rpartition(" ")[2] for column in columns]
        lists = [list(values) for values in zip(*rows, strict=True)]
        # Bits come as text, which must be told apart from a list of bits.
        shown = ", ".join(
            "unnest(?::VARCHAR[])::BIT" if kind == "BIT" else f"unnest(?::{kind}[])" for kind in types
        )
        connection.execute(f"INSERT INTO {table} SELECT {shown}", lists)
