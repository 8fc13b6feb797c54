"""Step 4: a change comes from our own pages, carries its session's token, or is refused; each test names what it breaks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.web.guard.refused import Refused
from watchword.web.guard.same_site import SameSite, token

OURS = "https://watchword.example"
KEYS = (bytes(range(32)), b"o" * 32)
COOKIE = "c" * 43
OWN = {"sec-fetch-site": "same-origin", "origin": OURS}
GOOD = {**OWN, "cookie": f"__Host-ww={COOKIE}", "x-csrf-token": token(KEYS[0], COOKIE)}
FORM = "application/x-www-form-urlencoded"


def passes(headers: dict[str, str], path: str = "/people", method: str = "POST", body: bytes = b"") -> bool:
    """Whether a request is let through."""
    reached: list[bool] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        reached.append(True)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(key.encode(), value.encode("latin-1")) for key, value in headers.items()],
        "state": {"body": body},
    }
    try:
        asyncio.run(SameSite(inner, OURS, KEYS)(scope, None, None))  # type: ignore[arg-type]
    except Refused as refused:
        return refused.status != 403
    return bool(reached)


def without(*names: str, **more: str) -> dict[str, str]:
    return {key: value for key, value in GOOD.items() if key not in names} | {
        key.replace("_", "-"): value for key, value in more.items()
    }


TABLE = [
    ("all is as it should be", GOOD, True),
    ("3: from another site", without(sec_fetch_site="cross-site"), False),
    ("3: from a subdomain", without(sec_fetch_site="same-site"), False),
    ("3: typed by a person", without(sec_fetch_site="none"), False),
    ("3: from our page, but the origin is another's", without(origin="https://evil.example"), False),
    ("3: an origin that is hidden", without(origin="null"), False),
    ("3: a browser that says neither", without("sec-fetch-site", "origin"), False),
    ("3: an old browser that says its origin only", without("sec-fetch-site"), True),
    ("3: an origin that begins like ours", without("sec-fetch-site", origin=f"{OURS}.evil.example"), False),
    ("3: our host without TLS", without("sec-fetch-site", origin="http://watchword.example"), False),
    ("4: no token", without("x-csrf-token"), False),
    ("4: an empty token", without(x_csrf_token=""), False),
    ("4: the token of another session", without(x_csrf_token=token(KEYS[0], "d" * 43)), False),
    ("4: a token under an older key that is still there", without(x_csrf_token=token(KEYS[1], COOKIE)), True),
    ("4: a token under a key that is gone", without(x_csrf_token=token(b"x" * 32, COOKIE)), False),
    ("4: two sessions", without(cookie=f"__Host-ww={COOKIE}; __Host-ww={'d' * 43}"), False),
    ("4: without a session there is no token", without("cookie", "x-csrf-token"), True),
    ("2: a program", {"authorization": "Bearer ww_x"}, True),
    ("2: basic credentials, which a browser adds by itself", {"authorization": "Basic eA=="}, False),
]


@pytest.mark.parametrize(("case", "headers", "let_in"), TABLE, ids=[one[0] for one in TABLE])
def test_a_change(case: str, headers: dict[str, str], let_in: bool) -> None:
    assert passes(headers) is let_in


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND", "get"])
def test_every_method_that_is_not_known_to_read_is_a_change(method: str) -> None:
    assert not passes({"cookie": f"__Host-ww={COOKIE}", "sec-fetch-site": "cross-site"}, method=method)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_links_from_elsewhere_may_be_followed(method: str) -> None:
    assert passes({"cookie": f"__Host-ww={COOKIE}", "sec-fetch-site": "cross-site"}, method=method)


def test_a_form_carries_the_token_in_a_field() -> None:
    plain = without("x-csrf-token", content_type=FORM)
    right = f"a=1&csrf={token(KEYS[0], COOKIE)}".encode()
    assert passes(plain, body=right)
    assert passes({**plain, "content-type": f"{FORM}; charset=utf-8"}, body=right)
    assert not passes(plain, body=b"a=1")
    assert not passes(plain, body=right + b"&csrf=x")
    assert not passes({**plain, "content-type": "text/plain"}, body=right)
    assert not passes({**plain, "content-type": "multipart/form-data; boundary=x"}, body=right)


def test_a_form_with_too_many_fields_is_refused_rather_than_read() -> None:
    body = b"&".join(b"a=1" for _ in range(2_000)) + f"&csrf={token(KEYS[0], COOKIE)}".encode()
    assert not passes(without("x-csrf-token", content_type=FORM), body=body)


def test_identity_providers_may_post_where_they_prove_themselves_and_nowhere_near() -> None:
    foreign = {"sec-fetch-site": "cross-site", "origin": "https://idp.example"}
    assert passes(foreign, "/sign-in/saml/acs")
    assert not passes(foreign, "/sign-in/saml/acsx")
    assert not passes(foreign, "/sign-in/saml/other")
    assert not passes(foreign, "/scimx")


def test_the_sign_in_asks_for_our_origin_even_without_a_session() -> None:
    assert passes(OWN, "/sign-in/password")
    assert not passes({"sec-fetch-site": "cross-site"}, "/sign-in/password")
    stale = {**OWN, "cookie": f"__Host-ww={COOKIE}"}
    assert passes(stale, "/sign-in/password")
    assert not passes(stale, "/sign-inx")


def test_an_api_request_without_any_cookie_is_let_through_to_be_told_to_sign_in() -> None:
    assert passes({}, "/api/v1/people")
    assert not passes({"cookie": "a=b"}, "/api/v1/people")


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=80))
def test_no_token_but_the_right_one_fits(guess: str) -> None:
    if guess.strip() not in {token(key, COOKIE) for key in KEYS} and not set(guess) & {"\r", "\n"}:
        assert not passes({**GOOD, "x-csrf-token": guess})


@given(st.binary(max_size=300))
def test_no_body_is_too_strange_to_be_refused(body: bytes) -> None:
    assert not passes(without("x-csrf-token", content_type=FORM), body=body)


def test_a_key_that_could_be_guessed_is_refused() -> None:
    with pytest.raises(ValueError, match="less than 32 bytes"):
        SameSite(lambda *_: None, OURS, (b"short",))  # type: ignore[arg-type,return-value]
