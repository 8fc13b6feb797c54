"""One's own account over HTTP: factors, sessions, tokens; and what is nobody else's business."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.web.login.authenticator import Authenticator
from tests.web.login.conftest import App, Browser, somebody, with_passkey
from tests.web.login.window import Clock, Window, plane_of
from watchword.model.people import Principal
from watchword.web.login.desk import Desk


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def plane_window(sqlite_desk: Desk, tmp_path: Path, clock: Clock) -> Window:
    return Window.on(plane_of(sqlite_desk.database, tmp_path, clock))


def came(window: Window, desk: Desk, name: str, *, who: Principal | None = None) -> Authenticator:
    """Somebody comes, who has a passkey, and signs in."""
    device = with_passkey(desk, who or somebody(desk, name), Browser())
    window.look("/sign-in")
    window.use(device, "/sign-in/passkey")
    assert window.session
    return device


def ids(window: Window, pattern: str) -> list[str]:
    return re.findall(pattern, window.look("/me").text)


FACTOR = r'action="/me/factors/([^/"]+)/remove"'
NAMED = r'action="/me/factors/([^/"]+)/rename"'
SESSION = r'action="/me/sessions/([0-9a-f]{64})/end"'
TOKEN = r'action="/me/tokens/([^/"]+)/revoke"'


def test_a_factor_is_set_up_named_and_removed_and_the_last_one_stays(
    sqlite_desk: Desk, plane_window: Window
) -> None:
    window = plane_window
    came(window, sqlite_desk, "p-1")
    assert ids(window, FACTOR) == []
    window.look("/me/passkey")
    window.use(Authenticator(), "/me/passkey", "create", name="Blue key")
    assert window.page.headers["location"] == "/me?done=factor-added"
    assert "Blue key" in window.look("/me").text
    second = ids(window, FACTOR)[1]
    window.send(
        f"/me/factors/{second}/rename",
        window.form(f"/me/factors/{second}/rename").fields | {"name": "<b>Green"},
    )
    assert "&lt;b&gt;Green" in window.look("/me").text
    window.submit(f"/me/factors/{second}/remove")
    assert window.page.headers["location"] == "/me?done=factor-removed"
    (only,) = ids(window, NAMED)
    window.send(f"/me/factors/{only}/remove", {"csrf": window.form("/me/tokens").fields["csrf"]})
    assert window.page.status_code == 403
    assert "your last factor" in window.words


def test_what_changes_factors_or_makes_tokens_asks_for_a_fresh_proof(
    sqlite_desk: Desk, plane_window: Window, clock: Clock
) -> None:
    window = plane_window
    device = came(window, sqlite_desk, "p-1")
    clock.turn(minutes=16)
    window.look("/me")
    fields = window.form("/me/tokens").fields | {"display": "x", "scope": "read", "days": "7"}
    (factor,) = ids(window, NAMED)
    for path, target in (
        ("/me/passkey", "%2Fme%2Fpasskey"),
        ("/me/totp", "%2Fme%2Ftotp"),
        ("/me/tokens", "%2Fme"),
        (f"/me/factors/{factor}/remove", "%2Fme"),
    ):
        window.send(path, fields)
        assert window.page.headers["location"] == f"/prove-again?next={target}", path
    window.look("/me/passkey")
    assert window.page.headers["location"] == "/prove-again?next=%2Fme%2Fpasskey"
    window.follow()
    window.use(device, "/prove-again/passkey")
    assert window.page.headers["location"] == "/me/passkey"
    assert window.follow().status_code == 200


def test_a_token_is_shown_once_works_and_is_revoked(sqlite_desk: Desk, plane_window: Window) -> None:
    window = plane_window
    came(window, sqlite_desk, "p-1")
    window.look("/me")
    window.submit("/me/tokens", display="Nightly", scope="write", days="30")
    found = re.search(r"ww_[A-Za-z0-9_-]{49}", window.page.text)
    assert found is not None
    program = window.another().client
    bearer = {"authorization": f"Bearer {found[0]}", "accept": "application/json"}
    assert program.get("/api/v1/me", headers=bearer).status_code == 200
    assert found[0] not in window.look("/me").text
    (token,) = ids(window, TOKEN)
    window.submit(f"/me/tokens/{token}/revoke")
    assert program.get("/api/v1/me", headers=bearer).status_code == 401


@pytest.mark.parametrize(
    "fields", [{"scope": "admin"}, {"scope": "scim:corp"}, {"days": "3650"}, {"display": ""}, {"days": "x"}]
)
def test_a_token_is_only_what_the_page_offers(
    sqlite_desk: Desk, plane_window: Window, fields: dict[str, str]
) -> None:
    window = plane_window
    came(window, sqlite_desk, "p-1")
    window.look("/me")
    window.submit("/me/tokens", **{"display": "x", "scope": "read", "days": "7", **fields})
    assert window.page.status_code in {400, 422}
    assert ids(window, TOKEN) == []


def test_sessions_are_seen_and_ended(sqlite_desk: Desk, plane_window: Window) -> None:
    window = plane_window
    who = somebody(sqlite_desk, "p-1")
    came(window, sqlite_desk, "p-1", who=who)
    other, third = window.another("198.51.100.1"), window.another("198.51.100.2")
    came(other, sqlite_desk, "p-1", who=who)
    came(third, sqlite_desk, "p-1", who=who)
    assert len(ids(window, SESSION)) == 3
    assert "198.51.100.1" in window.words
    mine = ids(other, SESSION)
    this = re.search(r"this session.*?/me/sessions/([0-9a-f]{64})/end", other.page.text, re.DOTALL)
    assert this is not None
    assert this[1] in mine
    window.look("/me")
    window.submit(f"/me/sessions/{this[1]}/end")
    assert other.look("/me").status_code == 303
    assert third.look("/me").status_code == 200
    window.look("/me")
    window.submit("/me/sessions/end-others")
    assert third.look("/me").status_code == 303
    assert len(ids(window, SESSION)) == 1


def test_nobody_touches_what_is_somebody_elses(sqlite_desk: Desk, plane_window: Window) -> None:
    ada, eve = plane_window, plane_window.another()
    came(ada, sqlite_desk, "p-ada")
    came(eve, sqlite_desk, "p-eve")
    ada.look("/me")
    ada.submit("/me/tokens", display="Ada's", scope="read", days="7")
    (factor,), (session,), (token,) = ids(ada, NAMED), ids(ada, SESSION), ids(ada, TOKEN)
    eve.look("/me")
    fields = {"csrf": eve.form("/me/tokens").fields["csrf"], "name": "Eve's"}
    assert eve.send(f"/me/factors/{factor}/remove", fields).status_code == 404
    assert eve.send(f"/me/factors/{factor}/rename", fields).status_code == 404
    assert eve.send(f"/me/tokens/{token}/revoke", fields).status_code == 404
    eve.send(f"/me/sessions/{session}/end", fields)
    assert "Eve" not in ada.look("/me").text
    assert (ids(ada, NAMED), ids(ada, SESSION), ids(ada, TOKEN)) == ([factor], [session], [token])


def test_a_factor_that_somebody_has_begun_in_the_same_browser_is_not_taken_over(
    sqlite_desk: Desk, plane_window: Window
) -> None:
    window = plane_window
    came(window, sqlite_desk, "p-ada")
    window.look("/me/passkey")
    form = window.form("/me/passkey")
    begun_in = window.client.cookies["__Host-ww-flow"]
    window.look("/me")
    window.submit("/sign-out")
    eve = window.another()
    came(eve, sqlite_desk, "p-eve")
    eve.look("/me")
    eve.client.cookies.set("__Host-ww-flow", begun_in, domain="watchword.example", path="/")
    answer = Authenticator().create(form.options, "https://watchword.example")
    sent = form.fields | {"credential": answer, "name": "x", "csrf": eve.form("/me/tokens").fields["csrf"]}
    assert eve.send("/me/passkey", sent).status_code == 401
    assert len(ids(eve, NAMED)) == 1


def test_a_password_is_chosen_and_signs_in_with_an_app(
    sqlite_desk: Desk, tmp_path: Path, clock: Clock
) -> None:
    window = Window.on(plane_of(sqlite_desk.database, tmp_path, clock, settings={"passwords": True}))
    who = somebody(sqlite_desk, "p-1", user_name="ada", directory="local")
    came(window, sqlite_desk, "p-1", who=who)
    window.look("/me/totp")
    app = App(window.form("/me/totp").fields["seed"].replace(" ", ""))
    window.submit("/me/totp", code=app.code(clock.at))
    window.look("/me/password")
    window.submit("/me/password", password="password")
    assert window.page.status_code == 422
    assert "That did not work" in window.words
    window.submit("/me/password", password="violet teapot marches")
    assert window.page.headers["location"] == "/me?done=password-kept"
    other = window.another()
    clock.turn(minutes=1)
    other.look("/sign-in")
    other.submit("/sign-in", user_name="ADA")
    other.submit("/sign-in/password", password="violet teapot marches")
    assert other.page.headers["location"] == "/sign-in/second"
    other.follow()
    other.submit("/sign-in/totp", code=app.code(clock.at))
    assert other.page.headers["location"] == "/"


def test_there_is_no_password_where_the_company_has_none(sqlite_desk: Desk, plane_window: Window) -> None:
    came(plane_window, sqlite_desk, "p-1")
    assert plane_window.look("/me/password").status_code == 404
