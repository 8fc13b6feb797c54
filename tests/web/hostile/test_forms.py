"""Every route that changes something, asked from another site; every answer, framed, sniffed, kept and shared by others."""

from __future__ import annotations

import re

import pytest

from tests.web.hostile.wire import HOST, SAME, Answer, Wire, signed_in, state_of, window, with_cookie
from watchword.web.authorise import declared
from watchword.web.guard.same_site import EXEMPT

SAFE = {"GET", "HEAD", "OPTIONS"}
UNSEEN = ("throttles", "sign_ins", "flows")
"""Tables of what is under way: attempts are counted whether they are let in or not."""

OF_A_FLOW = {"/sign-in/saml/finish"}
"""Forms that carry a value of their flow and no token: without it nobody is refused by the guard, and nothing is done."""


def routes(wire: Wire, *, changing: bool) -> list[tuple[str, str]]:
    """Methods and addresses of the application; ids are those of somebody who is there."""
    ids = {"identifier": "user", "assignment": "g-approver", "sequence": "1"}
    found = [
        (method, re.sub(r"\{(\w+)\}", lambda one: ids.get(one[1], "1"), one.path))
        for one in declared(wire.home.app.routes)
        for method in one.methods
        if (method not in SAFE) is changing
    ]
    return sorted(set(found))


def is_exempt(path: str) -> bool:
    return path.startswith(tuple(one.rstrip("/") for one in EXEMPT))


FORGED = {
    "from another site": ({"origin": "https://evil.example", "sec-fetch-site": "cross-site"}, True),
    "from a site beside ours": (
        {"origin": "https://a.watchword.example", "sec-fetch-site": "same-site"},
        True,
    ),
    "from a frame without origin": ({"origin": "null", "sec-fetch-site": "cross-site"}, True),
    "from a browser that says nothing": ({}, True),
    "from a page of ours without token": (SAME, False),
}


@pytest.mark.parametrize("case", sorted(FORGED))
def test_no_change_comes_from_anywhere_but_our_own_pages(wire: Wire, case: str) -> None:
    headers, with_token = FORGED[case]
    mine = signed_in(wire.home, "administrator")
    forged = {"cookie": mine["cookie"], **headers} | (
        {"x-csrf-token": mine["x-csrf-token"]} if with_token else {}
    )
    before = state_of(wire, *UNSEEN)
    asked = [one for one in routes(wire, changing=True) if not is_exempt(one[1])]
    assert len(asked) > 50
    for method, path in asked:
        answer = wire.ask(method, path, forged)
        assert answer.status == (401 if path in OF_A_FLOW and not with_token else 403), (method, path)
    assert state_of(wire, *UNSEEN) == before


def test_the_token_of_one_session_opens_no_other(wire: Wire) -> None:
    mine, other = signed_in(wire.home, "administrator"), signed_in(wire.home, "user")
    before = state_of(wire, *UNSEEN)
    for method, path in routes(wire, changing=True):
        if not is_exempt(path) and path not in OF_A_FLOW:
            answer = wire.ask(method, path, mine | {"x-csrf-token": other["x-csrf-token"]})
            assert answer.status == 403, (method, path, answer.status)
    assert state_of(wire, *UNSEEN) == before


def test_addresses_for_others_sites_change_nothing_without_a_proof_of_their_own(wire: Wire) -> None:
    mine = {"cookie": signed_in(wire.home, "administrator")["cookie"], "sec-fetch-site": "cross-site"}
    before = state_of(wire, *UNSEEN)
    asked = [one for one in routes(wire, changing=True) if is_exempt(one[1])]
    assert len({path for _, path in asked}) >= 15
    for method, path in asked:
        assert wire.ask(method, path, mine).status in {400, 401, 403, 404, 405, 422, 501}, (method, path)
    assert state_of(wire, *UNSEEN) == before


def test_reading_changes_nothing(wire: Wire) -> None:
    mine = signed_in(wire.home, "administrator")
    before = state_of(wire, *UNSEEN)
    for _, path in routes(wire, changing=False):
        # An app's seed is kept when it is shown; it counts for nothing until a code of it was right.
        if path != "/me/totp":
            assert wire.get(path, {**mine, "accept": "text/html"}).status < 500, path
    assert state_of(wire, *UNSEEN) == before


def test_nobody_is_signed_in_by_a_form_of_another_browser(wire: Wire) -> None:
    attacker, victim = window(wire), window(wire)
    attacker.look("/sign-in")
    fields = attacker.form("/sign-in").fields
    victim.look("/sign-in")
    victim.send("/sign-in/password", fields | {"user_name": "a", "password": "b"})
    assert victim.page.status_code == 403
    stranger = window(wire)
    assert stranger.send("/sign-in/password", fields).status_code == 403


HEADERS = {
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
}


def test_every_answer_forbids_frames_sniffing_scripts_of_others_and_being_kept(wire: Wire) -> None:
    people = [signed_in(wire.home, "administrator"), signed_in(wire.home, "guest"), {}]
    for method, path in [*routes(wire, changing=False), *routes(wire, changing=True), ("GET", "/nothing")]:
        for who in people:
            _has_all(wire.ask(method, path, {**who, "accept": "text/html"}), path)


def _has_all(answer: Answer, path: str) -> None:
    for name, value in HEADERS.items():
        assert answer.all(name) == [value], (path, name)
    assert answer.all("referrer-policy") in (["same-origin"], ["no-referrer"]), path
    policies = answer.all("content-security-policy")
    assert len(policies) == 1
    for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "script-src 'self';"):
        assert part in policies[0], path
    assert "unsafe" not in policies[0]
    assert len(answer.all("x-request-id")) == 1
    assert not any(name.startswith("access-control-") or name == "server" for name, _ in answer.headers)
    if not (path.startswith("/static/") and answer.status == 200):
        assert answer.all("cache-control") == ["no-store"], path


POISON = {
    "x-forwarded-host": "evil.example",
    "x-host": "evil.example",
    "x-forwarded-server": "evil.example",
    "x-forwarded-scheme": "evil",
    "x-original-url": "/evil",
    "x-forwarded-prefix": "/evil",
    "accept-language": "evil",
    "user-agent": "evil",
    "referer": "https://evil.example/",
    "origin": "https://evil.example",
}


def test_what_others_may_keep_is_the_same_whoever_asks_and_however(wire: Wire) -> None:
    page = wire.get("/sign-in").text
    files = sorted(set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page)))
    assert files
    for path in files:
        plain, poisoned = (
            wire.get(path),
            wire.get(path, POISON | signed_in(wire.home, "user", origin="https://evil.example")),
        )
        assert plain.status == 200
        assert "public" in plain.get("cache-control") or "max-age" in plain.get("cache-control")
        assert (plain.body, plain.get("cache-control")) == (poisoned.body, poisoned.get("cache-control"))
        assert not plain.all("set-cookie")
        assert not poisoned.all("set-cookie")
    for path in ("/sign-in", "/findings", "/enrol?token=x", "/nothing", "/api/v1/openapi.json", "/api/v1/me"):
        answer = wire.get(path, POISON)
        assert "evil" not in answer.text
        assert "evil" not in answer.get("location")


def test_two_session_cookies_are_nobodys(wire: Wire) -> None:
    mine, planted = (signed_in(wire.home, one)["cookie"] for one in ("user", "administrator"))
    for cookie in (
        f"{mine}; {planted}",
        f"{planted}; {mine}",
        f"{mine}; {mine}",
        f"a=b; {mine}; {planted}; c=d",
    ):
        assert wire.get("/api/v1/me", {"cookie": cookie}).status == 401
    assert (
        wire.ask(
            "GET", "/api/v1/me", lines=(f"cookie: {mine}".encode(), f"cookie: {planted}".encode())
        ).status
        == 401
    )
    # Names that only look like ours do not count.
    value = planted.partition("=")[2]
    for name in ("__host-ww", "__Host-ww ", "__Secure-ww", "ww", "__Host-ww%20"):
        tossed = wire.get("/api/v1/me", {"cookie": f"{mine}; {name}x={value}"})
        assert (tossed.status, b'"id":"user"' in tossed.body) == (200, True)


def test_a_token_of_a_program_is_judged_alone(wire: Wire) -> None:
    mine = signed_in(wire.home, "administrator")["cookie"]
    assert wire.get("/api/v1/me", {"cookie": mine, "authorization": "Bearer ww_wrong"}).status == 401
    assert wire.get("/api/v1/me", {"cookie": mine, "authorization": "Basic YTpi"}).status == 401
    for bearer in ("Bearer", "Bearer ", "bearer null", "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c2VyIn0."):
        changes = {"cookie": mine, "authorization": bearer, "sec-fetch-site": "cross-site"}
        assert wire.json("POST", "/api/v1/roles", b"{}", changes).status in {401, 403}


def test_odd_values_in_every_form_are_bad_input_and_no_error_of_ours(wire: Wire) -> None:
    for odd in (
        "\x00",
        "a" * 50_000,
        "\u202e",
        "é" * 300,
        "-1",
        "99999999999999999999",
        "0001-01-01",
        "9999-12-31",
    ):
        mine = with_cookie(wire.home, wire.home.session("administrator")[0])
        for method, path in routes(wire, changing=True):
            if method != "POST" or path.startswith(
                ("/scim/", "/api/", "/sign-out", "/me/sessions/end-others")
            ):
                continue
            if path.startswith("/people/user/"):
                # Of nobody: what these would do is done to nobody in the other tests.
                path = path.replace("/people/user/", "/people/nobody/")  # noqa: PLW2901
            answer = wire.form(path, dict.fromkeys(FIELDS, odd), mine | {"host": HOST, "accept": "text/html"})
            assert answer.status < 500, (path, odd[:10], answer.status)


FIELDS = (
    "why", "role", "until", "display_name", "user_name", "mail", "kind", "sponsor", "end_date", "decision", "directory",
    "password", "code", "flow", "credential", "next", "name", "display", "scopes", "days", "theme", "back", "token",
    "SAMLResponse", "RelayState", "logout_token",
)  # fmt: skip
