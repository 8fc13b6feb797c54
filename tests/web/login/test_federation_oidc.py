"""Signing in with a real OpenID provider, over HTTP; and what an answer of another browser, or a word twice, is worth."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.collect.directories.providers import OidcServer
from tests.web.login.conftest import ORIGIN, Browser, in_directory, somebody, with_passkey
from tests.web.login.window import Clock, Window, plane_of
from watchword.collect.directories.oidc import OidcProvider
from watchword.model.people import DirectoryState
from watchword.store.state import directory_records
from watchword.store.state.people import DIRECTORIES
from watchword.store.state.transition import Act, Move, transition
from watchword.web.login.desk import Desk

KEY = RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"})
BACK = f"{ORIGIN}/sign-in/oidc/callback"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OidcServer]:
    folder = tmp_path_factory.mktemp("oidc")
    said = f"{ORIGIN}/sign-in/oidc/back-channel"
    with OidcServer.started(
        folder, redirect_uris=[BACK], signing_key=KEY, backchannel_logout_uri=said
    ) as started:
        yield started


def table(provider: OidcServer, **more: Any) -> dict[str, Any]:
    """The settings of the provider's directory."""
    os.environ["WATCHWORD_TEST_CLIENT_SECRET"] = provider.client_secret
    return {
        "kind": "oidc",
        "display": "Company login",
        "issuer": provider.issuer,
        "client_id": provider.client_id,
        "client_secret_env": "WATCHWORD_TEST_CLIENT_SECRET",
        "allow_plain": True,
        "assurance": {"urn:abc:strong": 2},
        **more,
    }


@dataclass
class Place:
    """A process with the provider, and what stands behind it."""

    desk: Desk
    provider: OidcServer
    folder: Path
    clock: Clock
    log: list[Any]

    def window(self, **more: Any) -> Window:
        directories = {"idp": table(self.provider, **more)}
        plane = plane_of(
            self.desk.database, self.folder, self.clock, directories=directories, told=self.log.append
        )
        return Window.on(plane)


@pytest.fixture
def place(sqlite_desk: Desk, provider: OidcServer, tmp_path: Path) -> Place:
    # The provider's tokens are of the real time.
    return Place(sqlite_desk, provider, tmp_path, Clock(datetime.now(UTC)), [])


def away(window: Window, target: str = "/me") -> str:
    """Press the button; the address to which the browser is sent."""
    window.look(f"/sign-in?next={target}")
    window.submit("/sign-in/oidc/idp")
    assert window.page.status_code == 200, window.words
    found = re.search(r'<meta http-equiv="refresh" content="0;url=([^"]+)">', window.page.text)
    assert found is not None
    return unescape(found[1])


def come_back(window: Window, told: dict[str, str]) -> None:
    """The browser comes back from another site."""
    window.look(f"/sign-in/oidc/callback?{urlencode(told)}", **{"sec-fetch-site": "cross-site"})


def linked(place: Place, name: str) -> Any:
    """Somebody whose account at the provider is linked."""
    who = somebody(place.desk, f"p-{name}")
    in_directory(place.desk, who, name, "idp", subject=name)
    return who


def test_a_strong_word_signs_in_whoever_it_is_linked_to(place: Place) -> None:
    who = linked(place, "alice")
    window = place.window()
    come_back(window, place.provider.sign_in(away(window)))
    assert (window.page.status_code, window.page.headers["location"]) == (303, "/me")
    window.follow()
    assert who.display_name in window.words
    assert "fed, mfa" in window.words


def test_a_weak_word_is_followed_by_ones_own_factor(place: Place) -> None:
    who = linked(place, "bob")
    device = with_passkey(place.desk, who, Browser(at=place.clock()))
    window = place.window()
    come_back(window, place.provider.sign_in(away(window), "bob"))
    assert window.page.headers["location"] == "/sign-in/second?next=%2Fme"
    assert not window.session
    window.follow()
    window.use(device, "/sign-in/passkey")
    assert window.page.headers["location"] == "/me"
    assert "fed, hwk, user, mfa" in window.follow().text


def test_a_weak_word_does_not_do_with_the_passkey_of_somebody_else(place: Place) -> None:
    linked(place, "bob")
    with_passkey(place.desk, somebody(place.desk, "p-x"), Browser(at=place.clock()))
    window = place.window()
    come_back(window, place.provider.sign_in(away(window), "bob"))
    assert window.page.status_code == 401
    assert not window.session


def test_whom_nobody_knows_is_refused_like_everybody(place: Place) -> None:
    window = place.window()
    come_back(window, place.provider.sign_in(away(window)))
    assert window.page.status_code == 401
    assert "That did not work" in window.words
    assert not window.session


def test_a_directory_that_admits_makes_a_person_of_whom_nobody_knows(place: Place) -> None:
    window = place.window(admit=True)
    come_back(window, place.provider.sign_in(away(window)))
    assert window.page.headers["location"] == "/me"
    window.follow()
    assert "Alice Ångström" in window.words
    again = window.another()
    come_back(again, place.provider.sign_in(away(again)))
    assert again.page.headers["location"] == "/me"


def test_nobody_is_linked_by_their_mail_address(place: Place) -> None:
    who = somebody(place.desk, "p-alice")
    in_directory(place.desk, who, "alice@abc.example", "corp", subject="alice@abc.example")
    window = place.window()
    come_back(window, place.provider.sign_in(away(window)))
    assert window.page.status_code == 401


def test_an_answer_of_another_browser_leads_nowhere(place: Place) -> None:
    linked(place, "alice")
    window = place.window()
    told = place.provider.sign_in(away(window))
    victim = window.another()
    victim.look("/sign-in")
    come_back(victim, told)
    assert victim.page.status_code == 401
    assert not victim.session
    # It is not spent by the wrong browser either.
    come_back(window, told)
    assert window.session


def test_an_answer_is_taken_once(place: Place) -> None:
    linked(place, "alice")
    window = place.window()
    told = place.provider.sign_in(away(window))
    come_back(window, told)
    assert window.session
    again = window.another()
    again.client.cookies.update(window.client.cookies)
    again.client.cookies.delete("__Host-ww")
    come_back(again, told)
    assert again.page.status_code == 401
    assert not again.session


def test_an_answer_comes_too_late(place: Place) -> None:
    linked(place, "alice")
    window = place.window()
    told = place.provider.sign_in(away(window))
    place.clock.turn(minutes=11)
    come_back(window, told)
    assert window.page.status_code == 401


@pytest.mark.parametrize("fault", ["iss", "code", "state", "twice", "error"])
def test_an_answer_that_is_not_whole_is_refused(place: Place, fault: str) -> None:
    linked(place, "alice")
    window = place.window()
    told = place.provider.sign_in(away(window))
    query = urlencode({k: v for k, v in told.items() if fault == "error" or k != fault})
    query += {"twice": f"&code={told['code']}", "error": "&error=access_denied"}.get(fault, "")
    window.look(f"/sign-in/oidc/callback?{query}")
    assert window.page.status_code == 401
    assert not window.session


def test_a_provider_that_is_down_is_told_as_such(place: Place) -> None:
    window = place.window(issuer="http://127.0.0.1:9")
    window.look("/sign-in")
    window.submit("/sign-in/oidc/idp")
    assert window.page.status_code == 503
    assert "does not answer" in window.words
    assert [one["kind"] for one in place.log if one["event"] == "directory"] == ["DirectoryUnreachable"]


def test_there_is_no_way_to_a_directory_that_is_not_there(place: Place) -> None:
    window = place.window()
    window.look("/sign-in")
    fields = window.form("/sign-in/oidc/idp").fields
    assert window.send("/sign-in/oidc/other", fields).status_code == 404
    assert window.send("/sign-in/oidc/idp", fields | {"csrf": "x"}).status_code == 403


def test_neither_nonce_nor_verifier_stand_in_the_database_or_follow_from_the_address(place: Place) -> None:
    from sqlalchemy import text

    from watchword.web.login.federation_oidc import derived

    window = place.window()
    url = away(window)
    state = dict(part.split("=", 1) for part in url.partition("?")[2].split("&"))["state"]
    cookie = window.client.cookies["__Host-ww-flow"]
    with place.desk.database.reading() as connection:
        kept = str(connection.execute(text("select * from flows")).all())
    for secret in (state, cookie, derived(cookie, state, "verifier"), derived(cookie, state, "nonce")):
        assert secret not in kept
    assert derived(cookie, state, "verifier") not in url
    assert derived("another", state, "verifier") != derived(cookie, state, "verifier")


LOGOUT = "http://schemas.openid.net/event/backchannel-logout"


def logout_token(place: Place, *, key: RSAKey = KEY, **claims: Any) -> str:
    """A logout token as the provider signs one (OpenID Connect Back-Channel Logout 1.0 section 2.4)."""
    now = int(place.clock().timestamp())
    told = {
        "iss": place.provider.issuer,
        "aud": place.provider.client_id,
        "iat": now,
        "exp": now + 120,
        "jti": "token-1",
        "events": {LOGOUT: {}},
        **claims,
    }
    given = {name: value for name, value in told.items() if value is not None}
    return jwt.encode({"alg": "RS256", "typ": "logout+jwt", "kid": "first"}, given, key)


def say(window: Window, token: str) -> int:
    """The provider says it: a program, without cookies, from elsewhere."""
    posted = window.another("203.0.113.5").client.post(
        "/sign-in/oidc/back-channel", data={"logout_token": token}
    )
    return posted.status_code


def test_a_word_of_the_provider_that_somebody_has_signed_out_ends_their_sessions_from_there(
    place: Place,
) -> None:
    who = linked(place, "alice")
    window = place.window()
    come_back(window, place.provider.sign_in(away(window)))
    assert window.look("/me").status_code == 200
    own = window.another()
    device = with_passkey(place.desk, who, Browser(at=place.clock()))
    own.look("/sign-in")
    own.use(device, "/sign-in/passkey")
    assert say(window, logout_token(place, sub="alice")) == 200
    assert window.look("/me").status_code == 303
    assert own.look("/me").status_code == 200
    assert say(window, logout_token(place, sub="alice")) == 400


def test_the_providers_own_name_of_a_session_is_enough(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    linked(place, "alice")
    heard: list[str] = []
    finish = OidcProvider.finish

    def listening(*given: Any, **told: Any) -> Any:
        found = finish(*given, **told)
        heard.append(found.session)
        return found

    monkeypatch.setattr(OidcProvider, "finish", listening)
    window = place.window()
    come_back(window, place.provider.sign_in(away(window)))
    assert heard[0]
    assert say(window, logout_token(place, sid="another")) == 200
    assert window.look("/me").status_code == 200
    assert say(window, logout_token(place, sid=heard[0], jti="token-2")) == 200
    assert window.look("/me").status_code == 303


def test_a_logout_token_that_is_not_the_providers_ends_nothing(place: Place) -> None:
    linked(place, "alice")
    window = place.window()
    come_back(window, place.provider.sign_in(away(window)))
    other = RSAKey.generate_key(2048, {"kid": "first", "use": "sig", "alg": "RS256"})
    for token in (
        logout_token(place, sub="alice", key=other),
        logout_token(place, sub="alice", iss="https://other.example"),
        logout_token(place, sub="alice", aud="another"),
        logout_token(place, sub="alice", nonce="x"),
        logout_token(place, sub="alice", events={}),
        logout_token(place, sub="alice", exp=1),
        logout_token(place, sub="alice", jti=None),
        logout_token(place),
        "",
        "x.y.z",
        "a" * 70_000,
    ):
        assert say(window, token) == 400
    assert window.look("/me").status_code == 200


def test_nobody_signs_in_with_a_directory_that_is_disabled(place: Place) -> None:
    linked(place, "alice")
    window = place.window()
    told = place.provider.sign_in(away(window))
    with place.desk.database.writing() as connection:
        row = directory_records.require(connection, "idp")
        act = Act("p-admin", place.clock(), why="test")
        transition(connection, Move(DIRECTORIES, row.id, row.version, DirectoryState.DISABLED), act)
    come_back(window, told)
    assert window.page.status_code == 404
    assert not window.session
    window.look("/sign-in")
    assert window.send("/sign-in/oidc/idp", window.form("/sign-in/oidc/idp").fields).status_code == 404
