"""The access matrix as Parquet: the same cells that the matrix gives, written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.analysis.iam.estates import FULL, UNIVERSE, access, allow, carrier, identity
from tests.analysis.iam.generators import HOME
from watchword.analysis.iam.matrix import Matrix
from watchword.errors import StoreError
from watchword.store import matrix_file
from watchword.store.matrix_file import write_matrix

COLUMNS = ("principal", "account", "kind", "action", "access_level", "layer", "by")


def matrix(people: int = 3) -> Matrix:
    """Some roles with an administrator, a bucket that is open to all, and one of whom evidence is missing."""
    everyone = [
        identity(
            allow("sqs:*"),
            allow("s3:Get*", resource="arn:aws:s3:::b/*"),
            arn=f"arn:aws:iam::{HOME}:role/r{n}",
        )
        for n in range(people)
    ]
    everyone.append(identity(FULL, arn=f"arn:aws:iam::{HOME}:user/admin"))
    everyone.append(identity(FULL, arn=f"arn:aws:iam::{HOME}:user/lost", missing=("one's policy", "two")))
    open_bucket = carrier("arn:aws:s3:::b", "s3.buckets", {**allow("s3:PutObject"), "Principal": "*"})
    return Matrix.of_access(access(everyone, [open_bucket]), UNIVERSE)


def test_the_file_has_every_cell_that_the_matrix_gives(tmp_path: Path) -> None:
    made = matrix()
    written = write_matrix(made, tmp_path / "out" / "matrix.parquet")
    found = duckdb.sql(f"SELECT * FROM '{written.path}'")
    assert tuple(found.columns) == COLUMNS
    expected = sorted(tuple(cell[column] for column in COLUMNS) for cell in made.cells())
    assert sorted(found.fetchall()) == expected
    assert written.rows == len(expected) > len(UNIVERSE)


def test_batches_leave_nobody_out(tmp_path: Path) -> None:
    made = matrix(people=matrix_file.BATCH + 3)
    written = write_matrix(made, tmp_path / "matrix.parquet")
    counted = duckdb.sql(f"SELECT count(DISTINCT principal) FROM '{written.path}'").fetchall()
    assert counted == [(len(made),)]


def test_a_matrix_of_nobody_is_an_empty_file_with_the_same_columns(tmp_path: Path) -> None:
    written = write_matrix(Matrix.of([], UNIVERSE), tmp_path / "matrix.parquet")
    assert written.rows == 0
    assert tuple(duckdb.sql(f"SELECT * FROM '{written.path}'").columns) == COLUMNS


def test_a_file_that_cannot_be_written_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot write"):
        write_matrix(Matrix.of([], UNIVERSE), tmp_path / "file" / "matrix.parquet")
    (tmp_path / "matrix.parquet").mkdir()
    with pytest.raises(StoreError, match="cannot write"):
        write_matrix(Matrix.of([], UNIVERSE), tmp_path / "matrix.parquet")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["file", "matrix.parquet"]
