"""One server for each module of tests; the people, and what is under way, are those of a house."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.hostile.wire import Wire, online
from tests.web.house import house
from watchword.store.state.database import Database


@pytest.fixture(scope="module")
def wire(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    """A server over a database of the module's own; passwords of our own directory are taken."""
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copy(furnished, folder / "state.sqlite")
    with Database.open(f"sqlite:///{folder}/state.sqlite") as database:
        made = house(database, folder, passwords=True)
        with made.at_end, online(made) as running:
            yield running
