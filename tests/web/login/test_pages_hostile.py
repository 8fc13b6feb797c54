"""What somebody hostile tries at the pages of the sign-in, and what it comes to."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.web.login.authenticator import Authenticator
from tests.web.login.conftest import Browser, in_directory, seeded, somebody, with_app, with_passkey
from tests.web.login.window import Clock, Window, plane_of
from watchword.model.people import Principal
from watchword.web.login import invitations, own_password, passwords
from watchword.web.login.desk import Desk
from watchword.web.login.tokens import draw

PASSWORD = "violet teapot marches"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def window(sqlite_desk: Desk, tmp_path: Path, clock: Clock) -> Window:
    """A browser at a process whose own directory has passwords."""
    return Window.on(plane_of(sqlite_desk.database, tmp_path, clock, settings={"passwords": True}))


def with_password(desk: Desk, who: Principal, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give somebody a password, as from a session of theirs."""
    monkeypatch.setattr(own_password, "require_recent", lambda *_: None)
    device = with_passkey(desk, who, browser)
    from tests.web.login.conftest import by_passkey

    session = by_passkey(desk, device, browser).session
    own_password.choose(desk, session, PASSWORD, "ada", browser.visit())


def at_the_code(window: Window, name: str = "ada") -> None:
    """Go as far as the code of an app."""
    window.look("/sign-in")
    window.submit("/sign-in", user_name=name)
    window.submit("/sign-in/password", password=PASSWORD)
    window.follow()


def set_cookies(window: Window) -> list[str]:
    return window.page.headers.get_list("set-cookie")


def test_a_session_that_was_planted_is_not_kept(sqlite_desk: Desk, window: Window, browser: Browser) -> None:
    device = with_passkey(sqlite_desk, somebody(sqlite_desk), browser)
    planted = draw(seeded(1))
    window.client.cookies.set("__Host-ww", planted, domain="watchword.example", path="/")
    window.look("/sign-in")
    window.use(device, "/sign-in/passkey")
    assert window.session not in {"", planted}
    attacker = window.another()
    attacker.client.cookies.set("__Host-ww", planted, domain="watchword.example", path="/")
    assert attacker.look("/me").status_code == 303


def test_a_flow_that_was_planted_leads_nowhere_after_the_sign_in(
    sqlite_desk: Desk, window: Window, browser: Browser
) -> None:
    device = with_passkey(sqlite_desk, somebody(sqlite_desk), browser)
    planted = draw(seeded(2))
    window.client.cookies.set("__Host-ww-flow", planted, domain="watchword.example", path="/")
    window.look("/sign-in")
    window.use(device, "/sign-in/passkey")
    assert any(one.startswith("__Host-ww-flow=; Max-Age=0") for one in set_cookies(window))
    assert "__Host-ww-flow" not in window.client.cookies
    window.look("/prove-again")
    assert window.client.cookies["__Host-ww-flow"] != planted


def test_another_sign_in_in_the_same_browser_ends_the_one_before(
    sqlite_desk: Desk, window: Window, browser: Browser
) -> None:
    ada = with_passkey(sqlite_desk, somebody(sqlite_desk, "p-ada"), browser)
    eve = with_passkey(sqlite_desk, somebody(sqlite_desk, "p-eve"), browser)
    window.look("/sign-in")
    window.use(ada, "/sign-in/passkey")
    first = window.session
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', window.look("/me").text)
    assert token is not None
    window.client.cookies.delete("__Host-ww")
    window.look("/sign-in")
    form = window.form("/sign-in/passkey")
    window.client.cookies.set("__Host-ww", first, domain="watchword.example", path="/")
    answer = eve.get(form.options, "https://watchword.example")
    window.send("/sign-in/passkey", form.fields | {"credential": answer})
    assert window.page.status_code == 303
    old = window.another()
    old.client.cookies.set("__Host-ww", first, domain="watchword.example", path="/")
    assert old.look("/me").status_code == 303


ELSEWHERE = [
    ("https://evil.example", "cross-site"),
    ("https://other.watchword.example", "same-site"),
    ("null", "cross-site"),
    ("", ""),
    ("", "none"),
    ("https://evil.example", "same-origin"),
    ("https://watchword.example.evil.example", ""),
    ("http://watchword.example", ""),
]
FORMS = [
    "/sign-in",
    "/sign-in/password",
    "/sign-in/passkey",
    "/sign-in/totp",
    "/enrol",
    "/enrol/passkey",
    "/enrol/app",
    "/enrol/first/passkey",
    "/enrol/first/app",
]


def test_no_other_site_signs_anybody_in(window: Window) -> None:
    window.look("/sign-in")
    fields = window.forms()[0].fields | {"user_name": "eve", "password": PASSWORD, "code": "000000"}
    for path in FORMS:
        for origin, site in ELSEWHERE:
            window.send(path, fields, origin=origin, **{"sec-fetch-site": site})
            assert window.page.status_code == 403, (path, origin, site)
            assert "That did not work" not in window.words


def test_a_form_without_the_token_of_this_browser_is_refused(window: Window) -> None:
    window.look("/sign-in")
    other = window.another()
    other.look("/sign-in")
    for path in FORMS:
        for csrf in ("", "0" * 64, "é", other.forms()[0].fields["csrf"]):
            window.send(path, {"csrf": csrf, "user_name": "ada"})
            assert window.page.status_code == 403, (path, csrf)


def test_a_code_is_taken_once_whatever_browser_brings_it(
    sqlite_desk: Desk, window: Window, browser: Browser, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = somebody(sqlite_desk, user_name="ada", directory="local")
    with_password(sqlite_desk, who, browser, monkeypatch)
    app = with_app(sqlite_desk, who, browser)
    clock.at = browser.at
    other = window.another()
    at_the_code(window)
    at_the_code(other)
    code = app.code(clock.at)
    window.submit("/sign-in/totp", code=code)
    assert window.session
    other.submit("/sign-in/totp", code=code)
    assert other.page.status_code == 401
    assert not other.session


def test_a_passkeys_answer_is_taken_once(sqlite_desk: Desk, window: Window, browser: Browser) -> None:
    device = with_passkey(sqlite_desk, somebody(sqlite_desk), browser)
    window.look("/sign-in")
    form = window.form("/sign-in/passkey")
    sent = form.fields | {"credential": device.get(form.options, "https://watchword.example")}
    flow = window.client.cookies["__Host-ww-flow"]
    assert window.send("/sign-in/passkey", sent).status_code == 303
    again = window.another()
    again.client.cookies.set("__Host-ww-flow", flow, domain="watchword.example", path="/")
    assert again.send("/sign-in/passkey", sent).status_code == 401
    assert not again.session


def test_nobody_proves_again_with_the_passkey_of_somebody_else(
    sqlite_desk: Desk, window: Window, browser: Browser
) -> None:
    ada = with_passkey(sqlite_desk, somebody(sqlite_desk, "p-ada"), browser)
    eve = with_passkey(sqlite_desk, somebody(sqlite_desk, "p-eve"), browser)
    window.look("/sign-in")
    window.use(ada, "/sign-in/passkey")
    before = window.session
    window.look("/prove-again")
    form = window.form("/prove-again/passkey")
    options = json.dumps({**json.loads(form.options), "allowCredentials": []})
    answer = eve.get(options, "https://watchword.example")
    window.send("/prove-again/passkey", form.fields | {"credential": answer})
    assert window.page.status_code == 401
    assert window.session == before


def test_what_the_browser_says_it_was_asked_for_is_not_believed(
    sqlite_desk: Desk, window: Window, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = somebody(sqlite_desk, user_name="ada", directory="local")
    with_password(sqlite_desk, who, browser, monkeypatch)
    with_app(sqlite_desk, who, browser)
    at_the_code(window)
    flow = window.client.cookies["__Host-ww-step"].partition(".")[0]
    window.client.cookies.set("__Host-ww-step", f"{flow}.pte", domain="watchword.example", path="/")
    # Enrolling is asked for, and nobody may who has a factor.
    assert window.look("/enrol/first").status_code == 303
    assert window.look("/enrol/first/app").headers["location"] == "/sign-in"
    for broken in ("x", f"{flow}.", f"{flow}.zzzzzz", "." * 50):
        window.client.cookies.set("__Host-ww-step", broken, domain="watchword.example", path="/")
        assert window.look("/sign-in/second").status_code == 303


def normalised(window: Window) -> tuple[int, str, list[tuple[str, str]]]:
    """An answer without what differs by chance."""
    text = re.sub(r"[0-9a-f]{64}|[A-Za-z0-9_-]{43}|[0-9a-f]{24}", "…", window.page.text)
    # Where the colours' form leads back to is what was asked for.
    text = re.sub(r'name="back" value="[^"]*"', "", text)
    headers = sorted(
        (name, re.sub(r"[A-Za-z0-9_~.-]{20,}", "…", value))
        for name, value in window.page.headers.items()
        if name not in {"x-request-id", "date", "content-length", "ratelimit"}
    )
    return window.page.status_code, text, headers


def test_whether_there_is_somebody_is_told_nowhere(
    sqlite_desk: Desk, window: Window, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = somebody(sqlite_desk, user_name="ada", directory="local")
    with_password(sqlite_desk, who, browser, monkeypatch)
    in_directory(sqlite_desk, somebody(sqlite_desk, "p-2"), "bob", "local")
    work: list[bool] = []
    verify = passwords.verify
    monkeypatch.setattr(passwords, "verify", lambda kept, given: work.append(True) or verify(kept, given))
    told = []
    # One with a password, one without, one whom nobody knows; names of one length.
    for name in ("ada", "bob", "eve"):
        browser_of = window.another()
        browser_of.look("/sign-in")
        browser_of.submit("/sign-in", user_name=name)
        asked = normalised(browser_of)
        browser_of.submit("/sign-in/password", password="a wrong password")
        told.append([str(one).replace(name, "NAME") for one in (asked, normalised(browser_of))])
    assert told[0] == told[1] == told[2]
    assert len(work) == 3


def test_links_that_are_not_valid_all_answer_alike(
    sqlite_desk: Desk, window: Window, browser: Browser
) -> None:
    used = invitations.bootstrap(sqlite_desk, browser.visit())
    invitations.bootstrap(sqlite_desk, browser.visit())
    window.look("/sign-in")
    told = []
    for token in (used, draw(seeded(3)), "x", "", "é" * 43, "../../etc/passwd"):
        window.look(f"/enrol?token={token}")
        told.append(normalised(window))
    assert all(one == told[0] for one in told)
    assert told[0][0] == 403


def test_opening_a_link_spends_nothing(sqlite_desk: Desk, window: Window, browser: Browser) -> None:
    token = invitations.bootstrap(sqlite_desk, browser.visit())
    for _ in range(3):
        assert window.look(f"/bootstrap?token={token}").status_code == 200
    window.submit("/enrol", display_name="Ada")
    assert token not in window.page.headers["location"]
    scanner = window.another()
    assert scanner.look(f"/bootstrap?token={token}").status_code == 200
    window.follow()
    window.use(Authenticator(), "/enrol/passkey", "create", name="x")
    assert window.session
    assert scanner.look(f"/bootstrap?token={token}").status_code == 403
    assert scanner.look("/enrol/passkey").status_code == 403


def test_the_first_administrator_needs_a_name_that_can_be_read(
    sqlite_desk: Desk, window: Window, browser: Browser
) -> None:
    token = invitations.bootstrap(sqlite_desk, browser.visit())
    for name in ("", " ", "\u202eAda", "A\x00da"):
        window.look(f"/bootstrap?token={token}")
        window.submit("/enrol", display_name=name)
        assert window.page.status_code == 401, name


def test_cookies_and_caches_are_as_they_must_be(sqlite_desk: Desk, window: Window, browser: Browser) -> None:
    device = with_passkey(sqlite_desk, somebody(sqlite_desk), browser)
    window.look("/sign-in")
    given = set_cookies(window)
    assert window.page.headers["cache-control"] == "no-store"
    window.use(device, "/sign-in/passkey")
    given += set_cookies(window)
    assert window.page.headers["cache-control"] == "no-store"
    window.look("/me")
    assert window.page.headers["cache-control"] == "no-store"
    window.submit("/sign-out")
    given += set_cookies(window)
    assert window.page.headers["clear-site-data"] == '"cache"'
    assert {one.partition("=")[0] for one in given} == {
        "__Host-ww",
        "__Host-ww-flow",
        "__Host-ww-known",
        "__Host-ww-step",
    }
    for one in given:
        attributes = {part.strip().lower() for part in one.split(";")[1:]}
        assert {"path=/", "secure", "httponly", "samesite=lax"} <= attributes, one
        assert "domain" not in one.lower()


def test_signing_out_ends_the_session_and_not_only_the_cookie(
    sqlite_desk: Desk, window: Window, browser: Browser
) -> None:
    device = with_passkey(sqlite_desk, somebody(sqlite_desk), browser)
    window.look("/sign-in")
    window.use(device, "/sign-in/passkey")
    kept = window.session
    thief = window.another()
    thief.client.cookies.set("__Host-ww", kept, domain="watchword.example", path="/")
    assert thief.look("/me").status_code == 200
    assert thief.send("/sign-out", {"csrf": "0" * 64}).status_code == 403
    window.look("/me")
    window.submit("/sign-out")
    assert window.page.status_code == 200
    assert thief.look("/me").status_code == 303


def test_a_stale_session_does_not_keep_anybody_from_signing_in(
    sqlite_desk: Desk, window: Window, browser: Browser, clock: Clock
) -> None:
    device = with_passkey(sqlite_desk, somebody(sqlite_desk), browser)
    window.look("/sign-in")
    window.use(device, "/sign-in/passkey")
    clock.turn(hours=25)
    assert window.look("/me").headers["location"] == "/sign-in?next=%2Fme"
    window.follow()
    window.use(device, "/sign-in/passkey")
    assert window.page.headers["location"] == "/me"
    assert window.look("/me").status_code == 200


def test_guessing_is_held_up_and_says_for_how_long(window: Window) -> None:
    window.look("/sign-in")
    window.submit("/sign-in", user_name="ada")
    for _ in range(12):
        window.submit("/sign-in/password", password="guess")
        if window.page.status_code == 429:
            break
    assert window.page.status_code == 429
    assert re.search(r"Wait \d+ (seconds|minutes)", window.words)
    assert int(window.page.headers["retry-after"]) >= 1


def test_nobody_is_sent_elsewhere_after_signing_in(
    sqlite_desk: Desk, window: Window, browser: Browser
) -> None:
    device = with_passkey(sqlite_desk, somebody(sqlite_desk), browser)
    for target in ("//evil.example", "https://evil.example", "/\\evil.example", "/%2f/evil.example"):
        window.client.cookies.clear()
        window.look(f"/sign-in?next={target}")
        window.use(device, "/sign-in/passkey", next=target)
        assert window.page.headers["location"] == "/"
        window.look(f"/prove-again?next={target}")
        window.use(device, "/prove-again/passkey", next=target)
        assert window.page.headers["location"] == "/"
        assert window.look(f"/sign-in?next={target}").headers["location"] == "/"


def test_beginning_again_gives_up_what_was_under_way(
    sqlite_desk: Desk, window: Window, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    who = somebody(sqlite_desk, user_name="ada", directory="local")
    with_password(sqlite_desk, who, browser, monkeypatch)
    with_app(sqlite_desk, who, browser)
    at_the_code(window)
    assert "__Host-ww-step" in window.client.cookies
    window.look("/sign-in")
    assert "__Host-ww-step" not in window.client.cookies
