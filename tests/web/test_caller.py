"""Who asks: the steps of finding it out, and that each can only refuse."""

from __future__ import annotations

import pytest

from tests.web.house import House
from watchword.model.people import PrincipalId
from watchword.model.roles import AssignmentStatus
from watchword.store.state import role_reader
from watchword.store.state.roles import ASSIGNMENTS
from watchword.store.state.transition import Act, Move, transition


def who(home: House, **headers: str) -> str:
    """The id of whoever the process takes a request to be from; empty: nobody."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = home.stranger().get("/api/v1/me", headers=sent)
    return answer.json()["id"] if answer.status_code == 200 else ""


def test_a_session_is_its_owners(home: House) -> None:
    cookie, _ = home.session("user")
    assert who(home, cookie=f"__Host-ww={cookie}") == "user"
    assert who(home, cookie=f"other=x; __Host-ww={cookie}; more=y") == "user"


@pytest.mark.parametrize(
    "spoiled",
    [
        "__Host-ww={}x",
        "__Host-ww=",
        "__Host-WW={}",
        "ww={}",
        '__Host-ww="{}"',
        "__Host-ww={};__Host-ww={}",
        "__Host-ww=\x00{}",
    ],
)
def test_a_cookie_that_is_not_exactly_it_is_nobodys(home: House, spoiled: str) -> None:
    cookie, _ = home.session("user")
    assert who(home, cookie=spoiled.format(cookie, cookie)) == ""


@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER  {}"])
def test_a_token_is_its_owners(home: House, form: str) -> None:
    token = home.program("user", "write").headers["authorization"].removeprefix("Bearer ")
    assert who(home, authorization=form.format(token)) == "user"


@pytest.mark.parametrize(
    "form", ["Token {}", "Bearer {}x", "Bearer", "Bearer {} {}", "{}", "Basic {}", "Bearer\t{}"]
)
def test_another_form_of_a_token_is_nobodys(home: House, form: str) -> None:
    token = home.program("user", "write").headers["authorization"].removeprefix("Bearer ")
    assert who(home, authorization=form.format(token, token)) == ""


def test_two_tokens_are_nobodys(home: House) -> None:
    token = home.program("user", "write").headers["authorization"]
    sent = [("authorization", token), ("authorization", token)]
    assert home.http.get("/api/v1/me", headers=sent).status_code == 401


def test_with_a_token_the_cookie_is_not_looked_at(home: House) -> None:
    cookie, _ = home.session("administrator")
    assert who(home, cookie=f"__Host-ww={cookie}", authorization="Bearer ww_none") == ""


def test_a_session_ends_by_time_by_idleness_and_with_its_owner(home: House) -> None:
    cookie = f"__Host-ww={home.session('user')[0]}"
    home.clock.wait(minutes=59)
    assert who(home, cookie=cookie) == "user"
    home.clock.wait(minutes=61)
    assert who(home, cookie=cookie) == ""
    home.clock.wait(minutes=-61)
    assert who(home, cookie=cookie) == "", "what is over stays over, whatever the clock says"


def test_roles_are_those_of_this_moment(home: House) -> None:
    auditor = home.browser("auditor")
    assert auditor.get("/api/v1/people").status_code == 200
    with home.plane.database.writing() as connection:
        given = role_reader.of_principal(connection, PrincipalId("auditor"))[0]
        move = Move(ASSIGNMENTS, given.id, given.version, AssignmentStatus.ENDED, {"ended": home.clock()})
        transition(connection, move, Act("test", home.clock()))
    assert auditor.get("/api/v1/people").status_code == 403


def test_what_the_browser_calls_itself_is_bounded_and_plain(home: House) -> None:
    home.stranger().get("/api/v1/me", headers={"user-agent": "a" * 5_000 + "\x1b[31m"})
    cookie, _ = home.session("user")
    listed = home.with_cookie(cookie).get("/api/v1/sessions").json()["items"]
    assert len(listed[0]["agent"]) <= 400
