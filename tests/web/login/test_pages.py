"""Signing in over HTTP, as a person does it: pages, forms, cookies."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.login.authenticator import Authenticator
from tests.web.login.conftest import App, Browser, somebody, with_passkey
from tests.web.login.window import Clock, Window, plane_of
from watchword.web.login import invitations
from watchword.web.login.desk import Desk


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def window(sqlite_desk: Desk, tmp_path: Path, clock: Clock) -> Window:
    """A browser at a process without directories."""
    return Window.on(plane_of(sqlite_desk.database, tmp_path, clock))


def test_a_passkey_signs_in_without_a_name(sqlite_desk: Desk, window: Window, browser: Browser) -> None:
    device = with_passkey(sqlite_desk, somebody(sqlite_desk), browser)
    window.look("/findings")
    assert window.page.headers["location"] == "/sign-in?next=%2Ffindings"
    assert window.follow().status_code == 200
    window.use(device, "/sign-in/passkey")
    assert (window.page.status_code, window.page.headers["location"]) == (303, "/findings")
    assert window.session
    assert window.look("/prove-again").status_code == 200


def test_the_first_administrator_comes_by_a_one_time_link(sqlite_desk: Desk, window: Window) -> None:
    token = invitations.bootstrap(sqlite_desk, Browser().visit())
    device = Authenticator()
    window.look(f"/bootstrap?token={token}")
    assert "no administrator yet" in window.words
    assert window.page.headers["referrer-policy"] == "no-referrer"
    window.submit("/enrol", display_name="Ada Lovelace")
    assert window.page.headers["location"] == "/enrol/passkey"
    window.follow()
    window.use(device, "/enrol/passkey", "create", name="Laptop")
    assert (window.page.status_code, window.page.headers["location"]) == (303, "/")
    window.look("/me")
    assert "Laptop" in window.words
    assert "administrator" in window.words
    assert window.look(f"/bootstrap?token={token}").status_code == 403


def test_an_app_is_set_up_in_ones_account_and_proves_again(
    sqlite_desk: Desk, window: Window, browser: Browser, clock: Clock
) -> None:
    device = with_passkey(sqlite_desk, somebody(sqlite_desk), browser)
    window.look("/sign-in")
    window.use(device, "/sign-in/passkey")
    window.look("/me/totp")
    app = App(window.form("/me/totp").fields["seed"].replace(" ", ""))
    window.submit("/me/totp", code="000000")
    assert "The code does not fit" in window.words
    window.submit("/me/totp", code=app.code(clock.at))
    assert window.page.headers["location"] == "/me?done=factor-added"
    assert "authenticator app" in window.follow().text
    clock.turn(minutes=1)
    before = window.session
    window.look("/prove-again?by=code&next=/findings")
    window.submit("/prove-again/totp", code=app.code(clock.at))
    assert window.page.headers["location"] == "/findings"
    assert window.session not in {"", before}
