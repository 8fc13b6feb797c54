"""Passkeys in a real browser: the first administrator enrols by a one-time link, signs out, and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.web.browser.conftest import Site, Tab, passkey_of, running, tab
from tests.web.login.conftest import Browser
from watchword.model.people import Principal
from watchword.store.state import factor_store
from watchword.store.state.database import Database
from watchword.store.state.invitations import administrators
from watchword.web.login import invitations


@pytest.fixture(scope="module")
def site(fresh: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running(fresh, Path(tmp_path_factory.mktemp("site"))) as started:
        yield started


@pytest.fixture(scope="module")
def ada(chromium: Any, site: Site) -> Iterator[Tab]:
    """The first administrator's browser, with her passkey, signed in."""
    window = tab(chromium, site).with_authenticator()
    token = invitations.bootstrap(site.desk, Browser(at=site.clock()).visit())
    window.go(f"/bootstrap?token={token}")
    window.shot("welcome")
    window.page.get_by_label("Your name").fill("Ada Lovelace")
    window.page.get_by_role("button", name="Go on").click()
    window.shot("enrol-passkey")
    window.page.get_by_label("What you call it").fill("Work laptop")
    window.page.get_by_role("button", name="Create the passkey").click()
    window.page.wait_for_url(f"{site.url}/")
    yield window
    window.context.close()


def sign_out(window: Tab) -> None:
    """By the menu, as a person does it."""
    window.page.locator("details.account summary").click()
    window.page.get_by_role("button", name="Sign out").click()
    window.page.get_by_role("heading", name="Signed out").wait_for()


def sign_in(window: Tab) -> None:
    """With the passkey, without a name."""
    window.go("/sign-in?next=%2Fme")
    window.page.get_by_role("button", name="Sign in with a passkey").click()
    window.page.wait_for_url(f"{window.site.url}/me")


def test_a_passkey_is_enrolled_by_a_link_and_signs_in_again(ada: Tab) -> None:
    ada.go("/me")
    ada.shot("me")
    assert "Work laptop" in ada.words()
    sign_out(ada)
    ada.shot("signed-out")
    ada.go("/me")
    assert ada.path.startswith("/sign-in?next=")
    ada.shot("sign-in")
    sign_in(ada)
    assert "Ada Lovelace" in ada.words()
    assert ada.complaints == []


def test_a_sensitive_act_asks_for_a_fresh_proof_and_leads_back(ada: Tab) -> None:
    sign_out(ada)
    sign_in(ada)
    ada.site.clock.turn(minutes=16)
    ada.go("/me")
    before = cookie(ada)
    ada.page.get_by_role("link", name="Set up a passkey").click()
    ada.page.get_by_role("heading", name="Prove again who you are").wait_for()
    ada.shot("prove-again")
    ada.page.get_by_role("button", name="Use a passkey").click()
    ada.page.wait_for_url(f"{ada.site.url}/me/passkey")
    # The session has another name from then on, and the old one is worth nothing.
    after = cookie(ada)
    assert after != before
    old = httpx.get(f"{ada.site.url}/me", headers={"cookie": f"__Host-ww={before}", "accept": "text/html"})
    assert old.headers["location"].startswith("/sign-in")


def test_a_session_that_is_ended_in_another_window_is_refused_at_the_next_click(
    chromium: Any, ada: Tab
) -> None:
    phone = tab(chromium, ada.site, 390, has_touch=True).with_authenticator()
    phone.given(passkey_of(ada.site, the_administrator(ada.site)))
    phone.go("/sign-in")
    phone.shot("sign-in-phone")
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    phone.page.get_by_role("button", name="Sign in with a passkey").click()
    phone.page.wait_for_url(f"{ada.site.url}/")
    phone.go("/me")
    phone.shot("me-phone")
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 390
    ada.go("/me")
    ada.page.get_by_text("End all others").click()
    ada.page.get_by_role("button", name="End them").click()
    assert "The sessions are over." in ada.words()
    phone.page.locator("main a[href='/me/passkey']").click()
    phone.page.get_by_role("heading", name="Sign in").wait_for()
    phone.context.close()


def test_the_back_button_shows_nothing_after_signing_out(ada: Tab) -> None:
    ada.go("/me")
    sign_out(ada)
    ada.page.go_back()
    ada.page.wait_for_load_state()
    assert "Work laptop" not in ada.words()
    assert ada.path.startswith("/sign-in")
    sign_in(ada)


def test_one_signs_in_with_the_keyboard_alone(ada: Tab) -> None:
    sign_out(ada)
    ada.go("/sign-in?next=%2Fme")
    focused = "document.activeElement.innerText.trim()"
    for _ in range(12):
        ada.page.keyboard.press("Tab")
        if ada.page.evaluate(focused) == "Sign in with a passkey":
            break
    outline = ada.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline not in {"none", ""}
    ada.page.keyboard.press("Enter")
    ada.page.wait_for_url(f"{ada.site.url}/me")


def test_a_passkey_is_offered_within_the_browsers_own_autofill(chromium: Any, ada: Tab) -> None:
    window = tab(chromium, ada.site, autofill=True).with_authenticator()
    window.given(passkey_of(ada.site, the_administrator(ada.site)))
    window.go("/sign-in")
    window.page.wait_for_url(f"{ada.site.url}/")
    window.context.close()


def test_a_passkey_whose_user_is_not_verified_is_refused(chromium: Any, ada: Tab) -> None:
    window = tab(chromium, ada.site).with_authenticator(isUserVerified=False)
    window.go("/sign-in")
    window.page.get_by_role("button", name="Sign in with a passkey").click()
    window.page.get_by_role("alert").wait_for()
    window.shot("not-verified")
    assert window.path == "/sign-in"
    window.context.close()


def the_administrator(site: Site) -> Principal:
    """Ada."""
    with site.plane.database.reading() as connection:
        found = administrators(connection, site.clock())
        who = factor_store.principal(connection, found[0])
    assert who is not None
    return who


def cookie(window: Tab) -> str:
    """The session's cookie."""
    return str(next(one["value"] for one in window.context.cookies() if one["name"] == "__Host-ww"))
