"""Signing in over HTTP, as a person does it: pages, forms, cookies."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.login.conftest import Browser, somebody, with_passkey
from tests.web.login.window import Clock, Window, plane_of
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
    assert window.page.headers["location"] == "/sign-in?next=/findings"
    assert window.follow().status_code == 200
    window.use(device, "/sign-in/passkey")
    assert (window.page.status_code, window.page.headers["location"]) == (303, "/findings")
    assert window.session
    assert window.look("/prove-again").status_code == 200
