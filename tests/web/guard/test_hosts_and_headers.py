"""The name under which we answer, and the headers of every answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.web.house import ORIGIN, Client, House
from watchword.web.guard.hosts import is_ours

NAMES = [
    ("watchword.example", True),
    ("WATCHWORD.example", True),
    ("watchword.example:443", True),
    ("watchword.example:80", False),
    ("watchword.example:8443", False),
    ("watchword.example.", False),
    ("evil.example", False),
    ("watchword.example.evil.example", False),
    ("evil.example@watchword.example", False),
    ("watchword.example@evil.example", False),
    ("watchword.example/path", False),
    ("watchword.example?x", False),
    ("watchword.example, evil.example", False),
    ("watchword.example:99999999", False),
    ("127.0.0.1", False),
    ("[::1]", False),
    ("[", False),
    ("", False),
]


@pytest.mark.parametrize(("host", "ours"), NAMES)
def test_a_name_is_ours_or_is_not(host: str, ours: bool) -> None:
    assert is_ours(host, ORIGIN) is ours


@given(st.text(max_size=60))
def test_no_name_is_too_strange_to_be_judged(host: str) -> None:
    assert is_ours(host, ORIGIN) in {True, False}


def test_a_development_server_has_its_port_in_its_name() -> None:
    assert is_ours("localhost:8440", "http://localhost:8440")
    assert not is_ours("localhost", "http://localhost:8440")
    assert is_ours("localhost:80", "http://localhost")


def test_another_name_is_misdirected_on_every_kind_of_path(home: House) -> None:
    for path in ("/", "/api/v1/me", "/sign-in", "/static/x", "/scim/v2/Users"):
        answer = home.stranger().get(path, headers={"host": "evil.example"})
        assert answer.status_code == 421
        assert "evil" not in answer.text


def test_probes_go_by_address_from_this_machine_only(home: House) -> None:
    assert home.stranger().get("/healthz", headers={"host": "10.0.0.1:8440"}).status_code == 200
    through = {"host": "10.0.0.1:8440", "x-forwarded-for": "203.0.113.7"}
    assert home.stranger().get("/healthz", headers=through).status_code == 421
    assert home.stranger().get("/api/v1/me", headers={"host": "10.0.0.1:8440"}).status_code == 421


PATHS = [
    "/",
    "/sign-in",
    "/findings",
    "/nothing-here",
    "/api/v1/me",
    "/api/v1/nothing",
    "/healthz",
    "/scim/v2/Users",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_every_answer_has_the_same_headers(home: House, path: str, method: str) -> None:
    for who in (home.browser("administrator"), home.stranger()):
        found = who.ask(method, path).headers
        csp = found["content-security-policy"]
        assert "default-src 'none'" in csp
        assert "frame-ancestors 'none'" in csp
        assert "unsafe" not in csp
        assert found["x-content-type-options"] == "nosniff"
        assert found["x-frame-options"] == "DENY"
        assert found["cache-control"] == "no-store"
        assert found["strict-transport-security"].startswith("max-age=63072000")
        assert found["referrer-policy"] == "same-origin"
        assert "publickey-credentials-get=(self)" in found["permissions-policy"]
        assert len(found["x-request-id"]) == 24
        assert "server" not in found
        assert [name for name in found if found.get_list(name)[1:]] == []


def test_pages_with_a_one_time_token_tell_nobody_where_one_comes_from(home: House) -> None:
    answer = home.stranger().get("/enrol?token=x")
    assert answer.headers["referrer-policy"] == "no-referrer"


def test_files_that_are_named_by_their_content_are_kept(home: House) -> None:
    page = home.stranger().get("/sign-in").text
    name = page.partition('href="/static/')[2].partition('"')[0]
    answer = home.stranger().get(f"/static/{name}")
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_an_unforeseen_error_tells_the_log_where_and_whoever_asked_only_its_id(own_home: House) -> None:
    @own_home.app.get("/api/v1/broken")
    def broken() -> None:
        raise RuntimeError("secret-of-the-inside")

    answer = Client(own_home.http).get("/api/v1/broken")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert "secret" not in answer.text
    line = next(one for one in own_home.told if one["event"] == "error")
    assert line["kind"] == "RuntimeError"
    assert line["request"] == answer.headers["x-request-id"]
    assert "secret" not in str(line)
    assert any("broken" in place for place in line["at"])


def test_a_database_that_does_not_answer_is_a_503_with_a_time_to_try_again(own_home: House) -> None:
    browser = own_home.browser("administrator")
    own_home.plane.database.address.file.rename(own_home.plane.folder / "elsewhere")  # type: ignore[union-attr]
    own_home.plane.database.close()
    for path in ("/api/v1/me", "/findings", "/readyz"):
        answer = browser.get(path)
        assert answer.status_code in {500, 503}, path
        assert "sqlite" not in answer.text.lower()
    assert browser.get("/healthz").status_code == 200


def test_forms_lead_to_ourselves_only(own_home: House) -> None:
    for path in ("/sign-in", "/enrol?token=x", "/"):
        told = Client(own_home.http).get(path).headers["content-security-policy"]
        assert "; form-action 'self';" in told, path
