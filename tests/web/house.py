"""A whole process for tests: the application on a database of its own, people of each role, and browsers and programs of theirs."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from fastapi import FastAPI

with warnings.catch_warnings():
    # It wants a successor of httpx that this project does not have.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

from watchword.model.people import Principal, PrincipalId, PrincipalKind, PrincipalStatus
from watchword.model.roles import Assignment, AssignmentId, Role
from watchword.model.sessions import Session
from watchword.pdp.presets import Strength
from watchword.store.state.database import Database
from watchword.store.state.migrate import upgrade
from watchword.store.state.people import PRINCIPALS, principal_row
from watchword.store.state.roles import ASSIGNMENTS, assignment_row
from watchword.store.state.transition import Act, create
from watchword.store.state.vault import Vault
from watchword.web.app import create_app
from watchword.web.caller import FORMS
from watchword.web.control_plane import ControlPlane, WebSettings
from watchword.web.guard.same_site import token as form_token
from watchword.web.login import api_tokens, sessions
from watchword.web.login.arrival import Arrival, Visit
from watchword.web.login.sessions import Grounds

ORIGIN = "https://watchword.example"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PASSKEY = Strength(2, ("hwk", "user", "mfa"))
APP = Strength(2, ("pwd", "otp", "mfa"))

ROLES: Mapping[str, frozenset[Role]] = {
    "administrator": frozenset({Role.ADMINISTRATOR, Role.USER}),
    "approver": frozenset({Role.APPROVER, Role.USER}),
    "auditor": frozenset({Role.AUDITOR, Role.USER}),
    "user": frozenset({Role.USER}),
    "guest": frozenset({Role.GUEST}),
}
"""The people of a house by their ids, and the roles that they have."""


@dataclass
class Clock:
    """A clock that a test moves."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at

    def wait(self, **time: float) -> None:
        self.at += timedelta(**time)


@dataclass
class Client:
    """A browser with a session, a program with a token, or a stranger; every request names where it comes from as a browser does."""

    http: TestClient
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """The answer; redirects are not followed."""
        headers = {**self.headers, **more.pop("headers", {})}
        return self.http.request(method, path, headers=headers, follow_redirects=False, **more)

    def get(self, path: str, **more: Any) -> Any:
        return self.ask("GET", path, **more)

    def post(self, path: str, **more: Any) -> Any:
        return self.ask("POST", path, **more)


@dataclass
class House:
    """The process and its people."""

    plane: ControlPlane
    clock: Clock
    told: list[Mapping[str, Any]]
    at_end: ExitStack = field(default_factory=ExitStack)

    @cached_property
    def app(self) -> FastAPI:
        return create_app(self.plane)

    @cached_property
    def http(self) -> TestClient:
        made = TestClient(
            self.app,
            base_url=self.plane.settings.public_url,
            raise_server_exceptions=False,
            client=("127.0.0.1", 50000),
        )
        # One loop for all requests, rather than one each.
        return self.at_end.enter_context(made)

    def visit(self) -> Visit:
        return Visit(Arrival("192.0.2.7", "a test", "r-test"), self.clock(), os.urandom)

    def session(self, who: str, strength: Strength = PASSKEY) -> tuple[str, Session]:
        """A session of somebody, and its cookie's value."""
        with self.plane.database.writing() as connection:
            issued = sessions.issue(
                connection, PrincipalId(who), Grounds(strength), self.plane.preset, self.visit()
            )
        return issued.token, issued.session

    def browser(self, who: str, strength: Strength = PASSKEY) -> Client:
        """A browser in which somebody has signed in, at one of our own pages."""
        cookie, _ = self.session(who, strength)
        return self.with_cookie(cookie)

    def with_cookie(self, cookie: str) -> Client:
        csrf = form_token(self.plane.vault.derived(FORMS)[0], cookie)
        mine = {"cookie": f"{sessions.COOKIE}={cookie}", "x-csrf-token": csrf}
        return Client(self.http, mine | {"origin": ORIGIN, "sec-fetch-site": "same-origin"})

    def program(self, who: str, *scopes: str) -> Client:
        """A program of somebody's."""
        wish = api_tokens.Wish("a test", scopes or ("read",), timedelta(days=30))
        issued = api_tokens.issue(self.plane.database, PrincipalId(who), wish, self.visit())
        return Client(self.http, {"authorization": f"Bearer {issued.secret}"})

    def stranger(self) -> Client:
        return Client(self.http)


def furnish(database: Database) -> None:
    """Put the people in."""
    act = Act("test", NOW - timedelta(days=30), why="a test")
    with database.writing() as connection:
        for name, roles in ROLES.items():
            create(connection, PRINCIPALS, principal_row(person(name)), act)
            for role in roles - {Role.USER, Role.GUEST}:
                row = Assignment(AssignmentId(f"g-{name}"), PrincipalId(name), role, "test", "a test", act.at)
                create(connection, ASSIGNMENTS, assignment_row(row), act)


def person(name: str) -> Principal:
    made = Principal(
        PrincipalId(name),
        PrincipalKind.USER,
        f"The {name}",
        PrincipalStatus.ACTIVE,
        NOW - timedelta(days=30),
    )
    if name != "guest":
        return made
    sponsor = PrincipalId("user")
    return replace(made, kind=PrincipalKind.GUEST, sponsor=sponsor, end_date=NOW + timedelta(days=90))


def house(database: Database, folder: Path, **settings: Any) -> House:
    """A house on a database that is set up."""
    clock, told = Clock(), []
    web = WebSettings(**({"public_url": ORIGIN, "requests_a_minute": 1_000_000} | settings))
    plane = ControlPlane(
        settings=web,
        database=database,
        folder=folder,
        clock=clock,
        randomness=os.urandom,
        told=told.append,
        vault=Vault({"k1": bytes(range(32))}, os.urandom),
        signing_key=folder / "audit.key",
    )
    return House(plane, clock, told)


def embedded(folder: Path) -> Database:
    """A new SQLite database with the people in it."""
    database = Database.open(f"sqlite:///{folder}/state.sqlite", create=True, any_schema=True)
    upgrade(database)
    furnish(database)
    return database
