"""The passkey script against a real browser's authenticator and the server's own checks, in browsers new and old."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.web.console.people_samples import ADA
from tests.web.console.samples import NOW, outside
from tests.web.console.test_browser import CHROMIUM, FLAGS
from watchword.model.factors import Factor, FactorId, FactorKind, FactorStatus
from watchword.web.console.look.assets import by_url
from watchword.web.console.rendering import render
from watchword.web.console.views.sign_in import EnrolPasskeyView, PasskeyIsland, PasskeyView
from watchword.web.guard.headers import policy
from watchword.web.login.passkeys import (
    Site,
    check_assertion,
    check_registration,
    creation_options,
    request_options,
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium is installed (Debian: apt-get install chromium)"
    ),
]

CHALLENGE = b"0123456789abcdef0123456789abcdef"
OLD = """for (const name of ["parseCreationOptionsFromJSON", "parseRequestOptionsFromJSON"]) delete PublicKeyCredential[name];
delete PublicKeyCredential.prototype.toJSON;"""


class Party(ThreadingHTTPServer):
    """A relying party of two pages that keeps what is posted."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.site = Site.of(f"http://localhost:{self.server_port}", "watchword")
        self.posted: list[dict[str, list[str]]] = []
        self.page: Any = None


class Handler(BaseHTTPRequestHandler):
    server: Party

    def do_GET(self) -> None:
        asset = by_url().get(self.path)
        body = asset.body if asset else render(outside(), self.server.page).encode()
        media = asset.media if asset else "text/html; charset=utf-8"
        self._send(body, {"content-type": media, "content-security-policy": policy()})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.server.posted.append(parse_qs(body, keep_blank_values=True))
        self._send(b"<!doctype html><title>taken</title>", {"content-type": "text/html"})

    def _send(self, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(200)
        for name, value in (headers | {"content-length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def party() -> Iterator[Party]:
    server = Party()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def page() -> Iterator[Any]:
    """A browser with an authenticator that verifies its user and keeps passkeys."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened = browser.new_context().new_page()
        session = opened.context.new_cdp_session(opened)
        session.send("WebAuthn.enable")
        told = session.send(
            "WebAuthn.addVirtualAuthenticator",
            {
                "options": {
                    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
                    "hasUserVerification": True, "isUserVerified": True, "automaticPresenceSimulation": True,
                }
            },
        )  # fmt: skip
        opened.verified = lambda is_it: session.send(
            "WebAuthn.setUserVerified", {"authenticatorId": told["authenticatorId"], "isUserVerified": is_it}
        )
        yield opened
        browser.close()


@pytest.mark.parametrize("old", [False, True], ids=["new browser", "old browser"])
def test_a_passkey_is_made_and_used_and_the_server_believes_both(party: Party, page: Any, old: bool) -> None:
    if old:
        page.add_init_script(OLD)
    made = creation_options(party.site, ADA, "ada", CHALLENGE, ())
    party.page = EnrolPasskeyView(PasskeyIsland(made, "create", "/taken"), "laptop")
    page.goto(party.site.origin)
    page.click("text=Create the passkey")
    page.wait_for_url("**/taken")
    posted = party.posted.pop()
    assert (posted["name"], posted["csrf"]) == (["laptop"], ["a-token-of-the-form"])
    found = check_registration(party.site, CHALLENGE, posted["credential"][0])

    factor = Factor(
        *(FactorId("f"), ADA.id, FactorKind.PASSKEY, FactorStatus.ACTIVE, NOW, found.public),
        handle=found.handle,
        counter=found.counter,
    )
    for allowed in ((), (factor,)):
        asked = request_options(party.site, CHALLENGE, allowed)
        party.page = PasskeyView(PasskeyIsland(asked, "get", "/taken"))
        page.goto(party.site.origin)
        page.click("button:has-text('Use a passkey')")
        page.wait_for_url("**/taken")
        answer = party.posted.pop()["credential"][0]
        check_assertion(party.site, CHALLENGE, factor, answer, named=bool(allowed))


def test_what_the_browser_refuses_is_told_and_may_be_tried_again(party: Party, page: Any) -> None:
    asked = request_options(party.site, CHALLENGE).replace('"timeout": 300000', '"timeout": 1')
    party.page = PasskeyView(PasskeyIsland(asked, "get", "/taken"))
    page.verified(False)
    page.goto(party.site.origin)
    button = page.locator("button:has-text('Use a passkey')")
    button.click()
    page.wait_for_selector("[data-fault]:visible")
    assert "Try again" in page.inner_text("[data-fault]")
    assert button.is_enabled()
    assert party.posted == []


def test_a_browser_without_passkeys_says_so(party: Party, page: Any) -> None:
    page.add_init_script("delete window.PublicKeyCredential;")
    party.page = PasskeyView(PasskeyIsland(request_options(party.site, CHALLENGE), "get", "/taken"))
    page.goto(party.site.origin)
    assert page.locator("[data-missing]").is_visible()
    assert not page.locator("button:has-text('Use a passkey')").is_visible()
