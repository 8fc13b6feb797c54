"""Every test of the state runs on SQLite and on a real PostgreSQL; each gets a database of its own, already set up."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from tests.store.state.server import driver_url, postgresql_url
from watchword.store.state.database import Database
from watchword.store.state.migrate import upgrade

KINDS = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Servers:
    """Where new databases come from: a file, or a server with a template."""

    sqlite: Path
    admin: Callable[[], Any]

    def new(self, kind: str, name: str, *, empty: bool = False) -> str:
        """The URL of a new database, which is set up unless it is to be empty."""
        if kind == "sqlite":
            target = self.sqlite.parent / f"{name}.sqlite"
            if not empty:
                shutil.copy(self.sqlite, target)
            return f"sqlite:///{target}"
        server = self.admin()
        engine = create_engine(driver_url(server), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"' + ("" if empty else " TEMPLATE ready")))
        engine.dispose()
        return server.replace("/postgres?", f"/{name}?")


@pytest.fixture(scope="session")
def postgresql() -> Callable[[], str]:
    """The URL of the one PostgreSQL server of a process of the test run, started by the first test that needs it."""
    return postgresql_url


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory, postgresql: Callable[[], str]) -> Servers:
    """The sources of databases."""
    file = tmp_path_factory.mktemp("state") / "ready.sqlite"
    with Database.open(f"sqlite:///{file}", create=True, any_schema=True) as ready:
        upgrade(ready)
    return Servers(file, postgresql)


@dataclass(frozen=True)
class New:
    """Makes databases of one kind for one test."""

    servers: Servers
    kind: str
    prefix: str

    def __call__(self, name: str = "one", *, empty: bool = False, kind: str = "") -> str:
        return self.servers.new(kind or self.kind, f"{self.prefix}-{name}", empty=empty)


@pytest.fixture(params=KINDS)
def new(request: pytest.FixtureRequest, servers: Servers) -> New:
    """Makes databases on the engine under test."""
    _NUMBERS.append(None)
    return New(servers, request.param, f"t{os.getpid()}-{len(_NUMBERS)}")


_NUMBERS: list[None] = []


@pytest.fixture
def url(new: New) -> str:
    """The URL of a database that is set up."""
    return new()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """A database that is set up."""
    with Database.open(url) as opened:
        yield opened
