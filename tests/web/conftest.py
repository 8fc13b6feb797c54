"""A process on SQLite for tests of the web; the database is set up once and copied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.house import NOW, House, embedded, house
from watchword.store.state.database import Database


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with people of each role."""
    folder = tmp_path_factory.mktemp("furnished")
    embedded(folder).close()
    return folder / "state.sqlite"


@pytest.fixture(scope="session")
def lasting(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One process for all tests, since building an application takes longer than most of them."""
    folder = tmp_path_factory.mktemp("home")
    shutil.copy(furnished, folder / "state.sqlite")
    with Database.open(f"sqlite:///{folder}/state.sqlite") as database:
        made = house(database, folder)
        with made.at_end:
            yield made


@pytest.fixture
def home(lasting: House, furnished: Path) -> House:
    """A process whose state, clock and log are as at its beginning."""
    lasting.plane.database.close()
    for one in lasting.plane.folder.iterdir():
        if one.is_file():
            one.unlink()
    shutil.copy(furnished, lasting.plane.folder / "state.sqlite")
    lasting.clock.at = NOW
    lasting.told.clear()
    lasting.http.cookies.clear()
    return lasting


@pytest.fixture
def own_home(furnished: Path, tmp_path: Path) -> Iterator[House]:
    """A process of its own, for tests that change what it is made of."""
    shutil.copy(furnished, tmp_path / "state.sqlite")
    with Database.open(f"sqlite:///{tmp_path}/state.sqlite") as database:
        made = house(database, tmp_path)
        with made.at_end:
            yield made
