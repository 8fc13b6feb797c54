"""Where a request comes from: only what our own proxies say counts, and of that only what they wrote themselves."""

from __future__ import annotations

import asyncio
from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchword.web.guard.proxies import Proxies, client_of, client_of_forwarded
from watchword.web.guard.request_id import RequestIds

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))

FORWARDED_FOR = [
    ("one hop", "203.0.113.7", "203.0.113.7"),
    ("two of our proxies", "203.0.113.7, 10.1.1.1", "203.0.113.7"),
    ("the client wrote a hop itself", "198.51.100.1, 203.0.113.7", "203.0.113.7"),
    ("the client wrote one of our addresses", "10.9.9.9, 203.0.113.7, 10.1.1.1", "203.0.113.7"),
    ("with a port", "203.0.113.7:4711", "203.0.113.7"),
    ("IPv6", "2001:db8::7", "2001:db8::7"),
    ("IPv6 in brackets, with a port", "[2001:db8::7]:4711", "2001:db8::7"),
    ("IPv4 within IPv6", "::ffff:203.0.113.7", "203.0.113.7"),
    ("what cannot be read ends what is believed", "203.0.113.7, unknown", None),
    ("only our proxies", "10.1.1.1, 10.1.1.2", None),
    ("nothing", "", None),
    ("rubbish", "<script>", None),
]


@pytest.mark.parametrize(("case", "header", "wanted"), FORWARDED_FOR, ids=[one[0] for one in FORWARDED_FOR])
def test_the_rightmost_address_that_is_no_proxy_counts(case: str, header: str, wanted: str | None) -> None:
    found = client_of(header, TRUSTED)
    assert found == (None if wanted is None else ip_address(wanted))


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("for=203.0.113.7;proto=https", "203.0.113.7"),
        ('for="[2001:db8::7]:4711"', "2001:db8::7"),
        ("for=198.51.100.1, for=203.0.113.7, for=10.1.1.1", "203.0.113.7"),
        ("proto=https", None),
        ("for=_hidden", None),
        ("for=203.0.113.7, proto=https", None),
    ],
)
def test_forwarded_is_read_in_the_same_way(header: str, wanted: str | None) -> None:
    found = client_of_forwarded(header, TRUSTED)
    assert found == (None if wanted is None else ip_address(wanted))


def passed(headers: dict[str, str], peer: str, scheme: str = "http") -> dict[str, Any]:
    """What the guard found out about a request."""
    seen: dict[str, Any] = {}

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        seen.update(scope["state"], scheme=scope["scheme"])

    scope = {
        "type": "http",
        "scheme": scheme,
        "client": (peer, 1),
        "headers": [(key.encode(), value.encode()) for key, value in headers.items()],
    }
    asyncio.run(Proxies(RequestIds(inner, bytes), TRUSTED)(scope, None, None))  # type: ignore[arg-type]
    return seen


SPOOFED = {
    "x-forwarded-for": "127.0.0.1",
    "forwarded": "for=127.0.0.1;proto=https",
    "x-forwarded-proto": "https",
    "x-request-id": "chosen-by-the-client",
}


def test_a_stranger_can_say_what_it_likes_and_stays_who_it_is() -> None:
    seen = passed(SPOOFED, "203.0.113.7")
    assert (seen["address"], seen["secure"], seen["local_peer"], seen["scheme"]) == (
        "203.0.113.7",
        False,
        False,
        "http",
    )
    assert seen["request_id"] == bytes(12).hex()


def test_a_proxy_of_ours_is_believed() -> None:
    seen = passed(
        {"x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https", "x-request-id": "edge-0123456789"},
        "10.1.1.1",
    )
    assert (seen["address"], seen["secure"], seen["scheme"]) == ("203.0.113.7", True, "https")
    assert seen["request_id"] == "edge-0123456789"


def test_two_headers_that_disagree_are_believed_neither() -> None:
    seen = passed({"x-forwarded-for": "203.0.113.7", "forwarded": "for=198.51.100.1"}, "10.1.1.1")
    assert seen["address"] == "10.1.1.1"


@pytest.mark.parametrize("id_", ["short", "x" * 65, "with space in it", "line\r\nfeed", "ünïcödé-id"])
def test_a_request_id_of_another_form_is_replaced_even_from_a_proxy(id_: str) -> None:
    assert passed({"x-request-id": id_}, "10.1.1.1")["request_id"] == bytes(12).hex()


def test_who_comes_through_a_proxy_on_this_machine_is_not_this_machine() -> None:
    assert passed({}, "127.0.0.1")["local_peer"] is True
    assert passed({"x-forwarded-for": "203.0.113.7"}, "127.0.0.1")["local_peer"] is False


@given(st.lists(st.sampled_from(["10.1.1.1", "203.0.113.7", "198.51.100.9", "rubbish", ""]), max_size=8))
def test_no_header_ever_makes_a_client_into_one_of_our_proxies(hops: list[str]) -> None:
    found = client_of(", ".join(hops), TRUSTED)
    assert found is None or not any(found in network for network in TRUSTED)


@given(st.text(max_size=200), st.text(max_size=50))
def test_what_stands_further_left_changes_nothing(left: str, junk: str) -> None:
    assert client_of(f"{left},203.0.113.7, 10.1.1.1", TRUSTED) == ip_address("203.0.113.7")
