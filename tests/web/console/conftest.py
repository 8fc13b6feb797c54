"""The application over a small store and a database of its own, asked by somebody whose roles a test chooses."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.report.fakes import MANIFEST, assessment
from watchword.model.factors import FactorId
from watchword.model.people import Principal, PrincipalId, PrincipalKind, PrincipalStatus
from watchword.model.roles import Role
from watchword.model.sessions import Session, SessionId
from watchword.store.state.database import Database
from watchword.web.authorise import require_declared
from watchword.web.caller import Caller
from watchword.web.console.pages import router
from watchword.web.console.posture import Posture
from watchword.web.control_plane import ControlPlane, WebSettings
from watchword.web.guard.chain import guard
from watchword.web.serve import Setup, opened
from watchword.web.telemetry import Metrics

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
ME = PrincipalId("p-me")
ALL = frozenset(Role) - {Role.GUEST}
SAME = {"sec-fetch-site": "same-origin"}


@dataclass
class Asking:
    """Who asks: changed by a test at will."""

    roles: frozenset[Role] = ALL
    name: str = "Ada <Lovelace>"
    methods: tuple[str, ...] = ("hwk",)
    nobody: bool = False

    def caller(self) -> Caller:
        if self.nobody:
            return Caller(NOW, "req-1", "127.0.0.1")
        principal = Principal(ME, PrincipalKind.USER, self.name, PrincipalStatus.ACTIVE, NOW)
        end = NOW + timedelta(hours=1)
        session = Session(SessionId("s" * 64), ME, 2, (FactorId("f"),), NOW, NOW, end, methods=self.methods)
        return Caller(NOW, "req-1", "127.0.0.1", principal, self.roles, session, csrf="form-token")


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one assessment of the reports' sample."""
    folder = tmp_path_factory.mktemp("console-store")
    assert assessment(folder).manifest == MANIFEST
    return folder


@pytest.fixture
def asking() -> Asking:
    return Asking()


@pytest.fixture(scope="session")
def process(tmp_path_factory: pytest.TempPathFactory, store: Path) -> Iterator[ControlPlane]:
    """The parts of a process, made once; its database is the pattern that each test copies."""
    folder = tmp_path_factory.mktemp("console-state")
    settings = WebSettings(heads_webhook="https://hook.example/secret-path", company="ABC")
    setup = Setup(settings, f"sqlite:///{folder}/state.sqlite", store, tell=lambda _: None)
    with opened(setup) as made:
        yield replace(made, clock=lambda: NOW)


@pytest.fixture
def plane(tmp_path: Path, process: ControlPlane) -> Iterator[ControlPlane]:
    copied = tmp_path / "state.sqlite"
    pattern = str(process.database.address).removeprefix("sqlite:///")
    with closing(sqlite3.connect(pattern)) as source, closing(sqlite3.connect(copied)) as target:
        source.backup(target)
    with Database.open(f"sqlite:///{copied}") as database:
        yield replace(process, database=database)


@pytest.fixture(scope="session")
def app(process: ControlPlane) -> FastAPI:
    """The console's routes behind the guards; made once."""
    made = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    made.include_router(router(process))
    guard(made, process, Metrics())
    require_declared(made.routes)
    return made


@pytest.fixture
def client(app: FastAPI, plane: ControlPlane, asking: Asking) -> TestClient:
    """A browser without script, at the right address."""
    app.state.plane = plane
    app.state.posture = Posture(plane.folder)
    app.state.caller_of = lambda _: asking.caller()
    app.state.audit_verified = (None, None)
    made = TestClient(app, base_url="http://localhost:8440", follow_redirects=False)
    made.headers["accept"] = "text/html"
    return made
