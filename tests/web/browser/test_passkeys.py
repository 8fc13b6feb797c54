"""Passkeys in a real browser: the first administrator enrols by a one-time link, signs out, and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.web.browser.conftest import Site, Tab, running, tab
from tests.web.login.conftest import Browser
from watchword.store.state.database import Database
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
