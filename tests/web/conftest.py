"""A process on SQLite for tests of the web; the database is set up once and copied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.house import House, embedded, house
from watchword.store.state.database import Database


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with people of each role."""
    folder = tmp_path_factory.mktemp("furnished")
    embedded(folder).close()
    return folder / "state.sqlite"


@pytest.fixture
def home(furnished: Path, tmp_path: Path) -> Iterator[House]:
    """A process of its own."""
    shutil.copy(furnished, tmp_path / "state.sqlite")
    with Database.open(f"sqlite:///{tmp_path}/state.sqlite") as database:
        made = house(database, tmp_path)
        with made.at_end:
            yield made
