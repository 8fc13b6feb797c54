"""A real Chromium at a real server on loopback: one of each for a module, a browser window of its own for each test."""

from __future__ import annotations

import base64
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.store.state.conftest import postgresql, servers  # noqa: F401
from tests.web.login.authenticator import Authenticator
from tests.web.login.conftest import KEYS, Browser
from watchword.model.people import Principal
from watchword.store.state.database import Database
from watchword.store.state.vault import Vault
from watchword.web.app import create_app
from watchword.web.control_plane import ControlPlane, WebSettings
from watchword.web.login import enrolment
from watchword.web.login.desk import Desk
from watchword.web.login.enrolment import Answer, Grounds, Purpose
from watchword.web.login.pages_front import Parts
from watchword.web.serve import listen, server_of

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SHOTS = Path("/tmp/watchword-screenshots")
"""Where pictures of pages are put, if somebody has made the folder to look at them."""

needs_chromium = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium is installed (Debian: apt-get install chromium)"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(needs_chromium)


@dataclass
class Turned:
    """The real time, and what a test adds to it: nobody waits for the next code of an app."""

    by: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.by

    def turn(self, **more: float) -> None:
        self.by += timedelta(**more)


@dataclass
class Site:
    """A running server: its address, its time, what stands behind it."""

    plane: ControlPlane
    clock: Turned
    log: list[Any] = field(default_factory=list)

    @property
    def url(self) -> str:
        return self.plane.settings.public_url

    @property
    def desk(self) -> Desk:
        """Where people sign in."""
        return Parts.of(self.plane, os.environ).desk


@contextmanager
def running(database: Database, folder: Path, **more: Any) -> Iterator[Site]:
    """A server of the whole application, on a port that is free."""
    listening = listen(WebSettings(port=0))
    port = listening.getsockname()[1]
    clock, log = Turned(), list[Any]()
    origin = f"http://localhost:{port}"
    directories = more.pop("directories", {})
    if callable(directories):
        directories = directories(origin)
    plane = ControlPlane(
        settings=WebSettings(
            public_url=origin, port=port, company="Company ABC", requests_a_minute=100_000, **more
        ),
        database=database,
        folder=folder,
        clock=clock,
        randomness=os.urandom,
        told=log.append,
        vault=Vault(KEYS, os.urandom),
        directories=directories,
    )
    server = server_of(create_app(plane), plane.settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield Site(plane, clock, log)
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """The browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="module")
def fresh(servers: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:  # noqa: F811
    """A database of the module, on SQLite."""
    name = f"browser-{tmp_path_factory.mktemp('browser').name}-{os.getpid()}"
    with Database.open(servers.new("sqlite", name)) as opened:
        yield opened


@dataclass
class Tab:
    """A window of the browser with its own cookies, and what it has complained of."""

    site: Site
    context: Any
    page: Any
    complaints: list[str] = field(default_factory=list)
    authenticator: str = ""

    def go(self, path: str) -> Any:
        return self.page.goto(self.site.url + path if path.startswith("/") else path)

    @property
    def path(self) -> str:
        """Where the browser is, within our site."""
        return str(self.page.url.removeprefix(self.site.url))

    def words(self) -> str:
        return " ".join(self.page.inner_text("body").split())

    def with_authenticator(self, **changes: Any) -> Tab:
        """Give the browser a passkey device of its own (CDP, WebAuthn.addVirtualAuthenticator)."""
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self.cdp = self.context.new_cdp_session(self.page)
        self.cdp.send("WebAuthn.enable")
        made = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options | changes})
        self.authenticator = made["authenticatorId"]
        return self

    def given(self, device: Authenticator) -> Tab:
        """Put passkeys that were made elsewhere into the browser's device."""
        for one in device.credentials:
            key = one.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
            told = {
                "credentialId": base64.b64encode(one.id).decode(),
                "isResidentCredential": True,
                "rpId": one.rp_id,
                "userHandle": base64.b64encode(one.user).decode(),
                "privateKey": base64.b64encode(key).decode(),
                "signCount": one.count,
            }
            self.cdp.send(
                "WebAuthn.addCredential", {"authenticatorId": self.authenticator, "credential": told}
            )
        return self

    def shot(self, name: str) -> None:
        if SHOTS.is_dir():
            self.page.screenshot(path=str(SHOTS / f"{name}.png"), full_page=True)


def passkey_of(site: Site, who: Principal) -> Authenticator:
    """Another passkey of somebody, registered as from a session of theirs."""
    device, browser = Authenticator(), Browser(at=site.clock())
    grounds = Grounds(Purpose.SESSION)
    offer = enrolment.offer_passkey(site.desk, who, "name", grounds, browser.visit())
    answer = Answer(offer.flow, device.create(offer.options, site.url), "Phone")
    enrolment.take_passkey(site.desk, answer, Purpose.SESSION, browser.visit(), lambda *_: None)
    return device


def tab(chromium: Any, site: Site, width: int = 1280, *, autofill: bool = False, **more: Any) -> Tab:
    """A new window.

    Passkeys within the browser's autofill are off unless asked for: the virtual device chooses one at once, where a person
    would click.
    """
    context = chromium.new_context(viewport={"width": width, "height": 900}, **more)
    if not autofill:
        context.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false")
    context.set_default_timeout(10_000)
    made = Tab(site, context, context.new_page())
    made.page.on(
        "console",
        lambda said: made.complaints.append(said.text) if said.type in {"error", "warning"} else None,
    )
    made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
    return made
