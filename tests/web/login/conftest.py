"""A desk on both databases, people, and browsers with clocks of their own."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.store.state.conftest import KINDS, New, Servers, database, postgresql, servers, url  # noqa: F401
from tests.store.state.people import ACT, NOW, add, person
from tests.web.login.authenticator import Authenticator
from watchword.model.directory import AccountKind, DirectoryAccount
from watchword.model.people import Directory, DirectoryId, Identity, Principal, PrincipalId
from watchword.pdp.presets import PRESETS
from watchword.store.state.accounts import ACCOUNTS, account_row
from watchword.store.state.database import Database
from watchword.store.state.people import DIRECTORIES, directory_row, identities, identity_row
from watchword.store.state.transition import create
from watchword.store.state.vault import Vault
from watchword.web.login import enrolment, sign_in
from watchword.web.login.arrival import Arrival, Visit
from watchword.web.login.desk import Desk, Policy
from watchword.web.login.enrolment import Answer, Grounds, Purpose
from watchword.web.login.passkeys import Site
from watchword.web.login.progress import SignedIn
from watchword.web.login.tokens import draw

ORIGIN = "https://watchword.example"
SITE = Site.of(ORIGIN, "Company ABC")
KEYS = {"k1": bytes(range(32))}


def seeded(seed: int) -> Callable[[int], bytes]:
    """Randomness that a test can repeat."""
    return random.Random(seed).randbytes


_SEEDS = itertools.count(1)


@dataclass
class Browser:
    """A browser: its cookies, its address, its clock."""

    address: str = "192.0.2.7"
    at: datetime = NOW
    known: str = ""
    randomness: Callable[[int], bytes] = field(default_factory=lambda: seeded(next(_SEEDS)))
    cookie: str = ""

    def __post_init__(self) -> None:
        self.cookie = self.cookie or draw(os.urandom)

    def visit(self, seconds: float = 0.001) -> Visit:
        """A request, so many seconds after the one before."""
        self.at += timedelta(seconds=seconds)
        arrival = Arrival(self.address, "Browser/1", f"r-{int(self.at.timestamp())}")
        return Visit(arrival, self.at, self.randomness, self.cookie, self.known)

    def keep(self, result: Any) -> SignedIn:
        """Keep the cookies of a sign-in."""
        assert isinstance(result, SignedIn), result
        self.known = result.known or self.known
        return result


def both(test: Any) -> Any:
    """Run a test on PostgreSQL as well, where a new database takes longer than most tests; races always do."""
    test.both = True
    return test


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Choose on which databases a test runs: all of them on SQLite, those that say so or race on PostgreSQL, too."""
    if "new" in metafunc.fixturenames:
        name = metafunc.function.__name__
        wanted = KINDS if getattr(metafunc.function, "both", False) or "at_once" in name else KINDS[:1]
        metafunc.parametrize("new", wanted, indirect=True)


@pytest.fixture
def new(request: pytest.FixtureRequest, servers: Servers) -> New:  # noqa: F811
    """Makes databases on the engine under test."""
    return New(servers, request.param, f"l{os.getpid()}-{next(_SEEDS)}")


@pytest.fixture
def desk(database: Database) -> Desk:  # noqa: F811
    """Where people sign in, at level 2."""
    return Desk(database, Vault(KEYS, os.urandom), SITE, Policy(PRESETS["aal2"], passwords=True))


@pytest.fixture
def browser() -> Browser:
    return Browser()


def in_directory(
    desk: Desk, principal: Principal, name: str, directory: str = "corp", *, subject: str = ""
) -> None:
    """Give somebody an account in a directory."""
    with desk.database.writing() as connection:
        from sqlalchemy import select

        from watchword.store.state.people import directories

        known = connection.execute(select(directories.c.id).where(directories.c.id == directory)).first()
        if known is None:
            create(
                connection,
                DIRECTORIES,
                directory_row(Directory(DirectoryId(directory), "ldap", directory)),
                ACT,
            )
        read = account(name, directory, subject=subject)
        row = account_row(_kept(read))
        create(connection, ACCOUNTS, row, ACT)
        link = Identity(DirectoryId(directory), read.subject, principal.id, NOW)
        connection.execute(identities.insert().values(identity_row(link)))


def account(name: str, directory: str = "corp", *, subject: str = "") -> DirectoryAccount:
    """An account as a directory tells it."""
    return DirectoryAccount(
        DirectoryId(directory), subject or f"uid-{name}", name, AccountKind.USER, display_name=name.title()
    )


def _kept(read: DirectoryAccount) -> Any:
    from watchword.model.accounts import Account, AccountKey

    return Account(AccountKey(f"a-{read.directory}-{read.user_name}"), read, NOW, NOW)


def somebody(desk: Desk, name: str = "p-1", user_name: str = "", directory: str = "corp") -> Principal:
    """An active person, with an account in a directory if a user name is given."""
    one = person(name)
    add(desk.database, one)
    if user_name:
        in_directory(desk, one, user_name, directory)
    return one


def with_passkey(
    desk: Desk, who: Principal, browser: Browser, device: Authenticator | None = None
) -> Authenticator:
    """Register a passkey for somebody, as from a session of theirs."""
    device = device or Authenticator()
    offer = enrolment.offer_passkey(desk, who, "name", Grounds(Purpose.SESSION), browser.visit())
    answer = Answer(offer.flow, device.create(offer.options, ORIGIN), "Laptop")
    enrolment.take_passkey(desk, answer, Purpose.SESSION, browser.visit(), lambda *_: None)
    return device


def with_app(desk: Desk, who: Principal, browser: Browser) -> App:
    """Enrol an app for somebody, as from a session of theirs."""
    offer = enrolment.offer_totp(desk, who, "name", Grounds(Purpose.SESSION), browser.visit())
    app = App(offer.seed.replace(" ", ""))
    answer = Answer(offer.flow, app.code(browser.at), "Phone")
    enrolment.take_totp(desk, answer, Purpose.SESSION, browser.visit(), lambda *_: None)
    browser.at += timedelta(seconds=60)
    return app


@dataclass(frozen=True)
class App:
    """An authenticator app, after RFC 4226 and RFC 6238 and not by our library."""

    seed: str

    def code(self, at: datetime, steps: int = 0) -> str:
        import base64
        import hmac

        counter = int(at.timestamp()) // 30 + steps
        mac = hmac.digest(base64.b32decode(self.seed), counter.to_bytes(8, "big"), "sha1")
        start = mac[-1] & 15
        return f"{(int.from_bytes(mac[start : start + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06d}"


def by_passkey(desk: Desk, device: Authenticator, browser: Browser, **faults: Any) -> SignedIn:
    """Sign in with a passkey, without a name."""
    offer = sign_in.offer_passkey(desk, browser.visit(1))
    answer = device.get(offer.options, ORIGIN, **faults)
    return browser.keep(sign_in.prove_passkey(desk, offer.flow, answer, browser.visit(1)))


def policy(desk: Desk, **changes: Any) -> Desk:
    """The same desk under another policy."""
    return replace(desk, policy=replace(desk.policy, **changes))


@pytest.fixture
def sqlite_desk(servers: Any, tmp_path: Any) -> Iterator[Desk]:  # noqa: F811
    """A desk on SQLite only, for what does not depend on the database."""
    name = f"login-{os.getpid()}-{next(_SEEDS)}"
    with Database.open(servers.new("sqlite", name)) as opened:
        yield Desk(opened, Vault(KEYS, os.urandom), SITE, Policy(PRESETS["aal2"], passwords=True))


PRINCIPAL = PrincipalId("p-1")
