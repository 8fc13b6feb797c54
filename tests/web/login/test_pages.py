"""Signing in over HTTP, as a person does it: pages, forms, cookies."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.web.login.authenticator import Authenticator
from tests.web.login.conftest import App, Browser, somebody, with_passkey
from tests.web.login.window import Clock, Window, plane_of
from watchword.errors import DirectoryUnreachable
from watchword.model.people import DirectoryId
from watchword.pdp.presets import ProofKind
from watchword.web.login import invitations, pages_front
from watchword.web.login.desk import Desk
from watchword.web.login.pages_front import Parts, step_of, step_value, waiting
from watchword.web.login.progress import Asked


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


LDAP = {
    "kind": "ldap",
    "display": "Company directory",
    "urls": ["ldap://127.0.0.1:9"],
    "tls": "none",
    "allow_plain": True,
    "base_dn": "dc=abc,dc=example",
    "bind_dn": "cn=reader,dc=abc,dc=example",
    "bind_password_env": "WW_TEST_READER",
}


@pytest.fixture
def with_ldap(
    sqlite_desk: Desk, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> tuple[Window, list[Any]]:
    """A browser at a process whose LDAP directory is down, and the process's log."""
    monkeypatch.setenv("WW_TEST_READER", "planted-secret")
    log: list[Any] = []
    more = {"directories": {"corp": LDAP, "local": {"kind": "local"}}, "told": log.append}
    return Window.on(
        plane_of(sqlite_desk.database, tmp_path, clock, settings={"passwords": True}, **more)
    ), log


def test_a_directory_that_is_down_is_told_as_such_and_its_password_nowhere(
    with_ldap: tuple[Window, list[Any]],
) -> None:
    pytest.importorskip("bonsai", reason="the extra [ldap] is not installed")
    window, log = with_ldap
    window.look("/sign-in")
    # There are two directories with passwords, so one is chosen.
    assert 'value="corp"' in window.page.text
    window.submit("/sign-in", user_name="ada", directory="corp")
    assert "Company directory" in window.words
    window.submit("/sign-in/password", password="typed-secret")
    assert window.page.status_code == 503
    assert "does not answer" in window.words
    assert [one["kind"] for one in log if one["event"] == "directory"] == ["DirectoryUnreachable"]
    assert "secret" not in str(log) + window.page.text


def test_a_name_without_a_directory_is_refused_where_there_are_several(
    with_ldap: tuple[Window, list[Any]],
) -> None:
    window, _ = with_ldap
    for directory in ("", "other", "../local"):
        window.look("/sign-in")
        window.submit("/sign-in", user_name="ada", directory=directory)
        assert window.page.status_code == 401


def test_a_slow_directory_holds_up_a_few_and_not_everybody(
    sqlite_desk: Desk, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WW_TEST_READER", "x")
    monkeypatch.setattr(pages_front, "PATIENCE", 0.01)
    parts = Parts.of(plane_of(sqlite_desk.database, tmp_path, clock, directories={"corp": LDAP}), os.environ)
    corp = DirectoryId("corp")
    with ExitStack() as stack:
        for _ in range(pages_front.MOST_AT_ONCE):
            stack.enter_context(parts.turn(corp))
        with pytest.raises(DirectoryUnreachable), parts.turn(corp):
            pass
    with parts.turn(corp):
        pass


def test_a_page_that_answers_a_form_can_be_loaded_again(window: Window) -> None:
    for path in ("/sign-in/password", "/sign-in/passkey", "/sign-in/totp", "/sign-out"):
        assert window.look(path).headers["location"] == "/sign-in"


def test_a_step_survives_being_kept_by_the_browser() -> None:
    for kinds in (
        {ProofKind.PASSKEY},
        {ProofKind.TOTP},
        {ProofKind.PASSKEY, ProofKind.TOTP},
    ):
        for enrols in (False, True):
            asked = Asked("a" * 43, frozenset(kinds), enrols)
            assert step_of(step_value(asked)) == asked


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 second"),
        (1, "1 second"),
        (1.5, "2 seconds"),
        (99, "99 seconds"),
        (100, "2 minutes"),
        (3600, "60 minutes"),
    ],
)
def test_how_long_to_wait_is_rounded_up(seconds: float, words: str) -> None:
    assert waiting(seconds) == words
