"""Cookies' attributes, tokens of forms, and the one address to which a sign-in may lead: ours."""

from __future__ import annotations

from datetime import timedelta
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, quote, urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from watchword.web.login import cookies

ORIGIN = "https://watchword.example"


@pytest.mark.parametrize("name", [cookies.SESSION, cookies.FLOW, cookies.KNOWN])
def test_each_cookie_has_what_its_prefix_demands(name: str) -> None:
    for text in (cookies.set_cookie(name, "a-b_c.d~e"), cookies.forget_cookie(name)):
        assert name.startswith("__Host-")
        attributes = {part.strip().lower() for part in text.split(";")[1:]}
        assert {"path=/", "secure", "httponly", "samesite=lax"} <= attributes
        assert not any(one.startswith("domain") for one in attributes)


def test_a_session_cookie_ends_with_the_browser_and_a_lasting_one_does_not() -> None:
    assert "Max-Age" not in cookies.set_cookie(cookies.SESSION, "x")
    made: SimpleCookie = SimpleCookie(cookies.set_cookie(cookies.KNOWN, "x", lasts=timedelta(days=1)))
    assert made[cookies.KNOWN]["max-age"] == "86400"


@pytest.mark.parametrize("value", ["", "a;b", "a b", "a\r\nSet-Cookie: x=y", "a,b", 'a"b', "é"])
def test_no_value_can_end_its_cookie(value: str) -> None:
    with pytest.raises(ValueError, match="no value of a cookie"):
        cookies.set_cookie(cookies.SESSION, value)


NEXT: list[tuple[str, str]] = [
    ("/", "/"),
    ("/findings", "/findings"),
    ("/findings?severity=high&q=a+b", "/findings?severity=high&q=a+b"),
    ("/people/p-1", "/people/p-1"),
    ("/estate/arn%3Aaws%3As3%3A%3A%3Ax", "/estate/arn%3Aaws%3As3%3A%3A%3Ax"),
    ("/findings?next=https://evil.example", "/findings?next=https://evil.example"),
    ("", "/"),
    ("findings", "/"),
    ("//evil.example", "/"),
    ("///evil.example", "/"),
    ("/\\evil.example", "/"),
    ("\\\\evil.example", "/"),
    ("/%2f/evil.example", "/"),
    ("/%2Fevil.example", "/"),
    ("/%5cevil.example", "/"),
    ("/%252fevil.example", "/"),
    ("/\tevil", "/"),
    ("/\n/evil.example", "/"),
    ("/%0d%0aset-cookie:x", "/"),
    ("/a//evil.example", "/"),
    ("https://evil.example", "/"),
    ("http:/evil.example", "/"),
    ("https:evil.example", "/"),
    ("javascript:alert(1)", "/"),
    ("data:text/html,x", "/"),
    (" /findings", "/"),
    ("/findings ", "/"),
    ("/findings#https://evil.example", "/"),
    ("/../evil", "/"),
    ("/./evil", "/"),
    ("/%2e%2e/evil", "/"),
    ("/.%2e//evil.example", "/"),
    ("/@evil.example", "/@evil.example"),
    ("/;@evil.example", "/;@evil.example"),
    ("/é", "/"),
    ("/%ff", "/"),
    ("/\u2028", "/"),
    ("/\x00", "/"),
    ("/sign-in", "/"),
    ("/sign-in/totp?x=1", "/"),
    ("/sign-out", "/"),
    ("/prove-again?next=/x", "/"),
    ("/enrol?token=x", "/"),
    ("/api/v1/me", "/"),
    ("/sign-ins", "/sign-ins"),
    ("/" + "a" * 2_000, "/"),
    ("/findings?q=<script>", "/"),
    ("/findings?q=%0d%0ax", "/findings?q=%0d%0ax"),
]


@pytest.mark.parametrize(("asked", "expected"), NEXT)
def test_only_paths_of_ours_are_come_back_to(asked: str, expected: str) -> None:
    assert cookies.next_path(asked) == expected


PIECES = st.sampled_from(
    [
        "/",
        "//",
        "\\",
        "%2f",
        "%5c",
        "%25",
        "evil.example",
        "https:",
        "http:",
        "javascript:",
        "@",
        ":",
        ".",
        "..",
        "?",
        "#",
        "\t",
        "\n",
        "\r",
        " ",
        "%0a",
        "a",
        ";",
        "\u2044",
        "\uff0f",
        "\x00",
    ]
)


@given(st.lists(PIECES, max_size=8).map("".join) | st.text(max_size=40).map(lambda text: "/" + text))
@example("/%2f%2fevil.example")
def test_whatever_is_asked_for_stays_on_our_own_site(asked: str) -> None:
    found = cookies.next_path(asked)
    # As a browser reads it: tabs and line ends are left out, a backslash is a slash (WHATWG URL §4.4).
    for read in (
        found,
        found.replace("\\", "/"),
        found.replace("%5c", "/").replace("%2f", "/").replace("%2F", "/"),
    ):
        bare = "".join(letter for letter in read if letter not in "\t\r\n")
        joined = urlsplit(urljoin(ORIGIN + "/sign-in", bare))
        assert (joined.scheme, joined.netloc) == ("https", "watchword.example")
    assert found.isascii()
    assert found.isprintable()
    assert cookies.next_path(found) == found


@given(st.sampled_from([one for _, one in NEXT]))
def test_an_address_to_come_back_to_survives_the_way_there(target: str) -> None:
    found = cookies.with_next("/sign-in", target)
    told = parse_qs(urlsplit(found).query).get("next", ["/"])[0]
    assert told == target
    assert quote(target, safe="") in found or target == "/"


def test_a_token_of_a_form_is_of_one_browser_and_one_key() -> None:
    old, new = b"o" * 32, b"n" * 32
    token = cookies.form_token(new, "flow")
    assert cookies.is_form_token(token, (new, old), "flow")
    assert cookies.is_form_token(cookies.form_token(old, "flow"), (new, old), "flow")
    assert not cookies.is_form_token(token, (old,), "flow")
    assert not cookies.is_form_token(token, (new, old), "other")
    for wrong in ("", "x", token[:-1], token.upper(), "é", "\udc80"):
        assert not cookies.is_form_token(wrong, (new,), "flow")
